import { readWish } from "./binding.js";

/** @import { News } from "./windsock.d.ts" */
/** @import { Bindings } from "./bindings.js" */

/**
 * `$("#x").windsock("cloud", fn)`: calls `fn` at all news of a thing, `this` being the element; without `fn`, shows it.
 *
 * @param {any} jQuery
 * @param {Bindings} bindings
 */
export function extendJQuery(jQuery, bindings) {
  /** @this {any} @param {string} name @param {(this: Element, state: News) => void} [listener] */
  jQuery.fn.windsock = function (name, listener) {
    return this.each((/** @type {number} */ _index, /** @type {HTMLElement} */ element) => {
      if (listener) bindings.listen(element, name, (state) => listener.call(element, state));
      else bindings.show(element, name, readWish(element.dataset));
    });
  };
}
