// The player: every frame of a denoising arrives once, as bytes, and is shown here without another word to the server.
//
// The parts, from the wire to the screen: unpack -> decode (Film) -> Clock -> Grid and Lens, wired together by Player.
// Each is a file of its own; the page gets them as one (see __init__.py).

const NARROW = 520; // CSS pixels; below it the two pictures stand above each other
const FEW = 9; // so few sprites stay side by side there, too
const SWIPE = 40; // CSS pixels, at least
const BREATH = 60; // milliseconds between two looks at the clock while a film is being drawn
const SLIDING = /^(Arrow|Page|Home|End)/; // keys that move a slider

class Player {
  film = null;
  clock = new Clock();
  marked = -1;
  shownFrame = -1;
  onScreen = true;
  resting = false; // showing the newest frame, untouched
  pending = null; // the newest bytes that nobody has looked at yet
  loading = false;
  drawing = null; // the newest one whose frames came while it was drawn
  word = { starred: null, of: null }; // the page's last one about favourites
  asked = {}; // what Python asked for last: only a change of it overrules the viewer

  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    const [left, right, over] = root.querySelectorAll(".panel");
    this.over = new OverGrid(over);
    this.grids = [new Grid(left), new Grid(right), this.over];
    this.lens = new Lens(this.find(".lens"), {
      onSeek: (frame) => this.seek(frame),
      onAction: (name, index) => this.act(name, index),
    });
    this.favourites = new Favourites({
      onChange: () => this.showStars(),
      onTell: (kind, index) => this.emit?.({ kind, index }),
    });
    this.wheres = [...root.querySelectorAll(".where")];
    this.stop = new AbortController(); // one switch for every listener
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.listen();
    this.watch();
  }

  // -- data --

  /** Takes new bytes. While some are being decoded only the newest are kept, so a slow machine skips, never queues. */
  async update(bytes) {
    this.pending = bytes;
    if (this.loading) return;
    this.loading = true;
    try {
      while (this.pending && !this.stop.signal.aborted) {
        const next = unpack(this.pending);
        this.pending = null;
        await this.load(next);
      }
    } finally {
      this.loading = false;
    }
  }

  /** Takes over what a feed left, if it goes on from what the page itself gave. */
  follow(bytes) {
    if (isBeginning(unpack(this.data).header.reels, unpack(bytes).header.reels)) this.update(bytes);
  }

  async load(parcel) {
    const { header } = parcel;
    header.id = header.reels[0].at(-1).id; // of the sprites that it ends with
    header.live = header.reels.some((frames) => frames.at(-1).t >= 0);
    // The same noise drawn once more gives the same frames, and is to be seen all the same.
    const isNew = Boolean(header.drawing) && header.drawing !== this.drawing;
    this.drawing = header.drawing ?? this.drawing;
    if (this.film && !isNew && this.isOld(header)) return;
    const goesOn = !isNew && this.film?.isContinuedBy(header);
    const first = !goesOn && this.startsPlaying(header);
    if (first) await this.take(firstOf(parcel), isNew); // a picture now, the rest in a moment
    await this.take(parcel, isNew && !first);
    this.root.dataset.frames = String(this.film?.moments.length ?? 0);
  }

  async take(parcel, isNew) {
    const old = this.film;
    const film = await Film.load(parcel, old);
    if (this.stop.signal.aborted) {
      film.release(old); // unmounted meanwhile
      return;
    }
    this.film = film;
    this.applySettings(film.header);
    if (!isNew && old?.isContinuedBy(parcel.header)) {
      this.goOn(old);
    } else {
      this.begin();
      this.favourites.forget();
    }
    old?.release(film);
    if (!this.hear(this.word)) this.favourites.hear(null);
    this.drawCurve();
    this.relayout();
    delete this.root.dataset.bare;
    this.wake();
  }

  /** The page's word about favourites: it counts for the sprites that it means, and waits until they are here. */
  hear(word) {
    this.word = word;
    const isMeant = word.starred === null || word.of === this.film?.id;
    if (isMeant) this.favourites.hear(word.starred);
    return isMeant;
  }

  /** The same again, or an older state of what already plays? */
  isOld(header) {
    const { header: ours } = this.film;
    if (JSON.stringify(header) === JSON.stringify(ours)) return true;
    const isShorter = header.reels.flat().length < ours.reels.flat().length;
    return header.compare === ours.compare && isShorter && isBeginning(header.reels, ours.reels);
  }

  startsPlaying({ autoplay }) {
    return autoplay && !this.calm.matches;
  }

  begin() {
    const { film, clock } = this;
    clock.playing = this.startsPlaying(film.header) && film.span > 1;
    this.resting = !clock.playing;
    if (!clock.playing) clock.seek(film.last);
    // Who watches it being drawn has waited already.
    else if (film.header.live) clock.seek(0);
    else clock.restart();
  }

  /** Keeps the viewer's place in a film that has grown. */
  goOn(old) {
    const { film, clock } = this;
    const wasLast = clock.head >= old.last;
    clock.head = film.follow(old, clock.head);
    if (this.resting && film.last > old.last) clock.seek(film.last); // whoever rests at the end stays there
    else if (wasLast && clock.head >= film.last && film.complete && !old.complete) clock.hold = LAST_HOLD;
  }

  applySettings({ caption, view, loop, compare }) {
    this.find(".caption").textContent = caption;
    if (view !== this.asked.view || compare !== this.asked.compare) this.root.dataset.view = view;
    if (loop !== this.asked.loop) this.clock.loop = loop;
    this.asked = { view, loop, compare };
    this.root.dataset.compare = String(compare);
    this.showSettings();
  }

  act(name, index) {
    this.lens.close();
    this.emit?.({ kind: name, index });
  }

  // -- listening --

  listen() {
    const { signal } = this.stop;
    const on = (target, type, handler) => target.addEventListener(type, handler, { signal });
    for (const button of this.root.querySelectorAll(".play")) on(button, "click", () => this.toggle());
    on(this.find(".scrub"), "pointerdown", () => this.pause());
    on(this.find(".scrub"), "input", (event) => this.seek(Number(event.target.value)));
    on(this.find(".loop"), "click", () => this.setLoop(!this.clock.loop));
    on(this.find(".speeds"), "change", (event) => (this.clock.speed = Number(event.target.value)));
    on(this.find(".views"), "change", (event) => this.setView(event.target.value));
    on(this.find(".star"), "click", () => this.star(this.lens.index));
    on(this.find(".close"), "click", () => this.lens.close());
    on(this.find(".back"), "click", () => this.turn(-1));
    on(this.find(".on"), "click", () => this.turn(1));
    const pair = this.find(".pair");
    on(pair, "touchstart", ({ touches }) => (this.touched = touches[0]));
    on(pair, "touchend", ({ changedTouches }) => this.swipe(this.touched, changedTouches[0]));
    on(this.lens.dialog, "click", (event) => event.target === this.lens.dialog && this.lens.close());
    on(this.lens.dialog, "close", () => this.mark(this.lens.index));
    on(this.root, "keydown", (event) => this.key(event));
    for (const grid of this.grids) {
      on(grid.box, "pointermove", (event) => event.pointerType === "mouse" && this.mark(grid.indexAt(event)));
      on(grid.box, "pointerleave", () => this.mark(-1));
      on(grid.box, "click", (event) => event.target !== this.over.divider && this.open(grid.indexAt(event)));
      on(grid.box, "focus", () => grid.box.matches(":focus-visible") && this.mark(Math.max(0, this.lens.index)));
      on(grid.box, "blur", () => this.mark(-1));
    }
    const { divider } = this.over;
    on(divider, "pointerdown", (event) => divider.setPointerCapture(event.pointerId));
    on(divider, "pointermove", (event) => divider.hasPointerCapture(event.pointerId) && this.over.drag(event));
    on(document, "visibilitychange", () => this.wake());
  }

  watch() {
    this.sizes = new ResizeObserver(() => this.relayout());
    this.sizes.observe(this.root);
    this.sight = new IntersectionObserver(([entry]) => {
      this.onScreen = entry.isIntersecting;
      this.wake();
    });
    this.sight.observe(this.root);
    this.watchRatio();
  }

  /** Another screen, or zoom: the media query matches one ratio only, so it is asked anew after each change. */
  watchRatio() {
    const query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    const changed = () => {
      this.relayout();
      this.watchRatio();
    };
    query.addEventListener("change", changed, { signal: this.stop.signal, once: true });
  }

  key(event) {
    if (!this.film || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.handleKey(event.key, event.target)) {
      event.preventDefault();
      event.stopPropagation(); // the page has shortcuts of its own
    }
  }

  /** Returns true when the key was ours. What a control does by itself (slider, radio, button) is left to it. */
  handleKey(key, target) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (key === " " && !target.matches("button")) return this.toggle(), true;
    const isOnSprite = this.lens.isOpen || target.matches(".grid");
    if (isOnSprite && key.toLowerCase() === "f" && this.favourites.isOffered)
      return this.star(this.lens.isOpen ? this.lens.index : this.marked), true;
    if (this.lens.isOpen) return step ? (this.turn(step), true) : false;
    if (target === this.over.divider) return this.over.key(key);
    if (target.matches(".grid")) return this.handleGridKey(key);
    if (target.matches(".scrub") && SLIDING.test(key)) this.pause(); // also where the slider cannot go any further
    if (target.matches("input")) return false;
    return step ? (this.seek(this.clock.frame + step), true) : false;
  }

  handleGridKey(key) {
    const { columns } = this.shown[0].plan;
    const last = this.film.count - 1;
    const here = Math.max(0, this.marked);
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -last, End: last };
    if (key === "Enter") return this.open(here), true;
    if (!(key in steps)) return false;
    const next = here + steps[key];
    const isJump = key === "Home" || key === "End";
    if (isJump || (next >= 0 && next <= last)) this.mark(clamp(next, 0, last));
    const starred = this.favourites.has(this.marked) ? ", a favourite" : "";
    this.speak(`Sprite ${this.marked + 1} of ${last + 1}${this.film.name(this.marked)}${starred}`);
    return true;
  }

  // -- what the viewer can do --

  toggle() {
    if (!this.film) return;
    if (this.clock.playing) return this.pause();
    this.resting = false;
    this.clock.play(this.film);
    this.wake();
  }

  pause() {
    if (!this.film) return;
    this.resting = false;
    this.clock.playing = false;
    this.wake();
  }

  /** Whoever takes the slider wants to look at one step: stop there. */
  seek(frame) {
    if (!this.film) return;
    this.clock.seek(clamp(frame, 0, this.film.last));
    this.pause();
  }

  setLoop(loop) {
    this.clock.loop = loop;
    this.showSettings();
  }

  setView(view) {
    this.root.dataset.view = view;
    this.relayout();
  }

  mark(index) {
    this.marked = index;
    for (const grid of this.grids) {
      grid.mark(index);
      grid.box.title = this.film?.header.names?.[index] ?? "";
    }
  }

  open(index) {
    if (index < 0) return;
    this.lens.show(this.film, this.root.dataset.view, index, this.clock.frame);
    this.showStars();
  }

  turn(by) {
    this.open(clamp(this.lens.index + by, 0, this.film.count - 1));
  }

  /** A finger drawn across the enlarged sprite leafs to the next one. */
  swipe(from, to) {
    const [x, y] = [to.clientX - from.clientX, to.clientY - from.clientY];
    if (Math.abs(x) > SWIPE && Math.abs(x) > 2 * Math.abs(y)) this.turn(x < 0 ? 1 : -1);
  }

  star(index) {
    if (index < 0) return;
    this.favourites.toggle(index);
    this.speak(`Sprite ${index + 1} is ${this.favourites.has(index) ? "a favourite now" : "no favourite any more"}`);
  }

  speak(text) {
    this.find(".spoken").textContent = text;
  }

  // -- the screen --

  get held() {
    return document.hidden || !this.onScreen;
  }

  /** Shows the present state, and asks for another animation frame only while something moves in sight. */
  wake() {
    if (!this.film || this.stop.signal.aborted) return;
    this.show();
    const moving = this.clock.playing && !this.held;
    if (moving && !this.ticket && !this.timer) {
      this.before = performance.now();
      this.next();
    }
  }

  next() {
    const ask = () => {
      this.timer = 0;
      this.ticket = requestAnimationFrame((now) => this.tick(now));
    };
    if (this.film.complete) ask();
    else this.timer = setTimeout(ask, BREATH); // the network needs the processor more than a gliding marker does
  }

  tick(now) {
    this.ticket = 0;
    const seconds = clamp((now - this.before) / 1000, 0, 0.1); // after a stall go on, don't leap
    this.before = now;
    if (this.clock.playing && !this.held) this.clock.advance(seconds, this.film);
    this.show();
    if (this.clock.playing && !this.held) this.next();
  }

  show() {
    const { root, clock, film } = this;
    const playing = String(clock.playing);
    if (root.dataset.playing !== playing) {
      root.dataset.playing = playing;
      for (const button of root.querySelectorAll(".play"))
        button.setAttribute("aria-label", clock.playing ? "Pause" : "Play");
    }
    root.dataset.held = String(this.held);
    const timeline = this.find(".timeline");
    timeline.style.setProperty("--at", String(film.span > 1 ? clock.head / (film.span - 1) : 1));
    timeline.style.setProperty("--level", String(film.noiseAt(clock.head)));
    if (clock.frame !== this.shownFrame) this.showFrame(clock.frame);
  }

  showFrame(frame) {
    const { film, root } = this;
    this.shownFrame = frame;
    for (const grid of this.shown) grid.paint(this.sheetsOf(grid, frame));
    if (this.lens.isOpen) this.lens.paint(frame);
    const text = film.describe(frame);
    for (const output of root.querySelectorAll(".now")) output.textContent = text;
    if (film.header.compare) this.wheres.forEach((where, side) => (where.textContent = film.describeSide(frame, side)));
    const scrub = this.find(".scrub");
    scrub.value = String(frame);
    scrub.setAttribute("aria-valuetext", text);
    root.dataset.frame = String(frame);
  }

  /** What is to be painted into a grid, the undermost last. */
  sheetsOf(grid, moment) {
    const { film } = this;
    const sides = film.sides(this.root.dataset.view);
    const wanted = grid === this.over ? sides : [sides[this.grids.indexOf(grid)]];
    return wanted.map(([reel, kind]) => film.frame(moment, reel)?.[kind]);
  }

  showStars() {
    const { favourites, lens } = this;
    for (const grid of this.grids) grid.showStars(favourites.list);
    lens.showStar(favourites.has(lens.index), favourites.isOffered);
  }

  showSettings() {
    const { root, clock } = this;
    this.find(".loop").setAttribute("aria-pressed", String(clock.loop));
    for (const view of ["both", "over"])
      this.find(`.views [value="${view}"]`).disabled = root.dataset.compare === "true";
    this.find(`.views [value="${root.dataset.view}"]`).checked = true;
    this.find(`.speeds [value="${clock.speed}"]`).checked = true;
  }

  /** The grids that the view asks for. */
  get shown() {
    const { view, compare } = this.root.dataset;
    const [left, right, over] = this.grids;
    if (view === "over") return [over];
    if (compare === "true" || view === "both") return [left, right];
    return [view === "noisy" ? left : right];
  }

  relayout() {
    const { film, root } = this;
    const { shown } = this;
    const whole = root.clientWidth;
    if (!film || whole < 4 * SPRITE) return; // not on the page yet, or in a closed tab of it
    const ratio = devicePixelRatio;
    const stacked = whole <= NARROW && film.count > FEW;
    const abreast = stacked ? 1 : shown.length;
    const between = clamp(whole * 0.035, 18, 48);
    const room = (whole - between * (abreast - 1)) / abreast;
    // One below the other: both in sight at once, above the bar.
    const tall = clamp(innerHeight * (stacked ? 0.62 / (1 + shown.length) + 0.1 : 0.62), 200, 680);
    const box = { width: Math.floor(room * ratio), height: Math.floor(tall * ratio) };
    const plan = planGrid({ count: film.count, ratio, columns: film.header.columns, ...box });
    const wide = (plan.columns * plan.pitch - plan.gap) / ratio;
    const star = this.favourites.isOffered ? " The key f makes it a favourite." : "";
    root.dataset.stacked = String(stacked);
    root.style.setProperty("--between", `${between}px`);
    // The bar is as wide as the pictures: one object, in the middle of the page.
    root.style.setProperty("--pair", `${Math.max(640, wide * abreast + between * (abreast - 1))}px`);
    for (const grid of this.grids) grid.figure.hidden = !shown.includes(grid);
    this.showNames();
    for (const grid of shown) {
      // The same plan and the same canvas: leave it alone, or it would flash.
      if (JSON.stringify(plan) !== JSON.stringify(grid.plan)) grid.lay(plan);
      else grid.snap();
      grid.box.setAttribute("aria-label", `${film.count} sprites. Arrow keys choose one, Enter enlarges it.${star}`);
    }
    this.mark(this.marked);
    this.showFrame(clamp(this.clock.frame, 0, film.last));
    if (this.lens.isOpen) this.open(clamp(this.lens.index, 0, film.count - 1));
  }

  /** In a comparison: whose picture is which, and who is not there yet. */
  showNames() {
    const { header, reels } = this.film;
    this.root.querySelectorAll(".whose").forEach((whose, side) => {
      whose.textContent = header.titles[side];
      whose.closest(".panel").dataset.waiting = String(header.compare && !reels[side]);
    });
  }

  drawCurve() {
    const { film } = this;
    const scrub = this.find(".scrub");
    scrub.max = String(film.span - 1);
    for (const button of this.root.querySelectorAll(".play")) button.disabled = film.span < 2;
    const x = (i) => (film.span > 1 ? (i / (film.span - 1)) * 100 : 100);
    const points = film.moments.map(({ noise }, i) => `${x(i).toFixed(2)} ${(100 - noise * 100).toFixed(2)}`);
    const line = `M${points.join("L")}`;
    const area = `${line}L${x(film.last).toFixed(2)} 100L0 100Z`;
    for (const path of this.root.querySelectorAll(".curve .line")) path.setAttribute("d", line);
    for (const path of this.root.querySelectorAll(".curve .area")) path.setAttribute("d", area);
  }

  destroy() {
    this.stop.abort();
    this.favourites.forget();
    cancelAnimationFrame(this.ticket);
    clearTimeout(this.timer);
    this.sizes.disconnect();
    this.sight.disconnect();
    this.lens.close();
    this.film?.release();
    this.film = null;
  }
}

// ---- Streamlit's door -------------------------------------------------------------------------------------------

const players = new WeakMap(); // by root element

// Where feeds (feed.js) and stars (stars.js) find their player; each component is a module of its own, so the
// place is a global one.
const meeting = (globalThis[Symbol.for("ddpm.player")] ??= { players: new Map(), feeds: new Map(), stars: new Map() });

/** Called at the mount, and again whenever the data or the theme change; the cleanup runs once, at the end. */
export default function mount({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".player");
  const { address } = unpack(data).header;
  const known = players.get(root);
  const player = known ?? new Player(root);
  players.set(root, player);
  meeting.players.set(address, player);
  player.emit = (event) => setTriggerValue("event", event);
  if (!known && meeting.stars.has(address)) player.hear(meeting.stars.get(address));
  if (data !== player.data) {
    player.data = data;
    player.update(data);
    const more = meeting.feeds.get(address);
    if (more) player.follow(more);
  }
  return () => {
    // A mount may be undone after the next one of the same root: who still stands on the page goes on.
    setTimeout(() => {
      if (root.isConnected) return;
      player.destroy();
      players.delete(root);
      if (meeting.players.get(address) === player) meeting.players.delete(address);
    });
  };
}
