/*
 * Windsock in the browser: the live state of things, over one shared Socket.IO connection.
 *
 *   <b data-windsock="cloud"></b>                                   the label, as text
 *   <img data-windsock="cloud" alt="">                              the picture
 *   <i data-windsock="cloud" data-windsock-show="data.force"></i>   also: state, changed, heard, link
 *   $("#test").windsock("cloud", function (state) { … })            called with the state now, and at every news
 *   windsock("cloud").on("state", state => { … })                   the same without jQuery
 *
 * Everything is written as text; nothing that a thing says becomes markup.
 */

/**
 * @typedef {{epoch: string, version: number, heard_at: string | null, now: string, stale: boolean,
 *   source: string}} Clocks
 * @typedef {Clocks & {thing: string}} Heard
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
   * What becomes of the state that a viewer has when a message comes. `first`: it is the first one of the
   * thing since CONNECT or `watch`, so it is right whatever its version. "behind": ask for the state again.
   * @param {State | null} old
   * @param {State | Heard} message
   * @param {boolean} [first]
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
   * Whether a state may be shown as live, and if not, why. `link` is that of the thing: connected means
   * that its state has come since.
   * @param {State | null} state
   * @param {Link} link
   * @returns {Liveness}
   */
  function liveness(state, link) {
    if (link !== "connected" || !state) return "unlinked";
    if (state.source !== "ok") return "source-failing";
    if (state.state === null) return "unknown";
    return state.stale ? "silent" : "live";
  }

  /**
   * Liveness in a few words.
   * @param {Liveness} live
   * @param {Link} link
   */
  function words(live, link) {
    if (live === "unlinked") return link === "lost" ? "Connection lost – trying again" : "Connecting…";
    return live === "live" ? "Live" : live === "unknown" ? "Waiting for news" : "Not live";
  }

  /**
   * A span of time in words.
   * @param {number} ms
   */
  function ago(ms) {
    if (Number.isNaN(ms)) return "never";
    const seconds = Math.floor(ms / 1000);
    if (seconds < 2) return "just now";
    if (seconds < 60) return `${seconds} s ago`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
    if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
    return `${Math.floor(seconds / 86400)} d ago`;
  }

  /**
   * How long ago a time on the wire was. NaN: never.
   * @param {string | null} time
   * @param {number} now on the server's clock
   */
  function since(time, now) {
    return time === null ? NaN : now - Date.parse(time);
  }

  /**
   * A value as people read it: a text as it is, all else as compact JSON.
   * @param {unknown} value
   * @returns {string}
   */
  function text(value) {
    return typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
  }

  /**
   * What `data-windsock-show` names, as text. `now` is on the server's clock.
   * @param {State | null} state
   * @param {string} what
   * @param {number} now
   * @param {string} link
   */
  function pick(state, what, now, link) {
    if (what === "link") return link;
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
   * Milliseconds until the next attempt: half a second at first, five seconds at most, spread by chance.
   * @param {number} attempt the first is 0
   * @param {number} random 0 to 1
   */
  function backoff(attempt, random) {
    return Math.min(5000, 500 * 2 ** attempt) * (0.5 + random / 2);
  }

  const pure = { merge, liveness, words, ago, since, text, pick, backoff };

  // ------------------------------------------------------------------------------------- things

  /** @type {Map<string, Entry>} */
  const entries = new Map();
  /** @type {Set<() => void>} */
  const drawings = new Set();
  /** @type {Set<(link: Link, reason: string) => void>} */
  const linkListeners = new Set();
  /** @type {Link} */
  let link = "connecting";
  let reason = "";
  let skew = 0;

  /** @param {string} name */
  function entryOf(name) {
    /** @type {Entry} */
    const fresh = {
      name, state: null, listeners: new Set(), first: true, confirmed: false, asking: false, refusal: "",
    };
    const entry = entries.get(name) ?? fresh;
    entries.set(name, entry);
    return entry;
  }

  /** @param {Entry} entry @returns {Link} */
  const linkOf = (entry) => (link === "connected" && !entry.confirmed ? "connecting" : link);

  /**
   * One listener's fault must not cost the others the news.
   * @param {() => void} call
   */
  function safely(call) {
    try {
      call();
    } catch (error) {
      reportError(error);
    }
  }

  function draw() {
    for (const drawing of drawings) safely(drawing);
  }

  /** @param {State | Heard} message */
  function receive(message) {
    heardAnything();
    const entry = entries.get(message.thing);
    if (!entry) return;
    const { state, verdict } = merge(entry.state, message, entry.first);
    if (verdict === "behind") return ask(entry);
    if (verdict === "discarded") return;
    entry.state = state;
    if ("state" in message) {
      entry.first = false;
      entry.confirmed = true;
    }
    skew = Date.parse(message.now) - Date.now();
    if (link !== "connected") setLink("connected");
    tell(entry);
  }

  /** @param {Entry} entry */
  function tell(entry) {
    const { state } = entry;
    if (state) for (const listener of [...entry.listeners]) safely(() => listener(state));
    draw();
  }

  /**
   * @param {Link} to
   * @param {string} [why]
   */
  function setLink(to, why = "") {
    if (link === to && reason === why) return;
    link = to;
    reason = why;
    if (link !== "connected") for (const entry of entries.values()) entry.confirmed = entry.asking = false;
    for (const listener of [...linkListeners]) safely(() => listener(link, reason));
    draw();
  }

  // --------------------------------------------------------------------------------- connection

  const script = document.currentScript ?? document.getElementById("windsock-script");
  /** @type {any} */
  let socket = null;
  /** Things whose state this connection was asked for. @type {Set<string>} */
  let asked = new Set();
  /** One unknown thing makes the server refuse all: then each is asked for by itself. */
  let oneByOne = false;
  let attempts = 0;
  let lastHeard = 0;
  let pingInterval = 25000;
  let probing = false;

  function heardAnything() {
    lastHeard = Date.now();
  }

  function connect() {
    /** @type {any} */
    const { io } = globalThis;
    if (socket || !io) return socket ?? setLink("lost", "the Socket.IO client is not on this page");
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
    socket.on("connect_error", refused);
    socket.on("disconnect", (/** @type {string} */ why) => {
      setLink("lost");
      if (why === "io server disconnect") again();
    });
    socket.on("state", receive);
    socket.on("heard", receive);
    setInterval(tick, 1000);
    addEventListener("online", wake);
    addEventListener("pageshow", wake);
    document.addEventListener("visibilitychange", wake);
  }

  /** Said at each CONNECT: what this page watches, and how far it has come. @param {(auth: object) => void} say */
  function hello(say) {
    const things = oneByOne ? [] : [...entries.values()].filter((entry) => entry.listeners.size);
    asked = new Set(things.map((entry) => entry.name));
    for (const entry of entries.values()) entry.first = true;
    say({ things: Object.fromEntries(things.map((entry) => [entry.name, positionOf(entry)])) });
  }

  /** @param {Entry} entry */
  function positionOf({ state }) {
    return state ? { epoch: state.epoch, version: state.version } : null;
  }

  function connected() {
    attempts = 0;
    heardAnything();
    setLink("connected");
    for (const entry of entries.values()) if (entry.listeners.size && !asked.has(entry.name)) ask(entry);
  }

  /** @param {Error & {data?: {code?: string}}} error */
  function refused(error) {
    attempts += 1;
    if (!socket.active) {
      // The server answered, and said no; Socket.IO leaves it at that.
      setLink("lost", error.message);
      if (error.data?.code === "unknown_thing") oneByOne = true;
      return again();
    }
    setLink("lost");
    // A proxy may let WebSocket hang instead of refusing it: every second time the order is turned round.
    socket.io.opts.transports = attempts % 2 ? ["polling", "websocket"] : ["websocket", "polling"];
  }

  function again() {
    setTimeout(() => socket.connected || socket.connect(), backoff(Math.max(0, attempts - 1), Math.random()));
  }

  /** Ask for a thing's state again. @param {Entry} entry */
  function ask(entry) {
    if (!socket?.connected || entry.asking) return;
    entry.asking = entry.first = true;
    asked.add(entry.name);
    request("watch", { things: [entry.name] }).then((answer) => {
      entry.asking = false;
      entry.refusal = answer.ok ? "" : String(answer.error);
      if (answer.ok) return;
      console.warn(`windsock: ${entry.name}: ${entry.refusal}`);
      draw();
    });
  }

  /**
   * The server's answer; one that says so if none came.
   * @param {string} event
   * @param {object} message
   * @returns {Promise<Answer>}
   */
  function request(event, message) {
    const silence = { ok: false, code: "unavailable", error: "the server did not answer" };
    connect();
    if (!socket) return Promise.resolve(silence);
    return socket.timeout(ANSWER_WITHIN).emitWithAck(event, message).then(
      (/** @type {Answer} */ answer) => (heardAnything(), answer),
      () => silence,
    );
  }

  function tick() {
    if (Date.now() - lastHeard > pingInterval + 2000) probe();
    draw();
  }

  function wake() {
    if (document.visibilityState === "visible" && Date.now() - lastHeard > 3000) probe();
    draw();
  }

  /** After sleep or a change of network, a link can look whole that is not: ask, and see whether it answers. */
  function probe() {
    if (!socket?.connected || probing) return;
    probing = true;
    const { engine } = socket.io;
    const things = [...entries.values()].filter((entry) => entry.confirmed).map((entry) => entry.name);
    request("watch", { things }).then((answer) => {
      probing = false;
      if (answer.code !== "unavailable" || engine !== socket.io.engine) return;
      setLink("lost");
      engine.close();
    });
  }

  // ---------------------------------------------------------------------------------------- API

  /**
   * A thing, by name. Listening begins with `on`.
   * @param {string} name
   */
  function windsock(name) {
    const handle = {
      name,
      /** The state as far as this page knows it. */
      get state() {
        return entries.get(name)?.state ?? null;
      },
      /** Whether that may be shown as live. */
      get liveness() {
        const entry = entryOf(name);
        return liveness(entry.state, linkOf(entry));
      },
      /** That in a few words. */
      get words() {
        const entry = entryOf(name);
        return entry.refusal || words(handle.liveness, linkOf(entry));
      },
      /** @param {"state"} event @param {Listener} listener called at once if a state is known, and at all news */
      on(event, listener) {
        if (event !== "state") throw new TypeError(`windsock: there is no event "${event}"; there is "state"`);
        const entry = entryOf(name);
        entry.listeners.add(listener);
        connect();
        if (entry.listeners.size === 1 && !asked.has(name)) ask(entry);
        const { state } = entry;
        if (state) safely(() => listener(state));
        return handle;
      },
      /** @param {"state"} _event @param {Listener} listener */
      off(_event, listener) {
        const entry = entries.get(name);
        if (!entry?.listeners.delete(listener) || entry.listeners.size) return handle;
        entries.delete(name);
        asked.delete(name);
        if (socket?.connected) request("unwatch", { things: [name] });
        return handle;
      },
      /** @param {string} state @param {Record<string, unknown>} [data] */
      report: (state, data) => windsock.report(name, state, data),
    };
    return handle;
  }

  /**
   * Report a state, where reporting is allowed. The promise is the server's answer, and never fails.
   * @param {string} thing
   * @param {string} state
   * @param {Record<string, unknown>} [data]
   */
  windsock.report = (thing, state, data) => request("report", { thing, state, ...(data && { data }) });

  /** Call `listener` with the state of the connection, now and whenever it changes. @param {(link: Link, reason: string) => void} listener */
  windsock.onLink = (listener) => {
    linkListeners.add(listener);
    listener(link, reason);
  };

  /** The time on the server's clock, as milliseconds. */
  windsock.now = () => Date.now() + skew;

  /**
   * A state that came with the page: shown until a newer one comes, but not live.
   * @param {State} state
   * @param {number} receivedAt
   */
  windsock.seed = (state, receivedAt) => {
    const entry = entryOf(state.thing);
    if (entry.state) return;
    entry.state = state;
    skew = Date.parse(state.now) - receivedAt;
  };

  /**
   * Let an element show a thing, as `data-windsock` attributes do.
   * @param {Element} element
   * @param {string} name
   * @param {string} what
   */
  function show(element, name, what) {
    if (!SHOWS.test(what)) {
      throw new TypeError(`windsock: data-windsock-show="${what}": expected label, state, changed, heard, link or data.…`);
    }
    const thing = windsock(name);
    const drawing = () => {
      const { state } = thing;
      element.setAttribute("data-windsock-liveness", thing.liveness);
      if (element instanceof HTMLImageElement) {
        if (state?.image && element.getAttribute("src") !== state.image) element.src = state.image;
        if (state && !state.image) element.removeAttribute("src");
        if (state) element.alt = pick(state, "label", 0, "");
        return;
      }
      const words = pick(state, what, windsock.now(), thing.words);
      if ((state || what === "link") && element.textContent !== words) element.textContent = words;
    };
    drawings.add(drawing);
    thing.on("state", () => {});
    drawing();
  }

  /** Let the elements below `root` that have `data-windsock` show their things. @param {ParentNode} [root] */
  windsock.bind = (root = document) => {
    for (const element of root.querySelectorAll("[data-windsock]:not([data-windsock-liveness])")) {
      const { windsock: name, windsockShow: what = "label" } = /** @type {HTMLElement} */ (element).dataset;
      safely(() => show(element, String(name), what));
    }
  };

  windsock.pure = pure;

  /** @type {any} */
  const { jQuery } = globalThis;
  if (jQuery) {
    /** @this {any} @param {string} name @param {(this: Element, state: State) => void} [listener] */
    jQuery.fn.windsock = function (name, listener) {
      return this.each(function (/** @type {number} */ _index, /** @type {HTMLElement} */ element) {
        if (listener) windsock(name).on("state", (state) => listener.call(element, state));
        else show(element, name, element.dataset.windsockShow ?? "label");
      });
    };
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => windsock.bind());
  else windsock.bind();

  return windsock;
})();
