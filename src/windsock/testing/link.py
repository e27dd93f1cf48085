"""One connection to the namespace ``/windsock``: Socket.IO 5 in Engine.IO 4 frames, over a WebSocket."""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from windsock.errors import WindsockError
from windsock.wire import NAMESPACE

if TYPE_CHECKING:
    from types import ModuleType

RECEIVE_BUFFER = 16384
"""The kernel's buffer for what comes, in bytes: that a viewer does not read is noticed after kilobytes."""
CONNECT_WITHIN = 5.0

_OPEN, _CLOSE, _PING, _PONG = "0", "1", "2", "3"
_KINDS: Mapping[str, Literal["connected", "ended", "event", "answer", "refused"]] = {
    "40": "connected",
    "41": "ended",
    "42": "event",
    "43": "answer",
    "44": "refused",
}


class LinkLost(WindsockError):
    """The connection is gone, or could not be made; the text says how."""


class ViewerRefused(WindsockError):
    """The server does not let the viewer in. ``code`` is the wire's word for why, "" if it gave none."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Packet:
    """Something that the server said. ``value`` is an event's name and payload, or an answer to the question ``id``."""

    kind: Literal["connected", "ended", "event", "answer", "refused"]
    value: Any = None
    id: int | None = None


class Link:
    """Connects when it is made. One thread receives; the others may send, and `cut`.

    Raises LinkLost if there is no server, ViewerRefused if it refuses.
    """

    def __init__(self, address: str, auth: Mapping[str, Any]) -> None:
        websocket = _library()
        self._failures = (OSError, websocket.WebSocketException)
        try:
            self._socket = websocket.create_connection(
                f"{address}?EIO=4&transport=websocket",
                timeout=CONNECT_WITHIN,
                suppress_origin=True,
                sockopt=[(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)],
            )
        except self._failures as error:
            raise LinkLost(f"no connection: {error}") from None
        self._raw: socket.socket = self._socket.sock
        self._ready = select.poll()
        self._ready.register(self._raw, select.POLLIN)
        self._heard_at = time.monotonic()
        self._patience = CONNECT_WITHIN
        try:
            self._enter(auth)
        except BaseException:
            self.close()
            raise

    def receive(self, within: float) -> Packet | None:
        """The next packet; None: none came within so many seconds. Raises LinkLost."""
        if not self._ready.poll(within * 1000):
            if time.monotonic() - self._heard_at > self._patience:
                raise LinkLost("the server has gone silent")
            return None
        text = self._read()
        if text == _PING:
            self._send(_PONG)
            return None
        if text == _CLOSE:
            raise LinkLost("the server closed the connection")
        return _packet(text)

    def send(self, event: str, payload: object, id: int) -> None:  # noqa: A002  # Socket.IO's word
        """Send a question, which is to be answered with its id. Raises LinkLost."""
        self._send(f"42{NAMESPACE},{id}{json.dumps([event, payload])}")

    def say_goodbye(self) -> None:
        """Leave as a page does that is closed."""
        with suppress(LinkLost):
            self._send(_CLOSE)
        self.cut()

    def cut(self) -> None:
        """Break the connection off, from any thread; whoever receives gets LinkLost."""
        with suppress(OSError):
            self._raw.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of the socket, when nobody receives any more."""
        self._socket.shutdown()

    def _enter(self, auth: Mapping[str, Any]) -> None:
        opened = self._read()
        if not opened.startswith(_OPEN):
            raise LinkLost(f"the server began with {opened!r:.40}, which is not Engine.IO 4")
        options = json.loads(opened[1:])
        self._patience = (options["pingInterval"] + options["pingTimeout"]) / 1000
        self._send(f"40{NAMESPACE},{json.dumps(auth)}")
        packet = None
        while packet is None:
            packet = self.receive(CONNECT_WITHIN)
        if packet.kind == "refused":
            raise ViewerRefused(packet.value.get("message", ""), (packet.value.get("data") or {}).get("code", ""))
        if packet.kind != "connected":
            raise LinkLost(f"the server answered CONNECT with {packet.kind}")

    def _read(self) -> str:
        try:
            text = self._socket.recv()
        except self._failures as error:
            raise LinkLost(str(error) or type(error).__name__) from None
        if not text:  # the library's word for a WebSocket that was closed
            raise LinkLost("the server closed the connection")
        self._heard_at = time.monotonic()
        return str(text)

    def _send(self, text: str) -> None:
        try:
            self._socket.send(text)
        except self._failures as error:
            raise LinkLost(str(error) or type(error).__name__) from None


def _packet(text: str) -> Packet | None:
    """What a frame says; None: it is of another namespace."""
    head, comma, body = text.partition(",")
    kind = _KINDS.get(head[:2])
    if kind is None or head[2:] != NAMESPACE:
        return None
    if kind == "answer":
        digits, bracket, rest = body.partition("[")
        return Packet(kind, json.loads(bracket + rest)[0], int(digits))
    return Packet(kind, json.loads(body) if comma and body else None)


def _library() -> ModuleType:
    try:
        import websocket
    except ModuleNotFoundError:
        raise WindsockError('a viewer needs a WebSocket client: pip install "windsock[client]"') from None
    return websocket
