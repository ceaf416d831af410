// Favourites: which sprites are starred, by the page's answer and by the viewer's clicks that it has not answered yet.

const TIMEOUT = 6000; // milliseconds until an unanswered wish is sent again, once

/** A star shows at once. Wishes are sent one by one, since a request that follows too soon would replace the last. */
class Favourites {
  told = null; // the page's favourites, a Set; null: nothing can be starred
  wishes = new Map(); // index -> should it be starred?
  sent = null; // [index, wish] that the page has not answered yet
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

  /** Takes the page's answer, and drops the wishes that it fulfils. */
  hear(starred) {
    this.told = starred && new Set(starred);
    const isTrue = (index, wish) => !this.told || this.told.has(index) === wish;
    if (this.sent && isTrue(...this.sent)) this.sent = null;
    // The viewer may have changed a wish that was sent: wait for its answer first.
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
    this.timer = setTimeout(() => (this.tries < 2 ? this.tell([index, wish]) : this.drop(index)), TIMEOUT);
  }

  /** Without an answer, the star must not look as if it were kept. */
  drop(index) {
    this.wishes.delete(index);
    this.next();
    this.onChange();
  }

  /** To be called when other sprites are shown. */
  forget() {
    this.wishes.clear();
    this.next();
  }
}
