// The timeline: the curve of the noise, and the slider on it.

class Timeline {
  constructor(root) {
    this.line = root.querySelector(".timeline");
    this.scrub = root.querySelector(".scrub");
    this.left = root.querySelector(".readout .end");
  }

  draw(film) {
    this.scrub.max = String(film.span - 1);
    // A variant begins at a drawing to which noise was added.
    this.left.textContent = film.moments[0].noise > 0.995 ? "pure noise" : "noise added";
    const x = (i) => (film.span > 1 ? (i / (film.span - 1)) * 100 : 100);
    const points = film.moments.map(({ noise }, i) => `${x(i).toFixed(2)} ${(100 - noise * 100).toFixed(2)}`);
    const line = `M${points.join("L")}`;
    const area = `${line}L${x(film.last).toFixed(2)} 100L0 100Z`;
    for (const path of this.line.querySelectorAll(".curve .line")) path.setAttribute("d", line);
    for (const path of this.line.querySelectorAll(".curve .area")) path.setAttribute("d", area);
  }

  /** Moves the marker, also between two moments. */
  move(film, head) {
    this.line.style.setProperty("--at", String(film.span > 1 ? head / (film.span - 1) : 1));
    this.line.style.setProperty("--level", String(film.noiseAt(head)));
  }

  show(moment, words) {
    this.scrub.value = String(moment);
    this.scrub.setAttribute("aria-valuetext", words);
  }
}
