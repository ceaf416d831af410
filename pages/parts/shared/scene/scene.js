// Called by Streamlit to show a scene. Nothing is sent back: all positions of the sliders are here.

const scenes = new WeakMap(); // by root element
const positions = new Map(); // of sliders, by what they are about
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

  show(position, all) {
    const place = (count) => (count === 1 ? 0 : count > all.count ? all.second * all.count + position : position);
    const at = place(this.count);
    const pixels = this.width * this.height;
    const { channels, bytes } = this;
    const start = at * pixels * channels;
    const out = this.image.data;
    for (let i = 0; i < pixels; i++) {
      for (let c = 0; c < 3; c++) out[4 * i + c] = bytes[start + i * channels + c];
      out[4 * i + 3] = channels === 4 ? bytes[start + i * channels + 3] : 255;
    }
    this.pen.putImageData(this.image, 0, 0);
    this.note.textContent = this.notes[place(this.notes.length)] ?? "";
  }
}

class Slider {
  constructor(root, onInput) {
    this.root = root;
    this.input = root.querySelector("input");
    this.output = root.querySelector("output");
    this.input.addEventListener("input", onInput);
  }

  update(label, stops, start, place) {
    // Of another sprite or model: who compares wants to stay where they are, also where the scene was gone meanwhile.
    this.place = `${place} ${label} ${stops.length}`;
    const position = positions.get(this.place) ?? start;
    this.stops = stops;
    this.input.max = stops.length - 1;
    this.input.value = position;
    this.input.setAttribute("aria-label", label);
  }

  show() {
    const position = Number(this.input.value);
    positions.set(this.place, position);
    this.output.textContent = this.stops[position];
    this.input.setAttribute("aria-valuetext", this.stops[position]);
    return position;
  }
}

class Scene {
  constructor(root) {
    this.root = root;
    this.first = new Slider(root.querySelector(".slide"), () => {
      this.stop();
      this.show();
    });
    this.button = root.querySelector(".play");
    this.button.onclick = () => (this.timer ? this.stop() : this.play());
  }

  /** There and back, with a rest at both ends. */
  play() {
    this.button.dataset.playing = "";
    this.button.setAttribute("aria-label", "Pause");
    const { input } = this.first;
    const last = Number(input.max);
    let by = Number(input.value) === last ? -1 : 1;
    const step = () => {
      // Taken off the page: nobody sees it any more.
      if (!this.root.isConnected) return this.stop();
      input.value = Number(input.value) + by;
      this.show();
      const at = Number(input.value);
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
    this.id = header.id;
    this.stop();
    this.button.hidden = !header.plays;
    const { slider, stops, start, second } = header;
    const place = header.rows.length + (header.plays ? " plays" : "");
    this.first.update(slider, stops, start, place);
    if (!second) {
      this.second?.root.remove();
      this.second = undefined;
    } else {
      this.second ??= this.addSlider();
      this.second.update(second.slider, second.stops, second.start ?? second.stops.length - 1, place);
    }
    let offset = 0;
    this.parts = [];
    const rows = header.rows.map(({ title, panels }) => {
      const row = element("div", "row");
      const all = element("div", "panels");
      for (const panel of panels) {
        const [width, height, channels] = panel.size;
        const made = new Panel(panel, rest.subarray(offset, (offset += width * height * channels * panel.count)));
        this.parts.push(made);
        if (panel.picks) this.pickBy(made);
        all.append(made.root);
      }
      row.append(element("h3", "", title), all);
      return row;
    });
    const charts = header.charts.map((chart) => new Chart(chart));
    this.parts.push(...charts);
    this.root.querySelector(".rows").replaceChildren(...rows);
    this.root.querySelector(".charts").replaceChildren(...charts.map((chart) => chart.root));
    const remark = this.root.querySelector(".remark");
    remark.textContent = header.remark;
    remark.hidden = !header.remark;
    this.show();
  }

  pickBy({ root, canvas }) {
    root.classList.add("picks");
    canvas.addEventListener("click", (event) => {
      const { left, top, width: across, height: down } = canvas.getBoundingClientRect();
      this.first.input.value = Math.floor(((event.clientX - left) / across) * this.first.stops.length);
      this.second.input.value = Math.floor(((event.clientY - top) / down) * this.second.stops.length);
      this.stop();
      this.show();
    });
  }

  addSlider() {
    const slide = this.first.root.cloneNode(true);
    slide.querySelector(".play").remove();
    this.first.root.after(slide);
    return new Slider(slide, () => this.show());
  }

  show() {
    const first = this.first.show();
    const second = this.second?.show() ?? 0;
    for (const part of this.parts) part.show(first, { second, count: this.first.stops.length });
    Object.assign(this.root.dataset, { shown: first, second });
  }
}

/** Called again whenever the data or the theme change. */
export default mounting(({ data, parentElement }) => {
  const root = parentElement.querySelector(".scene");
  const scene = scenes.get(root) ?? new Scene(root);
  scenes.set(root, scene);
  scene.update(openParcel(data));
});
