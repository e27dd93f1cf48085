import { write } from "../page/elements.js";
import { clock, day } from "./words.js";

/** @import { Thing } from "../windsock.d.ts" */
/** @import { Then } from "../page/view.js" */

/** Says on the whole page that it shows the past, and what is so now. */
export class Bar {
  /** The version that was the newest when the past was entered. */
  #left = 0;

  /** @param {HTMLElement} main @param {HTMLElement} bar @param {Thing} thing */
  constructor(main, bar, thing) {
    this.main = main;
    this.bar = bar;
    this.thing = thing;
    const [moment, present] = bar.querySelectorAll("p > *");
    this.moment = moment;
    this.present = present;
  }

  /** @param {Then} then @param {number} moment @param {boolean} vague */
  show(then, moment, vague) {
    if (this.bar.hidden) this.#left = this.thing.state?.version ?? 0;
    this.bar.hidden = false;
    const on = `As it was on ${day(moment, windsock.now())} ${vague ? "around" : "at"} ${clock(moment)}`;
    write(this.moment, on);
    this.tell();
    this.#draw(then);
  }

  /** What is so now, which the page goes on to know. */
  tell() {
    const { state, liveness, words } = this.thing;
    const changed = (state?.version ?? 0) !== this.#left;
    this.present.classList.toggle("news", changed);
    const label = state?.label ?? state?.state ?? "nothing is known";
    const doubt = liveness === "live" || liveness === "unknown" ? "" : ` (${words})`;
    write(this.present, `${changed ? "Changed meanwhile, now" : "Now"}: ${label}${doubt}`);
  }

  hide() {
    this.bar.hidden = true;
    this.#draw(null);
  }

  /** @param {Then | null} then */
  #draw(then) {
    this.main.dispatchEvent(new CustomEvent("windsock:then", { detail: then }));
  }
}
