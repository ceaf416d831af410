// The lens: a dialog with one sprite, enlarged or three by three, its film strip and its buttons.

const STILLS = 8;
const NAMES = { noisy: "Noisy image", guess: "The model’s guess" };

/** Sizes a canvas for `rows` sprites above each other, each at the largest whole scale within a square of `side` CSS pixels. */
function sizeCanvas(canvas, [width, height], side, rows, gap = 0) {
  const ratio = devicePixelRatio;
  const scale = Math.max(1, Math.floor((side * ratio) / Math.max(width, height)));
  const gutter = Math.round(gap * ratio);
  canvas.width = width * scale;
  canvas.height = rows * height * scale + (rows - 1) * gutter;
  canvas.style.width = `${canvas.width / ratio}px`;
  canvas.style.height = `${canvas.height / ratio}px`;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  return { context, scale, gutter };
}

class Lens {
  index = -1;
  wantsNine = false;

  constructor(dialog, { onSeek, onAction }) {
    this.dialog = dialog;
    this.onSeek = onSeek;
    this.onAction = onAction;
    this.find = (selector) => dialog.querySelector(selector);
    this.canvases = [...dialog.querySelectorAll(".pair canvas")];
    this.nine = this.find(".nine");
    this.nine.onclick = () => this.turnNine();
  }

  get isOpen() {
    return this.dialog.open;
  }

  show(film, view, index, moment) {
    this.film = film;
    this.sides = film.sides(view);
    this.index = clamp(index, 0, film.count - 1);
    if (!this.isOpen) this.dialog.showModal();
    const title = film.count > 1 ? `Sprite ${this.index + 1} of ${film.count}` : "The sprite";
    this.find(".title").textContent = title + film.name(this.index);
    this.find(".back").disabled = this.index === 0;
    this.find(".on").disabled = this.index === film.count - 1;
    this.find(".back").hidden = this.find(".on").hidden = film.count === 1;
    this.dialog.querySelectorAll(".pair figcaption").forEach((caption, side) => {
      caption.textContent = film.header.compare ? film.header.titles[side] : NAMES[KINDS[side]];
    });
    this.drawActions();
    this.showNine();
    this.resize();
    this.paint(moment);
  }

  /** How often the enlarged sprite is laid beside itself in each direction. */
  get times() {
    return this.wantsNine && this.film.header.tiles ? 3 : 1;
  }

  turnNine() {
    this.wantsNine = !this.wantsNine;
    this.showNine();
    this.resize();
    this.paint(this.moment);
  }

  showNine() {
    this.nine.hidden = !this.film.header.tiles;
    this.nine.setAttribute("aria-pressed", String(this.times > 1));
  }

  close() {
    if (this.isOpen) this.dialog.close();
  }

  showStar(isStarred, isOffered) {
    const star = this.find(".star");
    star.hidden = !isOffered;
    star.setAttribute("aria-pressed", String(isStarred));
    star.title = isStarred ? "Among your favourites; take it out (f)" : "Keep it as a favourite (f)";
  }

  resize() {
    // At most 288 CSS pixels, and small enough that the film strip is on the screen, too.
    const tallest = Math.max(96, innerHeight - 430);
    this.large = this.canvases.map((canvas) => {
      const figure = canvas.closest("figure");
      const size = this.film.size.map((side) => side * this.times);
      return sizeCanvas(canvas, size, Math.min(figure.clientWidth - 22, 288, tallest), 1);
    });
    this.drawStrip();
  }

  /** Draws one side at a moment; nothing if its chain has not come yet. */
  draw(context, side, moment, y, scale, x = 0) {
    const [reel, kind] = this.sides[side];
    this.film.frame(moment, reel)?.[kind].draw(context, this.index, x, y, scale);
  }

  drawLarge({ context, scale }, side, moment) {
    const [width, height] = this.film.size.map((pixels) => pixels * scale);
    for (let row = 0; row < this.times; row++)
      for (let column = 0; column < this.times; column++)
        this.draw(context, side, moment, row * height, scale, column * width);
  }

  paint(moment) {
    this.moment = moment;
    this.large.forEach((large, side) => this.drawLarge(large, side, moment));
    let current = this.stills[0];
    for (const still of this.stills) if (Number(still.dataset.frame) <= moment) current = still;
    for (const still of this.stills) still.setAttribute("aria-current", String(still === current));
  }

  drawStrip() {
    const { film } = this;
    const strip = this.find(".strip");
    // At its own size a still may need more room than an eighth of the strip.
    const room = Math.floor(strip.clientWidth / (film.size[0] / devicePixelRatio + 8));
    const length = Math.min(STILLS, film.moments.length, Math.max(2, room));
    const moments = Array.from({ length }, (_, i) => Math.round((i * film.last) / Math.max(1, length - 1)));
    const width = strip.clientWidth / length - 8;
    // New buttons would lose the focus, so the old ones are kept if possible.
    if (strip.children.length !== length) strip.replaceChildren(...moments.map(() => this.makeStill()));
    this.stills = [...strip.children];
    this.stills.forEach((still, i) => this.drawStill(still, moments[i], Math.min(width, 64)));
  }

  makeStill() {
    const still = element("button", "still");
    still.append(element("canvas"), element("span"));
    still.onclick = () => this.onSeek(Number(still.dataset.frame));
    return still;
  }

  drawStill(still, moment, width) {
    const [canvas, label] = still.children;
    const { context, scale, gutter } = sizeCanvas(canvas, this.film.size, width, 2, 4);
    const down = this.film.size[1] * scale + gutter;
    this.sides.forEach((_, row) => this.draw(context, row, moment, row * down, scale));
    still.dataset.frame = String(moment);
    still.setAttribute("aria-label", `Go to: ${this.film.describe(moment)}`);
    label.textContent = this.film.label(moment);
  }

  drawActions() {
    const { actions } = this.film.header;
    if (JSON.stringify(actions) === this.drawnActions) return; // a new button would lose the focus
    this.drawnActions = JSON.stringify(actions);
    const buttons = actions.map(({ name, label }) => {
      const button = element("button", "action", label);
      button.onclick = () => this.onAction(name, this.index);
      return button;
    });
    this.find(".actions").replaceChildren(...buttons);
  }
}
