// A Socket.IO client without a network, and a page without a browser.

/** What a connection needs of `io`. The test plays the server. */
export function fakeIo() {
  const server = { attempts: 0, drops: 0, sent: [], sockets: 0, opts: null, auth: null, answer: () => ({ ok: true }) };
  const handlers = new Map();
  const managerHandlers = new Map();
  const socket = {
    connected: false,
    active: true,
    io: {
      opts: { transports: ["websocket", "polling"] },
      engine: null,
      on: (name, call) => managerHandlers.set(name, call),
    },
    on: (name, call) => handlers.set(name, call),
    connect() {
      server.attempts += 1;
      socket.io.engine = { once: (_name, call) => call({ pingInterval: 10_000 }) };
    },
    disconnect: () => server.drop(),
    timeout: (within) => ({
      emitWithAck: (event, message) =>
        new Promise((resolve, reject) => {
          server.sent.push({ event, message });
          setTimeout(() => reject(new Error("operation has timed out")), within);
          server.pending = resolve;
          const answer = server.answer(event, message);
          if (answer) resolve(answer);
        }),
    }),
  };
  Object.assign(server, {
    io: (uri, opts) => ((server.sockets += 1), Object.assign(server, { uri, opts }), socket),
    welcome() {
      server.opts.auth((auth) => (server.auth = auth));
      socket.connected = true;
      handlers.get("connect")();
    },
    refuse(message, data) {
      socket.active = false;
      handlers.get("connect_error")(Object.assign(new Error(message), { data }));
      socket.active = true;
    },
    fail: (reason = "refused") => handlers.get("connect_error")(new Error(reason)),
    drop() {
      server.drops += 1;
      socket.connected = false;
      handlers.get("disconnect")("transport close");
    },
    send: (event, message) => handlers.get(event)(message),
    ping: () => managerHandlers.get("ping")(),
  });
  return server;
}

/** Lets promises come to their ends, though timers stand still. */
export async function settled() {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
