import { isWatched } from "./things.js";

/** @import { Connection } from "./connection.js" */
/** @import { Entry, Things } from "./things.js" */

/** Milliseconds from a refusal to the next request: the server cuts off who asks too often. */
const PAUSE = 50;
/** Names in one message, which has a greatest length. */
export const MOST = 1000;
/** Codes that may be true of some of the names and not of the others: one is unknown, or they are too many. */
export const PARTLY = ["unknown_thing", "bad_request"];

/**
 * What is asked for over one connection. The server counts requests, so there is one at a time, each for all that is
 * wanted by then. It refuses all names of a request for the sake of one; then each half is asked for by itself.
 */
export class Asking {
  /** What is wanted, and not asked for yet. @type {Set<string>} */
  #wanted = new Set();
  /** What is to be asked for apart, for something in it was refused. @type {string[][]} */
  #parts = [];
  /** What the server is to be told that nobody watches any more. @type {Set<string>} */
  #left = new Set();
  /** What there was no room for. @type {Set<string>} */
  #full = new Set();
  #busy = false;
  #over = false;

  /**
   * `names`: what CONNECT asks for; `answered` is told what became of things, "" if they are watched now.
   *
   * @param {Connection} connection
   * @param {Things} things
   * @param {string[]} names
   * @param {(names: string[], refusal: string) => void} answered
   */
  constructor(connection, things, names, answered) {
    this.connection = connection;
    this.things = things;
    this.answered = answered;
    /** The things whose states come over this connection. */
    this.names = new Set(names);
  }

  /** The connection is another one. */
  end() {
    this.#over = true;
  }

  /** Ask for things' states. What was refused before is asked for apart. @param {Entry[]} entries */
  watch(entries) {
    const fresh = entries.filter((entry) => !entry.asking);
    for (const entry of fresh) {
      entry.asking = true;
      this.#left.delete(entry.name);
      if (!entry.refusal) this.#wanted.add(entry.name);
    }
    const again = fresh.filter((entry) => entry.refusal).map((entry) => entry.name);
    if (again.length) this.#parts.push(again);
    this.#work();
  }

  /** @param {string} name */
  unwatch(name) {
    this.#wanted.delete(name);
    if (this.names.delete(name)) this.#left.add(name);
    this.#work();
  }

  get #open() {
    return !this.#over && this.connection.open;
  }

  async #work() {
    if (this.#busy) return;
    this.#busy = true;
    for (let work; this.#open && (work = this.#next()); ) await work;
    this.#busy = false;
  }

  #next() {
    if (this.#left.size) return this.#leave([...this.#left].slice(0, MOST));
    if (this.#wanted.size) this.#parts.unshift([...this.#wanted]);
    this.#wanted.clear();
    const names = this.#parts.shift();
    if (names && names.length > MOST) this.#parts.unshift(names.splice(MOST));
    return names && this.#ask(names.filter((name) => this.#watched(name)));
  }

  /** @param {string} name */
  #watched(name) {
    const entry = this.things.find(name);
    return entry !== undefined && isWatched(entry);
  }

  /** @param {string[]} names */
  async #leave(names) {
    for (const name of names) this.#left.delete(name);
    await this.connection.request("unwatch", { things: names });
    for (const name of this.#full) this.#wanted.add(name);
    this.#full.clear();
  }

  /** @param {string[]} names */
  async #ask(names) {
    if (!names.length) return;
    for (const name of names) this.things.need(name).first = true;
    const answer = await this.connection.request("watch", { things: names });
    if (!this.#open) return;
    if (answer.ok) return this.#have(names);
    if (answer.code === "unanswered") return this.connection.renew(); // CONNECT asks for it
    if (names.length > 1 && PARTLY.includes(answer.code)) this.#halve(names, answer.code);
    else this.#refused(names, answer);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }

  /** @param {string[]} names */
  #have(names) {
    for (const name of names) (this.#watched(name) ? this.names : this.#left).add(name);
    this.answered(names, "");
  }

  /**
   * Unknown names are looked for in all parts by turns: so most things are there soon. Where the room ends is looked
   * for in one part: all behind it has none.
   *
   * @param {string[]} names
   * @param {string} code
   */
  #halve(names, code) {
    const middle = names.length >> 1;
    const halves = [names.slice(0, middle), names.slice(middle)];
    if (code === "unknown_thing") this.#parts.push(...halves);
    else this.#parts.unshift(...halves);
  }

  /** @param {string[]} names @param {{code: string, error: string}} refusal */
  #refused(names, { code, error }) {
    if (code === "bad_request") {
      // There is no room for one more, so neither for the others.
      names = [...names, ...this.#parts.splice(0).flat(), ...this.#wanted];
      this.#wanted.clear();
      for (const name of names) this.#full.add(name);
    }
    this.answered(names, error);
  }
}
