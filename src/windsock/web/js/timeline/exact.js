/** @import { Segment } from "./past.js" */

/** Milliseconds for which a moment has to be the one that is shown, before it is asked for: not while it is dragged. */
const REST = 150;

/** What was at the moment that is shown, where the timeline left changes out. One moment is of interest at a time. */
export class Exact {
  #moment = NaN;
  /** @type {Segment | undefined} */
  #found;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #resting;

  /**
   * @param {(moment: number) => Promise<Segment | null>} ask what was then; null: nothing is known of it
   * @param {() => void} told called when that has come
   */
  constructor(ask, told) {
    this.ask = ask;
    this.told = told;
  }

  /** What was then; undefined: that is not known, and asked for. @param {number} moment */
  at(moment) {
    if (moment !== this.#moment) {
      [this.#moment, this.#found] = [moment, undefined];
      clearTimeout(this.#resting);
      this.#resting = setTimeout(() => this.#fetch(moment), REST);
    }
    return this.#found;
  }

  /** Whatever was found may be otherwise by now. */
  forget() {
    this.#moment = NaN;
  }

  /** @param {number} moment */
  async #fetch(moment) {
    const found = await this.ask(moment).catch(() => null);
    if (moment !== this.#moment) return;
    if (!found) return this.forget(); // whoever looks again asks again
    this.#found = found;
    this.told();
  }
}
