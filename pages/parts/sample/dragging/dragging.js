// The sliders, and the exchange with the server: the newest state is sent, the next one only when it is answered.

const PATIENCE = 8000; // milliseconds; an answer that takes longer was lost with its connection
const REST = 600; // milliseconds without a movement: then the next one begins a new drag
const boards = new WeakMap();

class Dragging {
  sent = null; // the wish on its way, {seq, at}
  moved = null; // the time of the newest movement that was not sent yet
  lastMove = -Infinity;
  answered = -1;
  log = []; // [seq, event, sent, received, drawn, milliseconds of the network]

  constructor(root, { header }) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.board = new Board(root);
    this.wish = { ...header.wish };
    this.seq = header.wish.seq;
    this.offer(header);
    this.listen();
    this.write();
    [root.dragging, root.drags] = [this, this.log]; // read by tests
  }

  offer({ kinds, each, wheel, strictest, counts, choices, seed }) {
    this.seed = seed;
    const options = (selector, list) => this.find(selector).replaceChildren(...list.map(([text, value]) => new Option(text, value)));
    options(".kind", [["all kinds in turn", each], ["no kind in particular", ""], ...kinds.map((name, i) => [name, i])]);
    options(".count", counts.map((count) => [count, count]));
    options(".calls", [["as many as keep up", 0], ...choices.map((calls) => [calls, calls])]);
    this.find(".wheel").max = wheel;
    this.find(".strictness").max = strictest;
    for (const part of this.root.querySelectorAll(".classes")) part.hidden = !kinds.length;
  }

  listen() {
    const { root, board } = this;
    root.addEventListener("input", (event) => this.move(event));
    this.find(".release").addEventListener("click", () => this.hold(null));
    this.find(".keep").addEventListener("click", () => {
      this.keeping = true;
      this.next();
    });
    board.box.addEventListener("click", (event) => this.hold(board.at(event)));
    board.box.addEventListener("pointermove", (event) => {
      if (this.wish.anchor === null && event.pointerType === "mouse") board.mark(board.at(event));
    });
    board.box.addEventListener("pointerleave", () => this.wish.anchor === null && board.mark(-1));
    board.box.addEventListener("keydown", (event) => this.key(event));
    this.watcher = new ResizeObserver(() => board.resize());
    this.watcher.observe(root);
  }

  move({ target, timeStamp }) {
    const { wish } = this;
    const value = target.value;
    const held = wish.anchor !== null;
    if (target.matches(".wheel")) wish[held ? "others" : "wheel"] = Number(value);
    else if (target.matches(".kind")) wish.label = value === "" ? null : Number(value);
    else if (target.matches(".strictness, .degrees, .count, .calls")) wish[target.className] = Number(value);
    this.changed(timeStamp);
  }

  /** Draws all near a sprite, or, with null, anything again. */
  hold(index) {
    const { wish } = this;
    // Near a sprite of these there are no nearer ones: first it must be let go.
    if (index === wish.anchor || index === -1 || (index !== null && wish.anchor !== null)) return;
    Object.assign(wish, { anchor: index, others: 0 });
    this.changed(performance.now());
  }

  key(event) {
    const { board, wish } = this;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -board.columns, ArrowDown: board.columns };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && wish.anchor !== null) this.hold(null);
    else if ((event.key === "Enter" || event.key === " ") && board.marked >= 0) this.hold(board.marked);
    else if (event.key in steps && wish.anchor === null) {
      const to = board.marked < 0 ? 0 : board.marked + steps[event.key];
      if (to >= 0 && to < board.count) board.mark(to);
    } else return;
    event.preventDefault();
  }

  changed(time) {
    if (time - this.lastMove > REST) this.fresh = true;
    this.lastMove = time;
    this.moved = time;
    this.write();
    this.next();
  }

  /** Sends the newest state, unless another one is on its way. */
  next() {
    const now = performance.now();
    if (this.sent && now - this.sent.at < PATIENCE) return;
    if (this.moved === null) {
      if (this.keeping && !this.sent) this.emit?.("keep");
      this.keeping = false;
      return;
    }
    this.wish.seq = ++this.seq;
    this.wish.begun = Boolean(this.fresh);
    this.sent = { seq: this.seq, event: this.moved, at: now };
    this.fresh = false;
    this.moved = null;
    this.tell({ ...this.wish });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.lost(), PATIENCE);
  }

  lost() {
    this.sent = null;
    this.moved ??= performance.now();
    this.next();
  }

  /** Takes an answer; one that is older than what is shown is dropped. */
  take({ header, rest }) {
    const received = performance.now();
    const { seq, count } = header.wish;
    this.told = header;
    if (seq < this.answered) return;
    this.answered = seq;
    this.board.show(rest, { count, size: header.size, channels: header.channels });
    this.board.mark(header.wish.anchor === null ? (this.held ? -1 : this.board.marked) : 0, header.wish.anchor !== null);
    this.held = header.wish.anchor !== null;
    if (this.sent?.seq === seq) {
      const { event, at } = this.sent;
      clearTimeout(this.timer);
      this.log.push([seq, event, at, received, performance.now(), header.milliseconds]);
      this.sent = null;
      this.next();
    }
    this.write();
  }

  /** Puts the state into the controls and into words. */
  write() {
    const { wish, seed } = this;
    const held = wish.anchor !== null;
    const put = (selector, value, words) => {
      const input = this.find(selector);
      if (input.value !== String(value)) input.value = value;
      const shown = input.parentElement.querySelector(".value");
      if (shown) shown.textContent = words;
      if (shown) input.setAttribute("aria-valuetext", words);
    };
    const unguided = wish.label === null;
    this.find(".strictness").disabled = unguided;
    this.find(".degrees").disabled = !held;
    put(".kind", wish.label ?? "");
    put(".strictness", wish.strictness, unguided ? "no kind" : String(wish.strictness));
    put(".wheel", held ? wish.others : wish.wheel, between(held ? wish.others : seed + wish.wheel, held ? "others" : "seed"));
    put(".degrees", wish.degrees, held ? nearness(wish.degrees) : "choose one");
    put(".count", wish.count);
    put(".calls", wish.calls);
    const numbered = held ? `sprite ${wish.anchor + 1}` : "";
    this.say(".anchored span", held ? `The first one is ${numbered} itself; the wheel turns the others.` : "Click a sprite, and the others are drawn near it.");
    this.find(".release").hidden = !held;
    this.board.box.setAttribute(
      "aria-label",
      `${wish.count} sprites. ${held ? "Escape lets go of the first one." : "Arrow keys choose one, Enter draws the others near it."}`,
    );
    this.say(".told", this.speed());
  }

  speed() {
    if (!this.told) return "";
    const { calls, milliseconds, slow } = this.told;
    const words = `${calls} ${calls === 1 ? "step" : "steps"}, ${milliseconds} ms for the network.`;
    return slow ? `${words} This machine is slower than your hand: fewer sprites follow it better.` : words;
  }

  say(selector, words) {
    const place = this.find(selector);
    if (place.textContent !== words) place.textContent = words;
  }

  destroy() {
    clearTimeout(this.timer);
    this.watcher.disconnect();
  }
}

/** "seed 3", or "seed 3 → 4, 25%". */
function between(at, name) {
  const low = Math.floor(at + 1e-9);
  const share = Math.round((at - low) * 100);
  return share ? `${name} ${grouped(low)} → ${grouped(low + 1)}, ${share}%` : `${name} ${grouped(low)}`;
}

function nearness(degrees) {
  if (degrees <= 0) return "the same";
  return `${degrees}° · ${degrees < 30 ? "near" : degrees < 60 ? "further" : degrees < 90 ? "far" : "unrelated"}`;
}

export default mounting(
  ({ data, parentElement, setStateValue, setTriggerValue }) => {
    const root = parentElement.querySelector(".dragging");
    const known = boards.get(root);
    const parcel = openParcel(data);
    const dragging = known ?? new Dragging(root, parcel);
    boards.set(root, dragging);
    dragging.tell = (wish) => setStateValue("wish", wish);
    dragging.emit = (name) => setTriggerValue(name, true);
    if (data !== dragging.data) dragging.take(parcel);
    dragging.data = data;
  },
  ({ parentElement }) => {
    const root = parentElement.querySelector(".dragging");
    boards.get(root)?.destroy();
    boards.delete(root);
  },
);
