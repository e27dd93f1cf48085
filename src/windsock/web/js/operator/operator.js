// The operator's page: shows what the server says every two seconds, and says so when it says nothing.
import { announcer } from "../page/announcer.js";
import { drawBanner, drawChip } from "../page/elements.js";
import { ago } from "../words.js";
import { Key, look, Refusal } from "./api.js";
import { ServerClock } from "./clock.js";
import { byId, sentence, show } from "./dom.js";
import { Entry } from "./entry.js";
import { news } from "./news.js";
import { drawReadings } from "./readings.js";
import { Aside } from "./rejected.js";
import { Report } from "./report.js";
import { drawGlance, drawSources, drawThings } from "./state.js";

/** @import { Overview } from "./types.d.ts" */

const EVERY = 2000;
const ANNOUNCE_EVERY = 3000;
/** Milliseconds without an answer after which nothing passes for live any more. */
const FRESH = 4000;

class Operator {
  #clock = new ServerClock();
  /** @type {Overview | null} */
  #overview = null;
  #problem = "";
  #turn = 0;
  #timer = 0;
  #entry = new Entry(() => this.refresh());
  #aside = new Aside(() => this.refresh());
  #report = new Report(() => this.refresh());
  #announce = announcer((text) => (byId("announcer").textContent = text), ANNOUNCE_EVERY);

  start() {
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) return;
      this.#draw(); // what was shown when nobody looked is old, until there is an answer
      this.refresh();
    });
    setInterval(() => this.#draw(), 1000);
    this.refresh();
  }

  /** Ask now, and from then on as long as somebody looks; what was asked before counts no more. */
  async refresh() {
    const turn = ++this.#turn;
    clearTimeout(this.#timer);
    const outcome = await (Key.missing ? new Refusal(401, "") : look().catch((problem) => /** @type {Refusal} */ (problem)));
    if (turn !== this.#turn) return;
    if (outcome instanceof Refusal && outcome.locked) {
      this.#lock(outcome);
      return;
    }
    if (outcome instanceof Error) this.#lose(outcome.message);
    else this.#take(outcome);
    if (!document.hidden) this.#timer = setTimeout(() => this.refresh(), EVERY);
  }

  /** @param {Overview} overview */
  #take(overview) {
    for (const [subject, words] of news(this.#overview, overview)) this.#announce(subject, words);
    if (this.#problem) this.#announce("/", "Connected again.");
    this.#clock.set(overview.now);
    [this.#overview, this.#problem] = [overview, ""];
    this.#entry.open();
    this.#draw();
  }

  /** @param {string} words */
  #lose(words) {
    if (!this.#problem) this.#announce("/", words);
    this.#problem = words;
    this.#draw();
  }

  /** Show nothing that only who has the key may see. @param {Refusal} refusal */
  #lock(refusal) {
    [this.#overview, this.#problem] = [null, ""];
    show(byId("overview"), false);
    drawBanner("", "");
    drawChip("snapshot", "Locked");
    this.#entry.ask(refusal);
  }

  #draw() {
    const overview = this.#overview;
    if (!overview && !this.#problem) return;
    const live = !this.#problem && this.#clock.age < FRESH;
    document.body.dataset.live = String(live);
    this.#drawLink(live);
    show(byId("overview"), overview !== null);
    if (!overview) return;
    drawGlance(byId("glance"), overview);
    drawSources(byId("sources"), overview.sources, this.#clock, byId("sources-heading"));
    drawThings(byId("things"), overview.things, this.#clock, byId("things-heading"));
    drawReadings(byId("readings"), overview.readings, this.#clock, byId("readings-heading"));
    this.#aside.draw(overview.rejected, this.#clock);
    this.#report.draw(overview.things);
  }

  /** @param {boolean} live */
  #drawLink(live) {
    if (live) {
      drawChip("live", "Live");
      drawBanner("", "");
      return;
    }
    const asOf = this.#overview ? ` What is shown is as of ${this.#clock.said}, ${ago(this.#clock.age)}.` : "";
    const chip = this.#overview ? `As of ${this.#clock.said}` : "No answer";
    drawChip(this.#problem ? "unlinked" : "checking", chip);
    drawBanner("unlinked", this.#problem && `${sentence(this.#problem)}${asOf} Trying again.`);
  }
}

new Operator().start();
