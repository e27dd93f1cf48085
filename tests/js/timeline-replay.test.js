import assert from "node:assert/strict";
import { test } from "node:test";

import { Changes } from "../../src/windsock/web/js/timeline/changes.js";
import { Player } from "../../src/windsock/web/js/timeline/player.js";
import { Replay } from "../../src/windsock/web/js/timeline/replay.js";

const HOUR = 3_600_000;
const NOW = 1_000 * HOUR;
/** The hour up to `end`, of a thing that changed every minute of the last ten hours. */
const hour = (end, ms = HOUR) => ({
  epoch: "e", begin: end - ms, end, oldest: NOW - 10 * HOUR, exact: true, spent: new Map(), fields: new Map(),
  segments: Array.from({ length: ms / 60_000 }, (_, index) => ({ at: end - ms + index * 60_000, version: index + 1, state: "A" })),
});

/** A replay whose clock the test turns. */
function replay() {
  const clock = { now: NOW };
  const made = new Replay(() => clock.now);
  made.take(hour(NOW));
  return { made, clock };
}

test("now, the time that is shown moves on; then, it stands still until now is shown again", () => {
  const { made, clock } = replay();
  clock.now += 5000;
  assert.equal(made.window.end, NOW + 5000);
  made.seek(NOW - 60_000);
  clock.now += 60_000;
  assert.deepEqual([made.moment, made.window.end, made.elsewhere], [NOW - 60_000, NOW + 5000, false]);
  made.seek("now");
  assert.deepEqual([made.moment, made.window.end], [null, NOW + 65_000]);
});

test("a moment that had not been when the past was entered is now", () => {
  const { made } = replay();
  made.seek(NOW + 1);
  assert.equal(made.moment, null);
  made.seek(NOW - 10);
  made.seek(NOW);
  assert.equal(made.moment, null);
});

test("a moment before the time that is shown is looked for, but none before all that is known", () => {
  const { made } = replay();
  made.seek(NOW - 2 * HOUR);
  assert.deepEqual([made.moment, made.elsewhere, made.covered], [NOW - 2 * HOUR, true, false]);
  assert.ok(made.window.begin < NOW - 2 * HOUR && NOW - 2 * HOUR < made.window.end);
  made.take(hour(made.window.end));
  assert.ok(made.covered);
  made.seek(-Infinity);
  assert.equal(made.moment, NOW - 10 * HOUR);
});

test("back from elsewhere, what is known is not the time up to now", () => {
  const { made } = replay();
  made.seek(NOW - 5 * HOUR);
  made.take(hour(made.window.end));
  made.seek("now");
  assert.ok(!made.covered);
  made.take(hour(NOW));
  assert.ok(made.covered);
});

test("a shorter time has the moment in it, and a longer one ends with now again", () => {
  const { made } = replay();
  made.reach("1d");
  made.seek(NOW - 9 * HOUR);
  made.reach("1h");
  assert.deepEqual([made.moment, made.elsewhere], [NOW - 9 * HOUR, true]);
  made.reach("1d");
  assert.deepEqual([made.moment, made.elsewhere], [NOW - 9 * HOUR, false]);
});

test("what is heard goes on with the past, also while another moment is shown, unless that is elsewhere", () => {
  const { made } = replay();
  const news = (version) => ({ epoch: "e", version, state: "B", data: {}, updated_at: new Date(NOW + version).toISOString() });
  made.seek(NOW - 60_000);
  assert.deepEqual([made.hear(news(61)), made.hear(news(61))], [true, false]);
  made.seek(NOW - 5 * HOUR);
  made.take(hour(made.window.end));
  assert.equal(made.hear(news(62)), false);
});

test("from now, the change before is the last one; there is none after it", () => {
  const { made } = replay();
  assert.deepEqual([made.change(-1), made.change(1)], [NOW - 60_000, null]);
});

/** A player whose time the test moves on. */
function player() {
  const moved = [];
  let next = null;
  const made = new Player((ms) => moved.push(ms), (call) => (next = call));
  return { made, moved, turnTo: (time) => next(time) };
}

test("it plays at its speed from the first picture on", () => {
  const { made, moved, turnTo } = player();
  made.speed = 60;
  made.play();
  [5000, 5016, 5032].forEach(turnTo);
  assert.deepEqual(moved, [960, 960]);
});

test("paused, it moves no more; and a page that slept goes on nearly where it was", () => {
  const { made, moved, turnTo } = player();
  made.play();
  [0, 3_600_000].forEach(turnTo);
  assert.deepEqual(moved, [1000]);
  made.pause();
  turnTo(3_600_016);
  assert.deepEqual([moved.length, made.playing], [1, false]);
});

/** A server whose answers the test gives. */
function server() {
  const asked = [];
  const told = [];
  const made = new Changes((since, limit) => new Promise((answer) => asked.push({ since, limit, answer })), (failed) => told.push(failed));
  const answer = async (changes) => {
    asked.at(-1).answer(changes);
    await new Promise(setImmediate);
  };
  return { made, asked, told, answer };
}
const change = (version) => ({ version, state: "A", data: { n: version }, at: "", cause: "reported" });

test("a change is asked for once, with those that follow it, and remembered", async () => {
  const { made, asked, told, answer } = server();
  assert.equal(made.get(5), undefined);
  assert.equal(made.get(5), undefined);
  await answer([change(5), change(6)]);
  assert.deepEqual([asked.length, asked[0].since, told], [1, 4, [false]]);
  assert.deepEqual([made.get(5).data, made.get(6).data, asked.length], [{ n: 5 }, { n: 6 }, 1]);
});

test("of those that are wanted while one is asked for, only the newest is", async () => {
  const { made, asked, answer } = server();
  for (const version of [100, 200, 300, 400]) made.get(version);
  await answer([change(100)]);
  assert.deepEqual(asked.map(({ since }) => since), [99, 399]);
});

test("one that the server does not have any more is not asked for again", async () => {
  const { made, asked, answer } = server();
  made.get(5);
  await answer([change(9)]);
  assert.deepEqual([made.get(5), asked.length], [null, 1]);
});

test("one that could not be had is told, and asked for again when it is wanted again", async () => {
  const { made, asked, told, answer } = server();
  made.get(5);
  await answer(null);
  assert.deepEqual([told, asked.length], [[true], 1]);
  made.get(5);
  assert.equal(asked.length, 2);
});
