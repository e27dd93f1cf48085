/** @import { Overview } from "./types.d.ts" */

/**
 * What is worth an interruption for who cannot see the page: each with its subject, the newest of which counts.
 *
 * @param {Overview | null} before null: all of it is new, and nothing is news
 * @param {Overview} after
 * @returns {string[][]}
 */
export function news(before, after) {
  if (!before) return [];
  const old = new Map(before.sources.map((source) => [source.source, source.status]));
  const said = after.sources
    .filter((source) => (source.status === "failing") !== (old.get(source.source) === "failing"))
    .map((source) => [source.source, `${source.source}: ${source.words}.`]);
  if (before.store.status !== after.store.status) said.push(["store", `The store ${after.store.words}.`]);
  const newest = after.rejected?.[0];
  if (newest && before.rejected && newest.number > (before.rejected[0]?.number ?? 0)) {
    said.push(["rejected", `A message of ${newest.source} was set aside: ${newest.reason}.`]);
  }
  return said;
}
