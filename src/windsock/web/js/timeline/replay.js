import { extended, neighbour, since } from "./past.js";
import { SPANS } from "./spans.js";

/** @import { State } from "../windsock.d.ts" */
/** @import { Past } from "./past.js" */

/** Milliseconds by which this page's clock may differ from the server's. */
const SKEW = 5000;

/**
 * Which moment is shown, and which time around it. Now, the time ends with now and moves on with it; then, it stands
 * still. Decides only: it fetches and draws nothing.
 */
export class Replay {
  /** @type {Past | null} */
  past = null;
  span = SPANS["1h"];
  /** The moment that is shown; null: now. @type {number | null} */
  moment = null;
  /** What was now when the past was entered. */
  #present = 0;
  /** The end of the time that is shown, when that is not now. */
  #end = 0;
  /** Whether `past` reaches up to now, and goes on with what is heard. */
  #current = true;

  /** @param {() => number} now */
  constructor(now) {
    this.now = now;
  }

  get window() {
    // Whole milliseconds: between others, a plot finds no round times for its axis.
    const end = Math.round(this.moment === null ? this.now() : this.#end);
    return { begin: end - this.span.ms, end };
  }

  /** Whether the past that is wanted does not end with now. */
  get elsewhere() {
    return this.moment !== null && this.#end < this.#present;
  }

  /** Whether what is known tells what was at the moment. */
  get covered() {
    const { past, moment } = this;
    if (!past) return false;
    if (moment === null) return this.#current && past.end - past.begin >= this.span.ms - SKEW;
    return moment >= Math.max(past.begin, this.window.begin) - SKEW && (this.#current || moment <= past.end);
  }

  /** Take what the server told. @param {Past} past */
  take(past) {
    this.#current = !this.elsewhere;
    this.past = past;
  }

  /** Take a state that has just come. Whether that is news here. @param {State} state */
  hear(state) {
    if (!this.past || !this.#current) return false;
    const longer = extended(this.past, state);
    if (longer === this.past) return false;
    this.past = since(longer, this.window.begin);
    return true;
  }

  /** Show a moment. One that has not been yet is now; one from before all that is known is the first. @param {number | "now"} to */
  seek(to) {
    const { begin, end } = this.window;
    const present = this.moment === null ? end : this.#present;
    if (to === "now" || to >= present) return this.back();
    const first = Math.min(begin, this.past?.oldest ?? begin);
    if (this.moment === null) [this.#present, this.#end] = [end, end];
    this.moment = Math.max(first, to);
    if (this.moment < begin || this.moment > this.#end) this.#center(this.moment);
  }

  back() {
    this.moment = null;
  }

  /** Show more or less time, with the moment in it. @param {string} name */
  reach(name) {
    this.span = SPANS[name];
    if (this.moment === null) return;
    this.#end = this.#present;
    if (this.moment < this.window.begin) this.#center(this.moment);
  }

  /** The moment of the next change, or of the one before; null: there is none. @param {1 | -1} direction */
  change(direction) {
    const at = neighbour(this.past?.segments ?? [], this.moment ?? this.now(), direction);
    return at !== null && at < this.window.begin ? Math.max(at, this.past?.oldest ?? at) : at;
  }

  /** @param {number} moment */
  #center(moment) {
    this.#end = Math.min(this.#present, moment + this.span.ms / 2);
  }
}
