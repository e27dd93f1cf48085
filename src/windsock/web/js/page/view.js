import { pick, text } from "../words.js";
import { drawBanner, drawChip, field, write } from "./elements.js";
import { Picture } from "./picture.js";
import { UNREPORTED, warning } from "./warning.js";

/** @import { State } from "../windsock.d.ts" */
/** @import { PageLink } from "./link.js" */
/** @import { Look } from "./warning.js" */

/** @typedef {State & {title: string, offline: string | null, picture: string, images: string[]}} Rendered */

/**
 * A thing as it was at another time, which is shown in place of the present. `waiting`: its data have not come yet;
 * `clocks`: how long before that time it had changed and was heard, in words.
 *
 * @typedef {State & {waiting: boolean, clocks: {changed: string, heard: string}}} Then
 */

/** What is told to those who listen, in place of the state's label. @type {Partial<Record<Look, string>>} */
const NEWS = { silent: "Not live: nothing is heard", "source-failing": "Not live: the source cannot be read" };

/** One thing on the page: the whole page of it, or a card. */
export class View {
  #data = "";
  /** What those who listen were told. @type {{label: string, look: Look} | null} */
  #told = null;
  /** @type {Then | null} */
  #then = null;

  /** @param {HTMLElement} root @param {PageLink} link @param {(subject: string, text: string) => void} announce */
  constructor(root, link, announce) {
    const seed = root.querySelector("script[type='application/json']");
    /** @type {Rendered} */
    this.rendered = JSON.parse(seed?.textContent ?? "");
    this.root = root;
    this.link = link;
    this.announce = announce;
    this.whole = root.matches("main");
    const image = /** @type {HTMLImageElement} */ (root.querySelector("[data-part=picture]"));
    this.picture = new Picture(image, this.rendered.picture, String(root.dataset.unknown), (url) => {
      if (this.whole) document.querySelector("link[rel=icon]")?.setAttribute("href", url);
    });
    this.thing = windsock(this.rendered.thing);
  }

  start() {
    /** @type {any[]} */
    const [loading] = performance.getEntriesByType("navigation");
    windsock.seed(this.rendered, performance.timeOrigin + (loading?.responseStart ?? 0));
    this.thing.on("state", () => this.draw());
    // The timeline, a script of its own, says what is to be shown.
    this.root.addEventListener("windsock:then", (event) => {
      this.#then = /** @type {CustomEvent<Then | null>} */ (event).detail;
      this.draw();
    });
  }

  draw() {
    const state = this.#then ?? this.thing.state;
    if (!state) return;
    const label = state.label ?? state.state ?? "Nothing is known yet";
    const { unknown, plain } = this.root.dataset;
    this.picture.show(state.image ?? String(state.state === null ? unknown : plain));
    this.#part("label", label);
    this.#drawClocks(state);
    const accent = state.color && CSS.supports("color", state.color) ? state.color : "initial";
    (this.whole ? document.documentElement : this.root).style.setProperty("--accent", accent);
    this.root.toggleAttribute("data-long", label.length > 40);
    this.#drawLook(state);
    if (this.whole) this.#drawPage(state, label);
    this.#tell(label);
  }

  /** @returns {Look} */
  get look() {
    if (this.#then) return "then";
    const { liveness, state } = this.thing;
    if (liveness === "unlinked" && this.link.starting) return "starting";
    const { offline } = this.rendered;
    return liveness === "live" && offline !== null && state?.state === offline ? "offline" : liveness;
  }

  /** What a search looks at. */
  get texts() {
    const { state } = this.thing;
    return [this.rendered.title, this.thing.name, state?.label ?? "", state?.state ?? ""];
  }

  /** @param {State} state */
  #drawClocks(state) {
    const now = windsock.now();
    const ticking = { changed: pick(state, "changed", now), heard: pick(state, "heard", now) };
    const { changed, heard } = this.#then?.clocks ?? ticking;
    this.#part("changed", changed);
    this.#part("heard", heard);
    this.#part("link", windsock.link);
    this.#part("when", state.state === null ? UNREPORTED : `Changed ${changed} · heard ${heard}`);
  }

  /** @param {State} state */
  #drawLook(state) {
    const { look, link } = this;
    // Until the link is up, what the server said of the source holds.
    if (look !== "starting") this.root.dataset.liveness = look;
    else if (this.root.dataset.liveness === "then") this.root.dataset.liveness = "snapshot";
    const said = look === "starting" ? "" : warning(look, { state, ...link.facts, now: windsock.now() });
    const words = look === "then" ? "Then" : look === "offline" ? "Offline" : this.thing.words;
    if (!this.whole) {
      // A page of many things says once how its link is.
      const own = said && !["unlinked", "checking", "unknown"].includes(look);
      this.#part("status", own ? said : "");
      return this.#part("word", own ? words : "");
    }
    drawChip(look, words);
    if (look !== "starting" && look !== "then") drawBanner(look, look === "checking" && !link.slow ? "" : said);
  }

  /** @param {State} state @param {string} label */
  #drawPage(state, label) {
    const trusted = ["live", "offline", "starting", "unknown"].includes(this.look);
    const title = `${label} · ${this.rendered.title}`;
    const mark = this.look === "then" ? "(then) " : trusted ? "" : "(not live) ";
    write(document.querySelector("title"), mark + title);
    if (this.picture.image.alt !== label) this.picture.image.alt = label;
    this.root.toggleAttribute("data-waiting", this.#then?.waiting ?? false);
    const data = JSON.stringify(state.data);
    if (this.#then?.waiting || data === this.#data) return;
    this.#data = data;
    const list = /** @type {HTMLElement | null} */ (this.root.querySelector("[data-part=data]"));
    if (!list) return;
    list.replaceChildren(...Object.entries(state.data).map(([key, value]) => field(key, text(value))));
    list.hidden = !list.childElementCount;
  }

  /** @param {string} name @param {string} said */
  #part(name, said) {
    write(this.root.querySelector(`[data-part=${name}]`), said);
  }

  /** Tell those who listen of changes: not of the first state, nor of clocks. @param {string} label */
  #tell(label) {
    const { look } = this;
    if (["unlinked", "checking", "starting", "then"].includes(look)) return;
    const told = this.#told;
    this.#told = { label, look };
    if (this.root.hidden || !told || (told.label === label && told.look === look)) return;
    this.announce(this.rendered.thing, `${this.rendered.title}: ${NEWS[look] ?? label}.`);
  }
}
