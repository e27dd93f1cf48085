import assert from "node:assert/strict";
import { test } from "node:test";

import { ago, pick, since, text } from "../../src/windsock/web/js/words.js";
import { state } from "./messages.js";

test("a span of time is put in the largest unit that it fills", () => {
  const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000];
  const spans = [
    [0, "just now"],
    [1999, "just now"],
    [2 * second, "2 s ago"],
    [59.9 * second, "59 s ago"],
    [minute, "1 min ago"],
    [hour - 1, "59 min ago"],
    [hour, "1 h ago"],
    [day - 1, "23 h ago"],
    [day, "1 d ago"],
    [400 * day, "400 d ago"],
  ];
  for (const [span, expected] of spans) assert.equal(ago(span), expected);
});

test("a clock that runs ahead never makes the past the future", () => {
  assert.equal(ago(-5000), "just now");
});

test("what never happened was never", () => {
  assert.equal(ago(since(null, 0)), "never");
});

test("values are shown as people read them", () => {
  assert.equal(text("a"), "a");
  assert.equal(text(1.5), "1.5");
  assert.equal(text(null), "null");
  assert.equal(text({ a: [1, "b"] }), '{"a":[1,"b"]}');
  assert.equal(text(undefined), "");
});

test("an attribute picks the label, the name, or a value from the data", () => {
  const now = state({ data: { force: 3, where: { room: "lab" }, "": 0 } });
  assert.equal(pick(now, "label", 0), "Somebody hugs");
  assert.equal(pick(state({ label: null }), "label", 0), "HUGGING");
  assert.equal(pick(now, "state", 0), "HUGGING");
  assert.equal(pick(now, "data.force", 0), "3");
  assert.equal(pick(now, "data.where.room", 0), "lab");
  assert.equal(pick(now, "data.where", 0), '{"room":"lab"}');
  assert.equal(pick(now, "heard", Date.parse("2026-11-22T20:00:05.000Z")), "4 s ago");
});

test("what the data do not have is empty, also if every object inherits it", () => {
  for (const key of ["none", "a.b.c", "constructor", "__proto__", "toString.name"]) {
    const what = `data.${key}`;
    assert.equal(pick(state(), what, 0), "");
  }
  assert.equal(pick(null, "label", 0), "");
});
