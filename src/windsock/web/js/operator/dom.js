import { write } from "../page/elements.js";

/** @param {string} id */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

/** The part of an element that `data-part` names. @param {Element} root @param {string} name */
export function part(root, name) {
  const found = /** @type {HTMLElement | null} */ (root.querySelector(`[data-part="${name}"]`));
  if (!found) throw new Error(`there is no part ${name}`);
  return found;
}

/** Write a part's text. @param {Element} root @param {string} name @param {string | number} text */
export const say = (root, name, text) => write(part(root, name), String(text));

/** Words of the server as a sentence. @param {string} words */
export const sentence = (words) =>
  `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.?!]$/.test(words) ? "" : "."}`;

/** Show or hide. @param {HTMLElement} element @param {boolean} shown */
export function show(element, shown) {
  if (element.hidden === shown) element.hidden = !shown;
}

/**
 * Make the children of `list` those of `items`: one that is there stays the same element, with whatever is open or
 * focused in it. If the one that has the focus goes, its neighbour's control gets it, or else the `heading`.
 *
 * @template T
 * @param {HTMLElement} list whose template stands beside it, as `#<its id>-row`
 * @param {T[]} items
 * @param {(item: T) => string | number} name
 * @param {(row: HTMLElement, item: T) => void} draw
 * @param {HTMLElement} heading
 */
export function rows(list, items, name, draw, heading) {
  const there = new Map([...list.children].map((row) => [/** @type {HTMLElement} */ (row).dataset.row, row]));
  let place = list.firstElementChild;
  for (const item of items) {
    const key = String(name(item));
    const row = /** @type {HTMLElement} */ (there.get(key) ?? copy(list, key));
    there.delete(key);
    if (row === place) place = row.nextElementSibling;
    else list.insertBefore(row, place);
    draw(row, item);
  }
  for (const gone of there.values()) remove(gone, heading);
}

/** @param {HTMLElement} list @param {string} key */
function copy(list, key) {
  const template = /** @type {HTMLTemplateElement} */ (byId(`${list.id}-row`));
  const made = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  const row = /** @type {HTMLElement} */ (made.firstElementChild);
  row.dataset.row = key;
  return row;
}

/** @param {Element} row @param {HTMLElement} heading */
function remove(row, heading) {
  const focused = row.contains(document.activeElement);
  const near = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  if (focused) /** @type {HTMLElement} */ (near?.querySelector("button") ?? heading).focus();
}
