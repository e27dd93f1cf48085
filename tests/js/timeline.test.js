import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { beganAt, counted, extended, held, indexAt, leftOut, neighbour, read, since, undrawn, whole } from "../../src/windsock/web/js/timeline/past.js";
import { COLORS, Palette } from "../../src/windsock/web/js/timeline/palette.js";
import { Exact } from "../../src/windsock/web/js/timeline/exact.js";
import { SPANS, keyed } from "../../src/windsock/web/js/timeline/spans.js";
import { stateThen, vague } from "../../src/windsock/web/js/timeline/then.js";

const T = Date.parse("2026-11-22T20:00:00.000Z");
const iso = (ms) => new Date(ms).toISOString();
/** A past of 100 seconds: `[seconds, version, state]` each. */
const past = (parts, more = {}) => ({
  epoch: "e", begin: T, end: T + 100_000, oldest: T, exact: true, spent: new Map(), fields: new Map(),
  segments: parts.map(([at, version, state]) => ({ at: T + at * 1000, version, state })),
  ...more,
});
const ABC = past([[0, 1, "A"], [10, 2, "B"], [40, 3, "C"]]);
const news = (version, state, at, data = {}) => ({ epoch: "e", version, state, data, updated_at: iso(T + at * 1000) });

test("what the server tells is read: times in milliseconds, also under names that JavaScript has itself", () => {
  const told = JSON.parse(
    `{"epoch": "e", "begin": "${iso(T)}", "end": "${iso(T + 1000)}", "oldest": null, "exact": false,
      "segments": [{"at": "${iso(T)}", "version": 7, "state": "A"}],
      "spent": {"__proto__": 1.5}, "fields": {"constructor": [3]}}`,
  );
  const found = read(told);
  assert.deepEqual([found.begin, found.oldest, found.segments[0].at], [T, null, T]);
  assert.deepEqual([[...found.spent], [...found.fields]], [[["__proto__", 1500]], [["constructor", [3]]]]);
});

test("a moment is in the segment that began last before it, and in none before the first", () => {
  const at = (seconds) => indexAt(ABC.segments, T + seconds * 1000);
  assert.deepEqual([-1, 0, 9.999, 10, 39, 40, 1000].map(at), [-1, 0, 0, 1, 1, 2, 2]);
  assert.equal(indexAt([], T), -1);
});

test("the change before a moment is the one that led to it; from the very moment of one it is the one before that", () => {
  const go = (seconds, direction) => (neighbour(ABC.segments, T + seconds * 1000, direction) ?? NaN) / 1000 - T / 1000;
  assert.deepEqual([go(50, -1), go(40, -1), go(10, -1), go(0, -1)], [40, 10, 0, NaN]);
  assert.deepEqual([go(-5, 1), go(0, 1), go(39, 1), go(40, 1)], [0, 10, 40, NaN]);
});

test("a state began with the first of its segments in a row, as far as none is left out", () => {
  const rows = [[0, 1, "A"], [10, 2, "B"], [20, 3, "B"]];
  const began = (parts, index) => beganAt(past(parts).segments, index);
  assert.deepEqual(began(rows, 2), { at: T + 10_000, worth: "exact" });
  assert.deepEqual(began([[0, 1, "A"], [10, 5, "B"], [20, 6, "B"]], 2), { at: T + 10_000, worth: "about" });
  assert.deepEqual(began([[0, 1, "A"], [10, 2, "B"], [20, 9, "B"]], 2), { at: T + 10_000, worth: "about" });
  assert.deepEqual(began([[0, 4, "B"], [20, 5, "B"]], 1), { at: T, worth: "least" });
  assert.deepEqual(began([[0, 1, "B"], [20, 2, "B"]], 1), { at: T, worth: "exact" });
});

test("a state that comes is added at the right, with its numbers; one that is known, of another epoch or null is not", () => {
  const before = { ...ABC, fields: new Map([["force", [1, null, 3]]]) };
  const after = extended(before, news(4, "D", 60, { force: 4, heat: 5, by: "Ada" }));
  assert.deepEqual(after.segments.at(-1), { at: T + 60_000, version: 4, state: "D" });
  assert.deepEqual([...after.fields], [["force", [1, null, 3, 4]], ["heat", [null, null, null, 5]]]);
  assert.equal(before.segments.length, 3);
  for (const stale of [news(3, "C", 60), { ...news(9, "D", 60), epoch: "f" }, news(4, null, 60)]) {
    assert.equal(extended(before, stale), before);
  }
});

test("a past begins with the first state that comes", () => {
  const begun = extended(past([], { oldest: null }), news(1, "A", 5));
  assert.deepEqual([begun.segments.length, begun.oldest], [1, T + 5000]);
});

test("numbers of the data that are not drawn are counted", () => {
  const drawn = { ...ABC, fields: new Map([["force", [1, 2, 3]]]) };
  assert.equal(undrawn(drawn, { force: 1, heat: 2, light: 0, note: "3", sure: true }), 2);
  assert.equal(undrawn(drawn, { force: 1 }), 0);
});

test("more fields than the server draws are not drawn here either", () => {
  const many = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`n${index}`, index]));
  assert.equal(extended(ABC, news(4, "D", 60, many)).fields.size, 8);
});

test("what ended before the time that is shown is let go of, and its numbers", () => {
  const shorter = since({ ...ABC, fields: new Map([["force", [1, 2, 3]]]) }, T + 20_000);
  assert.deepEqual(shorter.segments.map(({ version }) => version), [2, 3]);
  assert.deepEqual([...shorter.fields], [["force", [2, 3]]]);
  assert.equal(since(ABC, T - 1), ABC);
});

test("time is counted within what is shown", () => {
  assert.deepEqual([...counted(ABC.segments, T + 5000, T + 100_000)], [["A", 5000], ["B", 30_000], ["C", 60_000]]);
  assert.deepEqual([...counted(past([[0, 1, "A"], [10, 2, "B"], [40, 3, "A"]]).segments, T, T + 50_000)], [["A", 20_000], ["B", 30_000]]);
});

test("what was left out is known by its versions, and then time cannot be counted here", () => {
  const thinned = past([[0, 1, "A"], [10, 12, "B"]]);
  assert.deepEqual([leftOut(ABC), leftOut(thinned), leftOut(past([]))], [0, 10, 0]);
  assert.deepEqual([whole(ABC), whole(thinned), whole({ ...ABC, exact: false })], [true, false, false]);
});

test("keys go a small step, with Shift a bigger one, to the beginning, and to now", () => {
  const { step, leap } = SPANS["1h"];
  const go = (key, shiftKey = false) => keyed({ key, shiftKey }, 1e9, SPANS["1h"], 5e8);
  assert.deepEqual([go("ArrowLeft"), go("ArrowRight"), go("ArrowLeft", true)], [1e9 - step, 1e9 + step, 1e9 - leap]);
  assert.deepEqual([go("PageDown"), go("PageUp"), go("Home"), go("End")], [1e9 - leap, 1e9 + leap, 5e8, "now"]);
  assert.equal(go("a"), undefined);
});

const colors = (states) => new Palette(states, (color) => !color.includes("nonsense"));

test("a state has its own colour, or one that colour-blind people tell from the others, and keeps it", () => {
  const palette = colors([
    { state: "A", label: "Ay", image: "a.svg", color: "#123456" },
    { state: "B", label: null, image: null, color: "nonsense" },
  ]);
  assert.deepEqual(palette.of("A"), { label: "Ay", image: "a.svg", color: "#123456", accent: "#123456" });
  assert.deepEqual(palette.of("B"), { label: "B", image: null, color: COLORS[0], accent: null });
  assert.equal(palette.of("__proto__").color, COLORS[1]);
  assert.deepEqual([palette.of("new").color, palette.of("__proto__").color], [COLORS[2], COLORS[1]]);
});

test("a thing as it was has the look of its state, its data, and the clocks of that moment", () => {
  const palette = colors([{ state: "B", label: "Bee", image: "b.svg", color: "red" }]);
  const change = { version: 2, state: "B", data: { force: 3 }, at: iso(T + 10_000), cause: "reported" };
  const then = stateThen("cloud", ABC, T + 22_000, palette, change);
  assert.deepEqual(
    [then.state, then.label, then.image, then.color, then.data, then.version, then.now],
    ["B", "Bee", "b.svg", "red", { force: 3 }, 2, iso(T + 22_000)],
  );
  assert.deepEqual([then.clocks.changed, then.heard_at, then.waiting], ["12 s before", null, false]);
});

test("while its data have not come it waits, with none; data that are not kept any more are none", () => {
  const then = (change) => stateThen("cloud", ABC, T + 22_000, colors([]), change);
  assert.deepEqual([then(undefined).waiting, then(undefined).data], [true, {}]);
  assert.deepEqual([then(null).waiting, then(null).data], [false, {}]);
});

test("before anything is known, that is what is said", () => {
  const then = stateThen("cloud", ABC, T - 1, colors([]), undefined);
  assert.deepEqual([then.state, then.label, then.waiting], [null, "Nothing is known of this time", false]);
});

test("a moment near which changes were left out is not called exact", () => {
  const thinned = past([[0, 1, "A"], [10, 12, "B"]]);
  const at = (seconds, of = thinned) => vague(of, T + seconds * 1000);
  assert.deepEqual([at(5), at(15), at(15, { ...ABC, exact: false }), at(5, ABC)], [true, false, true, false]);
});

test("a number is drawn for as long as it held, also if the next moment has none", () => {
  assert.deepEqual(held([1, 2, 3, 4], [7, null, 8, 9]), [[1, 2, 2, 3, 4], [7, 7, null, 8, 9]]);
  assert.deepEqual(held([1, 2], [null, null]), [[1, 2], [null, null]]);
});

test("a moment is asked for when it rests, once, and again only if that could not be had", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const asked = [];
  const answers = [Promise.reject(new Error("away")), Promise.resolve({ at: 2, version: 5, state: "A" })];
  let told = 0;
  const exact = new Exact((moment) => (asked.push(moment), answers.shift()), () => (told += 1));
  const rest = async () => {
    mock.timers.tick(150);
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  };
  exact.at(1);
  exact.at(2);
  await rest();
  assert.deepEqual([asked, exact.at(2), told], [[2], undefined, 0]);
  await rest();
  assert.deepEqual([asked, exact.at(2).version, told], [[2, 2], 5, 1]);
  await rest();
  assert.equal(asked.length, 2);
  mock.timers.reset();
});
