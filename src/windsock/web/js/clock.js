/** Milliseconds by which the wall clock must be ahead of the steady one to be believed: less is mere correction. */
const STEP = 1000;
/** Milliseconds by which one message may pull the server's time back: a message can be late, and clocks drift. */
const PULL = 50;

/**
 * The server's time, from this machine's two clocks. Neither is enough alone: the wall clock may be wrong, and be set
 * while the page is open; the steady one may stand still while the machine sleeps.
 */
export class Clock {
  /** How often time jumped ahead: the machine slept, or its wall clock was set. Only the server can tell which. */
  jumps = 0;
  #elapsed = 0;
  #heard = false;
  /** The offset by the message that came soonest, of those since the server was asked. */
  #best = -Infinity;

  /** @param {() => number} wall milliseconds @param {() => number} steady milliseconds */
  constructor(wall = Date.now, steady = () => performance.now()) {
    this.wall = wall;
    this.steady = steady;
    this.last = { wall: wall(), steady: steady() };
    this.offset = this.last.wall;
  }

  /**
   * Milliseconds since this clock was made, those of sleep included. A wall clock that was set ahead looks like sleep;
   * one that was set back is not believed.
   */
  time() {
    const now = { wall: this.wall(), steady: this.steady() };
    const [byWall, bySteady] = [now.wall - this.last.wall, now.steady - this.last.steady];
    this.last = now;
    const jumped = byWall > bySteady + STEP;
    if (jumped) this.jumps += 1;
    this.#elapsed += jumped ? byWall : bySteady;
    return this.#elapsed;
  }

  /** The server's time, in milliseconds since 1970. */
  now() {
    return this.time() + this.offset;
  }

  /**
   * Learn the server's time from a message; gives the milliseconds by which that came too late. `certain`: it is the
   * answer to what was just asked. Any other may have been held up on its way, so it hardly sets the time back.
   *
   * @param {string} now
   * @param {number} age milliseconds since the message came
   */
  learn(now, certain = false, age = 0) {
    const told = Date.parse(now) + age - this.time();
    const late = this.#heard && !certain ? Math.max(0, this.offset - told) : 0;
    this.offset = late ? this.offset - Math.min(late, PULL) : told;
    this.#heard = true;
    this.#best = Math.max(this.#best, told);
    return late;
  }

  /** The server is asked for what is so now. */
  ask() {
    this.#best = -Infinity;
  }

  /** It has answered. Some of what came since may be older, but that was held up the more. */
  settle() {
    if (this.#best > -Infinity) this.offset = this.#best;
  }
}
