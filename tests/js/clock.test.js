import assert from "node:assert/strict";
import { test } from "node:test";

import { Clock } from "../../src/windsock/web/js/clock.js";

const SERVER = Date.parse("2026-11-22T20:00:00.000Z");
const at = (ms) => new Date(SERVER + ms).toISOString();

/** A clock on a machine whose own clocks the test turns. `wrong`: by how much its wall clock is. */
function machine(wrong = 0) {
  const times = { wall: SERVER + wrong, steady: 50 };
  const clock = new Clock(() => times.wall, () => times.steady);
  const pass = (ms) => ((times.wall += ms), (times.steady += ms));
  const sleep = (ms) => (times.wall += ms);
  return { clock, pass, sleep, set: sleep };
}

for (const wrong of [-7_200_000, 0, 86_400_000]) {
  test(`the server's time is known though this machine's is wrong by ${wrong / 3_600_000} hours`, () => {
    const { clock, pass } = machine(wrong);
    clock.learn(at(0));
    pass(4000);
    assert.equal(clock.now() - SERVER, 4000);
  });
}

test("a wall clock that is set back moves neither the server's time nor the time that passed", () => {
  const { clock, pass, set } = machine();
  clock.learn(at(0));
  set(-3_600_000);
  pass(1000);
  assert.deepEqual([clock.now() - SERVER, clock.time()], [1000, 1000]);
});

test("a wall clock that is set ahead looks like sleep, until the server has answered", () => {
  const { clock, set } = machine();
  clock.learn(at(0));
  set(3_600_000);
  assert.equal(clock.now() - SERVER, 3_600_000);
  clock.learn(at(200), true);
  assert.equal(clock.now() - SERVER, 200);
});

test("whatever makes time jump ahead is noted, for only the server can tell sleep from a clock that was set", () => {
  const { clock, pass, sleep, set } = machine();
  pass(60_000);
  set(-5000);
  clock.time();
  assert.equal(clock.jumps, 0);
  sleep(1200);
  clock.time();
  assert.equal(clock.jumps, 1);
});

test("an answer sets the time right, also back, by whatever came soonest since it was asked for", () => {
  const { clock, pass, set } = machine();
  clock.learn(at(0));
  set(4000);
  clock.time();
  clock.ask();
  pass(100);
  for (const told of [20, 100, 60]) clock.learn(at(told));
  clock.settle();
  assert.equal(clock.now() - SERVER, 100);
});

test("an answer with which nothing came does not move the time", () => {
  const { clock, pass } = machine();
  clock.learn(at(0));
  clock.ask();
  pass(100);
  clock.settle();
  assert.equal(clock.now() - SERVER, 100);
});

test("time passes in sleep, though a steady clock stands still then", () => {
  const { clock, pass, sleep } = machine();
  clock.learn(at(0));
  pass(1000);
  sleep(300_000);
  pass(1000);
  assert.deepEqual([clock.time(), clock.now() - SERVER], [302_000, 302_000]);
});

test("a message that was held up tells by how much, and hardly sets the time back", () => {
  const { clock, pass } = machine();
  clock.learn(at(0));
  pass(10_000);
  assert.equal(clock.learn(at(2000)), 8000);
  assert.ok(clock.now() - SERVER >= 9900);
});

test("a clock that runs a little fast is set right by messages, in the long run", () => {
  const { clock, pass } = machine();
  clock.learn(at(0));
  for (let second = 1; second <= 3600; second += 1) {
    pass(1001);
    clock.learn(at(second * 1000));
  }
  assert.ok(Math.abs(clock.now() - SERVER - 3_600_000) < 5);
});

test("a message that came a while ago tells what the time was then", () => {
  const { clock } = machine();
  clock.learn(at(0), true, 3000);
  assert.equal(clock.now() - SERVER, 3000);
});
