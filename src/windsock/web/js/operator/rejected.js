import { ask } from "./api.js";
import { byId, part, rows, say, sentence, show } from "./dom.js";
import { visible } from "./visible.js";

/** @import { Rejected } from "./types.d.ts" */
/** @import { ServerClock } from "./clock.js" */

/** How many the server tells of at a time. */
const MOST = 50;
/** Milliseconds in which a second press drops a message. */
const SURE_WITHIN = 5000;

/** The messages that were set aside: to look at, to try again, to drop. */
export class Aside {
  #list = byId("rejected");
  #heading = byId("rejected-heading");
  #status = byId("rejected-status");

  /** @param {() => void} refresh */
  constructor(refresh) {
    this.refresh = refresh;
    this.#list.addEventListener("click", (event) => {
      const button = /** @type {Element} */ (event.target).closest("button");
      const row = /** @type {HTMLElement | null | undefined} */ (button?.closest("[data-row]"));
      if (button && row) this.#press(row, button);
    });
  }

  /** @param {Rejected[] | null} messages @param {ServerClock} clock */
  draw(messages, clock) {
    const count = messages?.length ?? 0;
    byId("rejected-count").textContent = count ? (count < MOST ? `(${count})` : `(the newest ${MOST})`) : "";
    const none = messages ? "None. Every message could be understood." : "They cannot be read, for the store fails.";
    const empty = byId("rejected-empty");
    empty.textContent = none;
    show(empty, count === 0);
    if (messages) rows(this.#list, messages, (message) => message.number, this.#drawer(clock), this.#heading);
  }

  /** @param {ServerClock} clock */
  #drawer(clock) {
    return (/** @type {HTMLElement} */ row, /** @type {Rejected} */ message) => {
      say(row, "number", message.number);
      say(row, "source", message.source);
      say(row, "at", clock.ago(message.at));
      say(row, "reason", visible(message.reason));
      say(row, "beginning", visible(message.body) || "(empty)");
      say(row, "size", `${message.size.toLocaleString()} byte${message.size === 1 ? "" : "s"}`);
      for (const button of row.querySelectorAll("button")) {
        button.setAttribute("aria-describedby", (part(row, "reason").id = `reason-${message.number}`));
      }
    };
  }

  /** @param {HTMLElement} row @param {HTMLButtonElement} button */
  #press(row, button) {
    const number = row.dataset.row ?? "";
    if (button.dataset.act === "look") this.#look(row, button, number);
    else if (button.dataset.act === "retry") this.#change(row, `/rejected/${number}/retry`, "POST", (outcome) =>
      `Message ${number} was read again: ${outcome.result}, version ${outcome.version}.`);
    else if (sure(button)) this.#change(row, `/rejected/${number}`, "DELETE", () => `Message ${number} was dropped.`);
  }

  /** @param {HTMLElement} row @param {HTMLButtonElement} button @param {string} number */
  async #look(row, button, number) {
    const whole = part(row, "whole");
    const open = button.getAttribute("aria-expanded") === "true";
    if (!open) {
      try {
        const message = await ask(`/rejected/${number}`);
        whole.textContent = visible(message.body);
        whole.id = `message-${number}`;
        button.setAttribute("aria-controls", whole.id);
        say(row, "id", message.id ? `, id ${visible(message.id)}` : ", without an id");
      } catch (problem) {
        fail(row, problem);
        return;
      }
    }
    button.setAttribute("aria-expanded", String(!open));
    button.textContent = open ? "Look" : "Close";
    show(whole, !open);
    show(part(row, "beginning"), open);
    show(part(row, "id"), !open);
  }

  /**
   * @param {HTMLElement} row @param {string} path @param {string} method
   * @param {(outcome: any) => string} words
   */
  async #change(row, path, method, words) {
    if (row.getAttribute("aria-busy") === "true") return;
    row.setAttribute("aria-busy", "true");
    fail(row, null);
    try {
      // Its row goes, so what became of it is said above all rows.
      this.#status.textContent = words(await ask(path, method));
    } catch (problem) {
      fail(row, problem);
    }
    row.removeAttribute("aria-busy");
    this.refresh();
  }
}

/** Say in a row what went wrong with it; null: nothing. @param {HTMLElement} row @param {unknown} problem */
function fail(row, problem) {
  say(row, "outcome", problem === null ? "" : sentence(problem instanceof Error ? problem.message : String(problem)));
}

/** Whether a button was pressed a second time, within the time for that. @param {HTMLButtonElement} button */
function sure(button) {
  if (button.dataset.sure) return true;
  const words = button.textContent;
  button.dataset.sure = "asked";
  button.textContent = "Really drop it?";
  setTimeout(() => {
    delete button.dataset.sure;
    button.textContent = words;
  }, SURE_WITHIN);
  return false;
}
