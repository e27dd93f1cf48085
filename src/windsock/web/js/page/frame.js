/** Tell a page that has this one in a frame how high it is, now and whenever that changes. */
export function tellParent() {
  const main = document.querySelector("main");
  if (parent === self || !main) return;
  const title = main.querySelector("h1")?.textContent ?? "";
  const tell = () => {
    const height = Math.ceil(main.getBoundingClientRect().height);
    parent.postMessage({ windsock: "embed", title, height }, "*"); // who may have it in a frame may know
  };
  new ResizeObserver(tell).observe(main);
}
