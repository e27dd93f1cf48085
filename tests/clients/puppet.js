// A stock Socket.IO client that a test moves: node puppet.js PACKAGE URL OPTIONS, where OPTIONS are those of `io` and
// `namespaces`, a list, and `auth`, what each of them is told. What it is asked to do comes in, and what it meets goes
// out, as one JSON value a line; {"bytes": "…"} stands for binary data, in base64.

import { createInterface } from "node:readline";

const [name, url, given] = process.argv.slice(2);
const library = await import(name);
const io = library.io ?? library.default; // version 2 has no names
const { namespaces, ...options } = JSON.parse(given);

const isBytes = (value) => value instanceof Uint8Array || value instanceof ArrayBuffer;
const tell = (...met) => process.stdout.write(JSON.stringify(met.map(outward)) + "\n");

function each(value, change) {
  if (Array.isArray(value)) return value.map(change);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, change(one)]));
}

function outward(value) {
  if (isBytes(value)) return { bytes: Buffer.from(value).toString("base64") };
  return value && typeof value === "object" ? each(value, outward) : value;
}

function inward(value) {
  if (typeof value?.bytes === "string") return Buffer.from(value.bytes, "base64");
  return value && typeof value === "object" ? each(value, inward) : value;
}

function open(namespace) {
  const socket = io(url + namespace, options);
  socket.on("connect", () => tell("connect", namespace, socket.id));
  socket.on("disconnect", (reason) => tell("disconnect", namespace, reason));
  socket.on("connect_error", (error) => tell("connect_error", namespace, error.message, error.data ?? null));
  socket.onAny?.((event, ...values) => {
    const answer = typeof values.at(-1) === "function" ? values.pop() : () => {};
    tell("event", namespace, event, ...values);
    answer(...values);
  });
  return socket;
}

const sockets = new Map(namespaces.map((namespace) => [namespace, open(namespace)]));
const engine = () => [...sockets.values()][0].io.engine;
const actions = {
  emit: (namespace, ...event) => sockets.get(namespace).emit(...event),
  ask: (namespace, ...event) => sockets.get(namespace).emit(...event, (...answer) => tell("answer", ...answer)),
  transport: () => tell("transport", engine().transport.name),
  break: () => engine().close(),
  leave: (namespace) => sockets.get(namespace).disconnect(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [action, ...values] = inward(JSON.parse(line));
  actions[action](...values);
}
for (const socket of sockets.values()) socket.disconnect();
