import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { Clock } from "../../src/windsock/web/js/clock.js";
import { Connection } from "../../src/windsock/web/js/connection.js";
import { fakeIo, settled } from "./fakes.js";

let wall = 0;
let seen = [];

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  wall = 1_000_000;
  seen = [];
});

/** Time goes by, and all timers are on time. */
async function pass(ms) {
  for (let left = ms; left > 0; left -= 50) {
    wall += Math.min(left, 50);
    mock.timers.tick(Math.min(left, 50));
    await settled();
  }
}

/** Time goes by, and nothing runs. */
const sleep = (ms) => (wall += ms);

function connected() {
  const server = fakeIo();
  const clock = new Clock(() => wall, () => wall);
  const connection = new Connection({ io: server.io }, clock, {
    hello: () => ({}),
    things: () => ["cloud"],
    events: { state: () => {} },
    changed: () => seen.push(connection.link),
    connected: () => {},
    refused: (code) => void seen.push(code),
  }, () => 0.5);
  connection.start();
  server.welcome();
  return { server, connection };
}

test("a page that slept is not connected until the server has answered", async () => {
  const { server, connection } = connected();
  server.answer = () => null;
  sleep(60_000);
  mock.timers.tick(250);
  assert.equal(connection.link, "checking");
  assert.deepEqual(server.sent, [{ event: "watch", message: { things: ["cloud"] } }]);
  server.pending({ ok: true });
  await settled();
  assert.equal(connection.link, "connected");
});

test("whoever looks before any timer has run sees that the page slept", () => {
  const { server, connection } = connected();
  server.answer = () => null;
  sleep(60_000);
  assert.equal(connection.link, "checking");
  assert.equal(server.sent.length, 1);
});

test("a message that waited while the page slept does not pass for an answer", async () => {
  const { server, connection } = connected();
  server.answer = () => null;
  sleep(60_000);
  server.send("state", {});
  assert.equal(connection.link, "checking");
});

test("an answer that waited while the page slept does not either: the server is asked again", async () => {
  const { server, connection } = connected();
  server.answer = () => null;
  connection.check();
  sleep(60_000);
  server.pending({ ok: true });
  await settled();
  assert.equal(connection.link, "checking");
  assert.equal(server.sent.length, 2);
  server.pending({ ok: true });
  await settled();
  assert.equal(connection.link, "connected");
});

test("a dead link is lost within three seconds of waking, and tried again", async () => {
  const { server, connection } = connected();
  server.answer = () => null;
  const { attempts } = server;
  sleep(300_000);
  await pass(3000);
  assert.equal(connection.link, "lost");
  await pass(1000);
  assert.equal(server.attempts, attempts + 1);
});

test("an answer without the states is none: the page connects anew", async () => {
  const { server, connection } = connected();
  server.answer = () => ({ ok: false, code: "unavailable", error: "the store is away" });
  sleep(60_000);
  await pass(250);
  assert.equal(connection.link, "lost");
  assert.equal(server.drops, 1);
});

test("while the server's heartbeat is overdue the page is not connected, and it is checked once", async () => {
  const { server, connection } = connected();
  server.answer = () => null;
  await pass(10_000);
  server.ping();
  await pass(11_900);
  assert.equal(connection.link, "connected");
  await pass(400);
  assert.equal(connection.link, "checking");
  await pass(1000);
  assert.equal(server.sent.length, 1);
});

test("attempts go on with growing pauses, never twice at once, and start anew after success", async () => {
  const { server } = connected();
  const { attempts } = server;
  server.drop();
  const pauses = [];
  for (let attempt = 1; attempt <= 6; attempt += 1) {
    const before = wall;
    while (server.attempts < attempts + attempt) await pass(50);
    pauses.push(wall - before);
    server.fail();
  }
  assert.deepEqual(pauses, [400, 750, 1500, 3000, 3000, 3000]);
  await pass(3000);
  server.welcome();
  server.drop();
  await pass(400);
  assert.equal(server.attempts, attempts + 8);
});

test("a page that wakes without a connection does not wait for the end of a long pause", async () => {
  const { server } = connected();
  server.drop();
  for (let attempt = 0; attempt < 5; attempt += 1) {
    await pass(4000);
    server.fail();
  }
  const { attempts } = server;
  await pass(250);
  sleep(60_000);
  await pass(750);
  assert.equal(server.attempts, attempts + 1);
});

test("after an attempt that hung the other transport is tried first, for a proxy may let one hang", async () => {
  const { server } = connected();
  server.drop();
  const first = [];
  const { opts } = server.io().io;
  for (const reason of ["refused", "timeout", "timeout", "refused"]) {
    await pass(4000);
    first.push(opts.transports[0]);
    server.fail(reason);
  }
  assert.deepEqual(first, ["websocket", "websocket", "polling", "websocket"]);
});

test("who is refused hears why, and tries again", async () => {
  const { server, connection } = connected();
  server.drop();
  server.refuse("no thing fog", { code: "unknown_thing" });
  assert.match(connection.reason, /no thing fog/);
  assert.ok(seen.includes("unknown_thing"));
  const { attempts } = server;
  await pass(4000);
  assert.equal(server.attempts, attempts + 1);
});

test("a request that nobody answers ends with a refusal, and does not raise", async () => {
  const { server, connection } = connected();
  server.answer = () => null;
  const answer = connection.request("report", {});
  await pass(6000);
  assert.equal((await answer).code, "unanswered");
});

test("without the client library the link is lost, in words", () => {
  const connection = new Connection({}, new Clock(), { changed: () => {} });
  connection.start();
  assert.deepEqual([connection.link, connection.reason], ["lost", "A script of this page did not load."]);
});
