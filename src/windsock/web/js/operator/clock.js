import { ago, since } from "../words.js";

/** What time it is on the server, as of its last answer and this page's own clock that only goes forward. */
export class ServerClock {
  #said = NaN;
  #at = 0;

  /** @param {string} now what the server said just now */
  set(now) {
    [this.#said, this.#at] = [Date.parse(now), performance.now()];
  }

  get now() {
    return this.#said + (performance.now() - this.#at);
  }

  /** Milliseconds since its last answer; NaN: there was none. */
  get age() {
    return Number.isNaN(this.#said) ? NaN : performance.now() - this.#at;
  }

  /** The time of the last answer, as a clock on the wall here shows it. */
  get said() {
    return timeOfDay(this.#said);
  }

  /** @param {string | null} time */
  ago(time) {
    return ago(since(time, this.now));
  }

  /** A time and how long ago that was, with the day if it was another. @param {string} time */
  since(time) {
    const [at, now] = [new Date(time), new Date(this.now)];
    const day = at.toDateString() === now.toDateString() ? "" : `${at.toLocaleDateString()} `;
    return `${day}${timeOfDay(at.getTime())}, ${this.ago(time)}`;
  }
}

/** @param {number} time */
const timeOfDay = (time) => new Date(time).toLocaleTimeString(undefined, { hourCycle: "h23" });
