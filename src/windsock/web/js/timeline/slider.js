/** @import { Band } from "./band.js" */

/**
 * Lets a moment be chosen on the band: with a mouse, a finger or a pen.
 *
 * @param {Band} band
 * @param {HTMLElement} element
 * @param {(moment: number) => void} choose
 * @param {(moment: number | null) => void} hover
 */
export function draggable(band, element, choose, hover) {
  let held = -1;
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || held >= 0) return;
    held = event.pointerId;
    element.setPointerCapture(held);
    element.focus({ preventScroll: true });
    event.preventDefault();
    choose(band.at(event.clientX));
  });
  element.addEventListener("pointermove", (event) => {
    if (held === event.pointerId) choose(band.at(event.clientX));
    else if (held < 0 && event.pointerType === "mouse") hover(band.at(event.clientX));
  });
  const leave = (/** @type {PointerEvent} */ event) => {
    if (held === event.pointerId) held = -1;
  };
  for (const end of /** @type {const} */ (["pointerup", "pointercancel", "lostpointercapture"])) {
    element.addEventListener(end, leave);
  }
  element.addEventListener("pointerleave", () => hover(null));
}

/**
 * What a slider is for those who do not see it.
 *
 * @param {HTMLElement} element
 * @param {{begin: number, end: number}} window
 * @param {number} moment
 * @param {string} words
 */
export function describe(element, { begin, end }, moment, words) {
  const whole = (/** @type {number} */ ms) => String(Math.round(ms / 1000));
  const said = { valuemin: whole(begin), valuemax: whole(end), valuenow: whole(moment), valuetext: words };
  for (const [name, value] of Object.entries(said)) element.setAttribute(`aria-${name}`, value);
}
