import assert from "node:assert/strict";
import { test } from "node:test";

import { linkWords, liveness, words } from "../../src/windsock/web/js/liveness.js";
import { state } from "./messages.js";

test("only a state that is known, fresh, and comes over a whole link from a readable source is live", () => {
  assert.equal(liveness(state(), "connected"), "live");
  assert.equal(liveness(state({ stale: true }), "connected"), "silent");
  assert.equal(liveness(state({ source: "failing" }), "connected"), "source-failing");
  assert.equal(liveness(state({ state: null, version: 0, stale: true }), "connected"), "unknown");
  assert.equal(liveness(state(), "checking"), "checking");
  for (const link of ["connecting", "lost"]) assert.equal(liveness(state(), link), "unlinked");
  assert.equal(liveness(null, "connected"), "unlinked");
});

test("a source that fails is said before silence, and a lost link before both", () => {
  const bad = state({ stale: true, source: "failing" });
  assert.equal(liveness(bad, "connected"), "source-failing");
  assert.equal(liveness(bad, "lost"), "unlinked");
});

test("the word Live is kept for what is live", () => {
  assert.equal(words("live", "connected"), "Live");
  assert.equal(words("silent", "connected"), "Not live – silent");
  assert.equal(words("source-failing", "connected"), "Not live – source fails");
  assert.equal(words("checking", "checking"), "Checking…");
  assert.equal(words("unknown", "connected"), "Waiting for news");
  assert.equal(words("unlinked", "connecting"), "Connecting…");
  assert.equal(words("unlinked", "lost"), "Connection lost – trying again");
});

test("a link is told with the time since the last word over it", () => {
  assert.equal(linkWords("connected", 3000), "Connected, last word 3 s ago");
  assert.equal(linkWords("checking", 300_000), "Checking, last word 5 min ago");
  assert.equal(linkWords("lost", 12_000), "Lost, last word 12 s ago");
  assert.equal(linkWords("lost", NaN), "Lost");
  assert.equal(linkWords("connecting", NaN), "Connecting…");
});
