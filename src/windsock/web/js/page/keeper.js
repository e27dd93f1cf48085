/** Milliseconds between two looks at what the server has, while this page is not as it should be. */
const EVERY = 15_000;
/** Milliseconds over which those spread who were all cut off in the same moment. */
const SPREAD = 3000;
/** Milliseconds after which a page that cannot connect is loaded anew: it shows at least what is so by then. */
const LONG = 120_000;

/**
 * Loads a page anew when that helps, and only if the server is known to have it: a page that is gone cannot come back.
 *
 * It helps when a part of the page did not load, when the server has a newer page, and when this one cannot connect.
 */
export class Keeper {
  /** Whether a script or a style sheet of the page did not load. */
  broken = false;
  #connected = false;
  #since = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #waiting;

  /**
   * @param {{version: string, served: () => Promise<string | null>, reload: () => void}} page
   * @param {() => number} now
   */
  constructor(page, now = Date.now, later = timer, chance = Math.random) {
    this.page = page;
    this.now = now;
    this.later = later;
    this.chance = chance;
    this.#since = now();
  }

  start() {
    this.#again(EVERY);
  }

  /** Whether the page is connected, at each change. @param {boolean} connected */
  linked(connected) {
    if (connected === this.#connected) return;
    this.#connected = connected;
    this.#since = this.now();
    this.#again(connected ? 0 : EVERY);
  }

  async look() {
    const version = await this.page.served();
    const long = !this.#connected && this.now() - this.#since > LONG;
    if (version !== null && (this.broken || long || version !== this.page.version)) return this.page.reload();
    if (this.broken || !this.#connected || version === null) this.#again(EVERY);
  }

  /** @param {number} pause */
  #again(pause) {
    clearTimeout(this.#waiting);
    this.#waiting = this.later(() => this.look(), pause + this.chance() * SPREAD);
  }
}

/** @param {() => void} call @param {number} ms */
const timer = (call, ms) => setTimeout(call, ms); // a function of the window's, which it is not as a method
