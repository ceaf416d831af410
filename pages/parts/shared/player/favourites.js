// Favourites: which sprites are starred, by the page's word and by what the viewer has just wished.

const PATIENCE = 6000; // milliseconds until a wish that the page did not answer is told again, once

/** A star shows at once. The page is told of one after the other: a request that follows too fast would replace it. */
class Favourites {
  told = null; // Set of the page's favourites; null: nothing can be starred
  wishes = new Map(); // index -> should it be starred?
  sent = null; // [index, wish] that the page was told of and has not answered
  tries = 0;

  constructor({ onChange, onTell }) {
    this.onChange = onChange;
    this.onTell = onTell;
  }

  get isOffered() {
    return this.told !== null;
  }

  has(index) {
    return this.wishes.get(index) ?? this.told?.has(index) ?? false;
  }

  get list() {
    const all = new Set([...(this.told ?? []), ...this.wishes.keys()]);
    return [...all].filter((index) => this.has(index));
  }

  toggle(index) {
    this.wishes.set(index, !this.has(index));
    this.onChange();
    if (!this.sent) this.next();
  }

  /** The page's word: wishes that it fulfils are done with. */
  hear(starred) {
    this.told = starred && new Set(starred);
    const isTrue = (index, wish) => !this.told || this.told.has(index) === wish;
    if (this.sent && isTrue(...this.sent)) this.sent = null;
    // What is under way may have been wished differently since: its answer comes first.
    for (const [index, wish] of this.wishes)
      if (index !== this.sent?.[0] && isTrue(index, wish)) this.wishes.delete(index);
    if (!this.sent) this.next();
    this.onChange();
  }

  next() {
    clearTimeout(this.timer);
    this.sent = null;
    this.tries = 0;
    const [wish] = this.wishes;
    if (wish) this.tell(wish);
  }

  tell([index, wish]) {
    this.sent = [index, wish];
    this.tries += 1;
    this.onTell(wish ? "star" : "unstar", index);
    this.timer = setTimeout(() => (this.tries < 2 ? this.tell([index, wish]) : this.drop(index)), PATIENCE);
  }

  /** Nothing may look as if it were kept when it is not. */
  drop(index) {
    this.wishes.delete(index);
    this.next();
    this.onChange();
  }

  /** Other sprites have come. */
  forget() {
    this.wishes.clear();
    this.next();
  }
}
