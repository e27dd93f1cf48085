import { byId, part, rows, say, show } from "./dom.js";
import { visible } from "./visible.js";

/** @import { Reading } from "./types.d.ts" */
/** @import { ServerClock } from "./clock.js" */

/** Milliseconds between the making and the reading of a reading from which on both are told. */
const LATE = 2000;

/**
 * What was read last, and what became of it.
 *
 * @param {HTMLElement} list @param {Reading[]} readings
 * @param {ServerClock} clock @param {HTMLElement} heading
 */
export function drawReadings(list, readings, clock, heading) {
  show(byId("readings-empty"), readings.length === 0);
  // Their places are their names: nothing in a row can be open or focused.
  const places = new Map(readings.map((reading, place) => [reading, place]));
  rows(list, readings, (reading) => places.get(reading) ?? 0, drawReading, heading);

  /** @param {HTMLElement} row @param {Reading} reading */
  function drawReading(row, reading) {
    row.dataset.fate = reading.fate;
    say(row, "at", clock.ago(reading.at));
    say(row, "thing", reading.thing ?? reading.source);
    say(row, "state", visible(reading.state ?? "a message"));
    say(row, "words", visible(reading.words));
    const late = reading.made_at !== null && Date.parse(reading.at) - Date.parse(reading.made_at) > LATE;
    say(row, "made", late ? `made ${clock.ago(reading.made_at)}` : "");
    say(row, "data", reading.data === null ? "" : visible(reading.data));
    show(part(row, "data"), Boolean(reading.data));
  }
}
