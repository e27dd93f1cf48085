// The plain script: `windsock` is there for all scripts of the page.
import { start } from "./start.js";

globalThis.windsock = start();
