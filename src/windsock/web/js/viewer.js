import { Asking, MOST, PARTLY } from "./asking.js";
import { Clock } from "./clock.js";
import { Connection } from "./connection.js";
import { linkWords, liveness } from "./liveness.js";
import { safely } from "./safely.js";
import { isWatched, tell, Things } from "./things.js";

/** @import { Link, Setup, State } from "./windsock.d.ts" */
/** @import { Entry } from "./things.js" */

/** This page as the server sees it: what it watches, over one connection. */
export class Viewer {
  clock = new Clock();
  /** Told what is to be drawn anew: a thing, or, without a name, everything. @type {(name?: string) => void} */
  draw = () => {};
  /** @type {Set<(link: Link, reason: string) => void>} */
  #linkListeners = new Set();
  /** Whether this connection was asked how many are watching. */
  #counting = false;
  /** What this connection is asked for. */
  #asking;

  /** @param {Setup} setup */
  constructor(setup) {
    this.setup = setup;
    this.things = new Things(this.clock, {
      behind: (entry) => this.#asking.watch([entry]),
      late: () => this.connection.check(),
      changed: (name) => this.#changed(name),
    });
    this.connection = new Connection(setup, this.clock, {
      hello: () => this.#hello(),
      things: () => [...this.#asking.names],
      events: {
        state: (message) => this.things.receive(message),
        heard: (message) => this.things.receive(message),
        viewers: (message) => this.things.count(message),
      },
      changed: () => this.#linkChanged(),
      connected: () => this.#askForOthers(),
      refused: (code) => this.#refused(code),
    });
    this.#asking = this.#askFor([]);
  }

  /** The link, in words. */
  get words() {
    return linkWords(this.connection.link, this.connection.silence);
  }

  /** The server's time. Whoever asks for it is about to draw, and may be the first to run after sleep. */
  now() {
    this.connection.sleep.look();
    return this.clock.now();
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
    this.#changed(state.thing);
  }

  /** The link, as far as a thing is concerned: connected only when its state has come. @param {string} name */
  linkOf(name) {
    const { link } = this.connection;
    return link === "connected" && !this.things.find(name)?.confirmed ? "connecting" : link;
  }

  /**
   * A thing's state as those who listen are told it; null: nothing came yet. It is another object whenever there is
   * something to tell.
   *
   * @param {Entry} entry
   */
  news(entry) {
    const live = liveness(entry.state, this.linkOf(entry.name)); // first: it may find out that the page slept
    const { state, news } = entry;
    if (!state || (entry.told === state && news?.liveness === live)) return news;
    entry.told = state;
    return (entry.news = { ...state, liveness: live });
  }

  /** Begin to watch a thing, of which news is wanted by now. @param {Entry} entry */
  watch(entry) {
    this.connection.start();
    if (!this.#asking.names.has(entry.name)) this.#ask([entry]);
    // Only CONNECT can say that counts are wanted.
    if (this.connection.open && !this.#counting && this.things.counting) this.connection.renew();
  }

  /** Watch a thing no more, unless somebody wants news of it. @param {Entry} entry */
  leave(entry) {
    if (isWatched(entry)) return;
    this.things.forget(entry.name);
    this.#asking.unwatch(entry.name);
  }

  /** Said at every CONNECT: what this page watches, and how far it has come. */
  #hello() {
    const named = this.things.watched.filter((entry) => !entry.doubtful).slice(0, MOST);
    this.#asking.end();
    this.#asking = this.#askFor(named.map((entry) => entry.name));
    this.#counting = this.things.counting;
    const positions = named.map(({ name, state }) => {
      return [name, state && { epoch: state.epoch, version: state.version }];
    });
    const { token } = this.setup;
    return { things: Object.fromEntries(positions), token, ...(this.#counting && { viewers: true }) };
  }

  /** @param {string[]} names those that CONNECT asks for */
  #askFor(names) {
    return new Asking(this.connection, this.things, names, (asked, refusal) => this.#answered(asked, refusal));
  }

  /**
   * The server refuses CONNECT for the sake of one thing, and nobody knows which. Whether the next one asks for less.
   *
   * @param {string | undefined} code
   */
  #refused(code) {
    const sure = code && PARTLY.includes(code) ? [...this.things].filter((entry) => !entry.doubtful) : [];
    for (const entry of sure) entry.doubtful = true;
    return sure.length > 0;
  }

  #linkChanged() {
    const { link, reason } = this.connection;
    if (link === "lost") this.things.doubt();
    for (const listener of [...this.#linkListeners]) safely(() => listener(link, reason));
    this.#changed();
  }

  /** A thing is other than it was, or, without a name, the link. @param {string} [name] */
  #changed(name) {
    this.connection.sleep.look(); // or those who are told of this find out that the page slept, and are told twice
    const changed = name === undefined ? [...this.things] : [this.things.find(name)];
    for (const entry of changed) if (entry) this.#tell(entry);
    this.draw(name);
  }

  /** Tell those who listen how a thing is, if they do not know. @param {Entry} entry */
  #tell(entry) {
    const { news: before } = entry;
    const news = this.news(entry);
    // One of them may do what makes it untrue; then all have been told so.
    if (news && news !== before) tell(entry.listeners.state, news, () => entry.news === news);
  }

  #askForOthers() {
    this.#ask(this.things.watched.filter((entry) => !this.#asking.names.has(entry.name)));
  }

  /** Ask for things' states, if somebody is there to be asked: otherwise CONNECT does. @param {Entry[]} entries */
  #ask(entries) {
    if (this.connection.open) this.#asking.watch(entries);
  }

  /** What became of things that were asked for. @param {string[]} names @param {string} refusal */
  #answered(names, refusal) {
    const entries = names.flatMap((name) => this.things.find(name) ?? []);
    if (refusal && entries.some((entry) => entry.refusal !== refusal)) console.warn(`windsock: ${refusal}`);
    for (const entry of entries) {
      Object.assign(entry, { asking: false, refusal, doubtful: refusal !== "" });
      this.draw(entry.name);
    }
  }
}
