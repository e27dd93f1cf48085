/** @import { Clock } from "./clock.js" */

/** Milliseconds between two looks at the clock. */
const LOOK_EVERY = 250;
/** Milliseconds without a look that are sleep, in a page that is seen: nothing keeps its timers back. */
const NAP = 1500;

/**
 * Notices that the page slept: its machine, its browser or its process stood still, so what it knows may be old. A wall
 * clock that was set ahead passes for sleep, for the server's answer is needed as well then: it sets the time right.
 *
 * `woke` is told at the first sign of life after it, `dozes` just before it where the browser says so, `returned` when
 * the page is seen again or the network is back. In a page that nobody sees timers are kept back, so only `patience`
 * milliseconds without any sign of life are sleep.
 */
export class Sleep {
  /** How often the page has slept. */
  naps = 0;
  #last;
  #jumps;

  /**
   * @param {Clock} clock
   * @param {() => number} patience
   * @param {{woke: () => void, dozes: () => void, returned: () => void}} told
   * @param {Document | undefined} page
   */
  constructor(clock, patience, told, page = globalThis.document) {
    this.clock = clock;
    this.patience = patience;
    this.told = told;
    this.page = page;
    this.#last = clock.time();
    this.#jumps = clock.jumps;
  }

  /** @param {() => void} tick called at each look */
  start(tick) {
    setInterval(() => (this.look(), tick()), LOOK_EVERY);
    if (!this.page) return;
    const notice = this.#notice.bind(this);
    for (const event of ["freeze", "resume", "visibilitychange"]) this.page.addEventListener(event, notice);
    for (const event of ["pagehide", "pageshow", "online", "offline"]) addEventListener(event, notice);
  }

  /** A sign of life. Every event that says something begins with one. */
  look() {
    const gap = this.clock.time() - this.#last;
    const jumped = this.clock.jumps > this.#jumps;
    [this.#last, this.#jumps] = [this.#last + gap, this.clock.jumps];
    if (jumped || gap > (this.page?.visibilityState === "hidden" ? this.patience() : NAP)) this.#wake();
  }

  #wake() {
    this.naps += 1;
    this.told.woke();
    this.told.returned();
  }

  /** @param {Event} event */
  #notice(event) {
    const { type, persisted } = /** @type {PageTransitionEvent} */ (event);
    if (type === "freeze" || (type === "pagehide" && persisted)) {
      this.naps += 1;
      this.told.dozes();
    } else if (type === "visibilitychange") {
      this.look();
      if (this.page?.visibilityState === "visible") this.told.returned();
    } else if (type !== "pagehide" && (type !== "pageshow" || persisted)) {
      this.#wake();
    }
  }
}
