import { ago } from "./words.js";

/** @import { Link, Liveness, State } from "./windsock.d.ts" */

/**
 * Whether a state may be shown as live, and if not, why.
 *
 * @param {State | null} state
 * @param {Link} link connected: and the state has come since
 * @returns {Liveness}
 */
export function liveness(state, link) {
  if (link === "checking") return "checking";
  if (link !== "connected" || !state) return "unlinked";
  if (state.source !== "ok") return "source-failing";
  if (state.state === null) return "unknown";
  return state.stale ? "silent" : "live";
}

const WORDS = {
  live: "Live",
  silent: "Not live – silent",
  "source-failing": "Not live – source fails",
  unknown: "Waiting for news",
  checking: "Checking…",
  unlinked: "Connecting…",
};

/** Liveness in a few words. @param {Liveness} live @param {Link} link */
export function words(live, link) {
  return live === "unlinked" && link === "lost" ? "Connection lost – trying again" : WORDS[live];
}

/**
 * A link in words.
 *
 * @param {Link} link
 * @param {number} ms since the server's last word; NaN: there was none
 */
export function linkWords(link, ms) {
  const last = Number.isNaN(ms) ? "" : `, last word ${ago(ms)}`;
  if (link === "connected") return `Connected${last}`;
  if (link === "connecting") return "Connecting…";
  return `${link === "lost" ? "Lost" : "Checking"}${last}`;
}
