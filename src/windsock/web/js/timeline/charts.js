import uPlot from "uplot";

import { write } from "../page/elements.js";
import { held, indexAt } from "./past.js";
import { common, css, fit, put } from "./plot.js";
import { number } from "./words.js";

/** @import { Past } from "./past.js" */

const HEIGHT = 72;
/** Pixels: the size of the numbers at the lines of a chart, and how far they are from line and edge. */
const [SMALL, OFF] = [11, 3];

/** One field of the data over time: steps, for a value holds until the next. */
class Chart {
  #window = /** @type {[number, number]} */ ([0, 1]);
  /** Where lines are drawn across. @type {number[]} */
  #lines = [];

  /** @param {HTMLElement} parent @param {string} name @param {boolean} last whether the axis of time is below it */
  constructor(parent, name, last) {
    this.name = name;
    this.box = parent.appendChild(document.createElement("figure"));
    this.box.className = "chart";
    const title = this.box.appendChild(document.createElement("figcaption"));
    title.textContent = `${name} `;
    this.value = title.appendChild(document.createElement("b"));
    this.range = title.appendChild(document.createElement("span"));
    this.room = this.box.appendChild(document.createElement("div"));
    this.room.setAttribute("role", "img");
    this.plot = this.#plot(last);
    this.mark = this.plot.over.appendChild(document.createElement("div"));
    this.mark.className = "mark thin";
    this.sizes = new ResizeObserver(() => fit(this.plot, this.room));
    this.sizes.observe(this.room);
  }

  /** @param {boolean} last */
  #plot(last) {
    const { room } = this;
    const { axes, scales, ...options } = common(room, { height: HEIGHT, axis: last, range: () => this.#window });
    return new uPlot(
      {
        ...options,
        scales: { ...scales, y: { range: (_plot, low, high) => roomy(low, high) } },
        axes: [...axes, { show: true, size: 0, space: 24, ticks: { show: false }, values: (_plot, lines) => this.#note(lines), grid: this.#grid() }],
        hooks: { draw: [(plot) => this.#name(plot)] },
        series: [{}, { ...this.#line(), paths: uPlot.paths.stepped?.({ align: 1 }), spanGaps: false }],
      },
      [this.#window, [null, null]],
      room,
    );
  }

  /** The axis has no room beside the plot, lest its moments be elsewhere than those of the band. @param {number[]} lines */
  #note(lines) {
    this.#lines = lines;
    return [];
  }

  /** Write at each line what it stands for, on the plot itself. @param {uPlot} plot */
  #name(plot) {
    const { ctx, bbox } = plot;
    const size = (/** @type {number} */ pixels) => pixels * devicePixelRatio;
    ctx.save();
    ctx.font = `${size(SMALL)}px ${getComputedStyle(this.room).fontFamily}`;
    [ctx.textAlign, ctx.textBaseline] = ["left", "bottom"];
    ctx.lineJoin = "round";
    ctx.lineWidth = size(OFF);
    ctx.strokeStyle = css(this.room, "--ground");
    ctx.fillStyle = css(this.room, "--quiet");
    for (const value of this.#lines) {
      const bottom = plot.valToPos(value, "y", true) - size(1);
      if (bottom - size(SMALL) < bbox.top) continue;
      ctx.strokeText(number(value), bbox.left + size(OFF), bottom);
      ctx.fillText(number(value), bbox.left + size(OFF), bottom);
    }
    ctx.restore();
  }

  /** @returns {uPlot.Series} */
  #line() {
    return { stroke: () => css(this.room, "--text"), width: 1.5, points: { show: false } };
  }

  /** @returns {uPlot.Axis.Grid} */
  #grid() {
    return { stroke: () => css(this.room, "--line"), width: 1 };
  }

  /** @param {Past} past @param {(number | null)[]} values @param {number} begin @param {number} end */
  draw({ segments }, values, begin, end) {
    this.#window = [begin, end];
    const first = Math.max(0, indexAt(segments, begin));
    const count = indexAt(segments, end) + 1;
    const times = segments.slice(first, count).map(({ at }) => Math.max(at, begin));
    const shown = values.slice(first, count);
    this.plot.setData(held([...times, end], [...shown, shown.at(-1) ?? null]));
    this.#tell(shown.filter((value) => value !== null));
  }

  /** @param {number[]} known */
  #tell(known) {
    this.box.hidden = !known.length;
    if (!known.length) return;
    const low = number(known.reduce((least, value) => Math.min(least, value)));
    const high = number(known.reduce((most, value) => Math.max(most, value)));
    write(this.range, low === high ? `always ${low}` : `from ${low} to ${high}`);
    this.room.setAttribute("aria-label", `${this.name} over time, ${this.range.textContent}`);
  }

  /** @param {number} moment @param {number | null} value @param {boolean} then */
  point(moment, value, then) {
    put(this.plot, this.mark, this.#window, moment);
    this.mark.hidden = !then;
    write(this.value, value === null ? "–" : number(value));
  }

  remove() {
    this.sizes.disconnect();
    this.plot.destroy();
    this.box.remove();
  }
}

/** A little more than from the least to the greatest. @param {number} low @param {number} high @returns {[number, number]} */
function roomy(low, high) {
  const more = (high - low) * 0.12 || Math.abs(high) * 0.1 || 1;
  return [low - more, high + more];
}

/** The numbers of the data, one chart below the other over the same time. */
export class Charts {
  /** @type {Chart[]} */
  #charts = [];

  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.parent = parent;
  }

  /** @param {Past} past @param {number} begin @param {number} end */
  draw(past, begin, end) {
    this.parent.hidden = !past.fields.size;
    const names = [...past.fields.keys()];
    if (names.join("\n") !== this.#charts.map(({ name }) => name).join("\n")) this.#make(names);
    for (const chart of this.#charts) chart.draw(past, past.fields.get(chart.name) ?? [], begin, end);
  }

  /** @param {Past} past @param {number} moment @param {boolean} then whether that is not now */
  point(past, moment, then) {
    const index = indexAt(past.segments, moment);
    for (const chart of this.#charts) chart.point(moment, past.fields.get(chart.name)?.[index] ?? null, then);
  }

  /** @param {string[]} names */
  #make(names) {
    for (const chart of this.#charts) chart.remove();
    this.#charts = names.map((name, index) => new Chart(this.parent, name, index === names.length - 1));
  }
}
