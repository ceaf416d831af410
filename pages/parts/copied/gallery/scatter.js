// Shape against palette on a canvas. Hovering, touching and arrow keys show the sprites behind a point. A click or Enter
// opens it; only this is sent to the server.

const plots = new WeakMap();
const MARGIN = { left: 46, right: 18, top: 12, bottom: 40 };
const REACH = 28; // CSS pixels: the nearest point within this distance from the pointer is chosen

class Scatter {
  constructor(root) {
    this.root = root;
    this.plot = root.querySelector(".plot");
    this.canvas = root.querySelector("canvas");
    this.tip = root.querySelector(".tip");
    this.at = -1;
    this.plot.addEventListener("pointermove", (event) => this.point(event));
    this.plot.addEventListener("pointerdown", (event) => this.point(event));
    this.plot.addEventListener("pointerleave", () => this.choose(-1));
    this.plot.addEventListener("blur", () => this.choose(-1));
    this.plot.addEventListener("click", (event) => {
      // The first touch shows the sprites, the second one opens them.
      const same = this.at === this.touched;
      this.touched = this.at;
      if (this.at >= 0 && (event.pointerType !== "touch" || same)) this.open(this.points[this.at].index);
    });
    this.plot.addEventListener("keydown", (event) => this.key(event));
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.plot);
  }

  async update(bytes) {
    const { header, pixels } = await unpack(bytes);
    if (this.data !== bytes) return;
    Object.assign(this, header, { pixels });
    this.root.dataset.alpha = String(header.alpha);
    this.points = this.samples.filter(({ x, y }) => x !== null && y !== null).sort((a, b) => a.x - b.x || a.y - b.y);
    // The axis ends at the 99th percentile, so that an outlier does not squeeze the rest; it is drawn at the edge.
    const heights = [...this.points.map(({ y }) => y), ...this.unseen.map(([, y]) => y)].sort((a, b) => a - b);
    const high = heights[Math.floor(heights.length * 0.99)] ?? 0;
    const left = Math.min(1, ...this.points.map(({ x }) => x), ...this.unseen.map(([x]) => x));
    this.left = Math.min(0.6, Math.floor(left * 10) / 10);
    this.top = Math.max(0.1, Math.ceil(high * 22) / 20);
    const entries = this.labels.map(({ name, count, colour }) => [`${name} ${grouped(count)}`, colour]);
    if (this.unseen.length) entries.push([`real sprites it never saw ${grouped(this.unseen.length)}`, null]);
    this.root.querySelector(".legend").replaceChildren(
      ...entries.map(([words, colour]) => {
        const entry = element("span", colour ? "" : "hollow");
        entry.style.setProperty("--tone", colour ?? "");
        entry.append(element("i"), words);
        return entry;
      }),
    );
    this.root.dataset.points = this.points.length;
    this.choose(-1);
    this.draw();
  }

  place(x, y) {
    const { width, height } = this.size;
    return [
      MARGIN.left + ((x - this.left) / (1 - this.left)) * (width - MARGIN.left - MARGIN.right),
      height - MARGIN.bottom - (Math.min(y, this.top) / this.top) * (height - MARGIN.top - MARGIN.bottom),
    ];
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!this.points || !width) return;
    this.size = { width, height };
    const ratio = devicePixelRatio;
    [this.canvas.width, this.canvas.height] = [width * ratio, height * ratio].map(Math.round);
    const pen = this.canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const { color, fontFamily } = getComputedStyle(this.root);
    pen.font = `12px ${fontFamily}`;
    pen.fillStyle = pen.strokeStyle = color;
    this.drawAxes(pen);
    this.drawPoints(pen);
  }

  drawAxes(pen) {
    const { height } = this.size;
    const line = (from, to, alpha, dash = []) => {
      pen.globalAlpha = alpha;
      pen.setLineDash(dash);
      pen.beginPath();
      pen.moveTo(...from);
      pen.lineTo(...to);
      pen.stroke();
    };
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    const step = this.top > 0.3 ? 0.1 : this.top > 0.12 ? 0.05 : 0.02;
    for (let y = 0; y <= this.top + 1e-9; y += step) {
      line(this.place(this.left, y), this.place(1, y), 0.12);
      pen.globalAlpha = 0.75;
      pen.fillText(y.toFixed(2), MARGIN.left - 7, this.place(1, y)[1]);
    }
    pen.textAlign = "center";
    for (let x = this.left; x <= 1.001; x += this.left < 0.4 ? 0.2 : 0.1) {
      pen.globalAlpha = 0.75;
      pen.fillText(`${Math.round(x * 100)}%`, this.place(x, 0)[0], height - MARGIN.bottom + 13);
    }
    pen.fillText("shape shared with a training sprite", this.place((1 + this.left) / 2, 0)[0], height - 9);
    pen.save();
    pen.translate(9, this.place(1, this.top / 2)[1]);
    pen.rotate(-Math.PI / 2);
    pen.fillText("distance to the nearest palette", 0, 0);
    pen.restore();
    line(this.place(this.shape_known, 0), this.place(this.shape_known, this.top), 0.5, [5, 4]);
    line(this.place(this.left, this.same_palette), this.place(1, this.same_palette), 0.5, [5, 4]);
    pen.globalAlpha = 0.6;
    const [left, top] = this.place(this.left, this.top);
    pen.textAlign = "left";
    pen.fillText("new shape, new colours", left + 8, top + 9);
    pen.textAlign = "right";
    pen.fillText("known shape, new colours", this.place(1, 0)[0] - 2, top + 9);
  }

  drawPoints(pen) {
    pen.setLineDash([]);
    pen.globalAlpha = 0.3;
    for (const [x, y] of this.unseen) {
      pen.beginPath();
      pen.arc(...this.place(x, y), 3, 0, 7);
      pen.stroke();
    }
    pen.globalAlpha = 0.85;
    for (const one of this.points) {
      pen.fillStyle = this.colour(one);
      pen.beginPath();
      pen.arc(...this.place(one.x, one.y), 4.5, 0, 7);
      pen.fill();
    }
    const chosen = this.points[this.at];
    if (chosen) {
      pen.globalAlpha = 1;
      pen.lineWidth = 2;
      pen.beginPath();
      pen.arc(...this.place(chosen.x, chosen.y), 8, 0, 7);
      pen.stroke();
    }
  }

  /** Whether points are drawn: the sprites may not have arrived, or the plot may be in a hidden tab. */
  ready() {
    if (!this.size) this.draw();
    return Boolean(this.size);
  }

  colour(one) {
    return this.labels.find(({ name }) => name === one.label)?.colour ?? "#888";
  }

  point(event) {
    if (!this.ready()) return;
    const box = this.plot.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let [found, best] = [-1, REACH];
    this.points.forEach((one, i) => {
      const [px, py] = this.place(one.x, one.y);
      const far = Math.hypot(px - x, py - y);
      if (far < best) [found, best] = [i, far];
    });
    this.choose(found);
  }

  key(event) {
    if (!this.ready()) return;
    const last = this.points.length - 1;
    const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 };
    if (event.key in steps) this.choose(Math.min(last, Math.max(0, this.at + steps[event.key])));
    else if (event.key === "Home") this.choose(Math.min(0, last));
    else if (event.key === "End") this.choose(last);
    else if (event.key === "Escape") this.choose(-1);
    else if ((event.key === "Enter" || event.key === " ") && this.at >= 0) this.open(this.points[this.at].index);
    else return;
    event.preventDefault();
  }

  choose(index) {
    if (index === this.at) return;
    this.at = index;
    this.draw();
    const one = this.points[index];
    this.tip.hidden = !one;
    this.root.dataset.at = one ? one.index : "";
    if (!one) return;
    const row = element("div");
    const own = this.pixels(one.index);
    const figure = (image, title, words) => {
      const made = element("figure");
      made.append(picture(image, `${title} ${words}`), element("figcaption", "", `${title} ${words}`));
      row.append(made);
    };
    figure(own, "sample", grouped(one.index + 1));
    figure(this.pixels(one.shape[0]), "shape", one.shape[1]);
    if (one.palette[0] >= 0) figure(this.pixels(one.palette[0]), "palette", one.palette[1]);
    this.tip.replaceChildren(element("p", "", one.label), row);
    // On the side that is farther from the edge, so that it never covers the point.
    const [x, y] = this.place(one.x, one.y);
    const [width, height] = [this.tip.offsetWidth, this.tip.offsetHeight];
    const left = x > this.size.width / 2 ? x - width - 14 : x + 14;
    this.tip.style.left = `${Math.max(0, Math.min(this.size.width - width, left))}px`;
    this.tip.style.top = `${Math.max(0, Math.min(this.size.height - height, y - height / 2))}px`;
    this.root.querySelector(".unseen").textContent =
      `Sample ${grouped(one.index + 1)}: ${one.label}, shape ${one.shape[1]}, palette distance ${one.palette[1]}`;
  }
}

export default mounting(
  ({ data, parentElement, setTriggerValue }) => {
    const root = parentElement.querySelector(".scatter");
    const scatter = plots.get(root) ?? new Scatter(root);
    plots.set(root, scatter);
    scatter.open = (index) => setTriggerValue("open", index);
    if (data !== scatter.data) {
      scatter.data = data;
      scatter.update(data);
    } else {
      scatter.draw(); // the theme may have changed
    }
  },
  ({ parentElement }) => {
    const root = parentElement.querySelector(".scatter");
    plots.get(root)?.sizes.disconnect();
    plots.delete(root);
  },
);
