import assert from "node:assert/strict";
import { test } from "node:test";

import { fit } from "../../src/windsock/web/js/page/wall.js";

test("a single card has the whole room", () => {
  assert.deepEqual(fit(1, 1900, 1000), { columns: 1, rows: 1, leaves: 1, each: 1 });
});

test("cards lie as the room does", () => {
  assert.deepEqual(fit(2, 1900, 800), { columns: 2, rows: 1, leaves: 1, each: 2 });
  assert.deepEqual(fit(2, 800, 1900), { columns: 1, rows: 2, leaves: 1, each: 2 });
});

test("what would be too small to be read lies on several leaves, of about as many cards each", () => {
  const { columns, rows, leaves, each } = fit(60, 1880, 990);
  assert.deepEqual([leaves, each], [2, 30]);
  assert.ok(columns * rows >= each);
});

test("a larger wall shows larger cards, not smaller shares of it", () => {
  assert.equal(fit(60, 3800, 2000).leaves, 2);
});

test("every card has its place, however many there are and whatever the room", () => {
  for (const [width, height] of [[1880, 990], [390, 844], [100, 100], [0, 0], [5000, 300]]) {
    for (let count = 1; count < 200; count += 7) {
      const { columns, rows, leaves, each } = fit(count, width, height);
      assert.ok(columns >= 1 && rows >= 1 && leaves * each >= count, `${count} in ${width} x ${height}`);
      if (width && height) assert.ok(columns * rows >= each, `${count} in ${width} x ${height}`);
    }
  }
});
