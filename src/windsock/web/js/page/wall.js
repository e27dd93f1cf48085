import { write } from "./elements.js";

/** Pixels below which a card is too small to be read from afar; and what share of the longer side that is on a large wall. */
const LEAST = { width: 230, height: 170 };
const SHARE = { width: 0.115, height: 0.085 };
const GAP = 16;
/** How much wider than high a card looks best. */
const SHAPE = 1.4;
/** Milliseconds for which each leaf is shown, if not all cards fit. */
const TURN = 12_000;

/**
 * How cards fit best into a room: in how many columns and rows, and on how many leaves if they would be too small.
 *
 * @param {number} count
 * @param {number} width
 * @param {number} height
 */
export function fit(count, width, height) {
  const longer = Math.max(width, height);
  const most = (/** @type {number} */ room, /** @type {"width" | "height"} */ side) =>
    Math.max(1, Math.floor((room + GAP) / (Math.max(LEAST[side], SHARE[side] * longer) + GAP)));
  const room = most(width, "width") * most(height, "height");
  const leaves = Math.max(1, Math.ceil(count / room));
  const each = Math.ceil(count / leaves);
  let best = { columns: 1, rows: 1, size: 0 };
  for (let columns = 1; columns <= each; columns += 1) {
    const rows = Math.ceil(each / columns);
    const card = { width: (width + GAP) / columns - GAP, height: (height + GAP) / rows - GAP };
    const size = Math.min(card.width / SHAPE, card.height);
    if (size > best.size) best = { columns, rows, size };
  }
  return { columns: best.columns, rows: best.rows, leaves, each };
}

/** Cards that fill a display, leaf by leaf. */
export class Wall {
  #leaf = 0;
  #held = false;

  /** @param {HTMLElement} cards @param {HTMLElement | null} sign says which leaf it is */
  constructor(cards, sign) {
    this.cards = cards;
    this.sign = sign;
  }

  start() {
    new ResizeObserver(() => this.arrange()).observe(this.cards);
    setInterval(() => this.#held || this.#turn(1), TURN);
    addEventListener("keydown", (event) => this.#pressed(event));
  }

  arrange() {
    const all = /** @type {HTMLElement[]} */ ([...this.cards.children]);
    const { columns, rows, leaves, each } = fit(all.length, this.cards.clientWidth, this.cards.clientHeight);
    this.#leaf = ((this.#leaf % leaves) + leaves) % leaves;
    this.cards.style.setProperty("--columns", String(columns));
    this.cards.style.setProperty("--rows", String(rows));
    all.forEach((card, at) => (card.hidden = Math.floor(at / each) !== this.#leaf));
    write(this.sign, leaves > 1 ? `${this.#leaf + 1} of ${leaves}${this.#held ? ", held" : ""}` : "");
  }

  /** @param {number} by */
  #turn(by) {
    this.#leaf += by;
    this.arrange();
  }

  /** @param {KeyboardEvent} event */
  #pressed({ key }) {
    if (key === "ArrowRight") this.#turn(1);
    if (key === "ArrowLeft") this.#turn(-1);
    if (key !== " ") return;
    this.#held = !this.#held;
    this.arrange();
  }
}
