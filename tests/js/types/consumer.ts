// What somebody writes who has the built module, or the plain script with jQuery. Only checked by tsc, never run.
import windsock, { ago, merge, type Gap, type State } from "../../../src/windsock/web/static/windsock.mjs";

const cloud = windsock("cloud")
  .on("state", (state: State) => console.log(state.label?.length, merge(null, state).verdict, ago(0)))
  .on("viewers", (count) => count.toFixed())
  .on("gap", ({ from, to }: Gap) => to - from);

export async function fill({ from, to }: Gap): Promise<string[]> {
  const history = await cloud.history({ since: from, limit: to - from });
  return history.ok ? history.changes.map((change) => change.state) : [history.error];
}

$("#cloud").windsock("cloud", function (state) {
  $(this).text(state.liveness === "live" ? (state.label ?? "") : "");
});
globalThis.windsock.setup({ url: "https://example.org" });

// @ts-expect-error: there is no such event
cloud.on("sate", () => {});
// @ts-expect-error: a state is not to be changed
cloud.on("state", (state) => (state.label = "mine"));
