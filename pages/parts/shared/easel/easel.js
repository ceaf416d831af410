// The easel: a grid of pixels, a few colours. The drawing is sent to the server at the end of each stroke. Where a part
// is left open, the first "colour" leaves a pixel to the model, and others may bring back the sprite it began with.

const easels = new WeakMap();
const DELAY = 350; // milliseconds: each key is a stroke of one pixel, so several keys are sent together
const USUAL = 16; // a sprite with a longer side gets wider pens: its pixels are small for a finger
const PENS = [1, 2, 3, 5];
const START = 35; // as a digit "z": the pixel of the sprite that the drawing began with
const EMPTY = [[255, 255, 255, 255], [208, 208, 208, 255]]; // prettier-ignore

class Easel {
  constructor(root, { colours, pixels, size, alpha, open }) {
    this.root = root;
    this.size = size;
    this.open = open;
    const [width, height] = size;
    this.blank = "0".repeat(width * height);
    // Red, green, blue and alpha of each colour; the first is the background.
    this.tones = colours.map((colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)).concat(255));
    if (alpha || open) this.tones[0] = [0, 0, 0, 0];
    this.pixels = pixels?.length === width * height ? pixels : this.blank;
    this.before = [];
    this.cursor = [width >> 1, height >> 1];
    this.colour = 1;
    this.pen = 1;
    this.canvas = root.querySelector("canvas");
    this.setUp(alpha);
    this.offerColours(colours, alpha || open);
    this.offerBrushes();
    this.offerPens();
    this.listen();
    this.draw();
  }

  setUp(alpha) {
    const { canvas, root } = this;
    const [width, height] = this.size;
    [canvas.width, canvas.height] = this.size;
    canvas.setAttribute(
      "aria-label",
      `Drawing, ${width} by ${height} pixels. Arrow keys move, space paints, E ${this.open ? "leaves a pixel to the model" : "erases"}.`,
    );
    for (const [name, value] of [["--w", width], ["--h", height]]) root.style.setProperty(name, value); // prettier-ignore
    root.dataset.alpha = String(alpha);
    root.dataset.open = String(!!this.open);
    root.dataset.usual = String(width === USUAL && height === USUAL);
    const board = document.createElement("div");
    board.className = "board";
    this.mark = document.createElement("i");
    this.mark.className = "cursor";
    canvas.replaceWith(board);
    [this.mark.style.width, this.mark.style.height] = [`${100 / width}%`, `${100 / height}%`];
    board.append(canvas, this.mark);
  }

  offerColours(colours, clear) {
    const choices = colours.map((colour, i) => {
      const label = this.choice(i, i ? `colour ${i}, ${colour}` : "eraser");
      if (i || !clear) label.style.setProperty("--tone", colour);
      label.title = i ? colour : "eraser";
      label.className = i ? "" : "eraser";
      if (!i) label.append("erase");
      return label;
    });
    this.root.querySelector(".colours").append(...choices.slice(this.open ? 1 : 0));
  }

  /** What is no colour, in a row of its own, with words. */
  offerBrushes() {
    const row = this.root.querySelector(".brushes");
    row.hidden = !this.open;
    if (!this.open) return;
    const { empty, start } = this.open;
    const brushes = [[0, "Leave to the model"], ...(start ? [[START, "As it was"]] : []), ...(empty ? [[empty, "Nothing here"]] : [])]; // prettier-ignore
    row.append(
      ...brushes.map(([i, words]) => {
        const label = this.choice(i, words);
        label.append(words);
        return label;
      }),
    );
  }

  choice(i, words) {
    const label = document.createElement("label");
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name: "colour", value: i, checked: i === this.colour });
    input.setAttribute("aria-label", words);
    input.addEventListener("change", () => (this.colour = i));
    label.append(input);
    return label;
  }

  offerPens() {
    const pen = this.root.querySelector(".pen");
    pen.hidden = !this.open && Math.max(...this.size) <= USUAL;
    const select = pen.querySelector("select");
    select.append(...PENS.map((width) => new Option(`${width} px`, String(width))));
    select.addEventListener("change", () => (this.pen = Number(select.value)));
  }

  listen() {
    this.canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      this.canvas.setPointerCapture(event.pointerId);
      this.begin();
      this.last = this.at(event);
      this.paint(...this.last);
      this.draw();
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!this.last) return;
      for (const moment of event.getCoalescedEvents?.() ?? [event]) this.line(this.at(moment));
      this.draw();
    });
    for (const name of ["pointerup", "pointercancel"]) {
      this.canvas.addEventListener(name, () => {
        if (!this.last) return;
        this.last = null;
        this.tell();
      });
    }
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.root.querySelector(".undo").addEventListener("click", () => {
      this.pixels = this.before.pop() ?? this.pixels;
      this.draw();
      this.tell();
    });
    this.root.querySelector(".clear").addEventListener("click", () => {
      this.begin();
      this.pixels = this.blank;
      this.draw();
      this.tell();
    });
  }

  at({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    const cell = (value, from, length, cells) =>
      Math.min(cells - 1, Math.max(0, Math.floor(((value - from) / length) * cells)));
    return [cell(clientX, box.left, box.width, this.size[0]), cell(clientY, box.top, box.height, this.size[1])];
  }

  begin() {
    this.before = [...this.before.slice(-49), this.pixels];
  }

  /** Paints from the last pixel to this one without a gap, however fast the pointer moves. */
  line([x, y]) {
    const [fromX, fromY] = this.last;
    const steps = Math.max(Math.abs(x - fromX), Math.abs(y - fromY));
    for (let i = 1; i <= steps; i++) {
      this.paint(Math.round(fromX + ((x - fromX) * i) / steps), Math.round(fromY + ((y - fromY) * i) / steps));
    }
    this.last = [x, y];
  }

  /** Paints a square as wide as the pen around a pixel. */
  paint(x, y, colour = this.colour) {
    const [width, height] = this.size;
    this.cursor = [x, y];
    const left = Math.max(0, x - ((this.pen - 1) >> 1));
    const right = Math.min(width, x + (this.pen >> 1) + 1);
    const top = Math.max(0, y - ((this.pen - 1) >> 1));
    const bottom = Math.min(height, y + (this.pen >> 1) + 1);
    for (let row = top; row < bottom; row++) {
      const [from, to] = [row * width + left, row * width + right];
      this.pixels = this.pixels.slice(0, from) + colour.toString(36).repeat(to - from) + this.pixels.slice(to);
    }
  }

  key(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in moves) {
      this.cursor = this.cursor.map((at, i) => Math.min(this.size[i] - 1, Math.max(0, at + moves[event.key][i])));
    } else if (event.key === " " || event.key === "Enter") {
      this.begin();
      this.paint(...this.cursor);
      this.tell();
    } else if (event.key === "e" || event.key === "Delete" || event.key === "Backspace") {
      this.begin();
      this.paint(...this.cursor, 0);
      this.tell();
    } else return;
    this.draw();
    event.preventDefault();
    this.root.querySelector(".unseen").textContent = `column ${this.cursor[0] + 1}, row ${this.cursor[1] + 1}`;
  }

  draw() {
    const [width, height] = this.size;
    const image = new ImageData(width, height);
    for (let i = 0; i < this.pixels.length; i++) image.data.set(this.tone(i), 4 * i);
    this.canvas.getContext("2d").putImageData(image, 0, 0);
    this.mark.style.left = `${(this.cursor[0] / width) * 100}%`;
    this.mark.style.top = `${(this.cursor[1] / height) * 100}%`;
    this.root.querySelector(".undo").disabled = !this.before.length;
    this.root.querySelector(".clear").disabled = this.pixels === this.blank;
  }

  /** Red, green, blue and alpha of a pixel as it is shown. */
  tone(i) {
    const digit = parseInt(this.pixels[i], 36);
    const tone = digit === START ? this.open.start.slice(4 * i, 4 * i + 4) : this.tones[digit];
    const isEmpty = this.open && (digit === this.open.empty || (digit === START && !tone[3]));
    // Nothing that stays must not look like what is left to the model.
    return isEmpty ? EMPTY[((i % this.size[0]) + Math.floor(i / this.size[0])) % 2] : tone;
  }

  tell() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(this.pixels), DELAY);
  }
}

export default mounting(
  ({ data, parentElement, setStateValue }) => {
    const root = parentElement.querySelector(".easel");
    const easel = easels.get(root) ?? new Easel(root, data);
    easels.set(root, easel);
    easel.send = (pixels) => setStateValue("pixels", pixels);
  },
  ({ parentElement }) => {
    const root = parentElement.querySelector(".easel");
    clearTimeout(easels.get(root)?.timer);
    easels.delete(root);
  },
);
