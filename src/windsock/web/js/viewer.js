import { Clock } from "./clock.js";
import { Connection } from "./connection.js";
import { linkWords } from "./liveness.js";
import { safely } from "./safely.js";
import { isWatched, Things } from "./things.js";

/** @import { Link, Setup, State } from "./windsock.d.ts" */
/** @import { Entry } from "./things.js" */

/** This page as the server sees it: what it watches, over one connection. */
export class Viewer {
  clock = new Clock();
  /** Told what is to be drawn anew: a thing, or, without a name, everything. @type {(name?: string) => void} */
  draw = () => {};
  /** @type {Set<(link: Link, reason: string) => void>} */
  #linkListeners = new Set();
  /** The things whose states this connection was asked for. @type {Set<string>} */
  #asked = new Set();
  /** Whether this connection was asked how many are watching. */
  #counting = false;
  /** One unknown thing makes the server refuse them all; then each is asked for by itself. */
  #oneByOne = false;

  /** @param {Setup} setup */
  constructor(setup) {
    this.setup = setup;
    this.things = new Things(this.clock, {
      behind: (entry) => this.#ask(entry),
      late: () => this.connection.check(),
      changed: (name) => this.draw(name),
    });
    this.connection = new Connection(setup, this.clock, {
      hello: () => this.#hello(),
      things: () => [...this.#asked],
      events: {
        state: (message) => this.things.receive(message),
        heard: (message) => this.things.receive(message),
        viewers: (message) => this.things.count(message),
      },
      changed: () => this.#linkChanged(),
      connected: () => this.#askForOthers(),
      refused: (code) => (this.#oneByOne ||= code === "unknown_thing"),
    });
  }

  /** The link, in words. */
  get words() {
    return linkWords(this.connection.link, this.connection.silence);
  }

  /** @param {(link: Link, reason: string) => void} listener */
  onLink(listener) {
    this.#linkListeners.add(listener);
    listener(this.connection.link, this.connection.reason);
    return () => void this.#linkListeners.delete(listener);
  }

  /** How to reach the server is another. Throws an Error once the connection has begun. @param {Setup} setup */
  change(setup) {
    if (this.connection.started) throw new Error("windsock: setup comes too late: the connection has begun");
    Object.assign(this.setup, setup);
  }

  /** Where something of the server is. @param {string} path */
  address(path) {
    return this.setup.url === undefined ? path : new URL(path, this.setup.url).href;
  }

  /** Take a state that came with the page. @param {State} state @param {number} time on this machine's clock */
  seed(state, time) {
    this.things.need(state.thing).state ??= state;
    this.clock.learn(state.now, true, Date.now() - time);
  }

  /** The link, as far as a thing is concerned: connected only when its state has come. @param {string} name */
  linkOf(name) {
    const { link } = this.connection;
    return link === "connected" && !this.things.find(name)?.confirmed ? "connecting" : link;
  }

  /** Begin to watch a thing, of which news is wanted by now. @param {Entry} entry */
  watch(entry) {
    this.connection.start();
    if (!this.#asked.has(entry.name)) this.#ask(entry);
    // Only CONNECT can say that counts are wanted.
    if (this.connection.open && !this.#counting && this.things.counting) this.connection.renew();
  }

  /** Watch a thing no more, unless somebody wants news of it. @param {Entry} entry */
  leave(entry) {
    const { name } = entry;
    if (isWatched(entry)) return;
    this.things.forget(name);
    if (this.#asked.delete(name) && this.connection.open) this.connection.request("unwatch", { things: [name] });
  }

  /** Said at every CONNECT: what this page watches, and how far it has come. */
  #hello() {
    const watched = this.#oneByOne ? [] : this.things.watched;
    this.#asked = new Set(watched.map((entry) => entry.name));
    this.#counting = this.things.counting;
    const positions = watched.map(({ name, state }) => {
      return [name, state && { epoch: state.epoch, version: state.version }];
    });
    const { token } = this.setup;
    return { things: Object.fromEntries(positions), token, ...(this.#counting && { viewers: true }) };
  }

  #linkChanged() {
    const { link, reason } = this.connection;
    if (link === "lost") this.things.doubt();
    for (const listener of [...this.#linkListeners]) safely(() => listener(link, reason));
    this.draw();
  }

  #askForOthers() {
    for (const entry of this.things.watched) if (!this.#asked.has(entry.name)) this.#ask(entry);
  }

  /** Ask for a thing's state. @param {Entry} entry */
  async #ask(entry) {
    if (!this.connection.open || entry.asking) return;
    entry.asking = entry.first = true;
    this.#asked.add(entry.name);
    const answer = await this.connection.request("watch", { things: [entry.name] });
    entry.asking = false;
    entry.refusal = answer.ok || answer.code === "unanswered" ? "" : answer.error;
    if (!answer.ok) this.#asked.delete(entry.name);
    if (entry.refusal) console.warn(`windsock: ${entry.refusal}`);
    this.draw(entry.name);
  }
}
