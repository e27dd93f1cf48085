import { backoff } from "./backoff.js";
import { Sleep } from "./sleep.js";

/** @import { Link, Refusal, Setup } from "./windsock.d.ts" */
/** @import { Clock } from "./clock.js" */

/** @typedef {{ok: true, [more: string]: any} | Refusal} Answer */

/**
 * Who is told of what: `hello` makes what is said at each CONNECT, `things` names what a check asks the states of,
 * `events` has what the server sends, `changed` is that the link is another; `refused` says if it asks for less now.
 *
 * @typedef {{hello: () => object, things: () => string[], events: Record<string, (message: any) => void>,
 *   changed: () => void, connected: () => void, refused: (code: string | undefined) => boolean}} Told
 */

const ANSWER_WITHIN = 6000;
/** Milliseconds after which a connection that may be broken is taken for broken. */
const PROVE_WITHIN = 2500;
/** Milliseconds by which the server's heartbeat may be overdue. */
const GRACE = 2000;
/** Milliseconds that an attempt to connect may take. */
const CONNECT_WITHIN = 6000;
/** Milliseconds over which those spread who notice in the same moment that the network is back. */
const SPREAD = 500;

/** @type {Refusal} */
const UNANSWERED = { ok: false, code: "unanswered", error: "the server did not answer" };

/**
 * The page's one connection. It counts as whole only while the server proves it: after sleep, and when the heartbeat is
 * overdue, it is being checked until the server has answered.
 */
export class Connection {
  /** Why the link is lost, if the server said. */
  reason = "";
  #link = /** @type {Link} */ ("connecting");
  /** @type {any} */
  #socket = null;
  #attempts = 0;
  #lastWord = NaN;
  #pingInterval = 25000;
  /** The engine whose connection is being checked. @type {unknown} */
  #checked = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #waiting;

  /** @param {Setup} setup @param {Clock} clock @param {Told} told @param {() => number} chance 0 to 1 */
  constructor(setup, clock, told, chance = Math.random) {
    this.setup = setup;
    this.clock = clock;
    this.told = told;
    this.chance = chance;
    this.sleep = new Sleep(clock, () => this.#pingInterval + GRACE, {
      woke: () => this.check(),
      dozes: () => this.#doubt(),
      returned: () => this.#hurry(),
    });
  }

  /** How the link is. Whoever asks may be the first to run after sleep, before any timer that would notice it. */
  get link() {
    this.sleep.look();
    return this.#link;
  }

  /** Whether it has begun. */
  get started() {
    return this.#socket !== null;
  }

  /** Whether something can be sent now. */
  get open() {
    return Boolean(this.#socket?.connected);
  }

  /** Milliseconds since the server's last word; NaN: there was none. */
  get silence() {
    return this.clock.time() - this.#lastWord;
  }

  /** Begin to connect, once. */
  start() {
    if (this.#socket) return;
    const io = /** @type {any} */ (this.setup.io ?? Reflect.get(globalThis, "io"));
    if (!io) return this.#set("lost", "A script of this page did not load.");
    const socket = (this.#socket = io(`${this.setup.url ?? ""}/windsock`, {
      path: this.setup.path,
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      autoConnect: false,
      reconnection: false, // by our own rules
      timeout: CONNECT_WITHIN,
      auth: (/** @type {(auth: object) => void} */ say) => say(this.told.hello()),
    }));
    this.#listen(socket);
    this.sleep.start(() => this.#tick());
    this.#attempt();
  }

  /** Connect anew: what CONNECT says has changed, or the connection is dead. */
  renew() {
    if (this.open) this.#socket.disconnect();
  }

  /** Nothing is live until the server has answered. It answers with the newest states. */
  async check() {
    if (!this.open) return;
    this.#doubt();
    const { engine } = this.#socket.io;
    if (this.#checked === engine) return;
    this.#checked = engine;
    const { naps } = this.sleep;
    this.clock.ask();
    const answer = await this.request("watch", { things: this.told.things() }, PROVE_WITHIN);
    this.#checked = null;
    if (!this.open || this.#socket.io.engine !== engine) return;
    if (naps !== this.sleep.naps) return void this.check(); // an answer from before the sleep proves nothing
    if (answer.ok) this.#proved();
    else this.renew(); // also if it refused, for then the states did not come
  }

  /**
   * The server's answer, or one that says that none came.
   *
   * @param {string} event
   * @param {object} message
   * @returns {Promise<Answer>}
   */
  async request(event, message, within = ANSWER_WITHIN) {
    this.start();
    if (!this.#socket) return UNANSWERED;
    try {
      const answer = await this.#socket.timeout(within).emitWithAck(event, message);
      this.#heardAnything();
      return answer;
    } catch {
      this.sleep.look(); // the time may have run out in sleep
      return UNANSWERED;
    }
  }

  /** @param {any} socket */
  #listen(socket) {
    socket.io.on("ping", () => this.#heardAnything());
    socket.on("connect", () => this.#welcomed());
    socket.on("connect_error", (/** @type {any} */ error) => this.#failed(error));
    socket.on("disconnect", () => {
      this.#set("lost");
      this.#again();
    });
    for (const [event, receive] of Object.entries(this.told.events)) {
      socket.on(event, (/** @type {any} */ message) => {
        this.#heardAnything();
        receive(message);
      });
    }
  }

  /** @param {Link} link */
  #set(link, reason = "") {
    if (this.#link === link && this.reason === reason) return;
    [this.#link, this.reason] = [link, reason];
    this.told.changed();
  }

  #proved() {
    this.clock.settle();
    this.#set("connected");
  }

  #heardAnything() {
    this.sleep.look();
    this.#lastWord = this.clock.time();
  }

  #attempt() {
    this.#waiting = undefined;
    this.#socket.connect();
    const noted = (/** @type {any} */ handshake) => (this.#pingInterval = handshake.pingInterval);
    this.#socket.io.engine?.once("handshake", noted);
  }

  /** Try to connect, after a pause that grows from one attempt to the next. */
  #again(pause = backoff(this.#attempts, this.chance())) {
    this.#attempts += 1;
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => this.#attempt(), pause);
  }

  /** Something happened that makes an attempt promising. */
  #hurry() {
    if (this.#waiting) this.#again(this.chance() * SPREAD);
  }

  #welcomed() {
    this.#attempts = 0;
    this.#heardAnything();
    this.#set("connected");
    this.told.connected();
  }

  /** @param {Error & {data?: {code?: string}}} error */
  #failed(error) {
    const refused = !this.#socket.active;
    // It asks for less at once: that is no loss to speak of.
    if (refused && this.told.refused(error.data?.code)) return this.#again(this.chance() * SPREAD);
    // A proxy may let WebSocket hang instead of refusing it: then the order is turned round.
    if (error.message === "timeout") this.#socket.io.opts.transports?.reverse();
    this.#set("lost", refused ? `The server does not let this page in: ${error.message}. Trying again.` : "");
    this.#again();
  }

  #tick() {
    const unproven = this.#link === "checking" && !this.#checked;
    if (unproven || this.silence > this.#pingInterval + GRACE) this.check();
  }

  /** From now on nothing is known of the connection. */
  #doubt() {
    if (this.#link === "connected") this.#set("checking");
  }
}
