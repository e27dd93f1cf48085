import { ago, since } from "../words.js";

/** @import { Link, Liveness, State } from "../windsock.d.ts" */

/**
 * What these pages tell apart: `offline` is the state into which a thing falls that is silent, so the state is true;
 * while the page is `starting`, what the server said when it made the page is good enough; `then` is the past.
 *
 * @typedef {Liveness | "offline" | "starting" | "then"} Look
 */

/**
 * `reason`: why the link is lost, if that is known.
 *
 * @typedef {{state: State | null, link: Link, reason: string, now: number}} Facts
 */

export const UNREPORTED = "Nothing has been reported yet.";

/**
 * What is to be said of a state that is not live; "" of one that is.
 *
 * @param {Look} look
 * @param {Facts} facts
 */
export function warning(look, facts) {
  const { state, now } = facts;
  if (look === "unlinked" || look === "checking") return ofLink(look, facts);
  if (look === "source-failing") {
    if (state?.state == null) return "The source cannot be read; nothing is known yet.";
    const from = clock(state.heard_at ?? state.updated_at, now);
    return `The source cannot be read: this is the last known state, from ${from}.`;
  }
  const silence = since(state?.heard_at ?? null, now);
  if (look === "silent") {
    if (Number.isNaN(silence)) return "Never heard from yet: this may not be true.";
    return `Not heard for ${span(silence)}: this may no longer be true.`;
  }
  if (look === "offline") return Number.isNaN(silence) ? "Offline." : `Offline: not heard for ${span(silence)}.`;
  return look === "unknown" ? `${UNREPORTED} This page changes as soon as something is.` : "";
}

/** @param {"unlinked" | "checking"} look @param {Facts} facts */
function ofLink(look, { state, link, reason, now }) {
  const seen = state?.state == null ? "" : ` What it shows is from ${clock(state.now, now)}.`;
  if (look === "checking") return `This page is checking its connection.${seen}`;
  if (reason) return reason + seen;
  if (link === "lost") return `This page lost its connection; it is trying again.${seen}`;
  return `This page is not connected yet.${seen}`;
}

/** How long something has lasted. @param {number} ms */
const span = (ms) => ago(Math.max(2000, ms)).replace(" ago", "");

/**
 * A time as a wall clock shows it here, with the day if it is not today.
 *
 * @param {string | null} time
 * @param {number} now
 */
function clock(time, now) {
  if (time === null) return "an unknown time";
  const date = new Date(time);
  const hour = date.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
  if (date.toDateString() === new Date(now).toDateString()) return hour;
  return `${date.toLocaleDateString([], { day: "numeric", month: "short", year: "numeric" })}, ${hour}`;
}
