import { makeWindsock } from "./core.js";
import { extendJQuery } from "./jquery.js";

const DEAD = '[data-windsock-liveness]:not([data-windsock-liveness="live"])';
/** How what is not live looks, on a page that does not say it; `:where` gives way to whatever the page says. */
const DIM = `:where(${DEAD}) { opacity: .5; filter: grayscale(1) }`;

/** Windsock for this page: its elements show their things as soon as they are there. */
export function start() {
  const page = globalThis.document;
  const path = page?.getElementById("windsock-script")?.dataset.socketPath || "/socket.io";
  const { windsock, bindings } = makeWindsock({ path });
  const jQuery = Reflect.get(globalThis, "jQuery");
  if (jQuery) extendJQuery(jQuery, bindings);
  if (!page) return windsock;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(DIM);
  page.adoptedStyleSheets = [...page.adoptedStyleSheets, sheet];
  if (page.readyState === "loading") page.addEventListener("DOMContentLoaded", () => bindings.bind());
  else setTimeout(() => bindings.bind()); // who imports this may call `setup` first
  return windsock;
}
