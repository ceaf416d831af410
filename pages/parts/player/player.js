// The player: every frame of a denoising arrives once, as bytes, and is shown here without another word to the server.
//
// The parts, from the wire to the screen: unpack -> decode (Film) -> Clock -> Grid and Lens, wired together by Player.

const SPRITE = 16;
const FIRST_HOLD = 0.4; // seconds
const LAST_HOLD = 1.5; // the result deserves a look before the loop begins again
const STILLS = 8;
const NARROW = 520; // CSS pixels; below it the two pictures stand above each other
const KINDS = ["noisy", "guess"];
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

// ---- from the wire ----------------------------------------------------------------------------------------------

/** Bytes -> header and one {noisy, guess} pair of PNG files a frame. Layout: length (uint32), JSON header, PNG files. */
function unpack(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let offset = 4 + length;
  const take = (size) => bytes.subarray(offset, (offset += size));
  header.frames = header.reels[0];
  const files = header.frames.map(({ sizes }) => ({ noisy: take(sizes[0]), guess: take(sizes[1]) }));
  return { header, files };
}

/** One PNG -> pixels, untouched by colour management, or "exact" would depend on the screen. */
function decode(png) {
  const blob = new Blob([png], { type: "image/png" });
  return createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
}

/** Is this header's chain a true beginning of `film`? */
function isBeginning(header, film) {
  const { frames } = header;
  return frames.length < film.frames.length && frames.every(({ id }, i) => id === film.frames[i].id);
}

/** The decoded frames of one chain. */
class Film {
  constructor(header, frames) {
    this.header = header;
    this.frames = frames; // [{t, noise, id, noisy, guess}]
    this.count = header.count;
    this.last = frames.length - 1;
    this.complete = frames[this.last].t < 0;
    this.span = Math.max(frames.length, this.complete ? 0 : (header.expected ?? 0));
  }

  /** Decodes what `old` has not decoded already: a chain that grows costs only its new frames. */
  static async load({ header, files }, old) {
    const known = new Map((old?.frames ?? []).map((frame) => [frame.id, frame]));
    const frames = await Promise.all(
      header.frames.map(async ({ t, noise, id }, i) => {
        const seen = known.get(id);
        if (seen) return { ...seen, t, noise };
        const [noisy, guess] = await Promise.all([decode(files[i].noisy), decode(files[i].guess)]);
        return { t, noise, id, noisy, guess };
      }),
    );
    return new Film(header, frames);
  }

  /** Does this film begin with all of `old`? Then the viewer keeps their place. */
  continues(old) {
    return old.frames.length <= this.frames.length && old.frames.every((frame, i) => frame.id === this.frames[i].id);
  }

  /** Frees the pixels, except those that `heir` goes on using. */
  release(heir) {
    const kept = new Set((heir?.frames ?? []).flatMap((frame) => [frame.noisy, frame.guess]));
    for (const frame of this.frames)
      for (const kind of KINDS) if (!kept.has(frame[kind])) frame[kind].close();
  }

  draw(context, kind, frame, index, x, y, scale) {
    const { atlas } = this.header;
    const from = [(index % atlas) * SPRITE, Math.floor(index / atlas) * SPRITE];
    context.drawImage(this.frames[frame][kind], ...from, SPRITE, SPRITE, x, y, SPRITE * scale, SPRITE * scale);
  }

  /** Noise level between two frames, so that the marker glides. */
  noiseAt(head) {
    const low = Math.floor(head);
    const high = Math.min(low + 1, this.last);
    const share = head - low;
    return this.frames[low].noise * (1 - share) + this.frames[high].noise * share;
  }

  describe(frame) {
    const { t, noise } = this.frames[frame];
    const level = `noise ${Math.round(noise * 100)}%`;
    if (t < 0) return `finished · ${level}`;
    return `step t = ${t} · ${level}${frame === this.last ? " …" : ""}`;
  }
}

// ---- time -------------------------------------------------------------------------------------------------------

/** Where in the film we are. Knows nothing of the screen. */
class Clock {
  head = 0; // in frames, fractional
  hold = 0; // seconds left to rest on this frame
  playing = false;
  speed = 1;
  loop = true;

  get frame() {
    return Math.floor(this.head);
  }

  restart() {
    this.head = 0;
    this.hold = FIRST_HOLD;
  }

  seek(frame) {
    this.head = frame;
    this.hold = 0;
  }

  play(film) {
    if (film.complete && this.head >= film.last) this.restart();
    this.playing = true;
  }

  advance(seconds, film) {
    if (this.hold > 0) {
      this.hold -= seconds;
      return;
    }
    if (this.head >= film.last) {
      if (!film.complete) return; // more frames are on their way: wait for them here
      if (this.loop) this.restart();
      else this.playing = false;
      return;
    }
    const whole = clamp(film.span * 0.16, 3, 6); // seconds for the whole film at 1x, few frames or many
    this.head = Math.min(film.last, this.head + (seconds * this.speed * film.span) / whole);
    if (this.head < film.last || !film.complete) return;
    if (this.loop) this.hold = LAST_HOLD;
    else this.playing = false;
  }
}

// ---- the grid of sprites ----------------------------------------------------------------------------------------

/** White margin and gap that belong to a scale; all in device pixels. */
function spacing(scale, ratio) {
  const pad = Math.max(Math.round(2 * ratio), Math.round(scale * 0.75));
  const gap = Math.max(Math.round(3 * ratio), Math.round(scale * 0.75));
  return { pad, gap, cell: SPRITE * scale + 2 * pad };
}

/** Prefer full rows; else rows of nearly the same length. */
function pickColumns(count, most) {
  for (let columns = Math.min(most, count); columns > most * 0.6; columns--) if (count % columns === 0) return columns;
  return Math.ceil(count / Math.ceil(count / most));
}

/** The largest whole scale at which `count` sprites fit the box (device pixels); too many for it: small, and taller. */
function planGrid({ count, width, height, ratio, columns: wanted }) {
  const least = Math.max(1, Math.round(1.5 * ratio));
  let plan;
  for (let scale = Math.floor(14 * ratio); scale >= 1; scale--) {
    const { pad, gap, cell } = spacing(scale, ratio);
    const most = Math.floor((width + gap) / (cell + gap));
    if (most < Math.min(wanted ?? 1, count)) continue;
    const columns = wanted ? Math.min(wanted, count) : pickColumns(count, most);
    const rows = Math.ceil(count / columns);
    const pitch = cell + gap;
    plan = { count, columns, rows, scale, pad, gap, cell, pitch, ratio };
    if (wanted || rows * pitch - gap <= height || scale <= least) break;
  }
  return plan ?? planGrid({ count, width, height, ratio }); // so many columns do not fit here at any scale
}

class Grid {
  constructor(figure) {
    this.figure = figure;
    this.kind = figure.dataset.kind;
    this.box = figure.querySelector(".grid");
    this.canvas = figure.querySelector("canvas");
    this.ring = figure.querySelector(".ring");
    this.context = this.canvas.getContext("2d");
  }

  corner(index) {
    const { columns, pitch } = this.plan;
    return [(index % columns) * pitch, Math.floor(index / columns) * pitch];
  }

  lay(plan) {
    this.plan = plan;
    const { canvas, context } = this;
    canvas.width = plan.columns * plan.pitch - plan.gap;
    canvas.height = plan.rows * plan.pitch - plan.gap;
    canvas.style.width = `${canvas.width / plan.ratio}px`;
    canvas.style.height = `${canvas.height / plan.ratio}px`;
    canvas.dataset.plan = JSON.stringify(plan); // where each sprite's pixels are
    context.imageSmoothingEnabled = false;
    this.drawTiles();
    this.snap();
  }

  /** The white cards that sprites lie on. Sprites cover only their middle, so these are drawn once a layout. */
  drawTiles() {
    const { context } = this;
    const { count, cell, pad, ratio } = this.plan;
    context.fillStyle = "#fff";
    context.strokeStyle = "rgb(120 120 135 / 28%)";
    context.lineWidth = ratio;
    for (let i = 0; i < count; i++) {
      const [x, y] = this.corner(i);
      context.beginPath();
      context.roundRect(x + ratio / 2, y + ratio / 2, cell - ratio, cell - ratio, pad + ratio);
      context.fill();
      context.stroke();
    }
  }

  /** Moves the canvas onto a whole device pixel: half a pixel off, and the browser would resample every sprite. */
  snap() {
    const { ratio } = this.plan;
    const { style } = this.box;
    style.left = style.top = "0px";
    const { left, top } = this.box.getBoundingClientRect();
    style.left = `${Math.round(left * ratio) / ratio - left}px`;
    style.top = `${Math.round(top * ratio) / ratio - top}px`;
  }

  paint(film, frame) {
    if (!this.plan) return; // no room yet, as in a tab of the page that nobody has opened
    const { pad, scale, count } = this.plan;
    for (let i = 0; i < Math.min(count, film.count); i++) {
      const [x, y] = this.corner(i);
      film.draw(this.context, this.kind, frame, i, x + pad, y + pad, scale);
    }
  }

  /** Which sprite is under the pointer; -1 for a gap. */
  indexAt(event) {
    const { columns, pitch, cell, count, ratio } = this.plan;
    const box = this.canvas.getBoundingClientRect();
    const x = (event.clientX - box.left) * ratio;
    const y = (event.clientY - box.top) * ratio;
    const column = Math.floor(x / pitch);
    const index = Math.floor(y / pitch) * columns + column;
    const inside = column >= 0 && column < columns && x % pitch < cell && y % pitch < cell;
    return inside && index >= 0 && index < count ? index : -1;
  }

  mark(index) {
    this.ring.hidden = !this.plan || index < 0 || index >= this.plan.count;
    if (this.ring.hidden) return;
    const { cell, ratio } = this.plan;
    const [x, y] = this.corner(index);
    this.ring.style.width = this.ring.style.height = `${cell / ratio}px`;
    this.ring.style.transform = `translate(${x / ratio}px, ${y / ratio}px)`;
  }
}

// ---- one sprite, enlarged ---------------------------------------------------------------------------------------

/** Gives a canvas room for `rows` sprites above each other, at the largest whole scale within `width` (CSS pixels). */
function sizeCanvas(canvas, width, rows, gap = 0) {
  const ratio = devicePixelRatio;
  const scale = Math.max(1, Math.floor((width * ratio) / SPRITE));
  const gutter = Math.round(gap * ratio);
  canvas.width = SPRITE * scale;
  canvas.height = rows * SPRITE * scale + (rows - 1) * gutter;
  canvas.style.width = `${canvas.width / ratio}px`;
  canvas.style.height = `${canvas.height / ratio}px`;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  return { context, scale, gutter };
}

class Lens {
  index = -1;

  constructor(dialog, { onSeek, onAction }) {
    this.dialog = dialog;
    this.onSeek = onSeek;
    this.onAction = onAction;
    this.find = (selector) => dialog.querySelector(selector);
    this.canvases = [...dialog.querySelectorAll(".pair canvas")];
  }

  get isOpen() {
    return this.dialog.open;
  }

  show(film, index, frame) {
    this.film = film;
    this.index = clamp(index, 0, film.count - 1);
    if (!this.isOpen) this.dialog.showModal();
    this.find(".title").textContent = `Sprite ${this.index + 1} of ${film.count}`;
    this.find(".back").disabled = this.index === 0;
    this.find(".on").disabled = this.index === film.count - 1;
    this.drawActions();
    this.resize();
    this.paint(frame);
  }

  turn(by, frame) {
    this.show(this.film, this.index + by, frame);
  }

  close() {
    if (this.isOpen) this.dialog.close();
  }

  resize() {
    // 24rem at most, and never so tall that the film strip falls off the screen.
    const tallest = Math.max(96, innerHeight - 430);
    this.large = this.canvases.map((canvas) => {
      const figure = canvas.closest("figure");
      return sizeCanvas(canvas, Math.min(figure.clientWidth - 22, 288, tallest), 1);
    });
    this.drawStrip();
  }

  paint(frame) {
    this.canvases.forEach((canvas, i) => {
      const { context, scale } = this.large[i];
      this.film.draw(context, canvas.dataset.kind, frame, this.index, 0, 0, scale);
    });
    let current = this.stills[0];
    for (const still of this.stills) if (Number(still.dataset.frame) <= frame) current = still;
    for (const still of this.stills) still.setAttribute("aria-current", String(still === current));
  }

  drawStrip() {
    const { film } = this;
    const strip = this.find(".strip");
    const length = Math.min(STILLS, film.frames.length);
    const frames = Array.from({ length }, (_, i) => Math.round((i * film.last) / Math.max(1, length - 1)));
    const width = strip.clientWidth / length - 8;
    // Buttons are kept where possible: rebuilding them would take the focus away.
    if (strip.children.length !== length) strip.replaceChildren(...frames.map(() => this.makeStill()));
    this.stills = [...strip.children];
    this.stills.forEach((still, i) => this.drawStill(still, frames[i], Math.min(width, 64)));
  }

  makeStill() {
    const still = document.createElement("button");
    still.type = "button";
    still.className = "still";
    still.append(document.createElement("canvas"), document.createElement("span"));
    still.onclick = () => this.onSeek(Number(still.dataset.frame));
    return still;
  }

  drawStill(still, frame, width) {
    const { t } = this.film.frames[frame];
    const [canvas, label] = still.children;
    const { context, scale, gutter } = sizeCanvas(canvas, width, 2, 4);
    KINDS.forEach((kind, row) => {
      this.film.draw(context, kind, frame, this.index, 0, row * (SPRITE * scale + gutter), scale);
    });
    still.dataset.frame = String(frame);
    still.setAttribute("aria-label", `Go to: ${this.film.describe(frame)}`);
    label.textContent = t < 0 ? "end" : String(t);
  }

  drawActions() {
    const buttons = this.film.header.actions.map(({ name, label }) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "action";
      button.textContent = label;
      button.onclick = () => this.onAction(name, this.index);
      return button;
    });
    this.find(".actions").replaceChildren(...buttons);
  }
}

// ---- all together -----------------------------------------------------------------------------------------------

class Player {
  film = null;
  clock = new Clock();
  marked = -1;
  shownFrame = -1;
  onScreen = true;
  resting = false; // showing the newest frame, untouched
  pending = null; // the newest bytes that nobody has looked at yet
  loading = false;
  asked = {}; // what Python asked for last: only a change of it overrules the viewer

  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.grids = [...root.querySelectorAll(".panel")].map((figure) => new Grid(figure));
    this.lens = new Lens(this.find(".lens"), {
      onSeek: (frame) => this.seek(frame),
      onAction: (name, index) => this.act(name, index),
    });
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
    const own = unpack(this.data).header.frames;
    const { frames } = unpack(bytes).header;
    if (own.every(({ id }, i) => id === frames[i]?.id)) this.update(bytes);
  }

  async load(parcel) {
    const old = this.film;
    if (old && isBeginning(parcel.header, old)) return; // an older state of what already plays
    const film = await Film.load(parcel, old);
    if (this.stop.signal.aborted) {
      film.release(); // unmounted meanwhile
      return;
    }
    this.film = film;
    old?.release(film);
    this.applySettings(film.header);
    if (!old || !film.continues(old)) this.begin();
    else if (this.resting && film.last > old.last) this.clock.seek(film.last); // whoever rests at the end stays there
    this.drawCurve();
    this.relayout();
    if (this.lens.isOpen) this.lens.show(film, this.lens.index, this.clock.frame);
    this.wake();
  }

  begin() {
    const { film, clock } = this;
    clock.playing = film.header.autoplay && !this.calm.matches && film.span > 1;
    this.resting = !clock.playing;
    if (clock.playing) clock.restart();
    else clock.seek(film.last);
  }

  applySettings({ caption, view, loop }) {
    this.find(".caption").textContent = caption;
    if (view !== this.asked.view) this.root.dataset.view = view;
    if (loop !== this.asked.loop) this.clock.loop = loop;
    this.asked = { view, loop };
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
    on(this.find(".scrub"), "input", (event) => this.seek(Number(event.target.value)));
    on(this.find(".loop"), "click", () => this.setLoop(!this.clock.loop));
    on(this.find(".speeds"), "change", (event) => (this.clock.speed = Number(event.target.value)));
    on(this.find(".views"), "change", (event) => this.setView(event.target.value));
    on(this.find(".close"), "click", () => this.lens.close());
    on(this.find(".back"), "click", () => this.turn(-1));
    on(this.find(".on"), "click", () => this.turn(1));
    on(this.lens.dialog, "click", (event) => event.target === this.lens.dialog && this.lens.close());
    on(this.lens.dialog, "close", () => this.mark(this.lens.index));
    on(this.root, "keydown", (event) => this.key(event));
    for (const grid of this.grids) {
      on(grid.box, "pointermove", (event) => event.pointerType === "mouse" && this.mark(grid.indexAt(event)));
      on(grid.box, "pointerleave", () => this.mark(-1));
      on(grid.box, "click", (event) => this.open(grid.indexAt(event)));
      on(grid.box, "focus", () => grid.box.matches(":focus-visible") && this.mark(Math.max(0, this.lens.index)));
      on(grid.box, "blur", () => this.mark(-1));
    }
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
    if (this.lens.isOpen) return step ? (this.turn(step), true) : false;
    if (target.matches(".grid")) return this.handleGridKey(key);
    if (target.matches("input")) return false;
    return step ? (this.seek(this.clock.frame + step), true) : false;
  }

  handleGridKey(key) {
    const { columns } = this.grids.find((grid) => grid.plan).plan;
    const last = this.film.count - 1;
    const here = Math.max(0, this.marked);
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -last, End: last };
    if (key === "Enter") return this.open(here), true;
    if (!(key in steps)) return false;
    const next = here + steps[key];
    const isJump = key === "Home" || key === "End";
    if (isJump || (next >= 0 && next <= last)) this.mark(clamp(next, 0, last));
    this.find(".spoken").textContent = `Sprite ${this.marked + 1} of ${last + 1}`;
    return true;
  }

  // -- what the viewer can do --

  toggle() {
    if (!this.film) return;
    this.resting = false;
    if (this.clock.playing) this.clock.playing = false;
    else this.clock.play(this.film);
    this.wake();
  }

  /** Whoever takes the slider wants to look at one step: stop there. */
  seek(frame) {
    if (!this.film) return;
    this.resting = false;
    this.clock.playing = false;
    this.clock.seek(clamp(frame, 0, this.film.last));
    this.wake();
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
    for (const grid of this.grids) grid.mark(index);
  }

  open(index) {
    if (index >= 0) this.lens.show(this.film, index, this.clock.frame);
  }

  turn(by) {
    this.lens.turn(by, this.clock.frame);
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
    if (moving && !this.ticket) {
      this.before = performance.now();
      this.ticket = requestAnimationFrame((now) => this.tick(now));
    }
  }

  tick(now) {
    this.ticket = 0;
    const seconds = clamp((now - this.before) / 1000, 0, 0.1); // after a stall go on, don't leap
    this.before = now;
    if (this.clock.playing && !this.held) this.clock.advance(seconds, this.film);
    this.show();
    if (this.clock.playing && !this.held) this.ticket = requestAnimationFrame((next) => this.tick(next));
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
    for (const grid of this.grids) if (this.isShown(grid)) grid.paint(film, frame);
    if (this.lens.isOpen) this.lens.paint(frame);
    const text = film.describe(frame);
    for (const output of root.querySelectorAll(".now")) output.textContent = text;
    const scrub = this.find(".scrub");
    scrub.value = String(frame);
    scrub.setAttribute("aria-valuetext", text);
    root.dataset.frame = String(frame);
  }

  showSettings() {
    const { root, clock } = this;
    this.find(".loop").setAttribute("aria-pressed", String(clock.loop));
    this.find(`.views [value="${root.dataset.view}"]`).checked = true;
    this.find(`.speeds [value="${clock.speed}"]`).checked = true;
  }

  isShown(grid) {
    return this.root.dataset.view === "both" || this.root.dataset.view === grid.kind;
  }

  relayout() {
    const { film, root } = this;
    const shown = this.grids.filter((grid) => this.isShown(grid));
    const whole = root.clientWidth;
    if (!film || whole < 4 * SPRITE) return; // not on the page yet, or in a closed tab of it
    const ratio = devicePixelRatio;
    const stacked = whole <= NARROW;
    const abreast = stacked ? 1 : shown.length;
    const between = clamp(whole * 0.035, 18, 48);
    const room = (whole - between * (abreast - 1)) / abreast;
    const tall = clamp(innerHeight * (stacked ? 0.42 : 0.62), 260, 680);
    const box = { width: Math.floor(room * ratio), height: Math.floor(tall * ratio) };
    const plan = planGrid({ count: film.count, ratio, columns: film.header.columns, ...box });
    const wide = (plan.columns * plan.pitch - plan.gap) / ratio;
    root.dataset.stacked = String(stacked);
    root.style.setProperty("--between", `${between}px`);
    // The bar is as wide as the pictures: one object, in the middle of the page.
    root.style.setProperty("--pair", `${Math.max(640, wide * abreast + between * (abreast - 1))}px`);
    for (const grid of shown) {
      // The same plan and the same canvas: leave it alone, or it would flash.
      if (JSON.stringify(plan) !== JSON.stringify(grid.plan)) grid.lay(plan);
      else grid.snap();
      grid.box.setAttribute("aria-label", `${film.count} sprites. Arrow keys choose one, Enter enlarges it.`);
    }
    root.dataset.frames = String(film.frames.length);
    this.mark(this.marked);
    this.showFrame(clamp(this.clock.frame, 0, film.last));
    if (this.lens.isOpen) this.lens.show(film, this.lens.index, this.clock.frame);
  }

  drawCurve() {
    const { film } = this;
    const scrub = this.find(".scrub");
    scrub.max = String(film.span - 1);
    for (const button of this.root.querySelectorAll(".play")) button.disabled = film.span < 2;
    const x = (i) => (film.span > 1 ? (i / (film.span - 1)) * 100 : 100);
    const points = film.frames.map(({ noise }, i) => `${x(i).toFixed(2)} ${(100 - noise * 100).toFixed(2)}`);
    const line = `M${points.join("L")}`;
    const area = `${line}L${x(film.last).toFixed(2)} 100L0 100Z`;
    for (const path of this.root.querySelectorAll(".curve .line")) path.setAttribute("d", line);
    for (const path of this.root.querySelectorAll(".curve .area")) path.setAttribute("d", area);
  }

  destroy() {
    this.stop.abort();
    cancelAnimationFrame(this.ticket);
    this.sizes.disconnect();
    this.sight.disconnect();
    this.lens.close();
    this.film?.release();
    this.film = null;
  }
}

// ---- Streamlit's door -------------------------------------------------------------------------------------------

const players = new WeakMap(); // by root element

// Where feeds (feed.js) find their player; each component is a module of its own, so the place is a global one.
const meeting = (globalThis[Symbol.for("ddpm.player")] ??= { players: new Map(), feeds: new Map(), stars: new Map() });

/** Called at the mount, and again whenever the data or the theme change; the cleanup runs once, at the end. */
export default function mount({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".player");
  const { address } = unpack(data).header;
  const player = players.get(root) ?? new Player(root);
  players.set(root, player);
  meeting.players.set(address, player);
  player.emit = (event) => setTriggerValue("event", event);
  if (data !== player.data) {
    player.data = data;
    player.update(data);
    const more = meeting.feeds.get(address);
    if (more) player.follow(more);
  }
  return () => {
    player.destroy();
    players.delete(root);
    if (meeting.players.get(address) === player) meeting.players.delete(address);
  };
}
