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

/** A server that has these things, and lets a viewer watch so many of them. */
function knowing(things, most = Infinity) {
  const watched = new Set();
  return (event, { things: names }) => {
    if (event === "unwatch") names.forEach((name) => watched.delete(name));
    if (event !== "watch") return { ok: true };
    const unknown = names.find((name) => !things.includes(name));
    if (unknown) return { ok: false, code: "unknown_thing", error: `no thing ${unknown}` };
    if (new Set([...watched, ...names]).size > most) return { ok: false, code: "bad_request", error: "too many" };
    names.forEach((name) => watched.add(name));
    return { ok: true };
  };
}

const asked = (server) => server.sent.map(({ message }) => message.things);
const many = (count) => Array.from({ length: count }, (_, number) => `thing-${number}`);

/** Time goes by on both of the machine's clocks, and all timers are on time. */
async function pass(ms) {
  for (let left = ms; left > 0; left -= 10) {
    mock.timers.tick(10);
    await settled();
  }
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
  assert.deepEqual(told, [{ thing: "cloud", epoch: "e", from: 4, to: 9, anew: false, shown: [3, 4] }]);
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

test("who is refused for the sake of one name asks for less, and does not call that a loss", async () => {
  const { server, windsock } = page();
  windsock("fog").on("state", () => {});
  server.drop();
  const links = [];
  windsock.onLink((link) => links.push(link));
  server.refuse("no thing fog", { code: "unknown_thing" });
  server.refuse("no thing fog", { code: "unknown_thing" });
  assert.deepEqual(links, ["lost", "lost"]); // said at the beginning, and when it was refused again
});

test("one thing that there is not does not keep the others from being watched", async () => {
  const { server, windsock, cloud } = page();
  windsock("fog").on("state", () => {});
  server.drop();
  server.refuse("no thing fog", { code: "unknown_thing" });
  server.sent.length = 0;
  server.answer = knowing(["cloud"]);
  const warned = mock.method(console, "warn", () => {});
  server.welcome();
  await pass(500);
  assert.deepEqual(server.auth.things, {});
  assert.deepEqual(asked(server), [["cloud", "fog"], ["cloud"], ["fog"]]);
  assert.equal(windsock("fog").words, "no thing fog");
  assert.equal(cloud.words, "Connecting…");
  assert.equal(warned.mock.callCount(), 1);
  server.sent.length = 0;
  server.send("state", state({ now: "2026-11-22T21:00:00.000Z" }));
  server.send("heard", heard({ now: "2026-11-22T20:00:00.000Z" }));
  assert.deepEqual(asked(server), [["cloud"]]); // what is checked
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

test("few names that are unknown among many cost few requests, one at a time and not too fast", async () => {
  const { server, windsock } = page();
  const names = many(300);
  const [good, bad] = [names.slice(3), names.slice(0, 3)];
  for (const name of names) windsock(name).on("state", () => {});
  server.drop();
  server.refuse("no thing", { code: "unknown_thing" });
  server.sent.length = 0;
  const answer = knowing(["cloud", ...good]);
  const times = [];
  let now = 0;
  server.answer = (event, message) => (times.push(now), answer(event, message));
  const warned = mock.method(console, "warn", () => {});
  server.welcome();
  for (; now < 5000; now += 10) await pass(10);
  assert.ok(server.sent.length < 60, `${server.sent.length} requests`);
  for (const time of times) assert.ok(times.filter((other) => other >= time && other < time + 1000).length < 50);
  assert.deepEqual(bad.map((name) => windsock(name).words), bad.map((name) => `no thing ${name}`));
  assert.equal(warned.mock.callCount(), 3);
  warned.mock.restore();
});

test("CONNECT names what is known to be there, and what was refused is asked for once more after it", async () => {
  const { server, windsock } = page();
  const warned = mock.method(console, "warn", () => {});
  server.answer = knowing(["cloud"]);
  windsock("fog").on("state", () => {});
  await pass(500);
  server.send("state", state({ version: 7 }));
  server.drop();
  server.sent.length = 0;
  server.welcome();
  await pass(500);
  assert.deepEqual(server.auth.things, { cloud: { epoch: "e", version: 7 } });
  assert.deepEqual(asked(server), [["fog"]]);
  assert.equal(warned.mock.callCount(), 1);
  server.drop();
  server.answer = knowing(["cloud", "fog"]);
  server.welcome();
  await pass(500);
  assert.equal(windsock("fog").words, "Connecting…");
  server.drop();
  server.welcome();
  assert.deepEqual(Object.keys(server.auth.things), ["cloud", "fog"]);
  warned.mock.restore();
});

test("of more things than a viewer may watch as many as may be are, and others when there is room", async () => {
  const { server, windsock } = page();
  const warned = mock.method(console, "warn", () => {});
  const names = many(300);
  const nothing = () => {};
  server.answer = knowing(["cloud", ...names], 200);
  for (const name of names) windsock(name).on("state", nothing);
  await pass(5000);
  const refused = names.filter((name) => windsock(name).words === "too many");
  assert.ok(refused.length >= 100 && refused.length <= 101, `${refused.length} refused`);
  assert.ok(server.sent.length < 40, `${server.sent.length} requests`);
  for (const name of names.slice(0, 150)) windsock(name).off("state", nothing);
  await pass(5000);
  assert.deepEqual(names.filter((name) => windsock(name).words === "too many"), []);
  assert.ok(server.sent.length < 80, `${server.sent.length} requests`);
  assert.ok(warned.mock.callCount() < 5);
  warned.mock.restore();
});

test("what comes and goes by the hundred costs few requests", async () => {
  const { server, windsock } = page();
  const names = many(300);
  const nothing = () => {};
  for (const name of names) windsock(name).on("state", nothing);
  await pass(100);
  for (const name of names) windsock(name).off("state", nothing);
  await pass(100);
  assert.ok(server.sent.length <= 4, `${server.sent.length} requests`);
  const left = server.sent.filter(({ event }) => event === "unwatch").flatMap(({ message }) => message.things);
  assert.deepEqual(left.sort(), names.sort());
});

test("what is let go of while it is asked for is watched no more", async () => {
  const { server, windsock } = page();
  const nothing = () => {};
  server.answer = () => null;
  windsock("door").on("state", nothing).off("state", nothing);
  server.pending({ ok: true });
  await settled();
  assert.deepEqual(server.sent.map(({ event, message }) => [event, message.things]), [
    ["watch", ["door"]],
    ["unwatch", ["door"]],
  ]);
});

test("who listens to a state is told as well when it is no longer live, and when it is again", async () => {
  const { server, cloud } = page();
  const told = [];
  cloud.on("state", ({ version, liveness }) => told.push([version, liveness, cloud.liveness]));
  server.send("state", state());
  server.drop();
  server.fail();
  server.welcome();
  server.send("state", state());
  server.send("heard", heard({ stale: true }));
  const expected = [[5, "live"], [5, "unlinked"], [5, "live"], [5, "silent"]];
  assert.deepEqual(told, expected.map(([version, live]) => [version, live, live]));
});

test("who listens is told when the link is doubted, and when the server has proved it", async () => {
  const { server, windsock, cloud } = page();
  const told = [];
  cloud.on("state", ({ version, liveness }) => told.push([version, liveness]));
  windsock("door").on("state", () => told.push("nothing is known of it"));
  server.answer = () => null;
  server.send("state", state({ now: "2026-11-22T20:01:00.000Z" }));
  server.pending({ ok: true });
  await settled();
  server.send("state", state({ version: 6, now: "2026-11-22T20:00:50.000Z" })); // held up
  assert.deepEqual(told, [[5, "live"], [6, "checking"]]);
  server.pending({ ok: true });
  await settled();
  assert.deepEqual(told, [[5, "live"], [6, "checking"], [6, "live"]]);
});

test("what came with the page is told once, as not live", () => {
  const server = fakeIo();
  const { windsock } = makeWindsock({ io: server.io });
  const told = [];
  const listen = ({ version, liveness }) => told.push([version, liveness]);
  windsock.seed(state(), Date.now());
  windsock("cloud").on("state", listen);
  server.welcome();
  assert.deepEqual(told, [[5, "unlinked"]]);
  server.send("state", state());
  assert.deepEqual(told, [[5, "unlinked"], [5, "live"]]);
});

test("a listener that ends the link does not leave the others with a state that is live", () => {
  const { server, windsock, cloud } = page();
  const told = [];
  cloud.on("state", ({ liveness }) => {
    if (liveness === "live") windsock("cloud").on("viewers", () => {}); // CONNECT has to say so
  });
  cloud.on("state", ({ liveness }) => told.push(liveness));
  server.send("state", state());
  assert.equal(told.at(-1), "unlinked");
});

for (const step of [1200, 4000, 15_000]) {
  test(`a wall clock set ahead by ${step} ms makes times wrong only until the server has answered`, async () => {
    const times = { wall: Date.parse("2026-11-22T20:00:00.000Z"), steady: 0 };
    const clocks = [mock.method(Date, "now", () => times.wall), mock.method(performance, "now", () => times.steady)];
    const server = fakeIo();
    const { windsock } = makeWindsock({ io: server.io });
    const cloud = windsock("cloud").on("state", () => {});
    const told = () => new Date(Date.parse("2026-11-22T20:00:00.000Z") + times.steady).toISOString();
    server.welcome();
    server.send("state", state({ now: told() }));
    const stale = told();
    times.wall += step + 250;
    times.steady += 250;
    server.answer = () => {
      server.send("heard", heard({ now: stale })); // it was on its way before
      server.send("state", state({ now: told() }));
      return { ok: true };
    };
    await pass(250);
    assert.equal(new Date(windsock.now()).toISOString(), told());
    assert.equal(cloud.liveness, "live");
    for (const clock of clocks) clock.mock.restore();
  });
}

test("who draws by the server's time, before any timer has run, draws a page that slept", (t) => {
  const [wall, sleep] = [Date.now, { ms: 0 }];
  t.mock.method(Date, "now", () => wall() + sleep.ms);
  const { server, windsock } = page();
  const links = [];
  windsock.onLink((link) => links.push(link));
  server.answer = () => null;
  sleep.ms = 300_000;
  windsock.now();
  assert.deepEqual(links, ["connected", "checking"]);
});
