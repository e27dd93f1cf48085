import assert from "node:assert/strict";
import { test } from "node:test";

import { before, day, duration, moment, number, share, ticks } from "../../src/windsock/web/js/timeline/words.js";

const at = (...parts) => new Date(2026, 10, ...parts).getTime();
/** A text with plain spaces: formats of times have others. */
const plain = (text) => text.replaceAll(/\s/g, " ");

test("a duration is told in its two greatest units, and one that is none is not called nothing", () => {
  const told = [0, 400, 1000, 59_400, 61_000, 3_600_000, 11_545_000, 86_400_000, 187_200_000].map(duration);
  assert.deepEqual(told, [
    "less than 1 s", "less than 1 s", "1 s", "59 s", "1 min 1 s", "1 h", "3 h 12 min", "1 d", "2 d 4 h",
  ]);
});

test("a share that is not nothing is never told as such, nor one that is not all as all", () => {
  assert.deepEqual([0, 0.001, 0.124, 0.999, 1].map(share), ["0 %", "< 1 %", "12 %", "> 99 %", "100 %"]);
});

test("a moment of today is told by its time, another with its day, and of another year with that", () => {
  const now = at(27, 15, 0, 0);
  assert.equal(plain(moment(at(27, 14, 3, 12), now, "en-GB")), "14:03:12");
  assert.match(plain(moment(at(26, 14, 3, 12), now, "en-GB")), /^Thu,? 26 Nov, 14:03:12$/);
  assert.match(day(new Date(2025, 0, 2).getTime(), now, "en-GB"), /2 Jan 2025$/);
});

test("how long before a moment something was is told as surely as it is known", () => {
  assert.deepEqual(
    [before(500, "exact"), before(12_000, "exact"), before(200_000, "about"), before(200_000, "least")],
    ["just then", "12 s before", "about 3 min before", "over 3 min before"],
  );
});

test("ticks are times, with seconds if they are close, and days where one begins", () => {
  const seconds = (...parts) => at(...parts) / 1000;
  assert.deepEqual(ticks([seconds(26, 23), seconds(27, 0), seconds(27, 1)], 3600, "en-GB"), ["23:00", "27 Nov", "1:00"]);
  assert.deepEqual(ticks([seconds(27, 14, 0, 30)], 30, "en-GB"), ["14:00:30"]);
  assert.deepEqual(ticks([seconds(27, 1)], 86_400, "en-GB"), ["27 Nov"]);
});

test("a number has as many digits as a heading has room for", () => {
  assert.deepEqual([number(3), number(0.1 + 0.2), number(1234567.89)], ["3", "0.3", "1234570"]);
});
