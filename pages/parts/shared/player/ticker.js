// The ticker: animation frames, asked for one by one and only while something moves.

const BREATH = 60; // milliseconds between two looks at the clock while a film is being drawn

class Ticker {
  ticket = 0;
  timer = 0;

  /** `onTick` is told the seconds since the last tick, and returns whether to go on; `isBusy`: does a network draw? */
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
    if (this.isBusy()) this.timer = setTimeout(ask, BREATH); // the network needs the processor more than a marker does
    else ask();
  }

  tick(now) {
    this.ticket = 0;
    const seconds = clamp((now - this.before) / 1000, 0, 0.1); // after a stall go on, don't leap
    this.before = now;
    if (this.onTick(seconds)) this.next();
  }

  stop() {
    cancelAnimationFrame(this.ticket);
    clearTimeout(this.timer);
  }
}
