"""A viewer's side of everything, byte by byte, so that it can be broken off anywhere: sockets, HTTP, Engine.IO."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from collections.abc import Mapping
from typing import Any, Protocol

from tests.engine.protocol.frames import BINARY, CLOSE, FIN, PING, PONG, TEXT, size_field
from tests.faults.streams import ANSWER_WITHIN, HOST, Ended, Stream

PATH = "/socket.io/?EIO=4&transport="
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: d2luZHNvY2sgc29ha2luZw==\r\n"
)


def frame(payload: str | bytes, first: int | None = None) -> bytes:
    """A frame as a viewer sends it, with a mask of zeros. ``first``: its first byte, if that is to be another."""
    opcode = TEXT if isinstance(payload, str) else BINARY
    data = payload.encode() if isinstance(payload, str) else payload
    return bytes((FIN | opcode if first is None else first,)) + size_field(len(data)) + bytes(4) + data


def handshake(sid: str | None = None) -> bytes:
    """The request for a WebSocket, of a new session or for one that is polled."""
    target = PATH + "websocket" + (f"&sid={sid}" if sid else "")
    return f"GET {target} HTTP/1.1\r\nHost: {HOST}\r\n{UPGRADE}\r\n".encode()


class Http:
    """Requests over one connection that is kept, or over another one each where the server closes it."""

    def __init__(self, stream: Stream, port: int = 0, within: float = ANSWER_WITHIN) -> None:
        self.stream = stream
        self._port, self._within = port, within
        self._closed = False

    @classmethod
    async def open(cls, port: int, within: float = ANSWER_WITHIN) -> Http:
        return cls(await Stream.open(port, within=within), port, within)

    async def request(self, method: str, target: str, body: bytes = b"", kind: str = "text/plain") -> tuple[int, bytes]:
        """The status and the body of the answer. Raises Ended."""
        if self._closed:
            self.stream.finish()
            self.stream, self._closed = await Stream.open(self._port, within=self._within), False
        head = f"{method} {target} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        self.stream.send(f"{head}\r\n".encode() + body)
        return await self.answer(method)

    async def answer(self, method: str = "GET") -> tuple[int, bytes]:
        """The next answer. Raises Ended."""
        lines = (await self.stream.take_until(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        status = int(lines[0].split()[1])
        self._closed = True  # whoever is told to read no further leaves a connection that is of no use
        body = b"" if method == "HEAD" or status in (204, 304) else await self._body(headers)
        self._closed = headers.get("connection") == "close"
        return status, body

    async def _body(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding") == "chunked":
            return await self._chunks()
        return await self.stream.take(int(headers.get("content-length", 0)))

    async def _chunks(self) -> bytes:
        found = b""
        while size := int(await self.stream.take_until(b"\r\n"), 16):
            found += (await self.stream.take(size + 2))[:-2]
        await self.stream.take(2)
        return found


class Link(Protocol):
    """One Engine.IO session, however it is carried."""

    async def send(self, *packets: str | bytes) -> None:
        """Send packets; bytes are a binary message."""

    async def receive(self) -> str | bytes:
        """The next packet; pings are answered. Raises Ended."""

    def finish(self) -> None:
        """Close all connections."""

    def reset(self) -> None:
        """Break off all connections."""


class WebSocket:
    """A session over WebSocket, from its handshake on."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        # What came by polling before it took over.
        self.before: deque[str | bytes] = deque()
        # What has come of a frame's head, for whoever waits for a frame may be told to wait no longer.
        self._head = b""
        self.finish, self.reset = stream.finish, stream.reset

    @classmethod
    async def open(
        cls, port: int, sid: str | None = None, buffer: int | None = None, within: float = ANSWER_WITHIN
    ) -> WebSocket:
        """A WebSocket; of a new session, unless ``sid`` names one. Raises Ended if it is refused."""
        link = cls(await Stream.open(port, buffer, within))
        link.stream.send(handshake(sid))
        head = await link.stream.take_until(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n")[0]:
            link.reset()
            raise Ended(head.decode("latin-1"))
        if sid is None:
            await link.receive()
        return link

    async def send(self, *packets: str | bytes) -> None:
        self.stream.send(b"".join(map(frame, packets)))

    async def receive(self) -> str | bytes:
        if self.before:
            return self.before.popleft()
        while True:
            opcode, payload = await self._frame()
            if opcode == CLOSE:
                raise Ended(f"closed with {payload!r}")
            if opcode == PING:
                self.stream.send(frame(payload, FIN | PONG))
            elif payload == b"2":
                await self.send("3")
            elif payload != b"6":
                return payload if opcode == BINARY else payload.decode()

    async def _frame(self) -> tuple[int, bytes]:
        if not self._head:
            self._head = await self.stream.take(2)
        first, size = self._head[:2]
        if size > 125:
            if len(self._head) == 2:
                self._head += await self.stream.take(2 if size == 126 else 8)
            size = int.from_bytes(self._head[2:])
        payload = await self.stream.take(size)
        self._head = b""
        return first & 0xF, payload


class Polling:
    """A session that is polled: one connection asks, the other tells."""

    def __init__(self, port: int, asking: Http, telling: Http, sid: str, within: float = ANSWER_WITHIN) -> None:
        self.port, self._within = port, within
        self.asking, self.telling = asking, telling
        self.sid = sid
        self.target = f"{PATH}polling&sid={sid}"
        self._packets: deque[str | bytes] = deque()
        # One payload at a time, also if a ping is answered meanwhile.
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, port: int, within: float = ANSWER_WITHIN) -> Polling:
        """A new session. Raises Ended if it is refused."""
        asking, telling = await Http.open(port, within), await Http.open(port, within)
        status, body = await asking.request("GET", PATH + "polling")
        if status != 200:
            raise Ended(f"{status} {body!r}")
        return cls(port, asking, telling, json.loads(body[1:])["sid"], within)

    async def send(self, *packets: str | bytes) -> None:
        texts = (item if isinstance(item, str) else "b" + base64.b64encode(item).decode() for item in packets)
        async with self._turn:
            status, body = await self.telling.request("POST", self.target, "\x1e".join(texts).encode())
        if status != 200:
            raise Ended(f"{status} {body!r}")

    async def receive(self) -> str | bytes:
        while not self._packets:
            self._packets += await self.fetch()
        return self._packets.popleft()

    async def fetch(self) -> list[str | bytes]:
        """What one poll gives. Raises Ended."""
        status, body = await self.asking.request("GET", self.target)
        if status != 200 or body == b"1":
            raise Ended(f"{status} {body!r}")
        packets: list[str | bytes] = []
        for item in body.decode().split("\x1e"):
            if item == "2":
                await self.send("3")
            elif item != "6":
                packets.append(base64.b64decode(item[1:]) if item.startswith("b") else item)
        return packets

    async def upgrade(self) -> WebSocket:
        """Have a WebSocket take over. Raises Ended."""
        link = await WebSocket.open(self.port, self.sid, within=self._within)
        poll = asyncio.create_task(self.fetch())
        try:
            await link.send("2probe")
            answer = await link.receive()
            if answer != "3probe":
                raise Ended(f"the probe was answered with {answer!r}")
            link.before += [*self._packets, *await poll]
            await link.send("5")
        finally:
            poll.cancel()
            self.finish()
        return link

    def finish(self) -> None:
        self.asking.stream.finish()
        self.telling.stream.finish()

    def reset(self) -> None:
        self.asking.stream.reset()
        self.telling.stream.reset()


async def connect(link: Link, namespace: str = "/windsock", auth: Any = None) -> list[str | bytes]:
    """Enter a namespace; what came before the answer. Raises Ended if it is refused."""
    where = "" if namespace == "/" else f"{namespace},"
    await link.send(f"40{where}{'' if auth is None else json.dumps(auth)}")
    before: list[str | bytes] = []
    while True:
        packet = await link.receive()
        if isinstance(packet, str) and packet.startswith(f"40{where}{{"):
            return before
        if isinstance(packet, str) and packet.startswith(f"44{where}{{"):
            raise Ended(packet)
        before.append(packet)


async def open_link(port: int, way: str, within: float = ANSWER_WITHIN) -> Link:
    """A session that came by one of `WAYS`; ``within`` as for a `Stream`. Raises Ended."""
    if way == "websocket":
        return await WebSocket.open(port, within=within)
    polling = await Polling.open(port, within)
    return await polling.upgrade() if way == "upgrade" else polling


WAYS = ("websocket", "polling", "upgrade")
