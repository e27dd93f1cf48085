/** @import { Change } from "../windsock.d.ts" */

/** How many changes are remembered. */
const REMEMBERED = 1000;
/** How many are asked for at once: those that follow are likely to be wanted next. */
const AT_ONCE = 10;

/**
 * Changes by their version, with their data, as the server has them. One is asked for at a time, and of those that are
 * wanted meanwhile only the newest.
 */
export class Changes {
  /** By version; null: the server does not have it any more. @type {Map<number, Change | null>} */
  #known = new Map();
  #wanted = 0;
  #asking = false;

  /**
   * `ask` gives the changes after a version, or null if they could not be had; `told` is called when some have come.
   *
   * @param {(since: number, limit: number) => Promise<readonly Change[] | null>} ask
   * @param {(failed: boolean) => void} told
   */
  constructor(ask, told) {
    this.ask = ask;
    this.told = told;
  }

  /** The change with this version; undefined: it is asked for. @param {number} version */
  get(version) {
    const known = this.#known.get(version);
    if (known === undefined) this.#want(version);
    else this.#wanted = 0;
    return known;
  }

  forget() {
    this.#known.clear();
    this.#wanted = 0;
  }

  /** @param {number} version */
  async #want(version) {
    this.#wanted = version;
    if (this.#asking) return;
    this.#asking = true;
    let failed = false;
    while (this.#wanted && !this.#known.has(this.#wanted) && !failed) failed = !(await this.#fetch(this.#wanted));
    this.#asking = false;
    this.told(failed);
  }

  /** Whether that could be had. @param {number} version */
  async #fetch(version) {
    const changes = await this.ask(version - 1, AT_ONCE);
    if (!changes) return false;
    if (this.#known.size > REMEMBERED) this.#known.clear();
    this.#known.set(version, null);
    for (const change of changes) this.#known.set(change.version, change);
    if (this.#wanted !== version) this.told(false);
    return true;
  }
}
