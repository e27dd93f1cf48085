/** @import { Gap, Heard, Merged, State } from "./windsock.d.ts" */

/**
 * What becomes of the state that a viewer has when a message comes: the rules of the wire.
 *
 * @param {State | null} old
 * @param {State | Heard} message
 * @returns {Merged}
 */
export function merge(old, message, first = false) {
  const lead = old && old.epoch === message.epoch ? message.version - old.version : Infinity;
  if ("state" in message) {
    if (lead < 0 && !first) return { state: old, verdict: "discarded", gap: null };
    const verdict = lead === 0 ? "refreshed" : "accepted";
    return { state: { ...message }, verdict, gap: gapBefore(old, message, lead) };
  }
  if (!old || lead > 0) return { state: old, verdict: "behind", gap: null };
  if (lead < 0) return { state: old, verdict: "discarded", gap: null };
  const { heard_at, now, stale, source } = message;
  return { state: { ...old, heard_at, now, stale, source }, verdict: "refreshed", gap: null };
}

/**
 * The versions that were skipped. In a new epoch nobody knows how many were, for history began `anew`.
 *
 * @param {State | null} old
 * @param {State} message
 * @param {number} lead
 * @returns {Gap | null}
 */
function gapBefore(old, { thing, epoch, version }, lead) {
  const anew = Boolean(old?.version) && old?.epoch !== epoch;
  if (anew) return { thing, epoch, from: 0, to: version, anew };
  return old && lead > 1 && lead < Infinity ? { thing, epoch, from: old.version, to: version, anew } : null;
}
