"""WebSockets as viewers open them, frame by frame: nothing is sent or answered that the test does not say."""

from __future__ import annotations

import json
import socket
from types import TracebackType
from typing import Any, NamedTuple, Self

from tests.conformance.peers import Place, Poller
from tests.engine.protocol.frames import BINARY, CLOSE, FIN, PONG, TEXT, masked
from tests.waiting import WITHIN

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
}


class Closed(NamedTuple):
    """The end of a WebSocket: the code of its close frame (RFC 6455, 7.4), or None if there was none."""

    code: int | None


class Socket:
    """A WebSocket: a session of its own, or one that may take over the session ``sid``."""

    def __init__(
        self,
        place: Place,
        sid: str | None = None,
        *,
        pieces: int | None = None,
        link: socket.socket | None = None,
        along: bytes = b"",
    ) -> None:
        """``pieces``: so many bytes at a time. ``link``: a connection that is there already. ``along``: what is sent
        together with the handshake."""
        self.place = place
        self._pieces = pieces
        self._link = link or socket.create_connection(("127.0.0.1", place.port), WITHIN)
        self._link.settimeout(WITHIN)
        self._received = b""
        self.write(head(place.target("websocket", sid)) + along)
        self.answer = self._read_head()
        self.handshake: dict[str, Any] = {}
        if sid is None and self.answer.startswith("HTTP/1.1 101"):
            opened = self.next()
            assert isinstance(opened, str)
            assert opened.startswith("0"), opened
            self.handshake = json.loads(opened[1:])

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        step = self._pieces or len(data) or 1
        for start in range(0, len(data), step):
            self._link.sendall(data[start : start + step])

    def put(self, *packets: str | bytes) -> None:
        """Send packets, each in a frame, all at once."""
        self.write(b"".join(frame(packet) for packet in packets))

    def send(self, *messages: str | bytes) -> None:
        """Send messages."""
        self.put(*(f"4{one}" if isinstance(one, str) else one for one in messages))

    def next(self) -> str | bytes | Closed:
        """What comes next, whatever it is; a ping of WebSocket itself would be answered."""
        first, size = self._read(2)
        if size >= 126:
            size = int.from_bytes(self._read(2 if size == 126 else 8), "big")
        payload = self._read(size)
        if first == FIN | TEXT:
            return payload.decode()
        if first == FIN | CLOSE:
            self._link.sendall(masked(FIN | CLOSE, payload[:2]))
            return Closed(int.from_bytes(payload[:2], "big") if payload else None)
        assert first in (FIN | BINARY, FIN | PONG), first
        return payload

    def receive(self) -> str | bytes:
        """The next message; pings are answered."""
        while (packet := self.next()) in ("2", "6"):
            if packet == "2":
                self.put("3")
        assert isinstance(packet, str | bytes), packet
        return packet.removeprefix("4") if isinstance(packet, str) else packet

    def end(self) -> Closed:
        """How it ends; messages before that are passed over."""
        try:
            while not isinstance(packet := self.next(), Closed):
                pass
        except (ConnectionError, EOFError):
            return Closed(None)
        return packet

    @property
    def is_closed(self) -> bool:
        return isinstance(self.end(), Closed)

    def _read_head(self) -> str:
        while b"\r\n\r\n" not in self._received:
            self._received += self._some()
        found, _, self._received = self._received.partition(b"\r\n\r\n")
        return found.decode("latin-1")

    def _read(self, size: int) -> bytes:
        while len(self._received) < size:
            self._received += self._some()
        data, self._received = self._received[:size], self._received[size:]
        return data

    def _some(self) -> bytes:
        data = self._link.recv(65536)
        if not data:
            raise EOFError("the server closed the connection")
        return data

    def close(self) -> None:
        self._link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def head(target: str, headers: dict[str, str] | None = None) -> bytes:
    """The head of a WebSocket's handshake."""
    fields = {"Host": "127.0.0.1"} | (UPGRADE if headers is None else headers)
    lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def frame(packet: str | bytes) -> bytes:
    """A packet in a frame of a viewer."""
    return masked(FIN | TEXT, packet.encode()) if isinstance(packet, str) else masked(FIN | BINARY, packet)


def upgrading(poller: Poller) -> Socket:
    """A WebSocket that may take a session over."""
    return Socket(poller.place, poller.sid)


Peer = Poller | Socket
PEERS: tuple[type[Poller], type[Socket]] = (Poller, Socket)


def received(peer: Peer, count: int) -> list[str | bytes]:
    """So many messages, in order."""
    return [peer.receive() for _ in range(count)]
