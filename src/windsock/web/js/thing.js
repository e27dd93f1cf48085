import { liveness, words } from "./liveness.js";
import { safely } from "./safely.js";

/** @import { Events, History, Listener, Refusal, Thing } from "./windsock.d.ts" */
/** @import { Viewer } from "./viewer.js" */

/** A thing, as the page's scripts see it. @implements {Thing} */
export class ThingView {
  #viewer;

  /** @param {Viewer} viewer @param {string} name */
  constructor(viewer, name) {
    this.#viewer = viewer;
    this.name = name;
  }

  get state() {
    return this.#viewer.things.find(this.name)?.state ?? null;
  }

  get viewers() {
    return this.#viewer.things.find(this.name)?.viewers ?? null;
  }

  get liveness() {
    return liveness(this.state, this.#viewer.linkOf(this.name));
  }

  get words() {
    const refusal = this.#viewer.things.find(this.name)?.refusal;
    return refusal || words(this.liveness, this.#viewer.linkOf(this.name));
  }

  /** @template {keyof Events} E @param {E} event @param {Listener<Events[E]>} listener */
  on(event, listener) {
    this.#listeners(event).add(listener);
    this.#viewer.watch(this.#viewer.things.need(this.name));
    const known = this.#known(event);
    if (known !== null) safely(() => listener(/** @type {Events[E]} */ (known)));
    return this;
  }

  /** @template {keyof Events} E @param {E} event @param {Listener<Events[E]>} listener */
  off(event, listener) {
    if (this.#listeners(event).delete(listener)) this.#viewer.leave(this.#viewer.things.need(this.name));
    return this;
  }

  /** @param {{since?: number, limit?: number}} which @returns {Promise<History | Refusal>} */
  history({ since, limit } = {}) {
    const epoch = since === undefined ? undefined : this.state?.epoch;
    const request = { thing: this.name, epoch, since, limit };
    return /** @type {Promise<History | Refusal>} */ (this.#viewer.connection.request("history", request));
  }

  /** What is known to tell now. @param {keyof Events} event */
  #known(event) {
    if (event === "state") return this.#viewer.news(this.#viewer.things.need(this.name));
    return event === "viewers" ? this.viewers : null;
  }

  /** @template {keyof Events} E @param {E} event */
  #listeners(event) {
    const { listeners } = this.#viewer.things.need(this.name);
    if (Object.hasOwn(listeners, event)) return /** @type {Set<Listener<Events[E]>>} */ (listeners[event]);
    throw new TypeError(`windsock: there is no event "${event}", only ${Object.keys(listeners).join(", ")}`);
  }
}
