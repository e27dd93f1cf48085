import { before } from "./words.js";
import { beganAt, indexAt, jumps } from "./past.js";

/** @import { Change, State } from "../windsock.d.ts" */
/** @import { Then } from "../page/view.js" */
/** @import { Palette } from "./palette.js" */
/** @import { Past, Segment } from "./past.js" */

/**
 * A thing as it was at a moment, for the page to show. Pure.
 *
 * `change`: what is known of it; undefined: not yet; null: the server does not have it any more.
 *
 * @param {string} thing
 * @param {Past} past
 * @param {number} moment
 * @param {Palette} palette
 * @param {Change | null | undefined} change
 * @param {Segment} [found] what was at that very moment, if it is not among the segments
 * @returns {Then}
 */
export function stateThen(thing, past, moment, palette, change, found) {
  const index = indexAt(past.segments, moment);
  const now = new Date(moment).toISOString();
  const frame = { thing, epoch: past.epoch, now, heard_at: null, stale: false, source: "ok" };
  if (index < 0) {
    const nothing = { version: 0, state: null, image: null, color: null, changed_at: null, updated_at: null };
    const clocks = { changed: "not known", heard: "not known" };
    return { ...frame, ...nothing, label: "Nothing is known of this time", data: {}, waiting: false, clocks };
  }
  const known = past.segments[index];
  const { version, state, at } = found ?? known;
  const { label, image, accent } = palette.of(state);
  const began = state === known.state ? beganAt(past.segments, index) : /** @type {const} */ ({ at, worth: "least" });
  return {
    ...frame, version, state, label, image,
    color: accent,
    data: change?.data ?? {},
    waiting: change === undefined,
    changed_at: new Date(began.at).toISOString(),
    updated_at: change?.at ?? new Date(at).toISOString(),
    clocks: { changed: before(moment - began.at, began.worth), heard: "not kept" },
  };
}

/** Whether a moment is only known about: changes near it were left out. @param {Past} past @param {number} moment */
export function vague(past, moment) {
  const index = indexAt(past.segments, moment);
  return index >= 0 && (jumps(past.segments, index) || !past.exact);
}
