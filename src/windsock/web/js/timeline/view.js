import { write } from "../page/elements.js";
import { Address } from "./address.js";
import { Band } from "./band.js";
import { Bar } from "./bar.js";
import { Changes } from "./changes.js";
import { Charts } from "./charts.js";
import { Exact } from "./exact.js";
import { Legend } from "./legend.js";
import { counted, indexAt, leftOut, undrawn, whole } from "./past.js";
import { Player } from "./player.js";
import { Replay } from "./replay.js";
import { describe } from "./slider.js";
import { stateThen, vague } from "./then.js";
import { moment as inWords, zone } from "./words.js";

/** @import { Palette } from "./palette.js" */
/** @import { Source } from "./source.js" */

/** Milliseconds after which the whole is fetched anew: what came since was added here. */
const RENEW = 60_000;
/** Milliseconds after which it is fetched anew because history began anew, or because it could not be had. */
const AGAIN = 5000;
/** Milliseconds by which two times may differ in length and be the same: clocks are not. */
const ANOTHER = 5000;
/** Milliseconds between two texts for those who listen, while it plays. */
const TELL = 2000;

/** The timeline: what is on the page, and how it is used. */
export class Timeline {
  #asked = 0;
  #fetched = 0;
  /** When it was last tried in vain; NaN: it was not in vain. */
  #failedAt = NaN;
  #drawn = 0;
  #told = 0;
  #name = "1h";
  /** What is to be said of the data that are shown. */
  #doubt = "";

  /** @param {HTMLElement} section @param {Source} source @param {Palette} palette */
  constructor(section, source, palette) {
    this.section = section;
    this.source = source;
    this.palette = palette;
    const main = /** @type {HTMLElement} */ (section.closest("main"));
    this.thing = windsock(String(main.dataset.thing));
    this.replay = new Replay(() => windsock.now());
    this.slider = this.#part("band");
    section.dataset.ready = ""; // it is there from here on, so the band can be as wide as it is
    this.band = new Band(this.slider, palette);
    this.charts = new Charts(this.#part("charts"));
    this.legend = new Legend(/** @type {HTMLTableElement} */ (this.#part("spent")), palette);
    this.bar = new Bar(main, this.#part("then"), this.thing);
    const epoch = () => this.replay.past?.epoch ?? "";
    this.changes = new Changes((...which) => source.changes(epoch(), ...which), (failed) => this.#learned(failed));
    this.exact = new Exact((moment) => source.moment(moment, epoch()), () => this.#point());
    this.address = new Address();
    const calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.player = new Player(
      (ms) => this.#move(ms),
      (call) => (calm.matches ? setTimeout(() => call(performance.now()), 1000) : requestAnimationFrame(call)),
    );
  }

  start() {
    this.player.speed = this.replay.span.speed;
    this.thing.on("state", () => this.#heard());
    setInterval(() => this.#passed(), 1000);
    document.addEventListener("visibilitychange", () => this.#passed());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    addEventListener("hashchange", () => (this.address.place.moment === null && this.then ? this.seek("now") : this.#go()));
    this.load().then(() => this.#go());
  }

  /** Show what the address asks for. */
  #go() {
    const { moment, span } = this.address.place;
    if (moment === null) return;
    /** @type {HTMLInputElement | null} */
    const choice = span && span !== this.#name ? this.section.querySelector(`[name=span][value="${span}"]`) : null;
    choice?.click(); // as if somebody had chosen it
    this.player.pause();
    this.seek(moment);
  }

  /** Fetch what is to be shown; the newest request counts. */
  async load() {
    const asked = (this.#asked += 1);
    const { elsewhere, window } = this.replay;
    try {
      const past = await this.source.past(this.#name, this.band.slices, elsewhere ? window.end : null);
      if (asked !== this.#asked) return;
      if (past.epoch !== this.replay.past?.epoch) this.#forget();
      this.#fetched = performance.now();
      this.replay.take(past);
      this.#failed(false);
    } catch {
      if (asked === this.#asked) this.#failed(true);
    }
  }

  #forget() {
    this.changes.forget();
    this.exact.forget();
  }

  /** @param {boolean} failed */
  #failed(failed) {
    this.#failedAt = failed ? performance.now() : NaN;
    this.#part("timeline-failure").hidden = !failed;
    if (!failed) this.#heard();
    this.draw();
  }

  draw() {
    const { past, window, covered } = this.replay;
    this.section.toggleAttribute("data-known", Boolean(past?.segments.length));
    this.#part("timeline-empty").hidden = !past || past.segments.length > 0;
    this.#part("note").hidden = !past?.segments.length;
    if (!past || !covered) return;
    this.#drawn = window.end;
    this.band.draw(past, window.begin, window.end, this.replay.moment ?? window.end);
    this.charts.draw(past, window.begin, window.end);
    this.#count();
    this.#point();
  }

  /** What was spent in each state; of times that were thinned, only the server can count. */
  #count() {
    const { past, window, span } = this.replay;
    if (!past) return;
    const here = whole(past);
    // What the server counted is of the time that it was asked about, until the next answer comes.
    const other = !here && Math.abs(past.end - past.begin - span.ms) > ANOTHER;
    this.#part("spent").hidden = other;
    if (other) return write(this.#part("note"), "");
    const spent = here ? counted(past.segments, window.begin, window.end) : past.spent;
    this.legend.draw(spent, { words: this.#until(), exact: past.exact, total: here ? span.ms : past.end - past.begin });
    const left = leftOut(past);
    const changes = left === 1 ? "One change is" : `${left.toLocaleString()} changes are`;
    const more = left ? `${changes} too close together to be drawn. ` : "";
    const fields = undrawn(past, this.thing.state?.data ?? {});
    const numbers = fields ? `${fields} more ${fields === 1 ? "number is" : "numbers are"} in the data and not drawn. ` : "";
    write(this.#part("note"), `${more}${numbers}Times are those of ${zone()}.`);
  }

  #until() {
    const { window, span } = this.replay;
    return this.replay.elsewhere ? `${span.words} until ${inWords(window.end, windsock.now())}` : `last ${span.words}`;
  }

  /** Show the moment: on the band, in the charts, and on the page. */
  #point() {
    const { past, covered, moment, window } = this.replay;
    if (!past || !covered) return;
    const at = moment ?? window.end;
    this.band.point(at);
    this.charts.point(past, at, moment !== null);
    this.#page(at);
    this.#say(at);
  }

  /** @param {number} at */
  #page(at) {
    const { past, moment } = this.replay;
    if (!past) return;
    if (moment === null) return this.bar.hide();
    const { segment, about } = this.#at(at);
    const change = segment && this.changes.get(segment.version);
    this.#doubt = change === null ? " (its data are not kept any more)" : "";
    this.bar.show(stateThen(this.thing.name, past, at, this.palette, change, segment), at, about);
  }

  /** What was at a moment; `about`: or near it, for changes were left out. @param {number} at */
  #at(at) {
    const { past, moment } = this.replay;
    if (!past) return { segment: undefined, about: false };
    const about = vague(past, at);
    const found = about && at === moment ? this.exact.at(at) : undefined;
    return { segment: found ?? past.segments[indexAt(past.segments, at)], about: about && !found };
  }

  /** @param {number} at */
  #say(at) {
    const words = this.#words(at);
    const now = performance.now();
    write(this.#part("readout"), words);
    if (this.player.playing && now - this.#told < TELL) return;
    this.#told = now;
    describe(this.slider, this.replay.window, at, words);
  }

  /** A moment and what was then. @param {number} at */
  #words(at) {
    const { moment } = this.replay;
    const { segment, about } = this.#at(at);
    const label = segment ? this.palette.of(segment.state).label : "nothing is known";
    const then = `${about ? "Around " : ""}${inWords(at, windsock.now())}`;
    const when = moment === null && at >= this.#drawn ? "Now" : then;
    return `${when}: ${label}${moment === null ? "" : this.#doubt}`;
  }

  /** @param {boolean} failed */
  #learned(failed) {
    if (!failed) return this.#point();
    this.#doubt = " (its data could not be fetched)";
    this.#say(this.replay.moment ?? this.replay.window.end);
  }

  /** Show the last hour, day or week; what was shown stays in it. @param {string} name */
  reach(name) {
    this.#name = name;
    this.replay.reach(name);
    this.address.keep(this.replay.moment, name);
    this.draw();
    this.load();
  }

  /** Say what was at a moment that somebody points to; null: nobody does. @param {number | null} at */
  hover(at) {
    const { moment, window } = this.replay;
    write(this.#part("readout"), this.#words(at ?? moment ?? window.end));
  }

  /** Show another moment. @param {number | "now"} to */
  seek(to) {
    const { then } = this;
    this.replay.seek(to);
    if (then && !this.then) this.#back();
    if (!this.replay.covered) this.load();
    this.#point();
    this.#buttons();
    this.address.keep(this.replay.moment, this.#name);
  }

  get then() {
    return this.replay.moment !== null;
  }

  #back() {
    this.player.pause();
    const focused = this.#part("then").contains(document.activeElement);
    if (focused) this.slider.focus({ preventScroll: true });
    this.#heard();
    this.draw();
    this.bar.hide();
    write(this.#part("timeline-said"), `Back to now: ${this.thing.state?.label ?? this.thing.state?.state ?? ""}.`);
  }

  /** @param {number} ms */
  #move(ms) {
    if (this.replay.covered) this.seek((this.replay.moment ?? Infinity) + ms);
  }

  play() {
    if (this.player.playing) this.player.pause();
    else {
      // From where something is known: what nobody knows need not be waited for.
      if (!this.then) this.seek(Math.max(this.replay.window.begin, this.replay.past?.segments[0]?.at ?? 0));
      this.player.play();
    }
    this.#buttons();
  }

  #buttons() {
    const play = this.#part("play");
    this.section.toggleAttribute("data-playing", this.player.playing);
    play.setAttribute("aria-label", this.player.playing ? "Pause" : "Play");
    /** @type {HTMLButtonElement} */ (this.#part("now")).disabled = !this.then;
  }

  #heard() {
    const { state } = this.thing;
    const { past } = this.replay;
    if (this.then) this.bar.tell();
    if (!state || !past) return;
    if (document.hidden) this.#fetched = -Infinity; // nobody looks, so it is fetched when somebody does
    else if (state.epoch !== past.epoch && this.#age() > AGAIN) this.#renew();
    else if (this.replay.hear(state) && !this.then) this.draw();
  }

  /** Time has passed: the band moves on, once that can be seen. */
  #passed() {
    if (performance.now() - this.#failedAt > AGAIN) return this.#retry();
    if (this.then) return this.bar.tell();
    if (this.#age() > RENEW) return this.#renew();
    const { window, span } = this.replay;
    if ((window.end - this.#drawn) * this.slider.clientWidth > span.ms / 2) this.draw();
  }

  #retry() {
    this.#failedAt = NaN; // not again while it is tried
    this.load();
  }

  #age() {
    return performance.now() - this.#fetched;
  }

  #renew() {
    if (this.then || document.hidden) return;
    this.#fetched = performance.now(); // not again at once, be it that it fails
    this.load();
  }

  /** @param {string} id */
  #part(id) {
    return /** @type {HTMLElement} */ (document.getElementById(id));
  }
}
