// The clock: which frame of the film is shown, and how fast it plays.

const FIRST_HOLD = 0.4; // seconds
const LAST_HOLD = 1.5; // seconds on the result before the loop begins again

class Clock {
  head = 0; // in frames, fractional
  hold = 0; // seconds left on this frame
  playing = false;
  speed = 1;
  loop = true;

  get frame() {
    return Math.floor(this.head);
  }

  restart() {
    this.head = 0;
    this.hold = FIRST_HOLD;
  }

  seek(frame) {
    this.head = frame;
    this.hold = 0;
  }

  play(film) {
    if (film.complete && this.head >= film.last) this.restart();
    this.playing = true;
  }

  advance(seconds, film) {
    if (this.hold > 0) {
      this.hold -= seconds;
      return;
    }
    if (this.head >= film.last) {
      if (!film.complete) return; // more frames will come: wait for them here
      if (this.loop) this.restart();
      else this.playing = false;
      return;
    }
    const whole = clamp(film.span * 0.16, 3, 6); // seconds for the whole film at 1x
    // While it is being drawn, show each frame as it comes, and skip none.
    const frames = film.complete ? (seconds * this.speed * film.span) / whole : this.frame + 1 - this.head;
    this.head = Math.min(film.last, this.head + frames);
    if (this.head < film.last || !film.complete) return;
    if (this.loop) this.hold = LAST_HOLD;
    else this.playing = false;
  }
}
