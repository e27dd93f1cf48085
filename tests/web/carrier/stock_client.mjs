// The stock JavaScript client in the club: node stock_client.mjs URL TRANSPORTS. Prints what it met, as JSON.

import { io } from "socket.io-client";

const [url, transports] = process.argv.slice(2);
const options = { transports: transports.split(","), reconnection: false, forceNew: true, timeout: 5000 };
const met = { events: [], refused: null };
const once = (socket, event) => new Promise((resolve) => socket.once(event, (...values) => resolve(values)));
const later = () => new Promise((resolve) => setTimeout(resolve, 5));
const guest = (name, auth) => {
    const socket = io(url + name, { ...options, auth });
    socket.onAny((event, ...values) => met.events.push([name, socket.connected, event, ...values]));
    return socket;
};

const first = guest("/", { name: "Ada" });
await once(first, "message");
while (transports.endsWith("websocket") && first.io.engine.transport.name !== "websocket") {
    await later(); // it is being upgraded
}
met.transport = first.io.engine.transport.name;
met.hello = met.events.splice(0);

const second = guest("/");
await once(second, "message");
while (met.events.length < 3) {
    await later(); // the second has its greeting, and both are told that it came
}

met.echo = await first.emitWithAck("echo", 1, { a: [true, null, "ü"] });
met.joined = await first.emitWithAck("join", "quiet");
await second.emitWithAck("join", "quiet");
const said = once(first, "said");
second.emit("say", "quiet", "psst");
met.said = await said;
met.left = await first.emitWithAck("leave", "quiet");
const pictures = Promise.all([once(first, "picture"), once(second, "picture")]);
first.emit("picture", { is: Buffer.from([1, 2, 255]) });
const [[here], [there]] = await pictures;
met.pictures = [[...here.is], [...there.is]];
const raw = await first.emitWithAck("echo", Buffer.from([0, 128]));
met.bytes = [...raw];
first.on("question", (question, answer) => answer(`${question}!`, 42));
met.asked = await new Promise((resolve) => first.emit("ask me", "really", (...values) => resolve(values)));
met.failed = await first.emitWithAck("fail");
const numbers = [];
first.on("number", (number) => numbers.push(number));
first.emit("count", 50);
while (numbers.length < 50) {
    await later();
}
met.inOrder = numbers.every((number, index) => number === index);

const desk = io(`${url}/desk`, { ...options, auth: { key: "right" } });
met.welcome = await once(desk, "welcome");
met.desk = await new Promise((resolve) => desk.emit("ask", 7, (...values) => resolve(values)));
const wrong = io(`${url}/desk`, { ...options, auth: { key: "wrong" } });
const [error] = await once(wrong, "connect_error");
met.refused = [error.message, error.data];
const nowhere = io(`${url}/nowhere`, options);
met.nowhere = (await once(nowhere, "connect_error"))[0].message;

second.emit("quit");
met.quit = (await once(second, "disconnect"))[0];
for (const socket of [first, second, desk, wrong, nowhere]) {
    socket.disconnect();
}
delete met.events;
console.log(JSON.stringify(met));
