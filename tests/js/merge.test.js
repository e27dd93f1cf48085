import assert from "node:assert/strict";
import { test } from "node:test";

import { merge } from "../../src/windsock/web/js/merge.js";
import { heard, state } from "./messages.js";

test("the first state of a thing is accepted", () => {
  assert.deepEqual(merge(null, state()), { state: state(), verdict: "accepted", gap: null });
});

test("a higher version is accepted, also after a jump", () => {
  assert.equal(merge(state(), state({ version: 9 })).state.version, 9);
});

test("a lower version of the same epoch is discarded", () => {
  const old = state();
  assert.deepEqual(merge(old, state({ version: 4 })), { state: old, verdict: "discarded", gap: null });
});

test("a lower version is accepted if it is the first since CONNECT or watch", () => {
  assert.equal(merge(state(), state({ version: 4 }), true).state.version, 4);
});

test("a lower version of another epoch is accepted: history began anew", () => {
  const { state: now, verdict } = merge(state(), state({ epoch: "f", version: 1 }));
  assert.deepEqual([now.epoch, now.version, verdict], ["f", 1, "accepted"]);
});

test("an equal version refreshes clocks, staleness, source and label", () => {
  const fresh = { now: "2026-11-22T20:01:00.000Z", stale: true, source: "failing", label: "A hug" };
  assert.deepEqual(merge(state(), state(fresh)), { state: state(fresh), verdict: "refreshed", gap: null });
});

test("heard moves the clocks and leaves the state as it is", () => {
  const { thing, epoch, version, ...clocks } = heard({ stale: true, source: "failing" });
  const merged = merge(state(), heard(clocks));
  assert.deepEqual(merged, { state: state(clocks), verdict: "refreshed", gap: null });
});

test("heard of a newer version, or of another epoch, says that the viewer is behind", () => {
  const old = state();
  for (const news of [heard({ version: 6 }), heard({ epoch: "f", version: 1 })]) {
    assert.deepEqual(merge(old, news), { state: old, verdict: "behind", gap: null });
  }
  assert.deepEqual(merge(null, heard()), { state: null, verdict: "behind", gap: null });
});

test("heard of an older version is discarded", () => {
  assert.equal(merge(state(), heard({ version: 4 })).verdict, "discarded");
});

test("merging leaves its arguments as they are", () => {
  const old = Object.freeze(state());
  const { state: now } = merge(old, heard());
  assert.notEqual(now, old);
});

test("a jump of versions within an epoch is a gap, from the last that came to the one that comes", () => {
  const gap = { thing: "cloud", epoch: "e", from: 5, to: 9, anew: false };
  assert.deepEqual(merge(state(), state({ version: 9 })).gap, gap);
  for (const next of [state({ version: 5 }), state({ version: 6 })]) {
    assert.equal(merge(state(), next).gap, null);
  }
  assert.equal(merge(null, state({ version: 9 })).gap, null);
  assert.equal(merge(state(), state({ version: 2 }), true).gap, null);
});

test("a new epoch is announced too, for nobody knows what was missed before it", () => {
  const { gap } = merge(state(), state({ epoch: "f", version: 3 }));
  assert.deepEqual(gap, { thing: "cloud", epoch: "f", from: 0, to: 3, anew: true });
  assert.equal(merge(state({ version: 0 }), state({ epoch: "f", version: 3 })).gap, null);
});

test("what is shown never goes back within an epoch, and ends at the newest, in whatever order messages come", () => {
  let seed = 1;
  const random = (below) => (seed = (seed * 48271) % 2147483647) % below;
  for (let round = 0; round < 300; round += 1) {
    let shown = null;
    let newest = 0;
    for (let step = 0; step < 30; step += 1) {
      const version = random(20);
      newest = Math.max(newest, version);
      const before = shown?.version ?? -1;
      const made = random(3) ? state({ version }) : heard({ version });
      const { state: now, verdict } = merge(shown, made);
      shown = verdict === "behind" ? merge(shown, state({ version: newest }), true).state : now;
      assert.ok(shown.version >= before, `${before} became ${shown.version} (round ${round})`);
    }
    assert.equal(shown.version, newest, `round ${round}`);
  }
});
