import assert from "node:assert/strict";
import { test } from "node:test";

import { pure } from "./scripts.js";

const { announcer, warning } = pure;
const NOW = Date.parse("2026-11-22T20:01:10.000Z");
const state = (fields = {}) => ({
  state: "HUGGING",
  label: "Somebody hugs",
  heard_at: "2026-11-22T20:00:00.000Z",
  now: "2026-11-22T20:01:10.000Z",
  ...fields,
});

/** An announcer with a clock that the test turns. */
function listening(every) {
  const said = [];
  const timers = [];
  let now = 0;
  const later = (call, wait) => timers.push({ at: now + wait, call });
  const announce = announcer((text) => said.push([now, text]), every, () => now, later);
  const turnTo = (time) => {
    timers.sort((a, b) => a.at - b.at);
    while (timers.length && timers[0].at <= time) {
      const { at, call } = timers.shift();
      now = at;
      call();
    }
    now = time;
  };
  return { said, announce, turnTo };
}

test("the first change is announced at once", () => {
  const { said, announce, turnTo } = listening(3000);
  announce("cloud", "a");
  turnTo(0);
  assert.deepEqual(said, [[0, "a"]]);
});

test("of changes that come quickly only the newest is announced, when the time has come", () => {
  const { said, announce, turnTo } = listening(3000);
  announce("cloud", "a");
  turnTo(100);
  announce("cloud", "b");
  turnTo(200);
  announce("cloud", "c");
  turnTo(9000);
  assert.deepEqual(said, [[0, "a"], [3000, "c"]]);
});

test("the newest of each thing is announced, so one thing does not silence another", () => {
  const { said, announce, turnTo } = listening(3000);
  announce("cloud", "a");
  turnTo(100);
  announce("cloud", "b");
  announce("door", "open");
  announce("cloud", "c");
  turnTo(9000);
  assert.deepEqual(said, [[0, "a"], [3000, "c open"]]);
});

test("nothing is said of a state that is live", () => {
  assert.equal(warning(state(), "live", "connected", "", NOW), "");
});

test("a source that cannot be read is named, and what is shown is called the last known state", () => {
  const said = warning(state(), "source-failing", "connected", "", NOW);
  assert.match(said, /^The source cannot be read: .*last known state/);
});

test("a source that cannot be read may leave nothing to be shown", () => {
  const said = warning(state({ state: null, heard_at: null }), "source-failing", "connected", "", NOW);
  assert.equal(said, "The source cannot be read; nothing is known yet.");
});

test("silence is told by its length", () => {
  const said = warning(state(), "silent", "connected", "", NOW);
  assert.equal(said, "Not heard for 1 min: this may no longer be true.");
});

test("a lost link is told as this page's, not the thing's", () => {
  const lost = "This page lost its connection; it is trying again.";
  assert.equal(warning(null, "unlinked", "lost", "", NOW), lost);
  assert.ok(warning(state(), "unlinked", "lost", "", NOW).startsWith(`${lost} What it shows is from `));
  assert.match(warning(state(), "unlinked", "connecting", "", NOW), /^This page is not connected yet\./);
});

test("why the link is lost is told if it is known", () => {
  assert.equal(warning(null, "unlinked", "lost", "The store is in use.", NOW), "The store is in use.");
});

test("a time on another day is told with its day", () => {
  const old = state({ heard_at: "2026-11-02T20:00:00.000Z" });
  assert.match(warning(old, "source-failing", "connected", "", NOW), /2026/);
  assert.doesNotMatch(warning(state(), "source-failing", "connected", "", NOW), /2026/);
});
