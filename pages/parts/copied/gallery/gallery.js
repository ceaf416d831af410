// The gallery. It filters in the browser; the server hears only which sample was opened.

const galleries = new WeakMap();
const NEAR = 50;
const NARROW = 520; // CSS pixels; below it a card takes the whole width, so fewer are shown at first

class Gallery {
  constructor(root) {
    this.root = root;
    this.label = "";
    this.kind = "";
    this.all = false;
    const narrow = root.clientWidth < NARROW;
    this.first = narrow ? 4 : 9;
    this.even = narrow ? 6 : 12;
    this.find(".more").addEventListener("click", () => {
      this.all = !this.all;
      this.show();
    });
    this.find("select").addEventListener("change", (event) => {
      this.kind = event.target.value;
      this.show();
    });
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  async update(bytes) {
    const { header, pixels } = await unpack(bytes);
    if (this.data !== bytes) return;
    Object.assign(this, header, { pixels });
    this.root.dataset.alpha = String(header.alpha);
    this.root.dataset.large = String(Math.max(...header.shape) > 16);
    if (!this.labels.some(({ name }) => name === this.label)) this.label = "";
    const kinds = [...new Set(this.samples.map(({ kind }) => kind).filter(Boolean))].sort();
    if (!kinds.includes(this.kind)) this.kind = "";
    this.find(".kinds").hidden = kinds.length < 2;
    const options = ["", ...kinds].map((kind) => new Option(kind || "all kinds", kind, false, kind === this.kind));
    this.find("select").replaceChildren(...options);
    this.show();
  }

  show() {
    const buttons = [{ name: "", count: this.samples.length }, ...this.labels].map(({ name, count, colour }) => {
      const button = element("button");
      if (colour) button.append(element("i"));
      button.append(`${name || "all"} ${grouped(count)}`);
      button.style.setProperty("--tone", colour ?? "transparent");
      button.setAttribute("aria-pressed", String(name === this.label));
      button.dataset.label = name;
      button.onclick = () => {
        this.label = name;
        this.show();
        this.find(`.labels [data-label="${name}"]`).focus();
      };
      return button;
    });
    this.find(".labels").replaceChildren(...buttons);

    const fits = ({ label, kind }) => (!this.label || label === this.label) && (!this.kind || kind === this.kind);
    // They come sorted, the nearest first; the sample that the visitor asked about goes before all others.
    const kept = this.samples.filter(fits);
    const asked = kept.filter(({ asked }) => asked);
    const near = [...asked, ...kept.filter(({ asked }) => !asked)].slice(0, NEAR);
    this.find(".near-title").textContent = near.length ? "Nearest first" : "No sample fits this filter.";
    this.find(".near").replaceChildren(...near.slice(0, this.all ? NEAR : this.first).map((one) => this.card(one)));
    const more = this.find(".more");
    more.hidden = near.length <= this.first;
    more.textContent = this.all ? "Show fewer" : `Show the ${near.length} nearest`;
    const few = kept.length <= this.first;
    const places = Array.from({ length: this.even }, (_, i) => Math.round((i * (kept.length - 1)) / (this.even - 1)));
    const even = few ? [] : [...new Set(places)];
    for (const part of [".even-title", ".note"]) this.find(part).hidden = few;
    this.find(".even-title").textContent = `Nothing hand-picked: ${even.length} of ${grouped(kept.length)}`;
    this.find(".even").replaceChildren(...even.map((i) => this.card(kept[i])));
    this.root.dataset.shown = near.length;
  }

  card(one) {
    const card = element("button", one.asked ? "card asked" : "card");
    card.dataset.sample = one.index;
    card.title = "Look at it closely";
    card.style.setProperty("--tone", this.labels.find(({ name }) => name === one.label)?.colour ?? "transparent");
    const head = element("div", "head");
    const label = element("span", "label");
    label.append(element("i"), one.label);
    head.append(label, element("span", "", `sample ${grouped(one.index + 1)}${one.asked ? ", the one you asked about" : ""}`));
    const row = element("div", "row");
    const own = this.pixels(one.index);
    const figure = (image, title, words) => {
      const made = element("figure");
      const caption = element("figcaption");
      made.append(image ? picture(image, `${title} ${words}`) : element("div", "none", "none"), caption);
      caption.append(element("b", "", title), words);
      row.append(made);
    };
    const nearest = this.pixels(one.pixels[0]);
    figure(own, "sample", "");
    figure(nearest, "pixels", one.pixels[1]);
    figure(difference(own, nearest), "difference", one.same ? "none" : "darker: more");
    figure(this.pixels(one.shape[0]), "shape", one.shape[1]);
    figure(one.palette[0] < 0 ? null : this.pixels(one.palette[0]), "palette", one.palette[1]);
    card.append(head, row);
    card.onclick = () => this.open(one.index);
    return card;
  }
}

export default function mount({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".gallery");
  const gallery = galleries.get(root) ?? new Gallery(root);
  galleries.set(root, gallery);
  gallery.open = (index) => setTriggerValue("open", index);
  if (data !== gallery.data) {
    gallery.data = data;
    gallery.update(data);
  }
  return () => galleries.delete(root);
}
