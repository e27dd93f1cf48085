import { pick, text } from "../words.js";
import { drawBanner, drawChip, field, write } from "./elements.js";
import { Picture } from "./picture.js";
import { UNREPORTED, warning } from "./warning.js";

/** @import { State } from "../windsock.d.ts" */
/** @import { PageLink } from "./link.js" */
/** @import { Look } from "./warning.js" */

/** @typedef {State & {title: string, offline: string | null, picture: string, images: string[]}} Rendered */

/** What is told to those who listen, in place of the state's label. @type {Partial<Record<Look, string>>} */
const NEWS = { silent: "Not live: nothing is heard", "source-failing": "Not live: the source cannot be read" };

/** One thing on the page: the whole page of it, or a card. */
export class View {
  #data = "";
  /** What those who listen were told. @type {{label: string, look: Look} | null} */
  #told = null;

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
  }

  draw() {
    const { state } = this.thing;
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
    const { liveness, state } = this.thing;
    if (liveness === "unlinked" && this.link.starting) return "starting";
    const { offline } = this.rendered;
    return liveness === "live" && offline !== null && state?.state === offline ? "offline" : liveness;
  }

  /** @param {State} state */
  #drawClocks(state) {
    const now = windsock.now();
    const [changed, heard] = [pick(state, "changed", now), pick(state, "heard", now)];
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
    const said = look === "starting" ? "" : warning(look, { state, ...link.facts, now: windsock.now() });
    // A page of many things says once how its link is.
    if (!this.whole) return this.#part("status", ["unlinked", "checking", "unknown"].includes(look) ? "" : said);
    drawChip(look, look === "offline" ? "Offline" : this.thing.words);
    if (look !== "starting") drawBanner(look, look === "checking" && !link.slow ? "" : said);
  }

  /** @param {State} state @param {string} label */
  #drawPage(state, label) {
    const trusted = ["live", "offline", "starting", "unknown"].includes(this.look);
    const title = `${label} · ${this.rendered.title}`;
    write(document.querySelector("title"), trusted ? title : `(not live) ${title}`);
    if (this.picture.image.alt !== label) this.picture.image.alt = label;
    const data = JSON.stringify(state.data);
    if (data === this.#data) return;
    this.#data = data;
    const list = /** @type {HTMLElement} */ (this.root.querySelector("[data-part=data]"));
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
    if (["unlinked", "checking", "starting"].includes(look)) return;
    const told = this.#told;
    this.#told = { label, look };
    if (!told || (told.label === label && told.look === look)) return;
    this.announce(this.rendered.thing, `${this.rendered.title}: ${NEWS[look] ?? label}.`);
  }
}
