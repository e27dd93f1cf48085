/** What the server says of a state. @typedef {{state: string, label: string | null, image: string | null, color: string | null}} Described */
/** How a state looks. @typedef {{label: string, image: string | null, color: string, accent: string | null}} Looks */

/** Colours for states that have none: those of Okabe and Ito, which colour-blind people tell apart. */
export const COLORS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a7a00", "#7b61c9"];

/** How states look; one without a colour keeps for good what it is given first. */
export class Palette {
  /** @type {Map<string, Looks>} */
  #looks = new Map();
  #given = 0;

  /**
   * @param {readonly Described[]} states
   * @param {(color: string) => boolean} supports whether the browser knows a colour
   */
  constructor(states, supports = (color) => CSS.supports("color", color)) {
    for (const { state, label, image, color } of states) {
      const own = color && supports(color) ? color : null;
      this.#looks.set(state, { label: label ?? state, image, color: own ?? this.#next(), accent: own });
    }
  }

  /** @param {string} state @returns {Looks} */
  of(state) {
    const known = this.#looks.get(state);
    if (known) return known;
    const looks = { label: state, image: null, color: this.#next(), accent: null };
    this.#looks.set(state, looks);
    return looks;
  }

  #next() {
    return COLORS[this.#given++ % COLORS.length];
  }
}
