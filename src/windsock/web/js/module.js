// The ES module: `import windsock, { merge } from "…/windsock.mjs"`.
import { start } from "./start.js";

export { backoff } from "./backoff.js";
export { linkWords, liveness, words } from "./liveness.js";
export { merge } from "./merge.js";
export { ago, pick, since, text } from "./words.js";

export default start();
