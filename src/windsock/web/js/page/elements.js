/**
 * Write a text, unless it is there: what does not change stays selected.
 *
 * @param {Element | null} element
 * @param {string} text
 */
export function write(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

/** One field of a thing's data. @param {string} key @param {string} value */
export function field(key, value) {
  const [group, term, detail] = ["div", "dt", "dd"].map((name) => document.createElement(name));
  term.textContent = key;
  detail.textContent = value;
  if (value.length > 40) group.className = "wide";
  if (value.length > 600) detail.tabIndex = 0; // it scrolls, so the keyboard must reach it
  group.append(term, detail);
  return group;
}

/** The word for the whole page. @param {string} look @param {string} words */
export function drawChip(look, words) {
  const chip = document.getElementById("link");
  if (!chip) return;
  chip.dataset.liveness = look;
  write(chip, words);
}

/** @param {string} look @param {string} text */
export function drawBanner(look, text) {
  const banner = document.getElementById("banner");
  if (!banner) return;
  if (text) write(banner, text);
  banner.dataset.liveness = look;
  banner.hidden = !text;
}
