import uPlot from "uplot";

import { ticks } from "./words.js";

/** What all plots are like, so that a moment is at the same place in each of them. */

/** Pixels beside a plot, for the words at its ends. */
export const ASIDE = 16;
const AXIS = 26;
/** Pixels from the end of an axis that the middle of a tick's words keeps, lest they be cut off. */
const MARGIN = 20;

/** @param {HTMLElement} element @param {string} name */
export const css = (element, name) => getComputedStyle(element).getPropertyValue(name).trim();

/**
 * Options that plots have in common.
 *
 * @param {HTMLElement} room
 * @param {{height: number, axis: boolean, range: () => [number, number]}} wanted
 * @returns {Pick<uPlot.Options, "width" | "height" | "padding" | "legend" | "ms" | "cursor">
 *   & {scales: {x: uPlot.Scale}, axes: [uPlot.Axis]}}
 */
export function common(room, { height, axis, range }) {
  return {
    width: Math.max(100, room.clientWidth),
    height: height + (axis ? AXIS : 0),
    padding: [0, ASIDE, 0, ASIDE],
    legend: { show: false },
    ms: 1,
    cursor: { x: true, y: false, drag: { x: false, y: false }, points: { show: false }, sync: { key: "windsock-past" } },
    scales: { x: { time: true, range: () => range() } },
    axes: [timeAxis(room, axis)],
  };
}

/** The axis of time, in the viewer's own time zone. @param {HTMLElement} room @param {boolean} show @returns {uPlot.Axis} */
function timeAxis(room, show) {
  return {
    show,
    size: AXIS,
    gap: 4,
    font: `12px ${getComputedStyle(room).fontFamily}`,
    stroke: () => css(room, "--quiet"),
    grid: { show: false },
    ticks: { size: 5, width: 1, stroke: () => css(room, "--line") },
    space: 64,
    values: (plot, splits, _axis, _space, step) =>
      ticks(splits.map((ms) => ms / 1000), step / 1000).map((words, index) => (fits(plot, splits[index]) ? words : null)),
  };
}

/** Have a plot as wide as its room. @param {uPlot} plot @param {HTMLElement} room */
export function fit(plot, room) {
  const width = Math.max(100, room.clientWidth);
  if (width !== plot.width) plot.setSize({ width, height: plot.height });
}

/** Whether the words of a tick have room. @param {uPlot} plot @param {number} moment */
function fits(plot, moment) {
  const { min = 0, max = 1 } = plot.scales.x;
  const width = plot.width - 2 * ASIDE;
  const x = ((moment - min) / (max - min)) * width;
  return x > MARGIN && x < width - MARGIN;
}

/**
 * Put a mark where a moment is. A plot draws later, so it is not asked.
 *
 * @param {uPlot} plot
 * @param {HTMLElement} mark
 * @param {[number, number]} window
 * @param {number} moment
 */
export function put({ over }, mark, [begin, end], moment) {
  mark.style.transform = `translateX(${((moment - begin) / (end - begin)) * over.clientWidth}px)`;
}
