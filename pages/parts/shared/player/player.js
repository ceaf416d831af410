// The player connects all parts: unpack -> Film (decoding) -> Clock -> Stage, Timeline and Lens; Input calls it back.
// Each part is a file of its own; the browser gets them joined (see __init__.py).

class Player {
  film = null;
  clock = new Clock();
  marked = -1;
  shownFrame = -1;
  onScreen = true;
  resting = false; // at the newest frame, where the viewer has not moved it
  pending = null; // the newest bytes that are not unpacked yet
  loading = false;
  drawing = null; // id of the newest drawing whose frames came while it was drawn
  answer = { starred: null, of: null }; // the page's last one about favourites

  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.stage = new Stage(root);
    this.timeline = new Timeline(root);
    this.ticker = new Ticker({ onTick: (seconds) => this.tick(seconds), isBusy: () => !this.film.complete });
    this.lens = new Lens(this.find(".lens"), {
      onSeek: (frame) => this.seek(frame),
      onAction: (name, index) => this.act(name, index),
    });
    this.favourites = new Favourites({
      onChange: () => this.showStars(),
      onTell: (kind, index) => this.emit?.({ kind, index }),
    });
    this.stop = new AbortController(); // removes all listeners at once
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    new Input(this);
    this.watch();
  }

  // -- data --

  /** Takes new bytes. While others are being decoded only the newest are kept, so a slow machine skips states. */
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

  /** Takes the bytes of a feed, if they continue those of the page: a late one must not replace the finished sprites. */
  takeNewer(bytes) {
    const [ours, theirs] = [this.data, bytes].map((one) => unpack(one).header);
    if (ours.drawing === theirs.drawing && isBeginning(ours.reels, theirs.reels)) this.update(bytes);
  }

  async load(parcel) {
    const { header } = parcel;
    header.id = header.reels[0].at(-1).id; // id of the finished sprites
    header.live = header.reels.some((frames) => frames.at(-1).t >= 0);
    // The same noise gives the same frames, but a second drawing is to be shown, too.
    const isNew = Boolean(header.drawing) && header.drawing !== this.drawing;
    this.drawing = header.drawing ?? this.drawing;
    if (this.film && !isNew && this.isOld(header)) return;
    const goesOn = !isNew && this.film?.isContinuedBy(header);
    const first = !goesOn && this.startsPlaying(header);
    if (first) await this.take(firstOf(parcel), isNew); // shows a picture at once
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
    if (!this.hear(this.answer)) this.favourites.hear(null);
    for (const button of this.root.querySelectorAll(".play")) button.disabled = film.span < 2;
    this.timeline.draw(film);
    this.relayout();
    delete this.root.dataset.bare;
    this.wake();
  }

  /** Takes the page's answer about favourites; it waits until the sprites that it means are here. */
  hear(answer) {
    this.answer = answer;
    const isMeant = answer.starred === null || answer.of === this.film?.id;
    if (isMeant) this.favourites.hear(answer.starred);
    return isMeant;
  }

  /** Whether a header is that of this film, or of an older state of it. */
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
    // The viewer of a live drawing has waited for the first frame already.
    else if (film.header.live) clock.seek(0);
    else clock.restart();
  }

  /** Keeps the viewer's place in a film that has grown. */
  goOn(old) {
    const { film, clock } = this;
    const wasLast = clock.head >= old.last;
    clock.head = film.placeOf(clock.head, old);
    if (this.resting && film.last > old.last) clock.seek(film.last); // stay at the end
    else if (wasLast && clock.head >= film.last && film.complete && !old.complete) clock.hold = LAST_HOLD;
  }

  applySettings({ caption, compare }) {
    this.find(".caption").textContent = caption;
    if (compare !== this.compare) this.root.dataset.view = compare ? "guess" : "both";
    this.compare = compare;
    this.root.dataset.compare = String(compare);
    this.showSettings();
  }

  act(name, index) {
    this.lens.close();
    this.emit?.({ kind: name, index });
  }

  // -- the page around --

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

  /** Notices zoom or another screen; the media query matches one ratio only, so each change needs a new one. */
  watchRatio() {
    const query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    const changed = () => {
      this.relayout();
      this.watchRatio();
    };
    query.addEventListener("change", changed, { signal: this.stop.signal, once: true });
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

  /** Goes to a frame and stops there. */
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
    this.stage.mark(index, this.film?.header.names?.[index] ?? "");
  }

  open(index) {
    if (index < 0) return;
    this.lens.show(this.film, this.root.dataset.view, index, this.clock.frame);
    this.showStars();
  }

  turn(by) {
    this.open(clamp(this.lens.index + by, 0, this.film.count - 1));
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

  get moving() {
    return this.clock.playing && !this.held;
  }

  /** Shows the present state; animates only while something moves and is visible. */
  wake() {
    if (!this.film || this.stop.signal.aborted) return;
    this.show();
    if (this.moving) this.ticker.start();
  }

  tick(seconds) {
    if (this.moving) this.clock.advance(seconds, this.film);
    this.show();
    return this.moving;
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
    this.timeline.move(film, clock.head);
    if (clock.frame !== this.shownFrame) this.showFrame(clock.frame);
  }

  showFrame(frame) {
    const { film, root } = this;
    this.shownFrame = frame;
    this.stage.paint(film, frame);
    if (this.lens.isOpen) this.lens.paint(frame);
    const text = film.describe(frame);
    for (const output of root.querySelectorAll(".now")) output.textContent = text;
    this.timeline.show(frame, text);
    root.dataset.frame = String(frame);
  }

  showStars() {
    const { favourites, lens } = this;
    this.stage.showStars(favourites.list);
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

  relayout() {
    const { film, stage } = this;
    const note = this.favourites.isOffered ? " The key f makes it a favourite." : "";
    if (!film || !stage.layOut(film, note)) return;
    this.mark(this.marked);
    this.showFrame(clamp(this.clock.frame, 0, film.last));
    if (this.lens.isOpen) this.open(clamp(this.lens.index, 0, film.count - 1));
  }

  destroy() {
    this.stop.abort();
    this.favourites.forget();
    this.ticker.stop();
    this.sizes.disconnect();
    this.sight.disconnect();
    this.lens.close();
    this.film?.release();
    this.film = null;
  }
}
