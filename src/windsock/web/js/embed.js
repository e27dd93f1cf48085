// For pages of other sites: puts the things that they name there, each in a frame.
//   <div data-windsock-embed="cloud"></div>
//   <script async src="https://shown.example.com/static/embed.js"></script>

/** Milliseconds that a frame may be in view without a word before it is taken for one that may not be shown. */
const PATIENCE = 6000;
/** Pixels: as high as most frames become, so that little moves when they do. */
const USUAL = 150;
const HIGHEST = 2000;

const script = /** @type {HTMLScriptElement} */ (document.currentScript);
const base = new URL("..", script.src); // of …/static/embed.js
/** @type {Frame[]} */
const frames = [];

/** One thing in a page. */
class Frame {
  /** @type {HTMLAnchorElement | null} */
  #way = null;
  #spoke = false;

  /** @param {HTMLElement} place */
  constructor(place) {
    const { windsockEmbed: thing = "", windsockTheme: theme } = place.dataset;
    this.place = place;
    this.thing = thing;
    this.address = new URL(`things/${encodeURIComponent(thing)}`, base).href;
    this.element = document.createElement("iframe");
    this.element.title = `The state of ${thing}, live`;
    this.element.loading = "lazy";
    this.element.src = `${this.address}/embed${theme ? `?theme=${encodeURIComponent(theme)}` : ""}`;
    Object.assign(this.element.style, {
      display: "block",
      width: "100%",
      height: `${USUAL}px`,
      border: "0",
      borderRadius: "16px",
      colorScheme: theme === "dark" || theme === "light" ? theme : "inherit",
    });
  }

  show() {
    this.place.dataset.windsockEmbedded = "";
    this.place.replaceChildren(this.element);
    // The browser loads it when it comes near, so it can be late only from when it is in view.
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      seen.disconnect();
      setTimeout(() => this.#giveUp(), PATIENCE);
    });
    seen.observe(this.element);
  }

  /** The frame said how high it is, so it is shown. @param {number} height @param {string} title */
  told(height, title) {
    this.#spoke = true;
    this.#way?.remove();
    this.element.hidden = false;
    this.element.style.display = "block";
    this.element.style.height = `${Math.min(height, HIGHEST)}px`;
    if (title) this.element.title = `${title}, live`;
  }

  /** The server is away, or does not let this page have the frame: then there is a way to the thing's own page. */
  #giveUp() {
    if (this.#spoke) return;
    this.#way = document.createElement("a");
    Object.assign(this.#way, { href: this.address, target: "_blank", rel: "noopener" });
    this.#way.textContent = `See “${this.thing}” at ${base.host}`;
    this.element.style.display = "none";
    this.place.append(this.#way);
  }
}

/**
 * Whether a place is this script's to fill, on a page with scripts of several servers: it is the next one's after it,
 * or, if there is none, the last one's before it.
 *
 * @param {Element} place
 */
function mine(place) {
  const scripts = [...document.querySelectorAll("script[src*='/static/embed.js']")];
  const after = (/** @type {Element} */ one) => place.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING;
  const owner = /** @type {HTMLScriptElement | undefined} */ (scripts.find(after) ?? scripts.at(-1));
  return !owner || new URL("..", owner.src).href === base.href;
}

function fill() {
  const places = document.querySelectorAll("[data-windsock-embed]:not([data-windsock-embedded])");
  for (const place of /** @type {NodeListOf<HTMLElement>} */ (places)) {
    if (!mine(place)) continue;
    const frame = new Frame(place);
    frames.push(frame);
    frame.show();
  }
}

addEventListener("message", ({ source, origin, data }) => {
  if (origin !== base.origin || data?.windsock !== "embed" || !(data.height > 0)) return;
  frames.find(({ element }) => element.contentWindow === source)?.told(data.height, String(data.title ?? ""));
});
fill();
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", fill);

export {}; // to the type checker its names are its own then, as they are in the page
