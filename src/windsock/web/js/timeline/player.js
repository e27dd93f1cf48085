/** The longest time, in milliseconds, between two pictures: more, and the page slept; it goes on where it was. */
const LONGEST = 1000;

/** Moves on through the past, at a speed. */
export class Player {
  speed = 1;
  playing = false;
  #last = 0;

  /**
   * `tick` calls back soon, with the time in milliseconds.
   *
   * @param {(elapsed: number) => void} move by so many milliseconds of the past
   * @param {(call: (time: number) => void) => void} tick
   */
  constructor(move, tick) {
    this.move = move;
    this.tick = tick;
  }

  play() {
    if (this.playing) return;
    this.playing = true;
    this.#last = NaN;
    this.#next();
  }

  pause() {
    this.playing = false;
  }

  #next() {
    this.tick((time) => {
      if (!this.playing) return;
      const elapsed = Math.min(LONGEST, time - this.#last);
      this.#last = time;
      if (elapsed > 0) this.move(elapsed * this.speed);
      this.#next();
    });
  }
}
