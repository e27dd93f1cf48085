import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { makeWindsock } from "../../src/windsock/web/js/core.js";
import { fakeIo, settled } from "./fakes.js";
import { heard, state } from "./messages.js";

beforeEach(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
afterEach(() => mock.timers.reset());

function page() {
  const server = fakeIo();
  const { windsock } = makeWindsock({ io: server.io });
  const states = [];
  const cloud = windsock("cloud").on("state", (news) => states.push(news.version));
  server.welcome();
  return { server, windsock, cloud, states };
}

test("a page says at each CONNECT what it watches and how far it has come", () => {
  const { server } = page();
  assert.deepEqual(server.auth.things, { cloud: null });
  server.send("state", state({ version: 7 }));
  server.drop();
  server.welcome();
  assert.deepEqual(server.auth.things, { cloud: { epoch: "e", version: 7 } });
});

test("counts are asked for only if somebody wants them, also by who comes late", async () => {
  const { server, cloud } = page();
  assert.ok(!("viewers" in server.auth));
  const counts = [];
  cloud.on("viewers", (count) => counts.push(count));
  assert.equal(server.drops, 1);
  mock.timers.tick(5000);
  server.welcome();
  assert.equal(server.auth.viewers, true);
  server.send("viewers", { thing: "cloud", count: 3 });
  assert.deepEqual([counts, cloud.viewers], [[3], 3]);
});

test("a gap is told before the state behind it, with its ends", () => {
  const { server, cloud, states } = page();
  const told = [];
  cloud.on("gap", (gap) => told.push({ ...gap, shown: [...states] }));
  for (const version of [3, 4, 9]) server.send("state", state({ version }));
  assert.deepEqual(told, [{ thing: "cloud", epoch: "e", from: 4, to: 9, shown: [3, 4] }]);
});

test("the history is asked for by position", async () => {
  const { server, cloud } = page();
  server.send("state", state({ version: 9 }));
  await cloud.history({ since: 4, limit: 10 });
  await cloud.history();
  const asked = server.sent.filter(({ event }) => event === "history").map(({ message }) => message);
  assert.deepEqual(asked[0], { thing: "cloud", epoch: "e", since: 4, limit: 10 });
  assert.equal(asked[1].epoch, undefined);
});

test("after a lost link nothing is live until its state has come", () => {
  const { server, cloud } = page();
  server.send("state", state());
  assert.equal(cloud.liveness, "live");
  server.drop();
  assert.equal(cloud.liveness, "unlinked");
  server.welcome();
  assert.equal(cloud.liveness, "unlinked");
  server.send("state", state({ version: 4 }));
  assert.deepEqual([cloud.liveness, cloud.state.version], ["live", 4]);
});

test("who is behind asks for the state", async () => {
  const { server } = page();
  server.send("state", state());
  server.send("heard", heard({ version: 6 }));
  assert.deepEqual(server.sent, [{ event: "watch", message: { things: ["cloud"] } }]);
});

test("a message that was held up for long makes the page check its link", async () => {
  const { server, cloud } = page();
  server.answer = () => null;
  server.send("state", state({ now: "2026-11-22T20:01:00.000Z" }));
  server.send("heard", heard({ now: "2026-11-22T20:00:50.000Z" }));
  assert.equal(cloud.liveness, "checking");
});

test("one thing that there is not does not keep the others from being watched", async () => {
  const { server, windsock, cloud } = page();
  windsock("fog").on("state", () => {});
  server.drop();
  server.refuse("no thing fog", { code: "unknown_thing" });
  server.sent.length = 0;
  server.answer = (_event, { things }) =>
    things[0] === "fog" ? { ok: false, code: "unknown_thing", error: "no thing fog" } : { ok: true };
  const warned = mock.method(console, "warn", () => {});
  server.welcome();
  await settled();
  assert.deepEqual(server.auth.things, {});
  assert.deepEqual(server.sent.map(({ message }) => message.things), [["cloud"], ["fog"]]);
  assert.equal(windsock("fog").words, "no thing fog");
  assert.equal(cloud.words, "Connecting…");
  assert.equal(warned.mock.callCount(), 1);
  server.sent.length = 0;
  server.send("state", state({ now: "2026-11-22T21:00:00.000Z" }));
  server.send("heard", heard({ now: "2026-11-22T20:00:00.000Z" }));
  assert.deepEqual(server.sent, [{ event: "watch", message: { things: ["cloud"] } }]); // what is checked
  server.drop();
  warned.mock.restore();
});

test("what nobody listens to any more is watched no more", async () => {
  const { server, cloud } = page();
  const one = () => {};
  cloud.on("gap", one).off("gap", one);
  assert.equal(server.sent.length, 0);
  const { cloud: other, server: second } = page();
  const two = () => {};
  second.send("state", state());
  other.on("state", two).off("state", two);
  assert.equal(second.sent.length, 0);
  assert.equal(other.state.version, 5);
});

test("one listener's fault does not cost the others the news", () => {
  const { server, cloud, states } = page();
  const faults = [];
  globalThis.reportError = (error) => faults.push(error.message);
  const bad = () => {
    throw new Error("mine");
  };
  cloud.on("state", bad);
  const after = [];
  cloud.on("state", (news) => after.push(news.version));
  server.send("state", state());
  assert.deepEqual([states, after, faults], [[5], [5], ["mine"]]);
});

test("an event that there is not is refused, with those that there are", () => {
  const { cloud } = page();
  assert.throws(() => cloud.on("sate", () => {}), /"sate", only state, viewers, gap/);
});

test("how to reach the server is said before the connection begins, or not at all", () => {
  const server = fakeIo();
  const { windsock } = makeWindsock({});
  windsock.setup({ io: server.io, url: "https://example.org", token: "key" });
  windsock("cloud").on("state", () => {});
  server.welcome();
  assert.deepEqual([server.uri, server.auth.token], ["https://example.org/windsock", "key"]);
  assert.throws(() => windsock.setup({ url: "https://example.com" }), /too late/);
});

test("the link tells how it is until it is told not to", () => {
  const { server, windsock } = page();
  const told = [];
  const end = windsock.onLink((link) => told.push(link));
  server.drop();
  end();
  server.welcome();
  assert.deepEqual(told, ["connected", "lost"]);
});
