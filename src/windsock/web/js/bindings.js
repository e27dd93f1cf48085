import { Binding, readWish } from "./binding.js";
import { safely } from "./safely.js";

/** @import { Listener, News, Windsock } from "./windsock.d.ts" */
/** @import { Viewer } from "./viewer.js" */
/** @import { Wish } from "./binding.js" */

/** Milliseconds between two moments at which all words about time are written anew. */
const TICK = 1000;
/** So many ticks an element may be out of the page, on its way to another place, before it is let go of. */
const ABSENT = 2;

/**
 * What is held for one element; `end` lets go of it. `absent`: for how many ticks it has been out of the page; NaN: it
 * was not in it yet.
 *
 * @typedef {{name: string, element: WeakRef<Element>, absent: number, draw: () => void, end: () => void}} Held
 */

/** The elements that show things. */
export class Bindings {
  /** @type {Set<Held>} */
  #held = new Set();
  /** Those that show what their attributes say. @type {WeakSet<Element>} */
  #shown = new WeakSet();
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #ticking;

  /** @param {Viewer} viewer @param {Windsock} windsock */
  constructor(viewer, windsock) {
    this.viewer = viewer;
    this.windsock = windsock;
  }

  /** @param {string} [name] only the elements of this thing */
  draw(name) {
    for (const held of this.#held) if (name === undefined || held.name === name) safely(held.draw);
  }

  /** Let the elements below `root` that have `data-windsock` show their things. @param {ParentNode} [root] */
  bind(root = document) {
    for (const element of within(root)) {
      if (this.#shown.has(element)) continue;
      safely(() => this.show(element, element.dataset.windsock ?? "", readWish(element.dataset)));
    }
  }

  /** Let go of the elements below `root`. @param {ParentNode} [root] */
  unbind(root = document) {
    for (const held of [...this.#held]) {
      const element = held.element.deref();
      if (!element || root === element || root.contains(element)) this.#letGo(held);
    }
  }

  /** @param {HTMLElement} element @param {string} name @param {Wish} wish */
  show(element, name, wish) {
    const thing = this.windsock(name);
    const binding = new Binding(this.windsock, element, thing, wish);
    const { things } = this.viewer;
    const count = () => {};
    things.need(name).holders += 1;
    const counted = [wish.show, wish.title, wish.class].includes("viewers");
    if (counted) thing.on("viewers", count);
    this.viewer.watch(things.need(name));
    this.#shown.add(element);
    const shown = new WeakRef(element);
    const end = () => {
      binding.release();
      const gone = shown.deref();
      if (gone) this.#shown.delete(gone);
      const entry = things.need(name);
      entry.holders -= 1;
      if (counted) thing.off("viewers", count);
      else this.viewer.leave(entry);
    };
    this.#hold(element, name, () => binding.draw(), end);
    binding.draw();
  }

  /** Call `listener` at all news of a thing, for as long as an element is there. */
  listen(/** @type {Element} */ element, /** @type {string} */ name, /** @type {Listener<News>} */ listener) {
    const thing = this.windsock(name).on("state", listener);
    // What it writes has to be marked when it is not live; attributes see to that by themselves.
    const marked = element instanceof HTMLElement && !element.hasAttribute("data-windsock");
    const binding = marked ? new Binding(this.windsock, element, thing, { marks: true }) : null;
    const end = () => {
      binding?.release();
      thing.off("state", listener);
    };
    this.#hold(element, name, () => binding?.draw(), end);
    binding?.draw();
  }

  /** @param {Element} element @param {string} name @param {() => void} draw @param {() => void} end */
  #hold(element, name, draw, end) {
    const held = { name, element: new WeakRef(element), absent: element.isConnected ? 0 : NaN, draw, end };
    this.#held.add(held);
    this.#ticking ??= setInterval(() => this.#tick(), TICK);
  }

  #tick() {
    for (const held of [...this.#held]) {
      const element = held.element.deref();
      if (element?.isConnected) held.absent = 0;
      else held.absent += 1;
      if (!element || held.absent >= ABSENT) this.#letGo(held);
    }
    this.draw();
  }

  /** @param {Held} held */
  #letGo(held) {
    this.#held.delete(held);
    held.end();
    if (this.#held.size) return;
    clearInterval(this.#ticking);
    this.#ticking = undefined;
  }
}

/** @param {ParentNode} root @returns {HTMLElement[]} */
function within(root) {
  /** @type {HTMLElement[]} */
  const below = [...root.querySelectorAll(/** @type {"b"} */ ("[data-windsock]"))];
  return root instanceof HTMLElement && root.matches("[data-windsock]") ? [root, ...below] : below;
}
