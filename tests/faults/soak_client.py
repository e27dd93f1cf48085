"""A viewer's side of everything, byte by byte, so that it can be broken off anywhere: sockets, HTTP, Engine.IO."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import struct
from collections import deque
from contextvars import ContextVar
from typing import Any, ClassVar, Protocol

from tests.engine.protocol.frames import BINARY, CLOSE, FIN, PING, PONG, TEXT, size_field

HOST = "127.0.0.1"
PATH = "/socket.io/?EIO=4&transport="
ANSWER_WITHIN = 10.0
"""Seconds for any answer: far more than a busy machine takes, and far less than for ever."""
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: d2luZHNvY2sgc29ha2luZw==\r\n"
)


class Ended(Exception):
    """The server ended it, or refused; why, as far as it said."""


def frame(payload: str | bytes, first: int | None = None) -> bytes:
    """A frame as a viewer sends it, with a mask of zeros. ``first``: its first byte, if that is to be another."""
    opcode = TEXT if isinstance(payload, str) else BINARY
    data = payload.encode() if isinstance(payload, str) else payload
    return bytes((FIN | opcode if first is None else first,)) + size_field(len(data)) + bytes(4) + data


def handshake(sid: str | None = None) -> bytes:
    """The request for a WebSocket, of a new session or for one that is polled."""
    target = PATH + "websocket" + (f"&sid={sid}" if sid else "")
    return f"GET {target} HTTP/1.1\r\nHost: {HOST}\r\n{UPGRADE}\r\n".encode()


class Stream:
    """A TCP connection. ``buffer`` is how much the kernel receives before anybody reads, in bytes."""

    opened: ClassVar[ContextVar[list[Stream]]] = ContextVar("opened")
    """All of whoever wants to know."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.opened.get([]).append(self)

    @classmethod
    async def open(cls, port: int, buffer: int | None = None) -> Stream:
        made = socket.socket()
        made.setblocking(False)
        if buffer is not None:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        try:
            await asyncio.get_running_loop().sock_connect(made, (HOST, port))
            return cls(*await asyncio.open_connection(sock=made, limit=buffer or 65536))
        except BaseException:
            made.close()
            raise

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def take(self, size: int) -> bytes:
        """So many bytes. Raises Ended."""
        return await self._answer(self.reader.readexactly(size))

    async def take_until(self, separator: bytes) -> bytes:
        """All up to and with a separator. Raises Ended."""
        return await self._answer(self.reader.readuntil(separator))

    async def _answer(self, coming: Any) -> bytes:
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                found: bytes = await coming
                return found
        except (asyncio.IncompleteReadError, OSError) as error:
            raise Ended(repr(error)) from None

    async def ended(self, within: float) -> bool:
        """Whether the server ends it in so many seconds; what it says until then is of no interest."""
        try:
            async with asyncio.timeout(within):
                while await self.reader.read(65536):
                    pass
        except TimeoutError:
            return False
        except OSError:
            return True
        return True

    def finish(self) -> None:
        """Close it as programs do that end well."""
        self.writer.close()

    def reset(self) -> None:
        """Close it as a crash does, or a middlebox: with RST."""
        made = self.writer.get_extra_info("socket")
        if made is not None and made.fileno() >= 0:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class Http:
    """Requests over one connection that is kept."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream

    @classmethod
    async def open(cls, port: int) -> Http:
        return cls(await Stream.open(port))

    async def request(self, method: str, target: str, body: bytes = b"", kind: str = "text/plain") -> tuple[int, bytes]:
        """The status and the body of the answer. Raises Ended."""
        head = f"{method} {target} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        self.stream.send(f"{head}\r\n".encode() + body)
        return await self.answer(method)

    async def answer(self, method: str = "GET") -> tuple[int, bytes]:
        """The next answer. Raises Ended."""
        lines = (await self.stream.take_until(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        status = int(lines[0].split()[1])
        if method == "HEAD" or status in (204, 304):
            return status, b""
        if headers.get("transfer-encoding") == "chunked":
            return status, await self._chunks()
        return status, await self.stream.take(int(headers.get("content-length", 0)))

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
        self.finish, self.reset = stream.finish, stream.reset

    @classmethod
    async def open(cls, port: int, sid: str | None = None, buffer: int | None = None) -> WebSocket:
        """A WebSocket; of a new session, unless ``sid`` names one. Raises Ended if it is refused."""
        link = cls(await Stream.open(port, buffer))
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
            else:
                return payload if opcode == BINARY else payload.decode()

    async def _frame(self) -> tuple[int, bytes]:
        first, size = await self.stream.take(2)
        if size > 125:
            size = int.from_bytes(await self.stream.take(2 if size == 126 else 8))
        return first & 0xF, await self.stream.take(size)


class Polling:
    """A session that is polled: one connection asks, the other tells."""

    def __init__(self, port: int, asking: Http, telling: Http, sid: str) -> None:
        self.port = port
        self.asking, self.telling = asking, telling
        self.sid = sid
        self.target = f"{PATH}polling&sid={sid}"
        self._packets: deque[str | bytes] = deque()

    @classmethod
    async def open(cls, port: int) -> Polling:
        """A new session. Raises Ended if it is refused."""
        asking, telling = await Http.open(port), await Http.open(port)
        status, body = await asking.request("GET", PATH + "polling")
        if status != 200:
            raise Ended(f"{status} {body!r}")
        return cls(port, asking, telling, json.loads(body[1:])["sid"])

    async def send(self, *packets: str | bytes) -> None:
        texts = (item if isinstance(item, str) else "b" + base64.b64encode(item).decode() for item in packets)
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
        link = await WebSocket.open(self.port, self.sid)
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


async def open_link(port: int, way: str) -> Link:
    """A session that came by one of `WAYS`. Raises Ended."""
    if way == "websocket":
        return await WebSocket.open(port)
    polling = await Polling.open(port)
    return await polling.upgrade() if way == "upgrade" else polling


WAYS = ("websocket", "polling", "upgrade")
