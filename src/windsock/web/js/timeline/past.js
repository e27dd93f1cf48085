// A thing's past, as the server tells it and as the page goes on with it. Pure.

/** @import { State } from "../windsock.d.ts" */

/** What the thing was from `at` on, in milliseconds since 1970. @typedef {{at: number, version: number, state: string}} Segment */

/**
 * `spent`: milliseconds in each state, as of `end`. `fields`: numbers of the data by name, one for each segment.
 * `exact`: `spent` counts every change. `oldest`: since when anything is known; null: nothing is.
 *
 * @typedef {{
 *   epoch: string, begin: number, end: number, oldest: number | null, exact: boolean,
 *   segments: Segment[], spent: Map<string, number>, fields: Map<string, (number | null)[]>
 * }} Past
 */

/** As many fields are drawn as the server tells. */
const MOST_FIELDS = 8;

/** What the server told, in this page's form. @param {any} message @returns {Past} */
export function read(message) {
  const { epoch, begin, end, oldest, exact, segments, spent, fields } = message;
  return {
    epoch,
    exact,
    begin: Date.parse(begin),
    end: Date.parse(end),
    oldest: oldest === null ? null : Date.parse(oldest),
    segments: segments.map((/** @type {any} */ part) => ({ ...part, at: Date.parse(part.at) })),
    spent: new Map(Object.entries(spent).map(([state, seconds]) => [state, Number(seconds) * 1000])),
    fields: new Map(Object.entries(fields)),
  };
}

/**
 * Which segment a moment is in; -1: nothing is known of it.
 *
 * @param {readonly Segment[]} segments
 * @param {number} moment
 */
export function indexAt(segments, moment) {
  let [low, high] = [0, segments.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (segments[middle].at <= moment) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Whether changes were left out right after a segment. @param {readonly Segment[]} segments @param {number} index */
export function jumps(segments, index) {
  const next = segments[index + 1];
  return next !== undefined && next.version !== segments[index].version + 1;
}

/** How many changes were left out. @param {Past} past */
export function leftOut({ segments }) {
  if (!segments.length) return 0;
  return segments[segments.length - 1].version - segments[0].version + 1 - segments.length;
}

/** Whether every change is among the segments, so that times can be counted here. @param {Past} past */
export const whole = (past) => past.exact && leftOut(past) === 0;

/**
 * The moment of the next change after one, or of the one before; null: there is none.
 *
 * @param {readonly Segment[]} segments
 * @param {number} moment
 * @param {1 | -1} direction
 */
export function neighbour(segments, moment, direction) {
  const index = indexAt(segments, moment);
  if (direction > 0) return segments[index + 1]?.at ?? null;
  return (index >= 0 && segments[index].at < moment ? segments[index].at : segments[index - 1]?.at) ?? null;
}

/**
 * When the state of a segment began. `about`: changes in between were left out; `least`: maybe earlier.
 *
 * @param {readonly Segment[]} segments
 * @param {number} index
 * @returns {{at: number, worth: "exact" | "about" | "least"}}
 */
export function beganAt(segments, index) {
  let first = index;
  let gap = false;
  while (first > 0 && segments[first - 1].state === segments[index].state) gap = jumps(segments, --first) || gap;
  gap = (first > 0 && jumps(segments, first - 1)) || gap;
  return { at: segments[first].at, worth: gap ? "about" : first === 0 && segments[0].version > 1 ? "least" : "exact" };
}

/**
 * The past with a state that came since; the same past, if that tells nothing new.
 *
 * @param {Past} past
 * @param {State} state
 * @returns {Past}
 */
export function extended(past, state) {
  const last = past.segments.at(-1);
  const known = last?.version ?? 0;
  if (state.epoch !== past.epoch || state.state === null || state.version <= known) return past;
  const at = Math.max(last?.at ?? 0, Date.parse(String(state.updated_at)));
  const segments = [...past.segments, { at, version: state.version, state: state.state }];
  return { ...past, segments, fields: longer(past, state), oldest: past.oldest ?? at };
}

/** @param {Past} past @param {State} state */
function longer({ fields, segments }, { data }) {
  const longer = new Map([...fields].map(([name, values]) => [name, [...values, numberOf(data, name)]]));
  for (const name of Object.keys(data)) {
    const value = numberOf(data, name);
    if (value === null || longer.has(name) || longer.size >= MOST_FIELDS) continue;
    longer.set(name, [...segments.map(() => null), value]);
  }
  return longer;
}

/** @param {Readonly<Record<string, unknown>>} data @param {string} name */
function numberOf(data, name) {
  const value = Object.hasOwn(data, name) ? data[name] : null;
  return typeof value === "number" ? value : null;
}

/** How many numbers of some data are not among the fields that are drawn. @param {Past} past @param {State["data"]} data */
export const undrawn = ({ fields }, data) =>
  Object.keys(data).filter((name) => numberOf(data, name) !== null && !fields.has(name)).length;

/**
 * The past without what ended before `begin`, so that a page that stays open does not grow.
 *
 * @param {Past} past
 * @param {number} begin
 * @returns {Past}
 */
export function since(past, begin) {
  const first = Math.max(0, indexAt(past.segments, begin));
  if (first === 0) return past;
  const fields = [...past.fields].map(([name, values]) => /** @type {const} */ ([name, values.slice(first)]));
  return { ...past, segments: past.segments.slice(first), fields: new Map(fields) };
}

/**
 * How long the thing was in each state from `begin` to `end`, by its segments.
 *
 * @param {readonly Segment[]} segments
 * @param {number} begin
 * @param {number} end
 */
export function counted(segments, begin, end) {
  /** @type {Map<string, number>} */
  const spent = new Map();
  segments.forEach(({ at, state }, index) => {
    const lasted = Math.min(segments[index + 1]?.at ?? end, end) - Math.max(at, begin);
    if (lasted > 0) spent.set(state, (spent.get(state) ?? 0) + lasted);
  });
  return spent;
}

/**
 * The ends of steps that show values over time: a value holds until the next moment, also if that has none.
 *
 * @param {number[]} times
 * @param {(number | null)[]} values
 * @returns {[number[], (number | null)[]]}
 */
export function held(times, values) {
  /** @type {[number[], (number | null)[]]} */
  const steps = [[], []];
  const put = (/** @type {number} */ time, /** @type {number | null} */ value) => {
    steps[0].push(time);
    steps[1].push(value);
  };
  values.forEach((value, index) => {
    put(times[index], value);
    if (value !== null && values[index + 1] === null) put(times[index + 1], value);
  });
  return steps;
}
