import { read } from "./past.js";

/** @import { Change } from "../windsock.d.ts" */
/** @import { Described } from "./palette.js" */

/** Milliseconds after which an answer is not waited for any more. */
const PATIENCE = 15_000;

/** What the server tells of one thing's past. A promise is rejected if it could not be had. */
export class Source {
  /** @param {string} address of the thing in REST */
  constructor(address) {
    this.address = address;
  }

  /** @returns {Promise<readonly Described[]>} */
  async states() {
    return (await this.#get("", {})).states;
  }

  /** @param {string} span @param {number} slices @param {number | null} end in milliseconds since 1970; null: now */
  async past(span, slices, end) {
    /** @type {Record<string, string>} */
    const asked = { span, slices: String(slices) };
    if (end !== null) asked.end = new Date(end).toISOString();
    return read(await this.#get("/timeline", asked));
  }

  /** What the thing was at a moment; null: nothing is known of it. @param {number} moment @param {string} epoch */
  async moment(moment, epoch) {
    const past = await this.past("1ms", 1, moment);
    return (past.epoch === epoch && past.segments.at(-1)) || null;
  }

  /**
   * The changes after a version; null: they could not be had.
   *
   * @param {string} epoch
   * @param {number} since
   * @param {number} limit
   * @returns {Promise<readonly Change[] | null>}
   */
  async changes(epoch, since, limit) {
    const asked = { epoch, since: String(since), limit: String(limit) };
    const found = await this.#get("/history", asked).catch(() => null);
    return found?.epoch === epoch ? found.changes : null;
  }

  /** @param {string} path @param {Record<string, string>} query */
  async #get(path, query) {
    const address = `${this.address}${path}?${new URLSearchParams(query)}`;
    const answer = await fetch(address, { signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok) throw new Error(`${answer.status}`);
    return answer.json();
  }
}
