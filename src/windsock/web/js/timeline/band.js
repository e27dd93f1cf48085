import uPlot from "uplot";

import { ASIDE, common, css, fit, put } from "./plot.js";

/** @import { Palette } from "./palette.js" */
/** @import { Past, Segment } from "./past.js" */

const HEIGHT = 44;
/** Pixels that a segment must be wide for a line at its end: among narrower ones it would hide them. */
const ROOMY = 4;

/** The past as a band of colours over the axis of time, and the mark of the moment that is shown. */
export class Band {
  /** @type {readonly Segment[]} */
  #segments = [];
  #window = /** @type {[number, number]} */ ([0, 1]);

  /** @param {HTMLElement} room @param {Palette} palette */
  constructor(room, palette) {
    this.room = room;
    this.palette = palette;
    const { axes, ...options } = common(room, { height: HEIGHT, axis: true, range: () => this.#window });
    this.plot = new uPlot(
      {
        ...options,
        series: [{}, { show: false }],
        axes: [...axes, { show: false }],
        hooks: { drawClear: [() => this.#paint()] },
      },
      [this.#window, [null, null]],
      room,
    );
    this.mark = this.plot.over.appendChild(document.createElement("div"));
    this.mark.className = "mark";
    new ResizeObserver(() => fit(this.plot, room)).observe(room);
  }

  /** @param {Past} past @param {number} begin @param {number} end @param {number} moment */
  draw({ segments }, begin, end, moment) {
    this.#segments = segments;
    this.#window = [begin, end];
    this.plot.setData([this.#window, [null, null]]);
    this.point(moment);
  }

  /** @param {number} moment */
  point(moment) {
    put(this.plot, this.mark, this.#window, moment);
  }

  /** The moment at a place of the window. @param {number} clientX */
  at(clientX) {
    const { left, width } = this.plot.over.getBoundingClientRect();
    const [begin, end] = this.#window;
    return begin + ((clientX - left) / width) * (end - begin);
  }

  /** How many segments can be told apart. */
  get slices() {
    return Math.max(120, Math.min(600, Math.round((this.room.clientWidth - 2 * ASIDE) / 2)));
  }

  #paint() {
    const { ctx, bbox } = this.plot;
    const [begin, end] = this.#window;
    ctx.save();
    ctx.beginPath();
    ctx.roundRect(bbox.left, bbox.top, bbox.width, bbox.height, 6 * devicePixelRatio);
    ctx.clip();
    this.#hatch();
    const ground = css(this.room, "--surface");
    const x = (/** @type {number} */ at) => this.plot.valToPos(Math.min(end, Math.max(begin, at)), "x", true);
    this.#segments.forEach(({ at, state }, index) => {
      const [left, right] = [x(at), x(this.#segments[index + 1]?.at ?? end)];
      if (right > left) this.#block(left, right, this.palette.of(state).color, ground);
    });
    ctx.restore();
  }

  /** @param {number} left @param {number} right @param {string} color @param {string} ground */
  #block(left, right, color, ground) {
    const { ctx, bbox } = this.plot;
    ctx.fillStyle = color;
    // Half a pixel more, or the ground shines through between two.
    ctx.fillRect(left, bbox.top, Math.max(right - left + 0.5, 1), bbox.height);
    if (right - left < ROOMY * devicePixelRatio) return;
    ctx.fillStyle = ground;
    ctx.fillRect(left, bbox.top, devicePixelRatio, bbox.height);
  }

  /** What is not known is hatched. */
  #hatch() {
    const { ctx, bbox } = this.plot;
    ctx.fillStyle = css(this.room, "--surface");
    ctx.fillRect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.strokeStyle = css(this.room, "--quiet");
    ctx.globalAlpha = 0.5;
    ctx.lineWidth = devicePixelRatio;
    ctx.beginPath();
    for (let left = bbox.left - bbox.height; left < bbox.left + bbox.width; left += 10 * devicePixelRatio) {
      ctx.moveTo(left, bbox.top + bbox.height);
      ctx.lineTo(left + bbox.height, bbox.top);
    }
    ctx.stroke();
    ctx.globalAlpha = 1;
  }
}
