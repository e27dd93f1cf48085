import assert from "node:assert/strict";
import { test } from "node:test";

import { pure } from "./scripts.js";

const { merge, liveness, words, ago, since, text, pick, backoff } = pure;

const state = (fields = {}) => ({
  thing: "cloud",
  epoch: "e",
  version: 5,
  state: "HUGGING",
  label: "Somebody hugs",
  image: "/hug.svg",
  color: "#e2557f",
  data: {},
  changed_at: "2026-11-22T20:00:00.000Z",
  updated_at: "2026-11-22T20:00:00.000Z",
  heard_at: "2026-11-22T20:00:01.000Z",
  now: "2026-11-22T20:00:02.000Z",
  stale: false,
  source: "ok",
  ...fields,
});
const heard = (fields = {}) => ({
  thing: "cloud",
  epoch: "e",
  version: 5,
  heard_at: "2026-11-22T20:00:09.000Z",
  now: "2026-11-22T20:00:10.000Z",
  stale: false,
  source: "ok",
  ...fields,
});

test("the first state of a thing is accepted", () => {
  assert.deepEqual(merge(null, state()), { state: state(), verdict: "accepted" });
});

test("a higher version is accepted, also after a jump", () => {
  assert.equal(merge(state(), state({ version: 9 })).state.version, 9);
});

test("a lower version of the same epoch is discarded", () => {
  const old = state();
  assert.deepEqual(merge(old, state({ version: 4 })), { state: old, verdict: "discarded" });
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
  assert.deepEqual(merge(state(), state(fresh)), { state: state(fresh), verdict: "refreshed" });
});

test("heard moves the clocks and leaves the state as it is", () => {
  const { thing, epoch, version, ...clocks } = heard({ stale: true, source: "failing" });
  const merged = merge(state(), heard(clocks));
  assert.deepEqual(merged, { state: state(clocks), verdict: "refreshed" });
});

test("heard of a newer version, or of another epoch, says that the viewer is behind", () => {
  const old = state();
  for (const news of [heard({ version: 6 }), heard({ epoch: "f", version: 1 })]) {
    assert.deepEqual(merge(old, news), { state: old, verdict: "behind" });
  }
  assert.deepEqual(merge(null, heard()), { state: null, verdict: "behind" });
});

test("heard of an older version is discarded", () => {
  assert.equal(merge(state(), heard({ version: 4 })).verdict, "discarded");
});

test("merging leaves its arguments as they are", () => {
  const old = Object.freeze(state());
  const { state: now } = merge(old, heard());
  assert.notEqual(now, old);
});

test("only a state that is known, fresh, and comes over a whole link from a readable source is live", () => {
  assert.equal(liveness(state(), "connected"), "live");
  assert.equal(liveness(state({ stale: true }), "connected"), "silent");
  assert.equal(liveness(state({ source: "failing" }), "connected"), "source-failing");
  assert.equal(liveness(state({ state: null, version: 0, stale: true }), "connected"), "unknown");
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
  for (const other of ["silent", "source-failing"]) assert.equal(words(other, "connected"), "Not live");
  assert.equal(words("unknown", "connected"), "Waiting for news");
  assert.equal(words("unlinked", "connecting"), "Connecting…");
  assert.equal(words("unlinked", "lost"), "Connection lost – trying again");
});

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

test("attempts begin quickly, ease off to five seconds, and are spread", () => {
  for (const random of [0, 0.5, 1]) {
    for (let attempt = 0; attempt < 2000; attempt += 1) {
      const wait = backoff(attempt, random);
      assert.ok(wait >= 250 && wait <= 5000, `${wait} ms`);
    }
  }
  assert.equal(backoff(0, 1), 500);
  assert.equal(backoff(9, 1), 5000);
  assert.notEqual(backoff(3, 0), backoff(3, 1));
});
