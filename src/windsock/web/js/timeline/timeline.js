// The past of a thing, below its picture on its page.
import { listen } from "./controls.js";
import { Palette } from "./palette.js";
import { Source } from "./source.js";
import { Timeline } from "./view.js";

/** @param {string} id */
const found = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

async function start() {
  const section = found("timeline");
  const source = new Source(String(section.dataset.address));
  const failure = found("timeline-failure");
  try {
    const states = await source.states();
    failure.hidden = true;
    const timeline = new Timeline(section, source, new Palette(states));
    listen(timeline);
    timeline.start();
  } catch {
    section.dataset.ready = "";
    failure.hidden = false;
    failure.querySelector("button")?.addEventListener("click", start, { once: true });
  }
}

start();
