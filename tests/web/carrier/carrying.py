"""An application carried by an engine that only records, and viewers whose packets a test writes itself."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from flask import Flask
from flask_socketio import SocketIO

from tests.waiting import WITHIN
from windsock.web.carrier import CarriedApplication, install

HEAD = b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: wind.example\r\n"


class RecordingEngine:
    """Hands what is sent to the viewer it is for."""

    def __init__(self) -> None:
        self.viewers: dict[str, Viewer] = {}
        self.broadcasts: list[tuple[list[str], list[str | bytes]]] = []
        self.sends: list[tuple[str, list[str | bytes]]] = []
        self.closed: list[str] = []
        # What is sent at once arrives in one piece, whichever threads send: as the engine has it.
        self._lock = threading.Lock()

    def send(self, sid: str, messages: Sequence[str | bytes]) -> None:
        assert all(type(message) in (str, bytes) for message in messages)
        self.sends.append((sid, list(messages)))
        self._deliver(sid, messages)

    def broadcast(self, sids: Sequence[str], messages: Sequence[str | bytes]) -> None:
        assert all(type(message) in (str, bytes) for message in messages)
        self.broadcasts.append((list(sids), list(messages)))
        for sid in sids:
            self._deliver(sid, messages)

    def close(self, sid: str) -> None:
        self.closed.append(sid)

    def _deliver(self, sid: str, messages: Sequence[str | bytes]) -> None:
        viewer = self.viewers.get(sid)
        with self._lock:
            for message in messages if viewer else ():
                assert viewer
                viewer.got.put(message)


class Viewer:
    """A session, as the engine shows it, and what its client does."""

    def __init__(self, carrier: Carrier, sid: str, head: bytes) -> None:
        self._carrier = carrier
        self.sid = sid
        self.head = head + b"\r\n"
        self.client = ("192.0.2.7", 51234)
        self.server = ("127.0.0.1", 5000)
        self.scheme = "http"
        self.transport = "websocket"
        self.got: queue.SimpleQueue[str | bytes] = queue.SimpleQueue()
        self.ended = False

    def send(self, *messages: str | bytes) -> None:
        for message in messages:
            self._carrier.application.receive(self, message)

    def next(self) -> str | bytes:
        """What comes next."""
        return self.got.get(timeout=WITHIN)

    def all(self, count: int) -> list[str | bytes]:
        return [self.next() for _ in range(count)]

    def connect(self, namespace: str = "/", auth: Any = None) -> str:
        """Connect, expect that to be accepted, and tell the client's id."""
        self.send(packet("0", namespace, auth))
        answer = self.next()
        assert isinstance(answer, str)
        assert answer.startswith(packet("0", namespace)), answer
        return str(json.loads(answer[answer.index("{") :])["sid"])

    def ask(self, *event: Any, namespace: str = "/", number: int = 7) -> Any:
        """Emit an event, expect nothing before its acknowledgement, and give what that says."""
        self.send(packet("2", namespace, list(event), number))
        answer = self.next()
        assert isinstance(answer, str)
        start = packet("3", namespace, None, number)
        assert answer.startswith(start), answer
        return json.loads(answer[len(start) :])

    def end(self, reason: str = "transport close") -> None:
        self.ended = True
        self._carrier.application.ended(self, reason)


class Carrier:
    """The application, and what carries it."""

    def __init__(self, app: Flask) -> None:
        self.engine = RecordingEngine()
        application = install(app, self.engine)
        assert application is not None
        self.application: CarriedApplication = application
        self.server: Any = application.server
        self._count = 0

    def viewer(self, head: bytes = HEAD) -> Viewer:
        self._count += 1
        viewer = Viewer(self, f"session-{self._count}", head)
        self.engine.viewers[viewer.sid] = viewer
        return viewer

    @property
    def empty(self) -> bool:
        """Whether nothing of any session remains."""
        books = self.server.manager._books
        return not any(
            [
                self.application._inboxes,
                self.server.environ,
                self.server._binary_packet,
                self.server.manager._parked,
                books._spaces,
                books._sessions,
                books._leaving,
            ]
        )


def make_app(**options: Any) -> tuple[Flask, SocketIO]:
    app = Flask("carried")
    app.secret_key = "a-secret"
    return app, SocketIO(app, **{"async_mode": "threading"} | options)


@contextmanager
def carried(app: Flask) -> Iterator[Carrier]:
    """The application while it is carried. At the end all sessions end, and nothing of them may remain."""
    carrier = Carrier(app)
    carrier.application.start()
    try:
        yield carrier
    finally:
        for viewer in carrier.engine.viewers.values():
            if not viewer.ended:
                viewer.end("server disconnect")
        stopped = carrier.application.stop(WITHIN)
    assert stopped
    assert carrier.empty


def packet(kind: str, namespace: str = "/", payload: Any = None, number: int | None = None) -> str:
    """A packet of Socket.IO."""
    where = "" if namespace == "/" else f"{namespace},"
    what = "" if payload is None else json.dumps(payload, separators=(",", ":"))
    return f"{kind}{where}{'' if number is None else number}{what}"
