// The ES module has what its declarations say, and as they say it. Only checked by tsc, never run.
import * as module from "../../../src/windsock/web/js/module.js";

/** @type {Omit<typeof import("../../../src/windsock/web/js/windsock.d.ts"), never>} */
export const declared = module;
