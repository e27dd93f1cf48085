import { Bindings } from "./bindings.js";
import { ThingView } from "./thing.js";
import { Viewer } from "./viewer.js";

/** @import { Report, Setup, Windsock } from "./windsock.d.ts" */

/**
 * Windsock for one page, and its elements.
 *
 * @param {Setup} setup
 * @returns {{windsock: Windsock, bindings: Bindings}}
 */
export function makeWindsock(setup) {
  const viewer = new Viewer(setup);
  const thing = (/** @type {string} */ name) => new ThingView(viewer, name);
  /** @type {Omit<Windsock, never>} */
  const functions = {
    report: (thing, state, data) =>
      /** @type {Promise<Report>} */ (viewer.connection.request("report", { thing, state, data })),
    bind: (root) => bindings.bind(root),
    unbind: (root) => bindings.unbind(root),
    onLink: (listener) => viewer.onLink(listener),
    now: () => viewer.now(),
    address: (path) => viewer.address(path),
    setup: (options) => viewer.change(options),
    seed: (state, time) => viewer.seed(state, time),
    get link() {
      return viewer.words;
    },
  };
  // Not Object.assign: it would read `link` once and for all.
  Object.defineProperties(thing, Object.getOwnPropertyDescriptors(functions));
  const windsock = /** @type {Windsock} */ (/** @type {unknown} */ (thing));
  const bindings = new Bindings(viewer, windsock);
  viewer.draw = (name) => bindings.draw(name);
  return { windsock, bindings };
}
