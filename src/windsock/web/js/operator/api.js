/** @import { Overview } from "./types.d.ts" */

/** Milliseconds that a look, or a request that changes something, may take. */
const [LOOK, CHANGE] = [5000, 20_000];

/** The server's no, in its own words; `status` 0: there was no answer. */
export class Refusal extends Error {
  /** @param {number} status @param {string} words */
  constructor(status, words) {
    super(words);
    this.status = status;
  }

  /** Whether the key, or that there is none, is what is wrong. */
  get locked() {
    return this.status === 401 || this.status === 403;
  }
}

/** The publisher key, kept as long as this tab is open, and nowhere else. */
export class Key {
  static #name = "windsock-publisher-key";
  static #kept = "";

  /** Whether the server has one, and this page has not: then it is not asked in vain. */
  static get missing() {
    return main().hasAttribute("data-keyed") && !Key.text;
  }

  static get text() {
    try {
      return sessionStorage.getItem(Key.#name) ?? "";
    } catch {
      return Key.#kept; // the browser lets pages keep nothing: then as long as the page is open
    }
  }

  static set text(text) {
    Key.#kept = text;
    try {
      if (text) sessionStorage.setItem(Key.#name, text);
      else sessionStorage.removeItem(Key.#name);
    } catch {
      // See above.
    }
  }
}

/**
 * Ask the REST interface. Rejects with a Refusal.
 *
 * @param {string} path below `/api/v1`
 * @param {string} [method]
 * @param {unknown} [body]
 * @returns {Promise<any>}
 */
export async function ask(path, method = "GET", body) {
  const response = await send(path, method, body);
  const answer = response.status === 204 ? null : await response.json().catch(() => null);
  if (response.ok) return answer;
  throw new Refusal(response.status, answer?.detail ?? `The server answered with ${response.status}.`);
}

/** @returns {Promise<Overview>} */
export async function look() {
  const overview = await ask("/overview");
  if (Array.isArray(overview?.sources)) return overview;
  throw new Refusal(0, "Something else answers in place of the server."); // the way into a foreign network, say
}

/** @param {string} path @param {string} method @param {unknown} body */
async function send(path, method, body) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (Key.text) headers.Authorization = `Bearer ${bytes(Key.text)}`;
  if (method !== "GET") headers["Content-Type"] = "application/json";
  const api = main().dataset.api ?? "";
  const signal = AbortSignal.timeout(method === "GET" ? LOOK : CHANGE);
  try {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    return await fetch(api + path, { method, headers, body: sent, cache: "no-store", signal });
  } catch {
    throw new Refusal(0, "The server does not answer.");
  }
}

const main = () => /** @type {HTMLElement} */ (document.querySelector("main"));

/** A text as a header carries it: its UTF-8, each byte as a character. @param {string} text */
const bytes = (text) => String.fromCharCode(...new TextEncoder().encode(text));
