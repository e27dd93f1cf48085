// Messages as the wire has them; the fields given are other than usual.
export const state = (fields = {}) => ({
  thing: "cloud",
  epoch: "e",
  version: 5,
  state: "HUGGING",
  label: "Somebody hugs",
  image: "/hug.svg",
  color: "#e2557f",
  data: {},
  changed_at: "2026-11-22T20:00:00.000Z",
  updated_at: "2026-11-22T20:00:00.000Z",
  heard_at: "2026-11-22T20:00:01.000Z",
  now: "2026-11-22T20:00:02.000Z",
  stale: false,
  source: "ok",
  ...fields,
});
export const heard = (fields = {}) => ({
  thing: "cloud",
  epoch: "e",
  version: 5,
  heard_at: "2026-11-22T20:00:09.000Z",
  now: "2026-11-22T20:00:10.000Z",
  stale: false,
  source: "ok",
  ...fields,
});
