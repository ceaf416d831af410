// The gallery: each sample beside the training sprite nearest to it. It sorts and filters in the browser; the server
// hears only which sample was opened.

const galleries = new WeakMap();
const MOST = 64;
const NARROW = 520; // CSS pixels; below it two cards take the whole width, so fewer are shown at first
const NARROW_FIRST = 12;

class Gallery {
  constructor(root) {
    this.root = root;
    this.label = "";
    this.kind = "";
    this.order = "near";
    this.all = false;
    this.first = root.clientWidth < NARROW ? NARROW_FIRST : MOST;
    this.find(".more").addEventListener("click", () => {
      this.all = !this.all;
      this.show();
    });
    for (const name of ["label", "kind", "order"]) {
      this.find(`select.${name}`).addEventListener("change", (event) => {
        this[name] = event.target.value;
        this.show();
      });
    }
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  async update(bytes) {
    const { header, pixels } = await unpack(bytes);
    if (this.data !== bytes) return;
    Object.assign(this, header, { pixels });
    this.root.dataset.alpha = String(header.alpha);
    this.root.dataset.measured = String(header.measured);
    if (!this.labels.some(({ name }) => name === this.label)) this.label = "";
    const kinds = [...new Set(this.samples.map(({ kind }) => kind).filter(Boolean))].sort();
    if (!kinds.includes(this.kind)) this.kind = "";
    this.find(".kinds").hidden = kinds.length < 2;
    const all = { name: "", count: this.samples.length };
    const labels = [all, ...this.labels].map(({ name, count }) => [`${name || "all"} (${grouped(count)})`, name]);
    this.offer("label", labels);
    this.offer("kind", ["", ...kinds].map((kind) => [kind || "any kind", kind]));
    this.show();
  }

  offer(name, choices) {
    const options = choices.map(([words, value]) => new Option(words, value, false, value === this[name]));
    this.find(`select.${name}`).replaceChildren(...options);
  }

  show() {
    const kept = this.ordered(
      this.samples.filter(
        ({ label, kind }) => (!this.label || label === this.label) && (!this.kind || kind === this.kind),
      ),
    );
    const shown = kept.slice(0, this.all ? kept.length : this.first);
    this.find(".note").textContent = this.words(kept.length);
    this.find(".grid").replaceChildren(...shown.map((one) => this.card(one)));
    const more = this.find(".more");
    more.hidden = kept.length <= this.first;
    more.textContent = this.all ? "Show fewer" : `Show all ${grouped(kept.length)}`;
    this.root.dataset.shown = shown.length;
    // The page keeps a place for it until then (see gallery_place).
    this.root.getRootNode().host?.setAttribute("data-mounted", "");
  }

  /** The sample that the visitor asked about goes before all others. */
  ordered(samples) {
    const last = samples.length - 1;
    const first = Math.min(this.first, samples.length);
    let sorted = samples; // they come with the nearest first
    if (this.order === "drawn") sorted = [...samples].sort((a, b) => a.index - b.index);
    if (this.order === "even" && last > 0) {
      const places = new Set(Array.from({ length: first }, (_, i) => Math.round((i * last) / (first - 1 || 1))));
      sorted = [...[...places].map((i) => samples[i]), ...samples.filter((_, i) => !places.has(i))];
    }
    return [...sorted.filter(({ asked }) => asked), ...sorted.filter(({ asked }) => !asked)];
  }

  words(count) {
    if (!count) return "No sample fits this filter.";
    const words = `Left: the sample. Right: the training sprite nearest to it, pixel by pixel. ${this.distance}`;
    return this.measured ? `${words} Click for a closer look.` : words;
  }

  card(one) {
    const card = element("button", one.asked ? "card asked" : "card");
    card.type = "button";
    card.dataset.sample = one.index;
    // Its evidence is still being gathered; an event would interrupt that.
    card.disabled = !this.measured;
    card.style.setProperty("--tone", this.labels.find(({ name }) => name === one.label)?.colour ?? "transparent");
    const [place, far] = one.pixels;
    const two = element("span", "two");
    two.append(
      picture(this.pixels(one.index), `sample ${grouped(one.index + 1)}`),
      picture(this.pixels(place), `nearest training sprite, ${far}`),
    );
    const label = element("span", "label");
    label.append(element("i"), one.label || "\u00a0");
    card.append(two, element("span", "far", far), label);
    if (one.asked) card.append(element("span", "mark", "you asked about this one"));
    card.onclick = () => this.open(one.index);
    return card;
  }
}

export default mounting(
  ({ data, parentElement, setTriggerValue }) => {
    const root = parentElement.querySelector(".gallery");
    const gallery = galleries.get(root) ?? new Gallery(root);
    galleries.set(root, gallery);
    gallery.open = (index) => setTriggerValue("open", index);
    if (data === gallery.data) return;
    gallery.data = data;
    gallery.update(data);
  },
  ({ parentElement }) => galleries.delete(parentElement.querySelector(".gallery")),
);
