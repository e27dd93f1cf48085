import { part, rows, say, show } from "./dom.js";
import { visible } from "./visible.js";

/** @import { Overview, Source, Thing } from "./types.d.ts" */
/** @import { ServerClock } from "./clock.js" */

const MINUTE = 60;
/** Bars of a chart; each is wide enough to be seen. */
const BARS = 60;
const STATUS = { ok: "ok", failing: "fails", starting: "starts", stopped: "stopped" };

/** What is at a glance. @param {HTMLElement} root @param {Overview} overview */
export function drawGlance(root, { sources, store, viewers, rates }) {
  const fine = sources.filter((source) => source.status === "ok").length;
  const failing = sources.some((source) => source.status === "failing");
  tile(root, "sources", failing ? "failing" : "ok", `${fine} of ${sources.length}`);
  tile(root, "store", store.status, STATUS[store.status]);
  say(root, "store-words", store.words);
  say(root, "store-name", store.store);
  say(root, "viewers", viewers.connected);
  say(root, "viewers-words", `${count(viewers.streams, "event stream")}, ${count(viewers.waiting, "waiting answer")}`);
  drawRate(root, "readings", rates.every, rates.readings);
  drawRate(root, "changes", rates.every, rates.changes);
}

/** @param {HTMLElement} root @param {string} name @param {string} status @param {string} words */
function tile(root, name, status, words) {
  part(root, name).dataset.status = status;
  say(root, name, words);
}

/** @param {HTMLElement} root @param {"readings" | "changes"} name @param {number} every @param {number[]} counts */
function drawRate(root, name, every, counts) {
  const newest = sum(counts.slice(-Math.round(MINUTE / every)));
  const minutes = Math.round((counts.length * every) / MINUTE);
  say(root, name, newest.toLocaleString());
  say(root, `${name}-words`, `in the last minute; ${sum(counts).toLocaleString()} in ${minutes} min`);
  part(root, `${name}-chart`).setAttribute("d", bars(counts));
}

/** A path of bars, in a box of `BARS` by 20. @param {number[]} counts */
function bars(counts) {
  const each = counts.length / BARS;
  const heights = Array.from({ length: BARS }, (_, bar) => sum(counts.slice(bar * each, (bar + 1) * each)));
  const most = Math.max(1, ...heights);
  return heights.map((height, bar) => (height ? `M${bar} 20V${20 - Math.max(1, (20 * height) / most)}h.8V20z` : "")).join("");
}

/**
 * @param {HTMLElement} list @param {Source[]} sources
 * @param {ServerClock} clock @param {HTMLElement} heading
 */
export function drawSources(list, sources, clock, heading) {
  rows(list, sources, (source) => source.source, drawSource, heading);

  /** @param {HTMLElement} row @param {Source} source */
  function drawSource(row, source) {
    row.dataset.status = source.status;
    say(row, "status", STATUS[source.status]);
    say(row, "name", source.source);
    say(row, "words", visible(source.words));
    say(row, "since", clock.since(source.since));
    say(row, "things", source.things.join(", "));
    say(row, "counts", `${count(source.failures, "failure")}, ${source.rejected.toLocaleString()} set aside since the start`);
  }
}

/**
 * @param {HTMLElement} list @param {Thing[]} things
 * @param {ServerClock} clock @param {HTMLElement} heading
 */
export function drawThings(list, things, clock, heading) {
  const pages = list.dataset.pages ?? "";
  rows(list, things, (thing) => thing.thing, drawThing, heading);

  /** @param {HTMLElement} row @param {Thing} thing */
  function drawThing(row, thing) {
    const link = /** @type {HTMLAnchorElement} */ (part(row, "title"));
    link.setAttribute("href", pages + encodeURIComponent(thing.thing));
    say(row, "title", thing.title);
    say(row, "state", visible(thing.state === null ? "nothing known yet" : (thing.label ?? thing.state)));
    const doubt = thing.source === "failing" ? "source fails" : thing.state !== null && thing.stale ? "silent" : "";
    say(row, "doubt", doubt);
    show(part(row, "doubt"), doubt !== "");
    say(row, "changed", clock.ago(thing.changed_at));
    say(row, "heard", clock.ago(thing.heard_at));
    say(row, "version", thing.version.toLocaleString());
    say(row, "viewers", thing.viewers.toLocaleString());
    say(row, "counts", `${thing.readings.toLocaleString()} / ${thing.changes.toLocaleString()}`);
  }
}

/** @param {number[]} numbers */
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

/** @param {number} number @param {string} what */
const count = (number, what) => `${number.toLocaleString()} ${what}${number === 1 ? "" : "s"}`;
