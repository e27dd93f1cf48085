// Times and durations in words, as the viewer's own clock and calendar show them. Pure, but for that.

import { ago } from "../words.js";

const UNITS = /** @type {const} */ ([[86_400, "d"], [3600, "h"], [60, "min"], [1, "s"]]);
const DAY = 86_400;

/** A duration in its two greatest units: `3 h 12 min`. @param {number} ms */
export function duration(ms) {
  const seconds = Math.round(ms / 1000);
  if (seconds < 1) return "less than 1 s";
  const first = UNITS.findIndex(([size]) => seconds >= size);
  const [size, unit] = UNITS[first];
  const [smaller, name] = UNITS[first + 1] ?? [size, ""];
  const rest = Math.floor((seconds % size) / smaller);
  return `${Math.floor(seconds / size)} ${unit}${name && rest ? ` ${rest} ${name}` : ""}`;
}

/** A part of a whole in percent; what is not nothing is never called so, nor what is not all. @param {number} part */
export function share(part) {
  const percent = Math.round(part * 100);
  if (part > 0 && percent === 0) return "< 1 %";
  return part < 1 && percent === 100 ? "> 99 %" : `${percent} %`;
}

/** A time of day, to the second. @param {number} ms */
export const clock = (ms, locale = undefined) => new Date(ms).toLocaleTimeString(locale);

/** A day, with its year if that is another one than that of `now`. @param {number} ms @param {number} now */
export function day(ms, now, locale = undefined) {
  const year = new Date(ms).getFullYear() === new Date(now).getFullYear() ? undefined : "numeric";
  return new Date(ms).toLocaleDateString(locale, { weekday: "short", day: "numeric", month: "short", year });
}

/** A moment in a few words: its day is left out if that is the day of `now`. @param {number} ms @param {number} now */
export function moment(ms, now, locale = undefined) {
  const today = new Date(ms).toDateString() === new Date(now).toDateString();
  return today ? clock(ms, locale) : `${day(ms, now, locale)}, ${clock(ms, locale)}`;
}

/** How long before a moment something was. @param {number} ms @param {"exact" | "about" | "least"} worth */
export function before(ms, worth) {
  if (ms < 2000) return "just then";
  return { exact: "", about: "about ", least: "over " }[worth] + ago(ms).replace("ago", "before");
}

/**
 * What stands at the ticks of a time axis, which are `step` seconds apart: times, and days where one begins.
 *
 * @param {number[]} ticks seconds since 1970
 * @param {number} step
 */
export function ticks(ticks, step, locale = undefined) {
  return ticks.map((tick) => {
    const time = new Date(tick * 1000);
    const midnight = !time.getHours() && !time.getMinutes() && !time.getSeconds();
    if (step >= DAY || midnight) return time.toLocaleDateString(locale, { day: "numeric", month: "short" });
    const second = step < 60 ? "2-digit" : undefined;
    return time.toLocaleTimeString(locale, { hour: "numeric", minute: "2-digit", second });
  });
}

/** A number of the data, short enough for a heading. @param {number} value */
export const number = (value) => String(Number(value.toPrecision(6)));

/** The name of the viewer's time zone. */
export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone.replaceAll("_", " ");
