import assert from "node:assert/strict";
import { test } from "node:test";

import { readWish } from "../../src/windsock/web/js/binding.js";

globalThis.CSS ??= { supports: (property) => property === "background-color" };

test("an element shows the label, unless it says what else", () => {
  assert.equal(readWish({ windsock: "cloud" }).show, "label");
  assert.equal(readWish({ windsock: "cloud", windsockShow: "data.force" }).show, "data.force");
});

test("an element that has a class, a title or a colour keeps its content, unless it says otherwise", () => {
  for (const wish of [{ windsockClass: "state" }, { windsockTitle: "label" }, { windsockColor: "" }]) {
    assert.equal(readWish(wish).show, undefined);
    assert.equal(readWish({ ...wish, windsockShow: "state" }).show, "state");
  }
});

test("a colour goes to the text, or to the property that is named", () => {
  assert.equal(readWish({ windsockColor: "" }).color, "color");
  assert.equal(readWish({ windsockColor: "background-color" }).color, "background-color");
  assert.equal(readWish({ windsockColor: "--accent" }).color, "--accent");
});

test("what cannot be meant is refused with what could be", () => {
  assert.throws(() => readWish({ windsockShow: "lable" }), /data-windsock-show="lable": expected label, state/);
  assert.throws(() => readWish({ windsockClass: "colour" }), /data-windsock-class="colour": expected label/);
  assert.throws(() => readWish({ windsockColor: "ground" }), /data-windsock-color="ground": expected a property/);
  assert.throws(() => readWish({ windsockColour: "" }), /no data-windsock-colour; there are data-windsock, /);
});

test("attributes of others are nobody's business", () => {
  assert.equal(readWish({ windsock: "cloud", bsToggle: "tooltip" }).show, "label");
});
