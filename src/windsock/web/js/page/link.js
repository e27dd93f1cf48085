/** @import { Link } from "../windsock.d.ts" */

/** How long the page may take to connect before that is worth a word. */
const PATIENCE = 3000;
/** How long a check may take before it is worth more than one word: usually it is over in a moment. */
const MOMENT = 1000;
/** A link that is back within so many milliseconds is not worth an interruption. */
const SETTLED = 2000;

/** This page's link to its server, as the page tells of it. */
export class PageLink {
  link = /** @type {Link} */ ("connecting");
  reason = "";
  #started = Date.now();
  #since = Date.now();
  #settled = "";

  /** @param {(subject: string, text: string) => void} announce */
  constructor(announce) {
    this.announce = announce;
  }

  /** @param {() => void} draw called at each change */
  start(draw) {
    windsock.onLink((link, reason) => {
      [this.link, this.reason, this.#since] = [link, reason, Date.now()];
      setTimeout(() => this.#settle(link), SETTLED);
      draw();
    });
  }

  get facts() {
    return { link: this.link, reason: this.reason };
  }

  /** Whether the page has just been opened, so that it need not be connected yet. */
  get starting() {
    return this.link !== "lost" && Date.now() - this.#started < PATIENCE;
  }

  /** Whether it has been like this for more than a moment. */
  get slow() {
    return Date.now() - this.#since > MOMENT;
  }

  /** @param {Link} link */
  #settle(link) {
    if (link !== this.link || link === this.#settled || link === "connecting" || link === "checking") return;
    if (this.#settled) this.announce("/", link === "lost" ? "Connection lost. Trying again." : "Connected again.");
    this.#settled = link;
  }
}
