import { merge } from "./merge.js";
import { safely } from "./safely.js";

/** @import { Events, Heard, Listener, News, State } from "./windsock.d.ts" */
/** @import { Clock } from "./clock.js" */

/**
 * A thing that this page watches, or knows a state of. `holders`: how many elements show it; `first`: its next state is
 * right, whatever its version; `confirmed`: its state came over this very connection; `asking`: it is being asked for,
 * and the answer is still to come; `doubtful`: the server may not have it, so CONNECT does not name it; `news`: what
 * those who listen were told last, and `told` the state in it.
 *
 * @typedef {{name: string, state: State | null, viewers: number | null, refusal: string, holders: number,
 *   first: boolean, confirmed: boolean, asking: boolean, doubtful: boolean, told: State | null, news: News | null,
 *   listeners: {[E in keyof Events]: Set<Listener<Events[E]>>}}} Entry
 */

/** Milliseconds that a message may have been on its way before what it says is old. */
const LATE = 5000;

/** The things of this page. */
export class Things {
  /** @type {Map<string, Entry>} */
  #entries = new Map();

  /**
   * `behind` is told of a thing whose newest state must be asked for, `late` of a message that was held up on its way,
   * `changed` of a thing that is to be drawn anew.
   *
   * @param {Clock} clock
   * @param {{behind: (entry: Entry) => void, late: () => void, changed: (name: string) => void}} told
   */
  constructor(clock, told) {
    this.clock = clock;
    this.told = told;
  }

  [Symbol.iterator]() {
    return this.#entries.values();
  }

  /** Those of which somebody wants news. */
  get watched() {
    return [...this].filter(isWatched);
  }

  /** Whether anybody wants to know how many are watching. */
  get counting() {
    return this.watched.some((entry) => entry.listeners.viewers.size > 0);
  }

  /** @param {string} name */
  find(name) {
    return this.#entries.get(name);
  }

  /** A thing that is or will be watched. @param {string} name */
  need(name) {
    const entry = this.find(name) ?? makeEntry(name);
    this.#entries.set(name, entry);
    return entry;
  }

  /** @param {string} name */
  forget(name) {
    this.#entries.delete(name);
  }

  /** The event `state` or `heard`. @param {State | Heard} message */
  receive(message) {
    const entry = this.find(message.thing);
    if (!entry) return;
    const whole = "state" in message;
    const { state, verdict, gap } = merge(entry.state, message, entry.first);
    const late = this.clock.learn(message.now, whole && entry.first) > LATE;
    const taken = verdict === "accepted" || verdict === "refreshed";
    if (taken) entry.state = state;
    if (taken && whole) [entry.first, entry.confirmed] = [false, true];
    if (gap) tell(entry.listeners.gap, gap);
    if (late) this.told.late(); // first, for what is told then is not live
    if (verdict === "behind") this.told.behind(entry);
    if (taken) this.told.changed(entry.name);
  }

  /** The event `viewers`. @param {{thing: string, count: number}} message */
  count({ thing, count }) {
    const entry = this.find(thing);
    if (!entry) return;
    entry.viewers = count;
    tell(entry.listeners.viewers, count);
    this.told.changed(thing);
  }

  /** The connection is another one: what is known came over an older one, and its next states are right. */
  doubt() {
    for (const entry of this) {
      entry.first = true;
      entry.confirmed = entry.asking = false;
      entry.viewers = null;
    }
  }
}

/** Whether anybody wants news of a thing. @param {Entry} entry */
export function isWatched({ holders, listeners: { state, viewers, gap } }) {
  return holders + state.size + viewers.size + gap.size > 0;
}

/** @param {string} name @returns {Entry} */
function makeEntry(name) {
  const listeners = { state: new Set(), viewers: new Set(), gap: new Set() };
  const nothing = { state: null, viewers: null, refusal: "", told: null, news: null };
  return { name, holders: 0, listeners, ...nothing, first: true, confirmed: false, asking: false, doubtful: false };
}

/** @template T @param {Set<Listener<T>>} listeners @param {T} news */
export function tell(listeners, news, holds = () => true) {
  for (const listener of [...listeners]) if (holds()) safely(() => listener(news));
}
