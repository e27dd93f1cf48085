/**
 * Says the newest of what it is given of each subject, at most once in `every` milliseconds.
 *
 * @param {(text: string) => void} say
 * @param {number} every
 * @returns {(subject: string, text: string) => void}
 */
export function announcer(say, every, now = Date.now, later = setTimeout) {
  let last = -Infinity;
  /** @type {Map<string, string>} */
  const waiting = new Map();
  const speak = () => {
    say([...waiting.values()].join(" "));
    waiting.clear();
    last = now();
  };
  return (subject, text) => {
    if (!waiting.size) later(speak, Math.max(0, last + every - now()));
    waiting.set(subject, text);
  };
}
