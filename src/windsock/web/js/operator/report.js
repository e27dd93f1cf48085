import { ask } from "./api.js";
import { byId, sentence, show } from "./dom.js";

/** @import { Thing } from "./types.d.ts" */

/** The form with which a state is reported by hand. */
export class Report {
  #form = /** @type {HTMLFormElement} */ (byId("report"));
  #thing = /** @type {HTMLSelectElement} */ (byId("report-thing"));
  #state = /** @type {HTMLSelectElement} */ (byId("report-state"));
  #name = /** @type {HTMLInputElement} */ (byId("report-name"));
  #data = /** @type {HTMLTextAreaElement} */ (byId("report-data"));
  #status = byId("report-status");
  /** @type {Thing[]} */
  #things = [];

  /** @param {() => void} refresh */
  constructor(refresh) {
    this.refresh = refresh;
    this.#thing.addEventListener("change", () => this.#drawStates());
    this.#data.addEventListener("input", () => this.#complain(""));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  /** @param {Thing[]} things */
  draw(things) {
    this.#things = things.filter((thing) => thing.reportable);
    show(this.#form, this.#things.length > 0);
    show(byId("report-none"), this.#things.length === 0);
    fill(this.#thing, this.#things.map((thing) => [thing.thing, thing.title]));
    this.#drawStates();
  }

  #drawStates() {
    const states = this.#things.find((thing) => thing.thing === this.#thing.value)?.reportable ?? [];
    fill(this.#state, states.map(({ state, label }) => [state, label && label !== state ? `${state} – ${label}` : state]));
    const any = states.length === 0;
    show(byId("report-listed"), !any);
    show(byId("report-any"), any);
    this.#name.required = any;
  }

  async #send() {
    const thing = this.#thing.value;
    const state = this.#name.required ? this.#name.value : this.#state.value;
    /** @type {{state: string, data?: unknown}} */
    const reading = { state };
    const text = this.#data.value.trim();
    if (text) {
      const data = object(text);
      if (typeof data === "string") return this.#complain(data);
      reading.data = data;
    }
    if (this.#form.getAttribute("aria-busy") === "true") return;
    this.#form.setAttribute("aria-busy", "true");
    this.#tell("", "Sending…");
    try {
      const { result, version } = await ask(`/things/${encodeURIComponent(thing)}/state`, "PUT", reading);
      this.#tell("ok", `${thing} is ${state}: ${RESULTS[/** @type {keyof typeof RESULTS} */ (result)]}, version ${version}.`);
    } catch (problem) {
      this.#tell("failing", sentence(problem instanceof Error ? problem.message : String(problem)));
    }
    this.#form.removeAttribute("aria-busy");
    this.refresh();
  }

  /** @param {string} words what is wrong with the data; "": nothing */
  #complain(words) {
    const place = byId("report-data-problem");
    place.textContent = words;
    if (words) this.#data.setAttribute("aria-invalid", "true");
    else this.#data.removeAttribute("aria-invalid");
    if (words) this.#data.focus();
  }

  /** @param {string} status @param {string} words */
  #tell(status, words) {
    this.#status.dataset.status = status;
    this.#status.textContent = words;
  }
}

const RESULTS = { changed: "changed", updated: "its data changed", same: "nothing changed" };

/** The JSON object in a text, or what is wrong with it. @param {string} text */
function object(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch (problem) {
    return `This is no JSON: ${problem instanceof Error ? problem.message : problem}`;
  }
  const fits = typeof value === "object" && value !== null && !Array.isArray(value);
  return fits ? /** @type {object} */ (value) : 'Data are a JSON object, such as {"by": "Ada"}.';
}

/** Have a list offer these, and leave it and what is chosen alone if it does. @param {HTMLSelectElement} list @param {string[][]} offers */
function fill(list, offers) {
  if (JSON.stringify([...list.options].map((option) => [option.value, option.text])) === JSON.stringify(offers)) return;
  const chosen = list.value;
  list.replaceChildren(...offers.map(([value, text]) => new Option(text, value, false, value === chosen)));
}
