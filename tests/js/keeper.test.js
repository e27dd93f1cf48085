import assert from "node:assert/strict";
import { test } from "node:test";

import { Keeper } from "../../src/windsock/web/js/page/keeper.js";

/** A keeper of a page of version "1", with a clock that the test turns. */
function keeping() {
  const held = { version: /** @type {string | null} */ ("1"), reloads: 0, looks: 0, now: 0, due: NaN, call: null };
  const page = {
    version: "1",
    served: async () => {
      held.looks += 1;
      return held.version;
    },
    reload: () => (held.reloads += 1),
  };
  const later = (call, ms) => {
    [held.call, held.due] = [call, held.now + ms];
    return 0;
  };
  const keeper = new Keeper(page, () => held.now, later, () => 0);
  const turn = async (ms) => {
    const end = held.now + ms;
    while (held.call && held.due <= end) {
      held.now = held.due;
      const { call } = held;
      held.call = null;
      await call();
    }
    held.now = end;
  };
  keeper.start();
  return { held, keeper, turn };
}

test("a page that is connected and whole asks no more than once", async () => {
  const { held, keeper, turn } = keeping();
  keeper.linked(true);
  await turn(3_600_000);
  assert.deepEqual([held.looks, held.reloads], [1, 0]);
});

test("a page that comes back to a newer server is loaded anew", async () => {
  const { held, keeper, turn } = keeping();
  keeper.linked(true);
  await turn(60_000);
  keeper.linked(false);
  await turn(30_000);
  held.version = "2";
  keeper.linked(true);
  await turn(1);
  assert.equal(held.reloads, 1);
});

test("a page that comes back to the same server stays", async () => {
  const { held, keeper, turn } = keeping();
  keeper.linked(true);
  await turn(60_000);
  keeper.linked(false);
  await turn(30_000);
  keeper.linked(true);
  await turn(60_000);
  assert.equal(held.reloads, 0);
});

test("a page is not loaded anew while the server does not have it, however long that is", async () => {
  const { held, keeper, turn } = keeping();
  keeper.broken = true;
  held.version = null;
  await turn(3_600_000);
  assert.equal(held.reloads, 0);
  assert.ok(held.looks > 100);
  held.version = "1";
  await turn(15_000);
  assert.equal(held.reloads, 1);
});

test("a page that cannot connect to a server that is there is loaded anew after a while", async () => {
  const { held, turn } = keeping();
  await turn(119_000);
  assert.equal(held.reloads, 0);
  await turn(20_000);
  assert.equal(held.reloads, 1);
});

test("a page that is lost to its server for a moment is looked after until it is back", async () => {
  const { held, keeper, turn } = keeping();
  keeper.linked(true);
  await turn(60_000);
  held.version = null;
  keeper.linked(false);
  keeper.linked(true); // connected, but the page cannot be had yet
  await turn(1);
  held.version = "2";
  await turn(15_000);
  assert.equal(held.reloads, 1);
});

test("a page that lost its link, and cannot have it again, is loaded anew after a while as well", async () => {
  const { held, keeper, turn } = keeping();
  keeper.linked(true);
  await turn(3_600_000);
  keeper.linked(false);
  await turn(119_000);
  assert.equal(held.reloads, 0);
  await turn(20_000);
  assert.equal(held.reloads, 1);
});
