// Of pages on a wall: nobody is there to reload them, to wake the screen, or to scroll. The first script of the page, so
// that it is there when another one does not come.
import { hideCursor, keepAwake } from "./display.js";
import { Keeper } from "./keeper.js";
import { Wall } from "./wall.js";

const root = document.documentElement;

/** What the server has at this page's address now: its version; null if that is no such page. */
async function served() {
  try {
    const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(10_000) });
    if (!answer.ok) return null;
    // Not parsed: a parser would apply this page's policy to the other one, and complain.
    return /^<html[^>]* data-kiosk="([^"]*)"/m.exec(await answer.text())?.[1] ?? null;
  } catch {
    return null;
  }
}

const keeper = new Keeper({ version: root.dataset.kiosk ?? "", served, reload: () => location.reload() });
addEventListener(
  "error",
  ({ target }) => {
    if (target instanceof HTMLScriptElement || target instanceof HTMLLinkElement) keeper.broken = true;
  },
  true, // errors of elements do not bubble
);
addEventListener("load", () => {
  globalThis.windsock?.onLink((link) => keeper.linked(link === "connected"));
  keeper.start();
});
document.addEventListener("DOMContentLoaded", () => {
  const cards = /** @type {HTMLElement | null} */ (document.querySelector(".cards"));
  if (cards) new Wall(cards, document.getElementById("leaf")).start();
});
keepAwake();
hideCursor(root);
