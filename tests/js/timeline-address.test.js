import assert from "node:assert/strict";
import { test } from "node:test";

import { readPlace, writePlace } from "../../src/windsock/web/js/timeline/address.js";

const MOMENT = Date.parse("2026-11-22T20:00:00.120Z");

test("a moment and its span are read as they are written", () => {
  assert.equal(writePlace(MOMENT, "1d"), "then=2026-11-22T20:00:00.120Z&span=1d");
  assert.deepEqual(readPlace(`#${writePlace(MOMENT, "1d")}`), { moment: MOMENT, span: "1d" });
});

test("now is no part of an address", () => {
  assert.equal(writePlace(null, "7d"), "");
  assert.deepEqual(readPlace(""), { moment: null, span: null });
});

test("what is no moment and no span is nothing", () => {
  assert.deepEqual(readPlace("#then=yesterday&span=toString"), { moment: null, span: null });
  assert.deepEqual(readPlace("#elsewhere"), { moment: null, span: null });
});
