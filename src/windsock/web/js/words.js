/** @import { State } from "./windsock.d.ts" */

const SPANS = /** @type {const} */ ([[86_400, "d"], [3_600, "h"], [60, "min"], [2, "s"]]);

/** A span of time in words; NaN: never. @param {number} ms */
export function ago(ms) {
  if (Number.isNaN(ms)) return "never";
  const seconds = Math.floor(ms / 1000);
  for (const [size, unit] of SPANS) {
    if (seconds >= size) return `${unit === "s" ? seconds : Math.floor(seconds / size)} ${unit} ago`;
  }
  return "just now";
}

/** Milliseconds from a time on the wire to `now`. @param {string | null} time @param {number} now */
export const since = (time, now) => (time === null ? NaN : now - Date.parse(time));

/** A value as people read it: a text as it is, all else as compact JSON. @param {unknown} value */
export const text = (value) => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));

/**
 * What `data-windsock-show` names of a state, as text.
 *
 * @param {State | null} state
 * @param {string} what
 * @param {number} now on the server's clock
 */
export function pick(state, what, now) {
  if (!state) return "";
  if (what === "label") return state.label ?? state.state ?? "";
  if (what === "state") return state.state ?? "";
  if (what === "changed" || what === "updated" || what === "heard") return ago(since(state[`${what}_at`], now));
  return text(field(state.data, what.split(".").slice(1)));
}

/** A value deep in the data, if the data have it themselves. @param {any} value @param {string[]} path */
function field(value, path) {
  for (const key of path) {
    const has = value !== null && typeof value === "object" && Object.hasOwn(value, key);
    value = has ? value[key] : undefined;
  }
  return value;
}
