// Socket.IO's own server, on Node: new Server() with nothing configured.
//
//     node bench/servers/node.mjs PORT

import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Server } from "socket.io";

const FIRST = 1_000_000;
const state = JSON.parse(process.env.BENCH_STATE);
const filling = Number(process.env.BENCH_FILLING ?? 0);
const http = createServer();
const namespace = new Server(http).of("/windsock");
let number = FIRST;

function current() {
  const data = { n: number, t: Number(process.hrtime.bigint()) };
  return { ...state, version: number - FIRST, data: filling ? { ...data, z: "z".repeat(filling) } : data };
}

function send(left, due, interval) {
  number += 1;
  namespace.emit("state", current());
  if (left > 1) {
    setTimeout(send, Math.max(due + interval - performance.now(), 0), left - 1, due + interval, interval);
  }
}

namespace.on("connection", (socket) => socket.emit("state", current()));
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const [, count, milliseconds] = line.split(" ").map(Number);
  send(count, performance.now(), milliseconds);
});
lines.on("close", () => process.exit(0));
http.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 });
