/*
 * Windsock in the browser: the live state of things, over one shared Socket.IO connection.
 *
 *   <b data-windsock="cloud"></b>                                   the label, as text
 *   <img data-windsock="cloud" alt="">                              the picture
 *   <i data-windsock="cloud" data-windsock-show="data.force"></i>   also: state, changed, heard, link
 *   $("#test").windsock("cloud", function (state) { … })            called now, and at all news
 *   windsock("cloud").on("state", state => { … })                   the same without jQuery
 *
 * Everything is written as text: nothing that a thing says becomes markup.
 */

/**
 * @typedef {{thing: string, epoch: string, version: number, heard_at: string | null, now: string,
 *   stale: boolean, source: string}} Heard
 * @typedef {Heard & {state: string | null, label: string | null, image: string | null, color: string | null,
 *   data: Record<string, unknown>, changed_at: string | null, updated_at: string | null}} State
 * @typedef {"connecting" | "connected" | "lost"} Link
 * @typedef {"live" | "silent" | "source-failing" | "unknown" | "unlinked"} Liveness
 * @typedef {{ok: boolean, code?: string, error?: string, [more: string]: unknown}} Answer
 * @typedef {(state: State) => void} Listener
 * @typedef {{name: string, state: State | null, listeners: Set<Listener>, first: boolean, confirmed: boolean,
 *   asking: boolean, refusal: string}} Entry
 */

var windsock = (() => {
  "use strict";

  const ANSWER_WITHIN = 6000;
  const SHOWS = /^(label|state|changed|heard|link|data(\..+)?)$/;

  /**
   * What becomes of the state that a viewer has when a message comes. `first`: it is the first of its thing
   * since CONNECT or `watch`, so it is right whatever its version. "behind": the state must be asked for.
   *
   * @param {State | null} old
   * @param {State | Heard} message
   * @returns {{state: State | null, verdict: "accepted" | "refreshed" | "discarded" | "behind"}}
   */
  function merge(old, message, first = false) {
    const lead = old && old.epoch === message.epoch ? message.version - old.version : Infinity;
    if ("state" in message) {
      if (lead < 0 && !first) return { state: old, verdict: "discarded" };
      return { state: { ...message }, verdict: lead === 0 ? "refreshed" : "accepted" };
    }
    if (!old || lead > 0) return { state: old, verdict: "behind" };
    if (lead < 0) return { state: old, verdict: "discarded" };
    const { heard_at, now, stale, source } = message;
    return { state: { ...old, heard_at, now, stale, source }, verdict: "refreshed" };
  }

  /**
   * Whether a state may be shown as live, and if not, why.
   *
   * @param {State | null} state
   * @param {Link} link connected: and the state has come since
   * @returns {Liveness}
   */
  function liveness(state, link) {
    if (link !== "connected" || !state) return "unlinked";
    if (state.source !== "ok") return "source-failing";
    if (state.state === null) return "unknown";
    return state.stale ? "silent" : "live";
  }

  /** Liveness in a few words. @param {Liveness} live @param {Link} link */
  function words(live, link) {
    if (live === "unlinked") return link === "lost" ? "Connection lost – trying again" : "Connecting…";
    return live === "live" ? "Live" : live === "unknown" ? "Waiting for news" : "Not live";
  }

  /** A span of time in words; NaN: never. @param {number} ms */
  function ago(ms) {
    if (Number.isNaN(ms)) return "never";
    const seconds = Math.floor(ms / 1000);
    if (seconds < 2) return "just now";
    if (seconds < 60) return `${seconds} s ago`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
    if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
    return `${Math.floor(seconds / 86400)} d ago`;
  }

  /** Milliseconds from a time on the wire to `now`. @param {string | null} time @param {number} now */
  const since = (time, now) => (time === null ? NaN : now - Date.parse(time));

  /** A value as people read it: a text as it is, all else as compact JSON. @param {unknown} value */
  const text = (value) => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));

  /**
   * What `data-windsock-show` names, as text.
   *
   * @param {State | null} state
   * @param {string} what
   * @param {number} now on the server's clock
   */
  function pick(state, what, now) {
    if (!state) return "";
    if (what === "label") return state.label ?? state.state ?? "";
    if (what === "state") return state.state ?? "";
    if (what === "changed" || what === "heard") return ago(since(state[`${what}_at`], now));
    /** @type {any} */
    let value = state.data;
    for (const key of what.split(".").slice(1)) {
      const has = value !== null && typeof value === "object" && Object.hasOwn(value, key);
      value = has ? value[key] : undefined;
    }
    return text(value);
  }

  /**
   * Milliseconds until the next attempt: half a second at first, five at most, spread by chance.
   *
   * @param {number} attempt the first is 0
   * @param {number} random 0 to 1
   */
  const backoff = (attempt, random) => Math.min(5000, 500 * 2 ** attempt) * (0.5 + random / 2);

  // ------------------------------------------------------------------------------------- things

  /** @type {Map<string, Entry>} */
  const entries = new Map();
  /** What draws into elements. @type {Set<() => void>} */
  const drawings = new Set();
  /** @type {Set<(link: Link, reason: string) => void>} */
  const linkListeners = new Set();
  let link = /** @type {Link} */ ("connecting");
  let reason = "";
  let skew = 0;

  /** @param {string} name @returns {Entry} */
  function entryOf(name) {
    const none = { state: null, first: true, confirmed: false, asking: false, refusal: "" };
    const entry = entries.get(name) ?? { name, listeners: new Set(), ...none };
    entries.set(name, entry);
    return entry;
  }

  /** @param {Entry} entry @returns {Link} */
  const linkOf = (entry) => (link === "connected" && !entry.confirmed ? "connecting" : link);

  /** One listener's fault must not cost the others the news. @param {() => void} call */
  function safely(call) {
    try {
      call();
    } catch (error) {
      reportError(error);
    }
  }

  const draw = () => drawings.forEach(safely);

  /** @param {State | Heard} message */
  function receive(message) {
    heardAnything();
    const entry = entries.get(message.thing);
    if (!entry) return;
    const { state, verdict } = merge(entry.state, message, entry.first);
    if (verdict === "behind") ask(entry);
    if (!state || verdict === "behind" || verdict === "discarded") return;
    entry.state = state;
    if ("state" in message) [entry.first, entry.confirmed] = [false, true];
    skew = Date.parse(message.now) - Date.now();
    for (const listener of [...entry.listeners]) safely(() => listener(state));
    draw();
  }

  /** @param {Link} to */
  function setLink(to, why = "") {
    if (link === to && reason === why) return;
    [link, reason] = [to, why];
    for (const entry of entries.values()) entry.confirmed = entry.asking = false;
    for (const listener of [...linkListeners]) safely(() => listener(link, reason));
    draw();
  }

  // --------------------------------------------------------------------------------- connection

  const page = globalThis.document;
  const script = page?.getElementById("windsock-script");
  /** @type {any} */
  let socket = null;
  /** The things whose states this connection was asked for. @type {Set<string>} */
  let asked = new Set();
  /** One unknown thing makes the server refuse them all; then each is asked for by itself. */
  let oneByOne = false;
  let attempts = 0;
  let lastHeard = 0;
  let pingInterval = 25000;
  let probing = false;

  const heardAnything = () => (lastHeard = Date.now());

  function connect() {
    /** @type {any} */
    const { io } = globalThis;
    if (socket) return;
    if (!io) return setLink("lost", "A script of this page did not load.");
    socket = io("/windsock", {
      path: script?.dataset.socketPath || "/socket.io",
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      reconnectionDelay: 500,
      reconnectionDelayMax: 5000,
      timeout: 8000,
      auth: hello,
    });
    socket.io.engine?.once("handshake", (/** @type {any} */ data) => (pingInterval = data.pingInterval));
    socket.io.on("ping", heardAnything);
    socket.on("connect", connected);
    socket.on("connect_error", failed);
    socket.on("disconnect", (/** @type {string} */ why) => {
      setLink("lost");
      if (why === "io server disconnect") again();
    });
    socket.on("state", receive);
    socket.on("heard", receive);
    setInterval(tick, 1000);
    addEventListener("online", wake);
    addEventListener("pageshow", wake);
    page.addEventListener("visibilitychange", wake);
  }

  /**
   * Said at every CONNECT: what this page watches, and how far it has come.
   *
   * @param {(auth: object) => void} say
   */
  function hello(say) {
    const things = oneByOne ? [] : [...entries.values()].filter((entry) => entry.listeners.size);
    asked = new Set(things.map((entry) => entry.name));
    for (const entry of entries.values()) entry.first = true;
    const positions = things.map(({ name, state }) => {
      return [name, state && { epoch: state.epoch, version: state.version }];
    });
    say({ things: Object.fromEntries(positions) });
  }

  function connected() {
    attempts = 0;
    heardAnything();
    setLink("connected");
    for (const entry of entries.values()) if (entry.listeners.size && !asked.has(entry.name)) ask(entry);
  }

  /** @param {Error & {data?: {code?: string}}} error */
  function failed(error) {
    attempts += 1;
    if (socket.active) {
      // A proxy may let WebSocket hang instead of refusing it: every other time, the order is turned round.
      socket.io.opts.transports?.reverse();
      return setLink("lost");
    }
    // The server answered, and said no; Socket.IO would leave it at that.
    oneByOne ||= error.data?.code === "unknown_thing";
    setLink("lost", `The server does not let this page in: ${error.message}. Trying again.`);
    again();
  }

  function again() {
    setTimeout(() => socket.connected || socket.connect(), backoff(Math.max(0, attempts - 1), Math.random()));
  }

  /** Ask for a thing's state. @param {Entry} entry */
  async function ask(entry) {
    if (!socket?.connected || entry.asking) return;
    entry.asking = entry.first = true;
    asked.add(entry.name);
    const answer = await request("watch", { things: [entry.name] });
    entry.asking = false;
    entry.refusal = answer.ok || answer.code === "unanswered" ? "" : String(answer.error);
    if (entry.refusal) console.warn(`windsock: ${entry.refusal}`);
    draw();
  }

  /** The server's answer, or one that says that none came. @param {string} event @param {object} message */
  async function request(event, message) {
    connect();
    try {
      const answer = /** @type {Answer} */ (await socket.timeout(ANSWER_WITHIN).emitWithAck(event, message));
      heardAnything();
      return answer;
    } catch {
      return /** @type {Answer} */ ({ ok: false, code: "unanswered", error: "the server did not answer" });
    }
  }

  function tick() {
    if (Date.now() - lastHeard > pingInterval + 2000) probe();
    draw();
  }

  function wake() {
    if (page.visibilityState === "visible" && Date.now() - lastHeard > 3000) probe();
    draw();
  }

  /** After sleep, or a change of network, a dead link can look whole: ask, and see whether it answers. */
  async function probe() {
    if (!socket.connected || probing) return;
    probing = true;
    const { engine } = socket.io;
    const answer = await request("watch", { things: [...asked] });
    probing = false;
    if (answer.code !== "unanswered" || !socket.connected || engine !== socket.io.engine) return;
    setLink("lost");
    engine.close();
  }

  // ---------------------------------------------------------------------------------------- use

  /** A thing. The first `on` begins to watch it. @param {string} name */
  function windsock(name) {
    const handle = {
      name,
      /** The state as far as this page knows it. */
      get state() {
        return entryOf(name).state;
      },
      /** Whether that may be shown as live. */
      get liveness() {
        return liveness(handle.state, linkOf(entryOf(name)));
      },
      /** The same in a few words. */
      get words() {
        return entryOf(name).refusal || words(handle.liveness, linkOf(entryOf(name)));
      },
      /**
       * Call `listener` now if a state is known, and at all news.
       *
       * @param {"state"} event
       * @param {Listener} listener
       */
      on(event, listener) {
        if (event !== "state") throw new TypeError(`windsock: there is no event "${event}", only "state"`);
        const entry = entryOf(name);
        const { state } = entry;
        entry.listeners.add(listener);
        connect();
        if (!asked.has(name)) ask(entry);
        if (state) safely(() => listener(state));
        return handle;
      },
      /** @param {"state"} _event @param {Listener} listener */
      off(_event, listener) {
        const { listeners } = entryOf(name);
        if (!listeners.delete(listener) || listeners.size) return handle;
        entries.delete(name);
        if (asked.delete(name) && socket?.connected) request("unwatch", { things: [name] });
        return handle;
      },
    };
    return handle;
  }

  /**
   * Report a state, where that is allowed. The promise is the server's answer; it never fails.
   *
   * @param {string} thing
   * @param {string} state
   * @param {Record<string, unknown>} [data]
   */
  windsock.report = (thing, state, data) => request("report", { thing, state, ...(data && { data }) });

  /**
   * Call `listener` with the connection's state, now and at each change.
   *
   * @param {(link: Link, reason: string) => void} listener
   */
  windsock.onLink = (listener) => {
    linkListeners.add(listener);
    listener(link, reason);
  };

  /** The time now on the server's clock, in milliseconds. */
  windsock.now = () => Date.now() + skew;

  /**
   * Take a state that came with the page at `time`: to show, but not as live.
   *
   * @param {State} state
   * @param {number} time
   */
  windsock.seed = (state, time) => {
    entryOf(state.thing).state ??= state;
    skew = Date.parse(state.now) - time;
  };

  /**
   * Let an element show a thing, as the attributes do.
   *
   * @param {Element} element
   * @param {string} name
   * @param {string} what
   */
  function show(element, name, what) {
    if (!SHOWS.test(what)) {
      const known = "label, state, changed, heard, link or data.…";
      throw new TypeError(`windsock: data-windsock-show="${what}": expected ${known}`);
    }
    const thing = windsock(name);
    const drawing = () => {
      const { state } = thing;
      element.setAttribute("data-windsock-liveness", thing.liveness);
      if (element instanceof HTMLElement) element.title = thing.liveness === "live" ? "" : thing.words;
      if (element instanceof HTMLImageElement) {
        if (!state) return;
        element.alt = pick(state, "label", 0);
        if (!state.image) element.removeAttribute("src");
        else if (element.getAttribute("src") !== state.image) element.src = state.image;
      } else if (state || what === "link") {
        const said = what === "link" ? thing.words : pick(state, what, windsock.now());
        if (element.textContent !== said) element.textContent = said;
      }
    };
    drawings.add(drawing);
    thing.on("state", () => {});
    drawing();
  }

  /** How what is not live looks, on a page that does not say it; `:where` gives way to whatever the page says. */
  function dim() {
    const sheet = new CSSStyleSheet();
    const dead = '[data-windsock-liveness]:not([data-windsock-liveness="live"])';
    sheet.replaceSync(`:where(${dead}) { opacity: .5; filter: grayscale(1) }`);
    page.adoptedStyleSheets = [...page.adoptedStyleSheets, sheet];
  }

  /** Let the elements below `root` that have `data-windsock` show their things. @param {ParentNode} [root] */
  windsock.bind = (root = page) => {
    for (const element of root.querySelectorAll("[data-windsock]:not([data-windsock-liveness])")) {
      const { windsock: name, windsockShow } = /** @type {HTMLElement} */ (element).dataset;
      safely(() => show(element, String(name), windsockShow ?? "label"));
    }
  };

  windsock.pure = { merge, liveness, words, ago, since, text, pick, backoff };

  /** @type {any} */
  const { jQuery } = globalThis;
  if (jQuery) {
    /** @this {any} @param {string} name @param {(this: Element, state: State) => void} [listener] */
    jQuery.fn.windsock = function (name, listener) {
      return this.each((/** @type {number} */ _index, /** @type {HTMLElement} */ element) => {
        if (listener) windsock(name).on("state", (state) => listener.call(element, state));
        else show(element, name, element.dataset.windsockShow ?? "label");
      });
    };
  }
  if (page) dim();
  if (page?.readyState === "loading") page.addEventListener("DOMContentLoaded", () => windsock.bind());
  else if (page) windsock.bind();

  return windsock;
})();
