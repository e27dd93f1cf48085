// Loads the page's scripts as a browser would, without a page: then they only offer their pure functions.
import { readFileSync } from "node:fs";
import { runInThisContext } from "node:vm";

for (const name of ["windsock.js", "page.js"]) {
  const path = new URL(`../../src/windsock/web/static/${name}`, import.meta.url);
  runInThisContext(readFileSync(path, "utf8"), { filename: path.pathname });
}

export const { pure } = globalThis.windsock;
