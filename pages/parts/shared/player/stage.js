// The stage: the pictures side by side, one above the other, or both in one grid.

const NARROW = 520; // CSS pixels; below it one picture stands above the other
const LEAST_WIDTH = 64; // CSS pixels
const FEW = 9; // up to so many sprites they stay side by side

class Stage {
  constructor(root) {
    this.root = root;
    const [left, right, over] = root.querySelectorAll(".panel");
    this.over = new OverGrid(over);
    this.grids = [new Grid(left), new Grid(right), this.over];
    this.wheres = [...root.querySelectorAll(".where")];
  }

  get shown() {
    const { view, compare } = this.root.dataset;
    const [left, right, over] = this.grids;
    if (view === "over") return [over];
    if (compare === "true" || view === "both") return [left, right];
    return [view === "noisy" ? left : right];
  }

  get columns() {
    return this.shown[0].plan.columns;
  }

  /** Finds the place of each sprite; false if there is no room, as in a closed tab of the page. */
  layOut(film, note) {
    const { root, shown } = this;
    const whole = root.clientWidth;
    if (whole < LEAST_WIDTH) return false;
    const ratio = devicePixelRatio;
    const stacked = whole <= NARROW && film.count > FEW;
    const abreast = stacked ? 1 : shown.length;
    const between = clamp(whole * 0.035, 18, 48);
    const room = (whole - between * (abreast - 1)) / abreast;
    // One above the other: both fit on the screen, above the bar.
    const tall = clamp(innerHeight * (stacked ? 0.62 / (1 + shown.length) + 0.1 : 0.62), 200, 680);
    const box = { width: Math.floor(room * ratio), height: Math.floor(tall * ratio) };
    const { count, size, alpha } = film;
    const plan = planGrid({ count, size, alpha, ratio, columns: film.header.columns, ...box });
    const wide = (plan.columns * plan.pitch - plan.gap) / ratio;
    root.dataset.stacked = String(stacked);
    root.dataset.alpha = String(alpha);
    root.style.setProperty("--between", `${between}px`);
    // The bar is as wide as the pictures.
    root.style.setProperty("--pair", `${Math.max(640, wide * abreast + between * (abreast - 1))}px`);
    for (const grid of this.grids) grid.figure.hidden = !shown.includes(grid);
    this.showNames(film);
    for (const grid of shown) {
      // With the same plan, a new layout would only make it flash.
      if (JSON.stringify(plan) !== JSON.stringify(grid.plan)) grid.lay(plan);
      else grid.snap();
      grid.box.setAttribute("aria-label", `${film.count} sprites. Arrow keys choose one, Enter enlarges it.${note}`);
    }
    return true;
  }

  /** In a comparison: the titles, and which picture has not come yet. */
  showNames({ header, reels }) {
    this.root.querySelectorAll(".whose").forEach((whose, side) => {
      whose.textContent = header.titles[side];
      whose.closest(".panel").dataset.waiting = String(header.compare && !reels[side]);
    });
  }

  paint(film, moment) {
    for (const grid of this.shown) grid.paint(this.sheetsOf(grid, film, moment));
    if (!film.header.compare) return;
    this.wheres.forEach((where, side) => (where.textContent = film.describeSide(moment, side)));
  }

  /** The sheets to paint into a grid, the lowest last. */
  sheetsOf(grid, film, moment) {
    const sides = film.sides(this.root.dataset.view);
    const wanted = grid === this.over ? sides : [sides[this.grids.indexOf(grid)]];
    return wanted.map(([reel, kind]) => film.frame(moment, reel)?.[kind]);
  }

  /** Marks a sprite in each picture; below 0: none. */
  mark(index, name) {
    for (const grid of this.grids) {
      grid.mark(index);
      grid.box.title = name;
    }
  }

  showStars(starred) {
    for (const grid of this.grids) grid.showStars(starred);
  }
}
