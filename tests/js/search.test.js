import assert from "node:assert/strict";
import { test } from "node:test";

import { found, matches } from "../../src/windsock/web/js/page/search.js";

const DOOR = ["The Büro door", "Come in", "OPEN"];

test("every word is looked for, in whatever order, in title, label and state", () => {
  assert.ok(matches("door come open", DOOR));
  assert.ok(!matches("door shut", DOOR));
});

test("case and marks on letters make no difference", () => {
  assert.ok(matches("BURO", DOOR));
  assert.ok(matches("büro", ["Buro"]));
});

test("letters that have no mark to lose are found as they are typed elsewhere", () => {
  assert.ok(matches("lodz", ["Łódź"]));
  assert.ok(matches("strasse kobenhavn", ["Straße København"]));
  assert.ok(matches("straße", ["Strasse"]));
  assert.ok(!matches("雲", ["云"]));
});

test("a word is not found across two texts", () => assert.ok(!matches("doorcome", DOOR)));

test("nothing to look for matches all", () => assert.ok(matches("", DOOR)));

test("characters that mean something elsewhere mean themselves", () => {
  assert.ok(!matches(".*", DOOR));
  assert.ok(matches("(a+b)", ["x (A+B)"]));
});

test("how many match is said in words", () => {
  assert.equal(found(20, 20, ""), "20 things");
  assert.equal(found(1, 20, "x"), "1 of 20 matches");
  assert.equal(found(3, 20, "x"), "3 of 20 match");
  assert.equal(found(0, 20, "x"), "None of 20 match");
});
