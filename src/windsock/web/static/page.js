/* Windsock's own pages: keeps true what the server rendered, and says so when it cannot. */

/** @typedef {State & {title: string, url: string, picture: string, images: string[]}} Rendered */

(() => {
  "use strict";

  const PATIENCE = 3000; // how long the page may take to connect before that is worth a word
  const FADE = 700; // a little longer than the transition in windsock.css
  const ANNOUNCE_EVERY = 3000;
  const UNREPORTED = "Nothing has been reported yet.";

  /**
   * Says the newest of what it is given of each subject, at most once in `every` milliseconds.
   *
   * @param {(text: string) => void} say
   * @param {number} every
   */
  function announcer(say, every, now = Date.now, later = setTimeout) {
    let last = -Infinity;
    /** @type {Map<string, string>} */
    const waiting = new Map();
    const speak = () => {
      say([...waiting.values()].join(" "));
      waiting.clear();
      last = now();
    };
    return (/** @type {string} */ subject, /** @type {string} */ text) => {
      if (!waiting.size) later(speak, Math.max(0, last + every - now()));
      waiting.set(subject, text);
    };
  }

  /**
   * What is to be said of a state that is not live; "" of one that is.
   *
   * @param {State | null} state
   * @param {Liveness | "starting"} live
   * @param {Link} link
   * @param {string} reason why the link is lost, if that is known
   * @param {number} now
   */
  function warning(state, live, link, reason, now) {
    const known = state?.state != null;
    const from = known ? clock(state.heard_at ?? state.updated_at, now) : "";
    if (live === "unlinked") {
      const seen = known ? ` What it shows is from ${clock(state.now, now)}.` : "";
      if (reason) return reason + seen;
      if (link === "lost") return `This page lost its connection; it is trying again.${seen}`;
      return `This page is not connected yet.${seen}`;
    }
    if (live === "source-failing") {
      if (!known) return "The source cannot be read; nothing is known yet.";
      return `The source cannot be read: this is the last known state, from ${from}.`;
    }
    if (live === "silent") {
      const heard = windsock.pure.since(state?.heard_at ?? null, now);
      if (Number.isNaN(heard)) return "Never heard from yet: this may not be true.";
      const span = windsock.pure.ago(Math.max(2000, heard)).replace(" ago", "");
      return `Not heard for ${span}: this may no longer be true.`;
    }
    return live === "unknown" ? `${UNREPORTED} This page changes as soon as something is.` : "";
  }

  /**
   * A time as a wall clock shows it here, with the day if it is not today.
   *
   * @param {string | null} time
   * @param {number} now
   */
  function clock(time, now) {
    if (time === null) return "an unknown time";
    const date = new Date(time);
    const hour = date.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
    if (date.toDateString() === new Date(now).toDateString()) return hour;
    return `${date.toLocaleDateString([], { day: "numeric", month: "short", year: "numeric" })}, ${hour}`;
  }

  /**
   * Whether a picture can be shown without a flicker.
   *
   * @param {HTMLImageElement} image
   * @returns {Promise<boolean>}
   */
  function ready(image) {
    /** @template T @param {number} ms @param {T} value @returns {Promise<T>} */
    const pause = (ms, value) => new Promise((resolve) => setTimeout(resolve, ms, value));
    /** @type {Promise<boolean>} */
    const loaded = new Promise((resolve) => {
      image.onload = () => resolve(true);
      image.onerror = () => resolve(false);
    });
    // A tab in the background may not decode at all.
    const decoded = image.decode().then(() => true, () => loaded);
    return Promise.race([decoded, loaded.then((good) => pause(100, good)), pause(4000, false)]);
  }

  /**
   * Write a text, unless it is there: what does not change stays selected.
   *
   * @param {Element | null} element
   * @param {string} text
   */
  function write(element, text) {
    if (element && element.textContent !== text) element.textContent = text;
  }

  /** One thing on the page: the whole page of it, or a card. */
  class View {
    /** @param {HTMLElement} root @param {(subject: string, text: string) => void} announce */
    constructor(root, announce) {
      const seed = root.querySelector("script[type='application/json']");
      /** @type {Rendered} */
      this.rendered = JSON.parse(seed?.textContent ?? "");
      this.root = root;
      this.announce = announce;
      this.whole = root.matches("main");
      this.picture = /** @type {HTMLImageElement} */ (root.querySelector("[data-part=picture]"));
      this.asked = this.rendered.picture;
      this.started = Date.now();
      this.faded = 0;
      this.data = "";
      /** @type {{label: string, live: string} | null} What those who listen were told. */
      this.told = null;
      this.thing = windsock(this.rendered.thing);
    }

    start() {
      /** @type {any[]} */
      const [loading] = performance.getEntriesByType("navigation");
      windsock.seed(this.rendered, performance.timeOrigin + (loading?.responseStart ?? 0));
      this.thing.on("state", () => this.draw());
    }

    draw() {
      const { state } = this.thing;
      if (!state) return;
      const label = state.label ?? state.state ?? "Nothing is known yet";
      const now = windsock.now();
      const changed = windsock.pure.pick(state, "changed", now);
      const { unknown, plain } = this.root.dataset;
      this.swap(state.image ?? String(state.state === null ? unknown : plain));
      this.part("label", label);
      this.part("changed", changed);
      this.part("heard", windsock.pure.pick(state, "heard", now));
      const accent = state.color && CSS.supports("color", state.color) ? state.color : "initial";
      (this.whole ? document.documentElement : this.root).style.setProperty("--accent", accent);
      this.root.toggleAttribute("data-long", label.length > 40);
      this.drawLiveness(state, state.state === null ? UNREPORTED : `Changed ${changed}`);
      if (this.whole) this.drawPage(state, label);
      this.tell(label);
    }

    /** @returns {Liveness | "starting"} */
    get live() {
      const live = this.thing.liveness;
      const early = live === "unlinked" && link !== "lost" && Date.now() - this.started < PATIENCE;
      return early ? "starting" : live;
    }

    /** @param {State} state @param {string} status what a card says of a live state */
    drawLiveness(state, status) {
      const { live } = this;
      // Until the link is up, what the server said of the source holds.
      if (live !== "starting") this.root.dataset.liveness = live;
      if (this.whole) drawChip(live, this.thing.words);
      const said = live === "starting" ? "" : warning(state, live, link, reason, windsock.now());
      if (!this.whole) this.part("status", live === "unlinked" ? status : said || status);
      else if (live !== "starting") drawBanner(said);
    }

    /** @param {State} state @param {string} label */
    drawPage(state, label) {
      const trusted = ["live", "starting", "unknown"].includes(this.live);
      const title = `${label} · ${this.rendered.title}`;
      write(document.querySelector("title"), trusted ? title : `(not live) ${title}`);
      if (this.picture.alt !== label) this.picture.alt = label;
      const data = JSON.stringify(state.data);
      if (data === this.data) return;
      this.data = data;
      const list = /** @type {HTMLElement} */ (this.root.querySelector("[data-part=data]"));
      const fields = Object.entries(state.data).map(([key, value]) => field(key, windsock.pure.text(value)));
      list.replaceChildren(...fields);
      list.hidden = !list.childElementCount;
    }

    /** @param {string} name @param {string} text */
    part(name, text) {
      write(this.root.querySelector(`[data-part=${name}]`), text);
    }

    /** Fade to a picture, once it can be shown; the newest wins. @param {string} url */
    async swap(url) {
      if (url === this.asked) return;
      this.asked = url;
      let next = this.imitate(url);
      const good = await ready(next);
      if (url !== this.asked) return;
      // Better no picture than that of another state.
      if (!good) next = this.imitate(String(this.root.dataset.unknown));
      if (this.whole) document.querySelector("link[rel=icon]")?.setAttribute("href", next.src);
      // Amid a fade, the picture that is coming changes; another fade would leave none to be seen.
      if (Date.now() < this.faded) return void (this.picture.src = next.src);
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      this.faded = Date.now() + (calm ? 0 : FADE);
      const old = this.picture;
      this.picture = next;
      next.classList.add("arriving");
      [next.id, old.id, next.alt, old.alt] = [old.id, "", old.alt, ""];
      old.removeAttribute("data-part");
      old.after(next);
      next.getBoundingClientRect(); // the transition begins where this leaves it
      next.classList.remove("arriving");
      old.classList.add("leaving");
      setTimeout(() => old.remove(), calm ? 0 : FADE);
    }

    /** @param {string} url */
    imitate(url) {
      const image = /** @type {HTMLImageElement} */ (this.picture.cloneNode());
      image.src = url;
      image.removeAttribute("id");
      image.classList.remove("arriving", "leaving");
      return image;
    }

    /** Tell those who listen of changes: not of the first state, nor of clocks. @param {string} label */
    tell(label) {
      const { live } = this;
      if (live === "unlinked" || live === "starting") return;
      const { told } = this;
      this.told = { label, live };
      if (!told || (told.label === label && told.live === live)) return;
      /** @type {Record<string, string>} */
      const news = {
        silent: "Not live: nothing is heard",
        "source-failing": "Not live: the source cannot be read",
      };
      this.announce(this.rendered.thing, `${this.rendered.title}: ${news[live] ?? label}.`);
    }
  }

  /** @param {string} key @param {string} value */
  function field(key, value) {
    const [group, term, detail] = ["div", "dt", "dd"].map((name) => document.createElement(name));
    term.textContent = key;
    detail.textContent = value;
    if (value.length > 40) group.className = "wide";
    if (value.length > 600) detail.tabIndex = 0; // it scrolls, so the keyboard must reach it
    group.append(term, detail);
    return group;
  }

  /** @param {Liveness | "starting"} live @param {string} words */
  function drawChip(live, words) {
    const chip = document.getElementById("link");
    if (!chip) return;
    chip.dataset.liveness = live;
    chip.dataset.link = link;
    write(chip, words);
  }

  /** @param {string} text */
  function drawBanner(text) {
    const banner = document.getElementById("banner");
    if (!banner) return;
    if (text) write(banner, text);
    banner.hidden = !text;
  }

  /** @type {Link} */
  let link = "connecting";
  let reason = "";

  function start() {
    const status = document.getElementById("announcer");
    const announce = announcer((text) => status && (status.textContent = text), ANNOUNCE_EVERY);
    const roots = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-thing]"));
    const views = [...roots].map((root) => new View(root, announce));
    const list = views.length > 0 && !views[0].whole;
    const started = Date.now();
    let settled = "";

    const draw = () => {
      for (const view of views) view.draw();
      if (!list) return;
      const early = link === "connecting" && Date.now() - started < PATIENCE;
      const live = link === "connected" ? "live" : "unlinked";
      // It says how this page is, and every card how its thing is.
      drawChip(early ? "starting" : live, live === "live" ? "Connected" : windsock.pure.words(live, link));
      const said = `${warning(null, live, link, reason, 0)} What it shows may be old.`;
      drawBanner(live === "live" || early ? "" : said);
    };
    windsock.onLink((to, why) => {
      [link, reason] = [to, why];
      // A link that is back within a moment is not worth an interruption.
      setTimeout(() => {
        if (to !== link || to === settled || to === "connecting") return;
        if (settled) announce("/", to === "lost" ? "Connection lost. Trying again." : "Connected again.");
        settled = to;
      }, 2000);
      draw();
    });
    for (const view of views) view.start();
    setInterval(draw, 1000);
    addEventListener("load", () => {
      const later = globalThis.requestIdleCallback ?? setTimeout;
      later(() => views.flatMap((view) => view.rendered.images).forEach((url) => (new Image().src = url)));
    });
  }

  if (globalThis.document) start();
  else Object.assign(windsock.pure, { announcer, warning });
})();
