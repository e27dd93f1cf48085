const FADE = 700; // a little longer than the transition in windsock.css

/** The picture of a thing, which fades from one to the next. */
export class Picture {
  #faded = 0;

  /**
   * @param {HTMLImageElement} image
   * @param {string} asked the address of what it shows
   * @param {string} unknown the address of the picture for want of another
   * @param {(url: string) => void} shown
   */
  constructor(image, asked, unknown, shown) {
    this.image = image;
    this.asked = asked;
    this.unknown = unknown;
    this.shown = shown;
  }

  /** Fade to a picture, once it can be shown; the newest wins. @param {string} url */
  async show(url) {
    if (url === this.asked) return;
    this.asked = url;
    let next = this.#imitate(url);
    const good = await ready(next);
    if (url !== this.asked) return;
    // Better no picture than that of another state.
    if (!good) next = this.#imitate(this.unknown);
    this.shown(next.src);
    // Amid a fade, the picture that is coming changes; another fade would leave none to be seen.
    if (Date.now() < this.#faded) this.image.src = next.src;
    else this.#fade(next);
  }

  /** @param {HTMLImageElement} next */
  #fade(next) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#faded = Date.now() + (calm ? 0 : FADE);
    const old = this.image;
    this.image = next;
    next.classList.add("arriving");
    [next.id, old.id, next.alt, old.alt] = [old.id, "", old.alt, ""];
    old.removeAttribute("data-part");
    old.after(next);
    next.getBoundingClientRect(); // the transition begins where this leaves it
    next.classList.remove("arriving");
    old.classList.add("leaving");
    setTimeout(() => old.remove(), calm ? 0 : FADE);
  }

  /** @param {string} url */
  #imitate(url) {
    const image = /** @type {HTMLImageElement} */ (this.image.cloneNode());
    image.src = url;
    image.removeAttribute("id");
    image.classList.remove("arriving", "leaving");
    return image;
  }
}

/**
 * Whether a picture can be shown without a flicker.
 *
 * @param {HTMLImageElement} image
 * @returns {Promise<boolean>}
 */
function ready(image) {
  /** @template T @param {number} ms @param {T} value @returns {Promise<T>} */
  const pause = (ms, value) => new Promise((resolve) => setTimeout(resolve, ms, value));
  /** @type {Promise<boolean>} */
  const loaded = new Promise((resolve) => {
    image.onload = () => resolve(true);
    image.onerror = () => resolve(false);
  });
  // A tab in the background may not decode at all.
  const decoded = image.decode().then(() => true, () => loaded);
  return Promise.race([decoded, loaded.then((good) => pause(100, good)), pause(4000, false)]);
}
