const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * How much of the past is shown at once, how far a key goes in it, and how fast it is played if nothing else is said.
 *
 * @typedef {{ms: number, words: string, step: number, leap: number, speed: number}} Span
 */

/** As the server is asked for them. @type {Record<string, Span>} */
export const SPANS = {
  "1h": { ms: HOUR, words: "hour", step: 10 * SECOND, leap: 5 * MINUTE, speed: 60 },
  "1d": { ms: DAY, words: "day", step: 5 * MINUTE, leap: HOUR, speed: 600 },
  "7d": { ms: 7 * DAY, words: "week", step: 30 * MINUTE, leap: 6 * HOUR, speed: 3600 },
};

/**
 * Where a key leads from a moment: a time, "now", or undefined if the key leads nowhere.
 *
 * @param {{key: string, shiftKey: boolean}} pressed
 * @param {number} moment
 * @param {Span} span
 * @param {number} begin
 * @returns {number | "now" | undefined}
 */
export function keyed({ key, shiftKey }, moment, { step, leap }, begin) {
  const small = shiftKey ? leap : step;
  if (key === "ArrowLeft" || key === "ArrowDown") return moment - small;
  if (key === "ArrowRight" || key === "ArrowUp") return moment + small;
  if (key === "PageDown") return moment - leap;
  if (key === "PageUp") return moment + leap;
  if (key === "Home") return begin;
  return key === "End" ? "now" : undefined;
}
