// Called by Streamlit to show a scene. Nothing is sent back: all positions of the slider are here.

const scenes = new WeakMap(); // by root element
// Milliseconds at each position while it plays, and at the first and the last.
const PACE = 120;
const REST = 900;

class Panel {
  constructor({ title, notes, size, count, broad }, bytes) {
    [this.width, this.height, this.channels] = size;
    Object.assign(this, { title, notes, count, bytes });
    this.canvas = element("canvas");
    Object.assign(this.canvas, { width: this.width, height: this.height });
    this.canvas.style.setProperty("--w", this.width);
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", title);
    this.pen = this.canvas.getContext("2d");
    this.image = this.pen.createImageData(this.width, this.height);
    this.note = element("span");
    const caption = element("figcaption", "", title);
    caption.append(this.note);
    this.root = element("figure", broad ? "broad" : "");
    this.root.append(this.canvas, caption);
  }

  show(position) {
    const at = this.count === 1 ? 0 : position;
    const pixels = this.width * this.height;
    const { channels, bytes } = this;
    const start = at * pixels * channels;
    const out = this.image.data;
    for (let i = 0; i < pixels; i++) {
      for (let c = 0; c < 3; c++) out[4 * i + c] = bytes[start + i * channels + c];
      out[4 * i + 3] = channels === 4 ? bytes[start + i * channels + 3] : 255;
    }
    this.pen.putImageData(this.image, 0, 0);
    this.note.textContent = this.notes[this.notes.length === 1 ? 0 : position] ?? "";
  }
}

class Scene {
  constructor(root) {
    this.root = root;
    this.input = root.querySelector("input");
    this.output = root.querySelector("output");
    this.button = root.querySelector("button");
    this.input.addEventListener("input", () => {
      this.stop();
      this.show();
    });
    this.button.onclick = () => (this.timer ? this.stop() : this.play());
  }

  /** There and back, with a rest at both ends. */
  play() {
    this.button.dataset.playing = "";
    this.button.setAttribute("aria-label", "Pause");
    const last = Number(this.input.max);
    let by = Number(this.input.value) === last ? -1 : 1;
    const step = () => {
      // Taken off the page: nobody sees it any more.
      if (!this.root.isConnected) return this.stop();
      this.input.value = Number(this.input.value) + by;
      this.show();
      const at = Number(this.input.value);
      if (at === 0 || at === last) by = at ? -1 : 1;
      this.timer = setTimeout(step, at === 0 || at === last ? REST : PACE);
    };
    this.timer = setTimeout(step, PACE);
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = undefined;
    delete this.button.dataset.playing;
    this.button.setAttribute("aria-label", "Play");
  }

  update({ header, rest }) {
    if (header.id === this.id) return;
    // Of another sprite or model: who compares wants to stay where they are.
    const stays = this.stops?.length === header.stops.length;
    const position = stays ? this.input.value : header.start;
    this.id = header.id;
    this.stop();
    this.button.hidden = !header.plays;
    this.stops = header.stops;
    let offset = 0;
    this.parts = [];
    const rows = header.rows.map(({ title, panels }) => {
      const row = element("div", "row");
      const all = element("div", "panels");
      for (const panel of panels) {
        const [width, height, channels] = panel.size;
        const made = new Panel(panel, rest.subarray(offset, (offset += width * height * channels * panel.count)));
        this.parts.push(made);
        all.append(made.root);
      }
      row.append(element("h3", "", title), all);
      return row;
    });
    const charts = header.charts.map((chart) => new Chart(chart));
    this.parts.push(...charts);
    this.root.querySelector(".rows").replaceChildren(...rows);
    this.root.querySelector(".charts").replaceChildren(...charts.map((chart) => chart.root));
    this.input.max = header.stops.length - 1;
    this.input.value = position;
    this.input.setAttribute("aria-label", header.slider);
    this.show();
  }

  show() {
    const position = Number(this.input.value);
    for (const part of this.parts) part.show(position);
    this.output.textContent = this.stops[position];
    this.input.setAttribute("aria-valuetext", this.stops[position]);
    this.root.dataset.shown = position;
  }
}

/** Called again whenever the data or the theme change. */
export default function mount({ data, parentElement }) {
  const root = parentElement.querySelector(".scene");
  const scene = scenes.get(root) ?? new Scene(root);
  scenes.set(root, scene);
  scene.update(openParcel(data));
}
