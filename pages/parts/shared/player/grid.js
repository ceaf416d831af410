// The grid of sprites: the place of each, and the painting of a frame.

// A sprite's longer side in CSS pixels: the least, the most, and the most of one that is alone.
const [LEAST, MOST, ALONE] = [24, 224, 384];

/**
 * A layout in device pixels; margin and gap are one pixel of the sprite each (see EDGE). `cell` and `pitch` are those
 * across, `cellDown` and `pitchDown` those downwards.
 */
function planRows({ count, columns, scale, ratio, size, alpha }) {
  const [cell, cellDown] = size.map((side) => (side + 2) * scale);
  const [pitch, pitchDown] = size.map((side) => (side + EDGE) * scale);
  const rows = Math.ceil(count / columns);
  return { count, columns, rows, scale, pad: scale, gap: scale, cell, cellDown, pitch, pitchDown, ratio, alpha };
}

/** Full rows if possible, else rows of nearly the same length. */
function pickColumns(count, most) {
  for (let columns = Math.min(most, count); columns > most * 0.6; columns--) if (count % columns === 0) return columns;
  return Math.ceil(count / Math.ceil(count / most));
}

/** The largest whole scale at which `count` sprites fit the box (device pixels); if none does, a small one. */
function planGrid({ width, height, columns: wanted, ...sprites }) {
  const { count, ratio, size } = sprites;
  const side = Math.max(...size);
  const least = Math.max(1, Math.round((LEAST / side) * ratio));
  let plan;
  for (let scale = Math.max(1, Math.floor(((count > 1 ? MOST : ALONE) / side) * ratio)); scale >= 1; scale--) {
    const most = Math.floor((width + scale) / ((size[0] + EDGE) * scale));
    if (most < Math.min(wanted ?? 1, count)) continue;
    const columns = wanted ? Math.min(wanted, count) : pickColumns(count, most);
    plan = planRows({ ...sprites, columns, scale });
    // With the page's own number of columns the grid may be a little too high: better than much too small.
    if (plan.rows * plan.pitchDown - plan.gap <= height * (wanted ? 1.15 : 1) || scale <= least) break;
  }
  return plan ?? planGrid({ ...sprites, width, height }); // so many columns do not fit here at any scale
}

class Grid {
  constructor(figure) {
    this.figure = figure;
    this.box = figure.querySelector(".grid");
    this.canvas = figure.querySelector("canvas");
    this.cards = figure.querySelector(".cards");
    this.ring = figure.querySelector(".ring");
    this.stars = figure.querySelector(".stars");
    this.context = this.canvas.getContext("2d");
  }

  corner(index) {
    const { columns, pitch, pitchDown } = this.plan;
    return [(index % columns) * pitch, Math.floor(index / columns) * pitchDown];
  }

  lay(plan) {
    this.plan = plan;
    const { canvas } = this;
    canvas.width = plan.columns * plan.pitch - plan.gap;
    canvas.height = plan.rows * plan.pitchDown - plan.gap;
    canvas.style.width = `${canvas.width / plan.ratio}px`;
    canvas.style.height = `${canvas.height / plan.ratio}px`;
    canvas.dataset.plan = JSON.stringify(plan); // read by tests
    this.context.imageSmoothingEnabled = false;
    this.cards.replaceChildren(...(plan.alpha ? this.makeCards() : []));
    this.drawTiles();
    this.snap();
    this.showStars();
  }

  /** What is seen through transparent sprites: elements, so that style sheets alone decide how it looks. */
  makeCards() {
    const { count, cell, cellDown, pad, ratio } = this.plan;
    return Array.from({ length: count }, (_, i) => {
      const [x, y] = this.corner(i);
      const card = element("i");
      Object.assign(card.style, {
        left: `${x / ratio}px`,
        top: `${y / ratio}px`,
        width: `${cell / ratio}px`,
        height: `${cellDown / ratio}px`,
        borderRadius: `${Math.min(pad / ratio, 11) + 1}px`,
      });
      return card;
    });
  }

  /** Draws the white cards behind opaque sprites; once per layout, since sprites cover only their middle. */
  drawTiles() {
    const { context } = this;
    const { count, cell, cellDown, pad, ratio, alpha } = this.plan;
    if (alpha) return;
    context.fillStyle = "#fff";
    context.strokeStyle = "rgb(120 120 135 / 28%)";
    context.lineWidth = ratio;
    for (let i = 0; i < count; i++) {
      const [x, y] = this.corner(i);
      context.beginPath();
      context.roundRect(x + ratio / 2, y + ratio / 2, cell - ratio, cellDown - ratio, Math.min(pad, 11 * ratio) + ratio);
      context.fill();
      context.stroke();
    }
  }

  /** Moves the canvas onto a whole device pixel, or the browser would resample every sprite. */
  snap() {
    const { ratio } = this.plan;
    const { style } = this.box;
    style.left = style.top = "0px";
    const { left, top } = this.box.getBoundingClientRect();
    style.left = `${Math.round(left * ratio) / ratio - left}px`;
    style.top = `${Math.round(top * ratio) / ratio - top}px`;
  }

  /** Shows one frame; without a sheet, only the cards. */
  paint([sheet]) {
    if (!this.plan) return; // no room yet, as in a closed tab of the page
    if (sheet) this.put(sheet);
    else if (this.full) this.clear();
    this.full = Boolean(sheet);
  }

  put(sheet) {
    const { columns, scale, pad, alpha } = this.plan;
    sheet.spread(columns);
    const { bitmap } = sheet;
    if (alpha) this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.context.drawImage(bitmap, pad, pad, bitmap.width * scale, bitmap.height * scale);
  }

  clear() {
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.drawTiles();
  }

  /** The sprite under the pointer; -1 for a gap. */
  indexAt(event) {
    const { columns, pitch, pitchDown, cell, cellDown, count, ratio } = this.plan;
    const box = this.canvas.getBoundingClientRect();
    const x = (event.clientX - box.left) * ratio;
    const y = (event.clientY - box.top) * ratio;
    const column = Math.floor(x / pitch);
    const index = Math.floor(y / pitchDown) * columns + column;
    const inside = column >= 0 && column < columns && x % pitch < cell && y % pitchDown < cellDown;
    return inside && index >= 0 && index < count ? index : -1;
  }

  mark(index) {
    this.ring.hidden = !this.plan || index < 0 || index >= this.plan.count;
    if (this.ring.hidden) return;
    const { cell, cellDown, ratio } = this.plan;
    const [x, y] = this.corner(index);
    this.ring.style.width = `${cell / ratio}px`;
    this.ring.style.height = `${cellDown / ratio}px`;
    this.ring.style.transform = `translate(${x / ratio}px, ${y / ratio}px)`;
  }

  /** Shows a small star at the corner of each of these sprites. */
  showStars(starred = this.starred ?? []) {
    this.starred = starred;
    if (!this.plan) return;
    const { count, cell, cellDown, ratio } = this.plan;
    const side = clamp((0.3 * Math.min(cell, cellDown)) / ratio, 9, 20);
    const marks = starred.filter((index) => index < count).map((index) => {
      const [x, y] = this.corner(index);
      const mark = element("i");
      mark.dataset.index = String(index);
      mark.style.width = mark.style.height = `${side}px`;
      mark.style.transform = `translate(${(x + cell) / ratio - side * 0.7}px, ${y / ratio - side * 0.3}px)`;
      return mark;
    });
    this.stars.replaceChildren(...marks);
  }
}

/** Both pictures in one grid, with a divider: the noisy one left of it, the guess right of it. */
class OverGrid extends Grid {
  split = 0.5;
  sheets = [];

  constructor(figure) {
    super(figure);
    this.divider = figure.querySelector(".divider");
    this.setSplit(this.split);
  }

  setSplit(split) {
    this.split = clamp(split, 0, 1);
    const percent = Math.round(this.split * 100);
    this.box.style.setProperty("--split", String(this.split));
    this.divider.setAttribute("aria-valuenow", String(percent));
    this.divider.setAttribute("aria-valuetext", `${percent}% noisy, ${100 - percent}% guess`);
    this.paint(this.sheets);
  }

  drag(event) {
    const { left, width } = this.canvas.getBoundingClientRect();
    if (width) this.setSplit((event.clientX - left) / width);
  }

  key(key) {
    const step = { ArrowLeft: -0.02, ArrowDown: -0.02, ArrowRight: 0.02, ArrowUp: 0.02, PageDown: -0.1, PageUp: 0.1 };
    const ends = { Home: 0, End: 1 };
    if (!(key in step) && !(key in ends)) return false;
    this.setSplit(ends[key] ?? this.split + step[key]);
    return true;
  }

  paint(sheets) {
    this.sheets = sheets;
    const [noisy, guess] = sheets;
    if (!this.plan || !guess) return;
    super.paint([guess]);
    const { context, canvas } = this;
    context.save();
    context.beginPath();
    context.rect(0, 0, Math.round(this.split * canvas.width), canvas.height);
    context.clip();
    this.put(noisy);
    context.restore();
  }
}
