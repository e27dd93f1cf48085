/** Milliseconds without a movement after which nobody looks for the cursor. */
const STILL = 3000;

/** Keep the screen on, where the browser can: it lets go whenever the page is not to be seen. */
export function keepAwake() {
  const ask = () => {
    // It may refuse, when the battery is low: then the screen is as it is without.
    if (document.visibilityState === "visible") navigator.wakeLock?.request("screen").catch(() => {});
  };
  document.addEventListener("visibilitychange", ask);
  ask();
}

/** Hide the cursor while nobody moves it. @param {HTMLElement} root */
export function hideCursor(root) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  const moved = () => {
    root.classList.remove("still");
    clearTimeout(waiting);
    waiting = setTimeout(() => root.classList.add("still"), STILL);
  };
  addEventListener("pointermove", moved);
  moved();
}
