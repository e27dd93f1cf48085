/** Milliseconds that two attempts are apart at most, so that a page is back soon after its server is. */
const LONGEST = 4000;

/**
 * Milliseconds until the next attempt: half a second at first, spread by chance, so that the viewers of a server that
 * was restarted do not all come at once.
 *
 * @param {number} attempt the first is 0
 * @param {number} random 0 to 1
 */
export const backoff = (attempt, random) => Math.min(LONGEST, 500 * 2 ** attempt) * (0.5 + random / 2);
