import { Key, Refusal } from "./api.js";
import { byId, sentence, show } from "./dom.js";

/** The way in: asks for the publisher key where one is needed. */
export class Entry {
  #form = /** @type {HTMLFormElement} */ (byId("key-form"));
  #field = /** @type {HTMLInputElement} */ (byId("key"));
  #problem = byId("key-problem");

  /** @param {() => void} refresh */
  constructor(refresh) {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      Key.text = this.#field.value;
      this.#field.value = "";
      refresh();
    });
    byId("forget").addEventListener("click", () => {
      Key.text = "";
      refresh();
    });
  }

  /** The key, or that none is needed, has opened the page. */
  open() {
    const asked = !byId("entry").hidden;
    show(byId("entry"), false);
    show(byId("forget"), Key.text !== "");
    if (asked) byId("heading").focus();
  }

  /** Ask for a key, or say why none would help. @param {Refusal} refusal */
  ask(refusal) {
    const wrong = refusal.status === 403 && Key.text !== "";
    const useless = refusal.status === 403 && Key.text === "";
    const first = byId("entry").hidden;
    if (wrong) Key.text = "";
    show(byId("entry"), true);
    show(byId("forget"), false);
    show(this.#form, !useless);
    this.#problem.textContent = wrong ? "That is not the publisher key." : useless ? sentence(refusal.message) : "";
    show(this.#problem, wrong || useless);
    if (wrong) this.#field.setAttribute("aria-invalid", "true");
    else this.#field.removeAttribute("aria-invalid");
    if (!useless && (first || wrong)) this.#field.focus();
  }
}
