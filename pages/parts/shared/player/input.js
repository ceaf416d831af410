// The input: calls the player for what the viewer does with mouse, fingers and keys.

const SWIPE = 40; // CSS pixels, at least
const SLIDING = /^(Arrow|Page|Home|End)/; // keys that move a slider

class Input {
  constructor(player) {
    this.player = player;
    const { signal } = player.stop;
    const on = (target, type, handler) => target.addEventListener(type, handler, { signal });
    for (const button of player.root.querySelectorAll(".play")) on(button, "click", () => player.toggle());
    const { scrub } = player.timeline;
    on(scrub, "pointerdown", () => player.pause());
    on(scrub, "input", (event) => player.seek(Number(event.target.value)));
    on(player.find(".loop"), "click", () => player.setLoop(!player.clock.loop));
    on(player.find(".speeds"), "change", (event) => (player.clock.speed = Number(event.target.value)));
    on(player.find(".views"), "change", (event) => player.setView(event.target.value));
    on(player.find(".star"), "click", () => player.star(player.lens.index));
    on(player.find(".close"), "click", () => player.lens.close());
    on(player.find(".back"), "click", () => player.turn(-1));
    on(player.find(".on"), "click", () => player.turn(1));
    const pair = player.find(".pair");
    on(pair, "touchstart", ({ touches }) => (this.touched = touches[0]));
    on(pair, "touchend", ({ changedTouches }) => this.swipe(this.touched, changedTouches[0]));
    on(player.lens.dialog, "click", (event) => event.target === player.lens.dialog && player.lens.close());
    on(player.lens.dialog, "close", () => player.mark(player.lens.index));
    on(player.root, "keydown", (event) => this.key(event));
    const { divider } = player.stage.over;
    for (const grid of player.stage.grids) {
      on(grid.box, "pointermove", (event) => event.pointerType === "mouse" && player.mark(grid.indexAt(event)));
      on(grid.box, "pointerleave", () => player.mark(-1));
      on(grid.box, "click", (event) => event.target !== divider && player.open(grid.indexAt(event)));
      on(grid.box, "focus", () => grid.box.matches(":focus-visible") && player.mark(Math.max(0, player.lens.index)));
      on(grid.box, "blur", () => player.mark(-1));
    }
    on(divider, "pointerdown", (event) => divider.setPointerCapture(event.pointerId));
    on(divider, "pointermove", (event) => divider.hasPointerCapture(event.pointerId) && player.stage.over.drag(event));
    on(document, "visibilitychange", () => player.wake());
  }

  key(event) {
    const { player } = this;
    if (!player.film || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.handleKey(event.key, event.target)) {
      event.preventDefault();
      event.stopPropagation(); // the page has shortcuts of its own
    }
  }

  /** Returns whether the key was handled; a slider, a radio or a button handles its own keys. */
  handleKey(key, target) {
    const { player } = this;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (key === " " && !target.matches("button")) return player.toggle(), true;
    const isOnSprite = player.lens.isOpen || target.matches(".grid");
    if (isOnSprite && key.toLowerCase() === "f" && player.favourites.isOffered)
      return player.star(player.lens.isOpen ? player.lens.index : player.marked), true;
    if (player.lens.isOpen) return step ? (player.turn(step), true) : false;
    if (target === player.stage.over.divider) return player.stage.over.key(key);
    if (target.matches(".grid")) return this.handleGridKey(key);
    if (target.matches(".scrub") && SLIDING.test(key)) player.pause(); // even at the end, where the slider sends no event
    if (target.matches("input")) return false;
    return step ? (player.seek(player.clock.frame + step), true) : false;
  }

  handleGridKey(key) {
    const { player } = this;
    const { columns } = player.stage;
    const last = player.film.count - 1;
    const here = Math.max(0, player.marked);
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -last, End: last };
    if (key === "Enter") return player.open(here), true;
    if (!(key in steps)) return false;
    const next = here + steps[key];
    const isJump = key === "Home" || key === "End";
    if (isJump || (next >= 0 && next <= last)) player.mark(clamp(next, 0, last));
    const starred = player.favourites.has(player.marked) ? ", a favourite" : "";
    player.speak(`Sprite ${player.marked + 1} of ${last + 1}${player.film.name(player.marked)}${starred}`);
    return true;
  }

  /** A swipe over the enlarged sprite shows the next one. */
  swipe(from, to) {
    const [x, y] = [to.clientX - from.clientX, to.clientY - from.clientY];
    if (Math.abs(x) > SWIPE && Math.abs(x) > 2 * Math.abs(y)) this.player.turn(x < 0 ? 1 : -1);
  }
}
