/**
 * Emoji, which are made of several characters, some of which cannot be seen; and what can never be seen, or turns the
 * direction of the text around it. Lines and tabs stay.
 */
const EMOJI_OR_UNSEEN =
  /\p{Extended_Pictographic}(?:[\ufe0f\u{1f3fb}-\u{1f3ff}]|\u200d\p{Extended_Pictographic})*|(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2028\u2029\u2800]/gu;

/** A text in which nothing is hidden: what cannot be seen is written by its number. @param {string} text */
export const visible = (text) =>
  text.replace(EMOJI_OR_UNSEEN, (found) => (/^\p{Extended_Pictographic}/u.test(found) ? found : escaped(found)));

/** @param {string} character */
function escaped(character) {
  const number = /** @type {number} */ (character.codePointAt(0)).toString(16);
  return number.length > 4 ? `\\u{${number}}` : `\\u${number.padStart(4, "0")}`;
}
