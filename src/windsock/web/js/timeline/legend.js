import { write } from "../page/elements.js";
import { duration, share } from "./words.js";

/** @import { Palette } from "./palette.js" */

/** How long the thing was in each state, as a table: the longest first. */
export class Legend {
  /** @type {Map<string, HTMLTableRowElement>} */
  #rows = new Map();

  /** @param {HTMLTableElement} table @param {Palette} palette */
  constructor(table, palette) {
    this.table = table;
    this.palette = palette;
    this.body = table.tBodies[0] ?? table.createTBody();
  }

  /**
   * @param {Map<string, number>} spent
   * @param {{words: string, exact: boolean, total: number}} of
   */
  draw(spent, { words, exact, total }) {
    const states = [...spent].filter(([, ms]) => ms > 0).sort(([, one], [, other]) => other - one);
    this.table.hidden = !states.length;
    write(this.table.caption, `Time in each state, ${words}`);
    for (const [state, row] of this.#rows) if (!spent.get(state)) this.#drop(state, row);
    states.forEach(([state, ms], index) => {
      const row = this.#row(state);
      if (this.body.rows[index] !== row) this.body.insertBefore(row, this.body.rows[index] ?? null);
      write(row.cells[1], `${exact ? "" : "about "}${duration(ms)}`);
      write(row.cells[2], share(Math.min(1, ms / total)));
    });
    this.#rest(total - states.reduce((sum, [, ms]) => sum + ms, 0), total);
  }

  /** What is left of the time, of which nothing is known. @param {number} ms @param {number} total */
  #rest(ms, total) {
    const foot = /** @type {HTMLTableSectionElement} */ (this.table.tFoot);
    foot.hidden = ms < total / 1000;
    write(foot.rows[0].cells[1], duration(Math.max(0, ms)));
    write(foot.rows[0].cells[2], share(Math.max(0, ms / total)));
  }

  /** @param {string} state */
  #row(state) {
    const known = this.#rows.get(state);
    if (known) return known;
    const { label, color } = this.palette.of(state);
    const row = document.createElement("tr");
    const [name, swatch] = [document.createElement("th"), document.createElement("span")];
    name.scope = "row";
    swatch.className = "swatch";
    swatch.style.backgroundColor = color;
    name.append(swatch, label);
    row.append(name, document.createElement("td"), document.createElement("td"));
    this.#rows.set(state, row);
    return row;
  }

  /** @param {string} state @param {HTMLTableRowElement} row */
  #drop(state, row) {
    row.remove();
    this.#rows.delete(state);
  }
}
