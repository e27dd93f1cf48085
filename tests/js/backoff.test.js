import assert from "node:assert/strict";
import { test } from "node:test";

import { backoff } from "../../src/windsock/web/js/backoff.js";

test("attempts begin quickly, ease off to four seconds, and are spread", () => {
  for (const random of [0, 0.5, 1]) {
    for (let attempt = 0; attempt < 2000; attempt += 1) {
      const wait = backoff(attempt, random);
      assert.ok(wait >= 250 && wait <= 4000, `${wait} ms`);
    }
  }
  assert.equal(backoff(0, 1), 500);
  assert.equal(backoff(9, 1), 4000);
  assert.notEqual(backoff(3, 0), backoff(3, 1));
});
