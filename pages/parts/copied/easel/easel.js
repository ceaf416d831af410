// The easel: 256 pixels, 16 colours. The drawing is sent to the server at the end of each stroke.

const easels = new WeakMap();
const SIDE = 16;
const BLANK = "0".repeat(SIDE * SIDE);
const DELAY = 350; // milliseconds: each key is a stroke of one pixel, so several keys are sent together

class Easel {
  constructor(root, colours, pixels) {
    this.root = root;
    this.colours = colours;
    this.pixels = pixels ?? BLANK;
    this.before = [];
    this.cursor = [8, 8];
    this.colour = 1;
    this.canvas = root.querySelector("canvas");
    const board = document.createElement("div");
    board.className = "board";
    this.mark = document.createElement("i");
    this.mark.className = "cursor";
    this.canvas.replaceWith(board);
    board.append(this.canvas, this.mark);

    const choices = colours.map((colour, i) => {
      const label = document.createElement("label");
      label.style.setProperty("--tone", colour);
      label.title = i ? colour : "eraser";
      label.className = i ? "" : "eraser";
      if (!i) label.append("erase");
      const input = document.createElement("input");
      Object.assign(input, { type: "radio", name: "colour", value: i, checked: i === this.colour });
      input.setAttribute("aria-label", i ? `colour ${i}, ${colour}` : "eraser");
      input.addEventListener("change", () => (this.colour = i));
      label.append(input);
      return label;
    });
    root.querySelector(".colours").append(...choices);

    this.canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      this.canvas.setPointerCapture(event.pointerId);
      this.begin();
      this.last = this.at(event);
      this.paint(...this.last);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!this.last) return;
      for (const moment of event.getCoalescedEvents?.() ?? [event]) this.line(this.at(moment));
    });
    for (const name of ["pointerup", "pointercancel"]) {
      this.canvas.addEventListener(name, () => {
        if (!this.last) return;
        this.last = null;
        this.tell();
      });
    }
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    root.querySelector(".undo").addEventListener("click", () => {
      this.pixels = this.before.pop() ?? this.pixels;
      this.draw();
      this.tell();
    });
    root.querySelector(".clear").addEventListener("click", () => {
      this.begin();
      this.pixels = BLANK;
      this.draw();
      this.tell();
    });
    this.draw();
  }

  at({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    const cell = (value, from, size) => Math.min(SIDE - 1, Math.max(0, Math.floor(((value - from) / size) * SIDE)));
    return [cell(clientX, box.left, box.width), cell(clientY, box.top, box.height)];
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

  paint(x, y, colour = this.colour) {
    const i = y * SIDE + x;
    this.cursor = [x, y];
    this.pixels = this.pixels.slice(0, i) + colour.toString(16) + this.pixels.slice(i + 1);
    this.draw();
  }

  key(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in moves) {
      this.cursor = this.cursor.map((value, i) => Math.min(SIDE - 1, Math.max(0, value + moves[event.key][i])));
      this.draw();
    } else if (event.key === " " || event.key === "Enter") {
      this.begin();
      this.paint(...this.cursor);
      this.tell();
    } else if (event.key === "e" || event.key === "Delete" || event.key === "Backspace") {
      this.begin();
      this.paint(...this.cursor, 0);
      this.tell();
    } else return;
    event.preventDefault();
    this.root.querySelector(".unseen").textContent = `column ${this.cursor[0] + 1}, row ${this.cursor[1] + 1}`;
  }

  draw() {
    const image = new ImageData(SIDE, SIDE);
    for (let i = 0; i < this.pixels.length; i++) {
      const colour = this.colours[parseInt(this.pixels[i], 16)];
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = parseInt(colour.slice(1 + 2 * c, 3 + 2 * c), 16);
      image.data[4 * i + 3] = 255;
    }
    this.canvas.getContext("2d").putImageData(image, 0, 0);
    this.mark.style.left = `${(this.cursor[0] / SIDE) * 100}%`;
    this.mark.style.top = `${(this.cursor[1] / SIDE) * 100}%`;
    this.root.querySelector(".undo").disabled = !this.before.length;
    this.root.querySelector(".clear").disabled = this.pixels === BLANK;
  }

  tell() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(this.pixels), DELAY);
  }
}

export default function mount({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".easel");
  const easel = easels.get(root) ?? new Easel(root, data.colours, data.pixels);
  easels.set(root, easel);
  easel.send = (pixels) => setStateValue("pixels", pixels);
  return () => {
    clearTimeout(easel.timer);
    easels.delete(root);
  };
}
