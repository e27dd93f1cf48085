import { Binding, readWish } from "./binding.js";
import { safely } from "./safely.js";

/** @import { Listener, State, Windsock } from "./windsock.d.ts" */
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
  /** @type {WeakMap<Element, Set<Held>>} */
  #of = new WeakMap();
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
      if (this.#of.has(element)) continue;
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
    const end = () => {
      binding.release();
      const entry = things.need(name);
      entry.holders -= 1;
      if (counted) thing.off("viewers", count);
      else this.viewer.leave(entry);
    };
    this.#hold(element, name, () => binding.draw(), end);
    binding.draw();
  }

  /** Call `listener` at all news of a thing, for as long as an element is there. */
  listen(/** @type {Element} */ element, /** @type {string} */ name, /** @type {Listener<State>} */ listener) {
    const thing = this.windsock(name).on("state", listener);
    this.#hold(element, name, () => {}, () => thing.off("state", listener));
  }

  /** @param {Element} element @param {string} name @param {() => void} draw @param {() => void} end */
  #hold(element, name, draw, end) {
    const held = { name, element: new WeakRef(element), absent: element.isConnected ? 0 : NaN, draw, end };
    this.#held.add(held);
    this.#of.set(element, (this.#of.get(element) ?? new Set()).add(held));
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
    const element = held.element.deref();
    if (element) this.#of.delete(element);
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
