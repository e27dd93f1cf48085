import { write } from "./elements.js";

/** @import { View } from "./view.js" */

/** Milliseconds without a key after which the count is worth telling to those who listen. */
const PAUSE = 600;

/** Letters that are searched for as others, and that Unicode does not take apart. @type {Record<string, string>} */
const LETTERS = { æ: "ae", đ: "d", ð: "d", ħ: "h", ı: "i", ł: "l", œ: "oe", ø: "o", ß: "ss", þ: "th", ŧ: "t" };

/** A text without what makes no difference to who searches: case, and marks on letters. @param {string} text */
const plain = (text) =>
  text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^\p{ASCII}]/gu, (letter) => LETTERS[letter] ?? letter);

/**
 * Whether every word of a query is somewhere in the texts.
 *
 * @param {string} query
 * @param {string[]} texts
 */
export function matches(query, texts) {
  const all = plain(texts.join("\n"));
  return plain(query).split(/\s+/).every((word) => all.includes(word));
}

/** How many match, in words. @param {number} count @param {number} all @param {string} query */
export function found(count, all, query) {
  if (!query) return `${all} things`;
  return `${count || "None"} of ${all} ${count === 1 ? "matches" : "match"}`;
}

/** The field that leaves, of a page of many things, those that match. */
export class Search {
  #due = false;
  #said = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #pause;

  /**
   * @param {HTMLInputElement} input
   * @param {View[]} views
   * @param {(subject: string, text: string) => void} announce
   */
  constructor(input, views, announce) {
    this.input = input;
    this.views = views;
    this.announce = announce;
  }

  start() {
    const { input } = this;
    // A query is part of the address, so that it is still there when its reader comes back from a thing's page.
    input.value = new URLSearchParams(location.search).get("q") ?? input.value;
    input.addEventListener("input", () => this.#typed());
    addEventListener("keydown", (event) => this.#pressed(event));
    addEventListener("focusout", () => this.#later());
    document.getElementById("all")?.addEventListener("click", () => this.#set(""));
    for (const view of this.views) view.thing.on("state", () => this.#later());
    this.draw();
  }

  get query() {
    return this.input.value.trim();
  }

  draw() {
    this.#due = false;
    let count = 0;
    for (const { root, texts } of this.views) {
      const shown = matches(this.query, texts);
      if (shown) count += 1;
      // The card that the keyboard is at stays for as long as it is there.
      root.hidden = !shown && !root.contains(document.activeElement);
    }
    this.#say(found(count, this.views.length, this.query));
    /** @type {HTMLElement} */ (document.getElementById("none")).hidden = count > 0;
  }

  /** News of many things at once are looked at once. */
  #later() {
    if (!this.#due) requestAnimationFrame(() => this.draw());
    this.#due = true;
  }

  /** @param {string} said */
  #say(said) {
    write(document.getElementById("found"), said);
    if (said === this.#said) return;
    if (this.#said) {
      clearTimeout(this.#pause);
      this.#pause = setTimeout(() => this.announce("?", `${said}.`), PAUSE);
    }
    this.#said = said;
  }

  #typed() {
    const address = new URL(location.href);
    if (this.query) address.searchParams.set("q", this.query);
    else address.searchParams.delete("q");
    history.replaceState(null, "", address);
    this.draw();
  }

  /** @param {string} text */
  #set(text) {
    this.input.value = text;
    this.#typed();
    this.input.focus();
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const { target } = event;
    const writes = target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
    if (event.key === "Escape" && target === this.input) {
      if (this.input.value) this.#set("");
      else this.input.blur();
    }
    if (event.key !== "/" || writes || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.input.focus();
    this.input.select();
  }
}
