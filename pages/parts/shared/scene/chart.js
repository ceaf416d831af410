// Curves over the positions of the slider, or a curve of its own at each of them, or curves for each of the second's.

const COLOURS = ["var(--first)", "var(--second)", "var(--third)"];
const WIDTH = 300;
const HEIGHT = 100;

function svgElement(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

class Chart {
  constructor({ title, curves, ends, digits, unit, second }) {
    this.curves = curves;
    this.second = second;
    // Without the sign of what rounds to 0.
    this.words = (value) =>
      `${(Number(value.toFixed(digits)) || 0).toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })}${unit}`;
    this.each = !second && Array.isArray(curves[0].values[0]);
    const all = curves.flatMap(({ values, band }) => [...values, ...band].flat());
    this.low = Math.min(0, ...all);
    this.high = Math.max(...all);
    if (this.high === this.low) this.high += 1;
    this.root = element("div", "chart");
    const svg = svgElement("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" });
    const range = this.each ? "" : ` From ${this.words(this.low)} to ${this.words(this.high)}.`;
    svg.setAttribute("aria-label", `${title}: ${curves.map(({ name }) => name).join(", ")}.${range}`);
    this.paths = curves.map((_, i) => svgElement("path", { style: `stroke: ${COLOURS[i % COLOURS.length]}` }));
    this.mark = svgElement("line", { y1: 0, y2: HEIGHT });
    this.mark.toggleAttribute("hidden", this.each);
    const bands = curves.map((_, i) => svgElement("path", { class: "band", style: `fill: ${COLOURS[i % COLOURS.length]}` }));
    svg.append(...bands, ...this.paths, this.mark);
    const foot = element("div", "ends");
    foot.append(...ends.map((end) => element("span", "", end)));
    const legend = element("div", "legend");
    this.values = curves.map(({ name }, i) => {
      const entry = element("span");
      const line = element("i");
      line.style.background = COLOURS[i % COLOURS.length];
      const value = element("b");
      entry.append(line, this.each ? name : `${name}: `, value);
      legend.append(entry);
      return value;
    });
    this.root.append(element("h3", "", title), svg, foot, legend);
    if (this.each || second) return;
    curves.forEach(({ values, band }, i) => {
      this.paths[i].setAttribute("d", this.line(values));
      if (band.length) bands[i].setAttribute("d", this.area(band));
    });
  }

  points(values) {
    const across = WIDTH / Math.max(1, values.length - 1);
    const up = HEIGHT / (this.high - this.low);
    return values.map((value, i) => `${(i * across).toFixed(2)},${((this.high - value) * up).toFixed(2)}`);
  }

  line(values) {
    return `M${this.points(values).join("L")}`;
  }

  area([low, high]) {
    return `M${[...this.points(high), ...this.points(low).reverse()].join("L")}Z`;
  }

  interval(i, position) {
    const ends = this.curves[i].band.map((end) => this.words(end[position]));
    return ends.length ? ` (${ends.join(" to ")})` : "";
  }

  show(position, all) {
    // A spread is seen by its form: each fills the height.
    if (this.each) this.high = Math.max(...this.curves.flatMap(({ values }) => values[position])) || 1;
    this.curves.forEach((curve, i) => {
      const values = this.second ? curve.values[all.second] : curve.values;
      if (this.each) this.paths[i].setAttribute("d", this.line(values[position]));
      else this.values[i].textContent = this.words(values[position]) + this.interval(i, position);
      if (this.second) this.paths[i].setAttribute("d", this.line(values));
    });
    if (this.each) return;
    const x = (position * WIDTH) / Math.max(1, all.count - 1);
    this.mark.setAttribute("x1", x);
    this.mark.setAttribute("x2", x);
  }
}
