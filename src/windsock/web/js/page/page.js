// Windsock's own pages: keeps true what the server rendered, and says so when it cannot.
import { words } from "../liveness.js";
import { announcer } from "./announcer.js";
import { drawBanner, drawChip, write } from "./elements.js";
import { tellParent } from "./frame.js";
import { loadTimeline } from "./later.js";
import { PageLink } from "./link.js";
import { Search } from "./search.js";
import { View } from "./view.js";
import { warning } from "./warning.js";

const ANNOUNCE_EVERY = 3000;

/** How a page of many things is; every card says how its thing is. @param {PageLink} link */
function drawList(link) {
  const live = link.link === "connected" ? "live" : link.link === "checking" ? "checking" : "unlinked";
  const look = live === "unlinked" && link.starting ? "starting" : live;
  drawChip(look, live === "live" ? "Connected" : words(live, link.link));
  write(document.querySelector("[data-part=page]"), windsock.link);
  const quiet = live === "live" || look === "starting" || (live === "checking" && !link.slow);
  const said = `${warning(live, { state: null, ...link.facts, now: 0 })} What it shows may be old.`;
  drawBanner(look, quiet ? "" : said);
}

function start() {
  tellParent();
  const status = document.getElementById("announcer");
  const announce = announcer((text) => status && (status.textContent = text), ANNOUNCE_EVERY);
  const roots = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-thing]"));
  if (!roots.length) return;
  const link = new PageLink(announce);
  const views = [...roots].map((root) => new View(root, link, announce));
  const draw = () => {
    for (const view of views) view.draw();
    if (!views[0].whole) drawList(link);
  };
  link.start(draw);
  for (const view of views) view.start();
  const input = document.getElementById("search");
  if (input) new Search(/** @type {HTMLInputElement} */ (input), views, announce).start();
  setInterval(draw, 1000);
  addEventListener("load", () => {
    const later = globalThis.requestIdleCallback ?? setTimeout;
    loadTimeline();
    later(() => views.flatMap((view) => view.rendered.images).forEach((url) => (new Image().src = url)));
  });
}

start();
