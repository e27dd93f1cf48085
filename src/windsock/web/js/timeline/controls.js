import { draggable } from "./slider.js";
import { keyed } from "./spans.js";

/** @import { Timeline } from "./view.js" */

/** Let the timeline be used: with its buttons, with the keyboard, and on the band. @param {Timeline} timeline */
export function listen(timeline) {
  buttons(timeline);
  ranges(timeline);
  const { band, slider, player } = timeline;
  const choose = (/** @type {number} */ moment) => {
    player.pause();
    timeline.seek(moment);
  };
  draggable(band, slider, choose, (moment) => timeline.hover(moment));
  const again = document.querySelector("#timeline-failure button");
  again?.addEventListener("click", () => timeline.load());
  slider.addEventListener("keydown", (event) => pressed(event, timeline));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && timeline.then && !event.defaultPrevented) timeline.seek("now");
  });
}

/** @param {Timeline} timeline */
function buttons(timeline) {
  const step = (/** @type {1 | -1} */ direction) => {
    timeline.player.pause();
    const at = timeline.replay.change(direction);
    if (at !== null || direction > 0) timeline.seek(at ?? "now");
  };
  /** @type {Record<string, () => void>} */
  const work = {
    previous: () => step(-1),
    next: () => step(1),
    play: () => timeline.play(),
    now: () => timeline.seek("now"),
  };
  for (const button of document.querySelectorAll("[data-replay]")) {
    button.addEventListener("click", () => work[String(button.getAttribute("data-replay"))]());
  }
}

/** How much is shown, and how fast it is played: as fast as suits that, until somebody chooses. @param {Timeline} timeline */
function ranges(timeline) {
  const speed = /** @type {HTMLSelectElement} */ (timeline.section.querySelector("select"));
  let chosen = false;
  speed.addEventListener("change", () => {
    chosen = true;
    timeline.player.speed = Number(speed.value);
  });
  const reach = (/** @type {string} */ name) => {
    timeline.reach(name);
    if (!chosen) speed.value = String(timeline.replay.span.speed);
    timeline.player.speed = Number(speed.value);
  };
  for (const input of timeline.section.querySelectorAll("input")) {
    input.addEventListener("change", () => reach(input.value));
    input.checked = input.defaultChecked; // a browser may keep another from before a reload
  }
  speed.value = String(timeline.replay.span.speed);
}

/** A key on the band. @param {KeyboardEvent} event @param {Timeline} timeline */
function pressed(event, timeline) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { replay } = timeline;
  const { begin, end } = replay.window;
  const to = keyed(event, replay.moment ?? end, replay.span, begin);
  if (event.key !== " " && to === undefined) return;
  event.preventDefault();
  if (to === undefined) return timeline.play();
  timeline.player.pause();
  timeline.seek(to);
}
