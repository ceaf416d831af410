// The ticker: requests animation frames only while something moves.

const PAUSE = 60; // milliseconds between two frames while a network draws

class Ticker {
  ticket = 0;
  timer = 0;

  /** `onTick` gets the seconds since the last tick, and returns whether to go on; `isBusy`: whether a network draws. */
  constructor({ onTick, isBusy }) {
    this.onTick = onTick;
    this.isBusy = isBusy;
  }

  start() {
    if (this.ticket || this.timer) return;
    this.before = performance.now();
    this.next();
  }

  next() {
    const ask = () => {
      this.timer = 0;
      this.ticket = requestAnimationFrame((now) => this.tick(now));
    };
    if (this.isBusy()) this.timer = setTimeout(ask, PAUSE); // leaves the processor to the network
    else ask();
  }

  tick(now) {
    this.ticket = 0;
    const seconds = clamp((now - this.before) / 1000, 0, 0.1); // no jump after a delay
    this.before = now;
    if (this.onTick(seconds)) this.next();
  }

  stop() {
    cancelAnimationFrame(this.ticket);
    clearTimeout(this.timer);
  }
}
