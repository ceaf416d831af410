// The film of a training. All frames come at once, so playing needs no request.

const films = new WeakMap();
const FRAME_MS = 220;

function unpack(bytes) {
  const { header, rest } = openParcel(bytes);
  let at = 0;
  return header.map(({ step, size }) => {
    const file = rest.subarray(at, at + size);
    at += size;
    return { step, size, file };
  });
}

class Film {
  constructor(root) {
    this.root = root;
    this.picture = root.querySelector("img");
    this.title = root.querySelector("output");
    this.slider = root.querySelector("input");
    this.button = root.querySelector("button");
    this.frames = [];
    this.timer = 0;
    this.slider.addEventListener("input", () => {
      this.stop();
      this.show(Number(this.slider.value));
    });
    this.button.addEventListener("click", () => (this.timer ? this.stop() : this.play()));
  }

  update(bytes) {
    const isAtEnd = Number(this.slider.value) === this.frames.length - 1 || !this.frames.length;
    const known = this.frames;
    this.frames = unpack(bytes).map((frame, i) => {
      // The drawing of a step never changes, so a known frame keeps its address.
      if (known[i]?.step === frame.step && known[i].size === frame.size) return known[i];
      if (known[i]) URL.revokeObjectURL(known[i].url);
      return { ...frame, file: null, url: URL.createObjectURL(new Blob([frame.file], { type: "image/png" })) };
    });
    known.slice(this.frames.length).forEach(({ url }) => URL.revokeObjectURL(url));
    this.slider.max = this.frames.length - 1;
    this.root.dataset.frames = this.frames.length;
    this.show(isAtEnd && !this.timer ? this.frames.length - 1 : Math.min(Number(this.slider.value), this.frames.length - 1));
  }

  show(index) {
    const { step, url } = this.frames[index];
    this.slider.value = index;
    this.root.dataset.frame = index;
    const words = `after ${grouped(step)} steps`;
    this.title.textContent = words;
    this.slider.setAttribute("aria-valuetext", words);
    this.picture.alt = `36 sprites, drawn ${words}`;
    this.picture.src = url;
  }

  play() {
    if (Number(this.slider.value) === this.frames.length - 1) this.show(0);
    this.root.dataset.playing = "";
    this.button.setAttribute("aria-label", "Stop the film");
    this.timer = setInterval(() => {
      const next = Number(this.slider.value) + 1;
      if (next < this.frames.length) this.show(next);
      if (next >= this.frames.length - 1) this.stop();
    }, FRAME_MS);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    delete this.root.dataset.playing;
    this.button.setAttribute("aria-label", "Play the film");
  }

  destroy() {
    this.stop();
    this.frames.forEach(({ url }) => URL.revokeObjectURL(url));
    this.frames = [];
  }
}

export default mounting(
  ({ data, parentElement }) => {
    const root = parentElement.querySelector(".film");
    const film = films.get(root) ?? new Film(root);
    films.set(root, film);
    if (data === film.data) return;
    film.data = data;
    film.update(data);
  },
  ({ parentElement }) => {
    const root = parentElement.querySelector(".film");
    films.get(root)?.destroy();
    films.delete(root);
  },
);
