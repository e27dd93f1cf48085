import { SPANS } from "./spans.js";

/**
 * The moment that is shown and how much around it, as a part of the page's address: so that it is still there after a
 * reload, and can be sent to somebody. Now is no part of it.
 *
 * @typedef {{moment: number | null, span: string | null}} Place
 */

/** What an address asks for. @param {string} hash @returns {Place} */
export function readPlace(hash) {
  const asked = new URLSearchParams(hash.replace(/^#/, ""));
  const moment = Date.parse(asked.get("then") ?? "");
  const span = asked.get("span") ?? "";
  return { moment: Number.isNaN(moment) ? null : moment, span: Object.hasOwn(SPANS, span) ? span : null };
}

/** @param {number | null} moment @param {string} span */
export function writePlace(moment, span) {
  return moment === null ? "" : `then=${new Date(moment).toISOString()}&span=${span}`;
}

/** Milliseconds without another moment after which the address has it: browsers allow few writings. */
const REST = 400;

/** Keeps the moment in the address of the page. */
export class Address {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #rest;

  get place() {
    return readPlace(location.hash);
  }

  /** @param {number | null} moment @param {string} span */
  keep(moment, span) {
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      if (moment === null && this.place.moment === null) return; // what else it may hold is not this one's
      const address = new URL(location.href);
      address.hash = writePlace(moment, span);
      if (address.href !== location.href) history.replaceState(history.state, "", address);
    }, REST);
  }
}
