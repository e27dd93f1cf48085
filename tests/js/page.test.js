import assert from "node:assert/strict";
import { test } from "node:test";

import { announcer } from "../../src/windsock/web/js/page/announcer.js";
import { warning } from "../../src/windsock/web/js/page/warning.js";

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

const said = (look, fields, link = "connected", reason = "") =>
  warning(look, { state: fields && state(fields), link, reason, now: NOW });

test("nothing is said of a state that is live", () => {
  assert.equal(said("live", {}), "");
});

test("a source that cannot be read is named, and what is shown is called the last known state", () => {
  assert.match(said("source-failing", {}), /^The source cannot be read: .*last known state/);
});

test("a source that cannot be read may leave nothing to be shown", () => {
  const nothing = { state: null, heard_at: null };
  assert.equal(said("source-failing", nothing), "The source cannot be read; nothing is known yet.");
});

test("silence is told by its length, whether it may be true or is what the state says", () => {
  assert.equal(said("silent", {}), "Not heard for 1 min: this may no longer be true.");
  assert.equal(said("silent", { heard_at: null }), "Never heard from yet: this may not be true.");
  assert.equal(said("offline", {}), "Offline: not heard for 1 min.");
});

test("a lost link is told as this page's, not the thing's", () => {
  const lost = "This page lost its connection; it is trying again.";
  assert.equal(said("unlinked", null, "lost"), lost);
  assert.ok(said("unlinked", {}, "lost").startsWith(`${lost} What it shows is from `));
  assert.match(said("unlinked", {}, "connecting"), /^This page is not connected yet\./);
  assert.match(said("checking", {}, "checking"), /^This page is checking its connection\. What it shows is from /);
});

test("why the link is lost is told if it is known", () => {
  assert.equal(said("unlinked", null, "lost", "The store is in use."), "The store is in use.");
});

test("a time on another day is told with its day", () => {
  assert.match(said("source-failing", { heard_at: "2026-11-02T20:00:00.000Z" }), /2026/);
  assert.doesNotMatch(said("source-failing", {}), /2026/);
});
