/** Load the past of a page's thing, if its page has room for it: what is so now comes first. */
export async function loadTimeline() {
  const section = document.getElementById("timeline");
  if (!section) return;
  const { sheets, script } = section.dataset;
  const links = String(sheets).split(" ").map((href) => added("link", { rel: "stylesheet", href }));
  const loaded = await Promise.all([...links, added("link", { rel: "preload", as: "script", href: script })]);
  const runs = loaded.every(Boolean) && (await added("script", { src: script }));
  if (!runs) section.hidden = true;
}

/** Whether an element of the page's head has loaded what it names. @param {"link" | "script"} tag @param {object} names */
function added(tag, names) {
  const element = Object.assign(document.createElement(tag), names);
  return new Promise((resolve) => {
    element.onload = () => resolve(true);
    element.onerror = () => resolve(false);
    document.head.append(element);
  });
}
