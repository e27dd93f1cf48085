"""Clients that send and read single bytes: HTTP and WebSocket on plain sockets, with or without TLS."""

from __future__ import annotations

import json
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from tests.engine.protocol.frames import CLOSE, FIN, masked, text
from tests.waiting import WITHIN

ENDPOINT = "/socket.io/?EIO=4"
KEY = b64encode(bytes(16)).decode()
UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
}
ACCEPT = "ICX+Yqv66kxgM0FcWaLWlFLwTAI="
"""What a server makes of `KEY`."""


@dataclass(frozen=True)
class Response:
    """The answer to one HTTP request; names of headers in lower case."""

    status: int
    phrase: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """A connection; ``buffer`` is the size of the kernel's receive buffer, ``tls`` who is trusted."""

    def __init__(self, port: int, buffer: int | None = None, tls: ssl.SSLContext | None = None) -> None:
        plain = socket.socket()
        if buffer is not None:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.settimeout(WITHIN)
        try:
            plain.connect(("127.0.0.1", port))
        except OSError:
            plain.close()
            raise
        self.socket = tls.wrap_socket(plain, server_hostname="localhost") if tls else plain
        self._read = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self, size: int) -> bytes:
        """The next so many bytes, or fewer if it ends."""
        while len(self._read) < size and self._more():
            pass
        found, self._read = self._read[:size], self._read[size:]
        return found

    def read_until(self, end: bytes) -> bytes:
        """All up to and with ``end``, or up to the end of the connection."""
        while end not in self._read and self._more():
            pass
        place = self._read.find(end)
        return self.read(len(self._read) if place < 0 else place + len(end))

    def ended(self) -> bool:
        """Whether the server has ended it, without another word."""
        try:
            return not self.read(1)
        except ConnectionResetError:
            return True

    def _more(self) -> bool:
        got = self.socket.recv(65536)
        self._read += got
        return bool(got)

    def request(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Response:
        """The answer to a request, on this connection."""
        self.send(head(method, target, headers, len(body) if body or method == "POST" else None) + body)
        return self.response()

    def response(self) -> Response:
        """The next HTTP response."""
        first, *lines = self.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")[:-2]
        _, status, phrase = first.split(" ", 2)
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = self._chunks() if "transfer-encoding" in headers else self.read(int(headers.get("content-length", "0")))
        return Response(int(status), phrase, headers, body)

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.read_until(b"\r\n"), 16):
            body += self.read(size + 2)[:-2]
        self.read(2)
        return body


class Socket:
    """A WebSocket on a connection that was upgraded."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def say(self, packet: str) -> None:
        self.wire.send(text(packet))

    def frame(self) -> tuple[int, bytes]:
        """First byte and payload of the next frame; (0, b"") at the end of the connection."""
        start = self.wire.read(2)
        if len(start) < 2:
            return 0, b""
        size = start[1]
        if size > 125:
            size = int.from_bytes(self.wire.read(2 if size == 126 else 8))
        return start[0], self.wire.read(size)

    def hear(self) -> str:
        """The next text; Engine.IO's pings are answered, and not shown."""
        while True:
            first, payload = self.frame()
            assert first == FIN | 1, (first, payload)
            if payload != b"2":
                return payload.decode()
            self.say("3")

    def connect(self, *things: str) -> None:
        """Join `/windsock`, and read what comes of it."""
        self.say("40/windsock," + json.dumps({"things": things}))
        for _ in range(1 + len(things)):
            self.hear()

    def state(self) -> dict[str, Any]:
        """The next event, which has to be a state."""
        name, payload = json.loads(self.hear().removeprefix("42/windsock,"))
        assert name == "state"
        found: dict[str, Any] = payload
        return found

    def closing(self) -> tuple[int, str]:
        """Code and words of the server's close frame, after all that comes before it; it is answered."""
        first, payload = self.frame()
        while first != FIN | CLOSE:
            assert first, "it ended without a close frame"
            first, payload = self.frame()
        self.wire.send(masked(FIN | CLOSE, payload[:2]))
        return int.from_bytes(payload[:2]), payload[2:].decode()


def head(method: str, target: str, headers: Mapping[str, str] | None = None, length: int | None = None) -> bytes:
    """The head of a request."""
    fields = {"Host": "localhost"} | ({} if length is None else {"Content-Length": str(length)}) | dict(headers or {})
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode("latin-1")


def handshake(sid: str | None = None, headers: Mapping[str, str] | None = None, query: str = "") -> bytes:
    """The head of a request for a WebSocket."""
    joined = "" if sid is None else f"&sid={sid}"
    return head("GET", f"{ENDPOINT}&transport=websocket{joined}{query}", UPGRADE | dict(headers or {}))


@contextmanager
def viewer(
    port: int,
    headers: Mapping[str, str] | None = None,
    buffer: int | None = None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Socket]:
    """A new session on WebSocket, in no namespace yet."""
    with Wire(port, buffer, tls) as wire:
        wire.send(handshake(headers=headers))
        found = accepted(wire)
        assert found.hear().startswith("0{")
        yield found


def accepted(wire: Wire) -> Socket:
    """The WebSocket on a connection whose handshake was sent, and has to be accepted."""
    answer = wire.response()
    assert (101, ACCEPT) == (answer.status, answer.headers.get("sec-websocket-accept")), answer
    return Socket(wire)


class Poller:
    """A session on polling."""

    def __init__(self, wire: Wire, headers: Mapping[str, str] | None = None) -> None:
        self.wire = wire
        self.target = f"{ENDPOINT}&transport=polling"
        self._headers = headers
        self.opened = self.get()
        assert 200 == self.opened.status, self.opened
        self.sid: str = json.loads(self.opened.body[1:])["sid"]
        self.target += f"&sid={self.sid}"

    def get(self) -> Response:
        return self.wire.request("GET", self.target, self._headers)

    def post(self, body: str | bytes) -> Response:
        return self.wire.request("POST", self.target, self._headers, body.encode() if isinstance(body, str) else body)

    def ask(self) -> None:
        """Send a poll, and do not wait for its answer."""
        self.wire.send(head("GET", self.target, self._headers))

    def packets(self) -> list[str]:
        """What the next poll gets."""
        answer = self.get()
        assert 200 == answer.status, answer
        return answer.body.decode().split("\x1e")


@contextmanager
def poller(port: int, headers: Mapping[str, str] | None = None, tls: ssl.SSLContext | None = None) -> Iterator[Poller]:
    """A new session on polling, in no namespace yet."""
    with Wire(port, tls=tls) as wire:
        yield Poller(wire, headers)
