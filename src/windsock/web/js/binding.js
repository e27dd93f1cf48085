import { pick } from "./words.js";

/** @import { State, Thing, Windsock } from "./windsock.d.ts" */

/**
 * What an element is to show of a thing: `color` is a property of CSS, the others are words of `WHAT`. `marks`: nothing
 * but whether it is live, for the page fills it by itself.
 *
 * @typedef {{show?: string, class?: string, title?: string, color?: string, marks?: boolean}} Wish
 */

const WHAT = /^(label|state|changed|updated|heard|link|connection|viewers|data(\..+)?)$/;
const KNOWN = "label, state, changed, updated, heard, link, connection, viewers or data.…";
const ATTRIBUTES = ["windsock", "windsockShow", "windsockClass", "windsockTitle", "windsockColor"];
const LIVENESS = "windsockLiveness"; // written by us

/**
 * What an element's `data-windsock-…` attributes wish. Throws a TypeError if they cannot be meant.
 *
 * @param {Record<string, string | undefined>} attributes its dataset
 * @returns {Wish}
 */
export function readWish(attributes) {
  const ours = Object.keys(attributes).filter((name) => name.startsWith("windsock") && name !== LIVENESS);
  const odd = ours.find((name) => !ATTRIBUTES.includes(name));
  const known = ATTRIBUTES.map(dashed).join(", ");
  if (odd) throw new TypeError(`windsock: there is no ${dashed(odd)}; there are ${known}`);
  const { windsockShow, windsockClass, windsockTitle, windsockColor } = attributes;
  const alone = windsockClass === undefined && windsockTitle === undefined && windsockColor === undefined;
  const wish = { show: windsockShow ?? (alone ? "label" : undefined), class: windsockClass, title: windsockTitle };
  for (const [name, what] of Object.entries(wish)) {
    if (what !== undefined && !WHAT.test(what)) {
      throw new TypeError(`windsock: data-windsock-${name}="${what}": expected ${KNOWN}`);
    }
  }
  return { ...wish, color: readProperty(windsockColor) };
}

/** The CSS property that is to have a state's colour. @param {string | undefined} property */
function readProperty(property) {
  if (property === undefined) return undefined;
  if (property === "") return "color";
  if (property.startsWith("--") || CSS.supports(property, "red")) return property;
  const expected = "a property of CSS such as background-color";
  throw new TypeError(`windsock: data-windsock-color="${property}": expected ${expected}`);
}

/** @param {string} name */
const dashed = (name) => `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** One element that shows a thing, and is not kept from being forgotten by that. */
export class Binding {
  #element;
  #own;
  #class = "";

  /** @param {Windsock} windsock @param {HTMLElement} element @param {Thing} thing @param {Wish} wish */
  constructor(windsock, element, thing, wish) {
    this.#element = new WeakRef(element);
    // The copy of an element that shows a thing has a title that is not its own.
    this.#own = element.dataset[LIVENESS] === undefined ? element.title : "";
    this.windsock = windsock;
    this.thing = thing;
    this.wish = wish;
  }

  get element() {
    return this.#element.deref();
  }

  draw() {
    const { element, thing } = this;
    if (!element) return;
    setAttribute(element, "data-windsock-liveness", thing.liveness);
    this.#drawTitle(element);
    if (this.wish.marks) return;
    if (element instanceof HTMLImageElement) drawPicture(element, thing.state, this.windsock);
    else this.#drawText(element);
    if (this.wish.class !== undefined) this.#drawClass(element, this.wish.class);
    if (this.wish.color !== undefined && thing.state) setColor(element, this.wish.color, thing.state.color);
  }

  /** The element is as it was, but for what it shows. */
  release() {
    const { element } = this;
    if (!element) return;
    element.removeAttribute("data-windsock-liveness");
    element.title = this.#own;
  }

  /** @param {string} what */
  #pick(what) {
    const { thing, windsock } = this;
    if (what === "link") return thing.words;
    if (what === "connection") return windsock.link;
    if (what === "viewers") return String(thing.viewers ?? "");
    return pick(thing.state, what, windsock.now());
  }

  /** @param {HTMLElement} element */
  #drawText(element) {
    const { show } = this.wish;
    // Until something is known, what the page came with may stay.
    if (show === undefined || (!this.thing.state && show !== "link" && show !== "connection")) return;
    const said = this.#pick(show);
    if (element.textContent !== said) element.textContent = said;
  }

  /** @param {HTMLElement} element */
  #drawTitle(element) {
    const own = this.wish.title === undefined ? this.#own : this.#pick(this.wish.title);
    const said = this.thing.liveness === "live" ? [own] : [own, this.thing.words];
    setAttribute(element, "title", said.filter(Boolean).join(" – "));
  }

  /** What it is called begins with what was picked: no state can name a class that means something else. */
  #drawClass(/** @type {HTMLElement} */ element, /** @type {string} */ what) {
    const value = this.#pick(what).replace(/[^\w-]+/g, "-");
    const name = value && `${what.split(".").at(-1)}-${value}`;
    if (name === this.#class) return;
    if (this.#class) element.classList.remove(this.#class);
    if (name) element.classList.add(name);
    this.#class = name;
  }
}

/** @param {HTMLImageElement} image @param {State | null} state @param {Windsock} windsock */
function drawPicture(image, state, windsock) {
  if (!state) return;
  image.alt = pick(state, "label", 0);
  if (state.image) setAttribute(image, "src", windsock.address(state.image));
  else image.removeAttribute("src");
}

/** @param {HTMLElement} element @param {string} property @param {string | null} color */
function setColor(element, property, color) {
  if (color === null || !CSS.supports("color", color)) element.style.removeProperty(property);
  else element.style.setProperty(property, color);
}

/** @param {Element} element @param {string} name @param {string} value */
function setAttribute(element, name, value) {
  if ((element.getAttribute(name) ?? "") !== value) element.setAttribute(name, value);
}
