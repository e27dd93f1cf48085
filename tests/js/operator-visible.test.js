import assert from "node:assert/strict";
import { test } from "node:test";

import { visible } from "../../src/windsock/web/js/operator/visible.js";

test("what has no shape of its own is written as JSON would", () => {
  const hidden = ["\u034f", "\u115f", "\u2800", "\u3164", "\ud800", "\u0000", "\u001b", "\u007f", "\u009f", "\u200b", "\u202e", "\u2066", "\ufeff"];
  for (const character of hidden) {
    assert.match(visible(`a${character}b`), /^a\\u[0-9a-f]{4}b$/);
  }
  assert.equal(visible("abc\u202e\u001b"), "abc\\u202e\\u001b");
});

test("what lies beyond the first plane is written with its whole number", () => {
  assert.equal(visible("a\u{e0041}"), "a\\u{e0041}");
});

test("emoji stay, but what joins them joins nothing else", () => {
  assert.equal(visible("❤️ 👨‍👩‍👧 👍🏽"), "❤️ 👨‍👩‍👧 👍🏽");
  assert.equal(visible("OPEN\u200d\ufe0f"), "OPEN\\u200d\\ufe0f");
});

test("words, lines, tabs and letters of all kinds stay", () => {
  const text = 'Grüße,\n\t"雲" עננים 😀\r'.replace("\r", "");
  assert.equal(visible(text), text);
});
