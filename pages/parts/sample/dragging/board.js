// The board: all sprites on one canvas of their own pixels, which the style sheet enlarges by a whole number.

const FRAME = 1; // pixels of a card around a sprite, and then as many to the next card
const LARGEST = 76; // CSS pixels: the longer side of a card at most
const NARROW = 560; // CSS pixels; below it the sliders are under the board
const WIDE_SHARE = 0.6; // of a wider component

class Board {
  constructor(root) {
    this.root = root;
    this.box = root.querySelector(".board");
    this.canvas = root.querySelector("canvas");
    this.ring = root.querySelector(".ring");
    this.context = this.canvas.getContext("2d");
    this.marked = -1;
  }

  /** Shows raw pixels of `count` sprites, 3 or 4 bytes each, sprite by sprite and row by row. */
  show(bytes, { count, size, channels }) {
    this.fit(count, size, channels);
    const { data } = this.image;
    const [width, height] = size;
    let from = 0;
    for (let i = 0; i < count; i++) {
      const [left, top] = this.corner(i);
      for (let y = 0; y < height; y++) {
        let to = 4 * ((top + FRAME + y) * this.image.width + left + FRAME);
        for (let x = 0; x < width; x++, to += 4, from += channels) {
          data[to] = bytes[from];
          data[to + 1] = bytes[from + 1];
          data[to + 2] = bytes[from + 2];
          data[to + 3] = channels === 4 ? bytes[from + 3] : 255;
        }
      }
    }
    this.context.putImageData(this.image, 0, 0);
  }

  /** Makes room; does nothing for sprites like the last ones. */
  fit(count, size, channels) {
    const shape = `${count} ${size} ${channels}`;
    if (shape === this.shape) return;
    [this.shape, this.count, this.size] = [shape, count, size];
    this.columns = Math.ceil(Math.sqrt(count));
    this.pitch = size.map((side) => side + 3 * FRAME);
    const rows = Math.ceil(count / this.columns);
    const [width, height] = [this.columns * this.pitch[0] - FRAME, rows * this.pitch[1] - FRAME];
    [this.canvas.width, this.canvas.height] = [width, height];
    this.image = this.context.createImageData(width, height);
    this.root.dataset.alpha = String(channels === 4);
    if (channels === 3) this.drawCards();
    this.resize();
  }

  /** White cards behind sprites without alpha; the pixels of sprites cover only their middle. */
  drawCards() {
    const [across, down] = this.size.map((side) => side + 2 * FRAME);
    for (let i = 0; i < this.count; i++) {
      const [left, top] = this.corner(i);
      for (let y = top; y < top + down; y++) {
        const from = 4 * (y * this.image.width + left);
        this.image.data.fill(255, from, from + 4 * across);
      }
    }
  }

  /** The largest whole number of device pixels for each pixel that fits. */
  resize() {
    const room = this.root.clientWidth;
    if (!room || !this.image) return;
    const most = room < NARROW ? room : Math.max(room * WIDE_SHARE, NARROW * WIDE_SHARE);
    const ratio = devicePixelRatio;
    const card = (LARGEST * ratio) / (Math.max(...this.size) + 2 * FRAME);
    const scale = Math.max(1, Math.floor(Math.min((most * ratio) / this.image.width, card))) / ratio;
    this.scale = Math.min(scale, room / this.image.width);
    this.canvas.style.width = `${this.image.width * this.scale}px`;
    this.canvas.style.height = `${this.image.height * this.scale}px`;
    this.mark(this.marked, this.held);
  }

  corner(index) {
    return [(index % this.columns) * this.pitch[0], Math.floor(index / this.columns) * this.pitch[1]];
  }

  /** The sprite under the pointer; -1 for none. */
  at({ clientX, clientY }) {
    const { left, top } = this.canvas.getBoundingClientRect();
    const [column, row] = [clientX - left, clientY - top].map((way, i) => Math.floor(way / this.scale / this.pitch[i]));
    const index = row * this.columns + column;
    return column >= 0 && column < this.columns && row >= 0 && index < this.count ? index : -1;
  }

  /** Marks a sprite, below 0 none; `held` if all others are drawn near it. */
  mark(index, held = false) {
    this.marked = index;
    this.held = held;
    this.ring.hidden = index < 0 || index >= this.count;
    this.ring.dataset.held = String(held);
    if (this.ring.hidden) return;
    const corner = this.corner(index);
    const sides = this.size.map((side) => side + 2 * FRAME);
    ["left", "top"].forEach((side, i) => (this.ring.style[side] = `${corner[i] * this.scale}px`));
    ["width", "height"].forEach((side, i) => (this.ring.style[side] = `${sides[i] * this.scale}px`));
  }
}
