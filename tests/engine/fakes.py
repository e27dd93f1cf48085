"""What a session stands on, without sockets: a link that records, an owner that plays the engine, states that count."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from windsock.engine.frames import Frame, message
from windsock.engine.protocol.errors import ProtocolError
from windsock.engine.session import Session
from windsock.engine.topics import Topic
from windsock.tally import Traffic

HEAD = b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: wind.example\r\n\r\n"


class HandClock:
    """Tells seconds, and goes on only when a test turns it, or a little with every look."""

    def __init__(self, step: float = 0.0) -> None:
        self.time = 1000.0
        self.step = step

    def __call__(self) -> float:
        self.time += self.step
        return self.time

    def turn(self, seconds: float) -> None:
        self.time += seconds


class Link:
    """A WebSocket that takes ``room`` frames until it is full; `drain` makes room again. None: any number."""

    name: ClassVar[str] = "websocket"

    def __init__(self, room: int | None = None) -> None:
        self.room = room
        self.session: Session | None = None
        self.wrote: list[bytes] = []
        self.wakes = 0
        self.closed: tuple[int, str] | None = None

    @property
    def write(self) -> Callable[[bytes], object] | None:
        return None if self.room == 0 or self.closed else self._write

    def _write(self, wire: bytes) -> None:
        assert self.closed is None, "written after it was closed"
        assert self.room != 0, "written although it is full"
        self.wrote.append(wire)
        if self.room is not None:
            self.room -= 1
            if not self.room and self.session is not None:
                self.session.full()

    def wake(self) -> None:
        self.wakes += 1

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)

    def drain(self, room: int | None = None) -> None:
        """It can take frames again."""
        self.room = room
        assert self.session is not None
        self.session.flush()

    def new(self) -> list[bytes]:
        """What was written since the last look."""
        wrote, self.wrote = self.wrote, []
        return wrote


class Polls(Link):
    """Polling: nothing can be written, only asked for."""

    name: ClassVar[str] = "polling"

    def __init__(self) -> None:
        super().__init__(room=0)


class Owner:
    """The engine, as a session sees it. ``heard`` are messages, ``beats`` the deadlines that were asked for."""

    server = ("127.0.0.1", 5000)
    scheme = "http"

    def __init__(self, waiting_size: int = 1000) -> None:
        self.clock = HandClock()
        self.traffic = Traffic()
        self.waiting_size = waiting_size
        self.heard: list[str | bytes] = []
        self.beats: list[bool] = []
        self.forgotten: list[str] = []

    def now(self) -> float:
        return self.clock()

    def newest(self, topic: Topic) -> Frame:
        return topic.newest(self.clock())

    def dispatch(self, session: Session, data: str | bytes) -> None:
        if data == "nonsense":
            raise ProtocolError("it makes no sense")
        self.heard.append(data)

    def require_pace(self, session: Session) -> None:
        pass

    def beat(self, session: Session, pinged: bool) -> None:
        self.beats.append(pinged)

    def forget(self, session: Session, reason: str, words: str) -> None:
        self.forgotten.append(reason)


class Versions:
    """Encodes a thing as its version; ``made`` counts how often."""

    def __init__(self) -> None:
        self.version = 0
        self.made = 0

    def mark(self) -> int:
        return self.version

    def state(self) -> Frame:
        self.made += 1
        return message(f"state {self.version}")

    def heard(self) -> Frame:
        self.made += 1
        return message(f"heard {self.version}")


def make_session(link: Link | None = None, owner: Owner | None = None, sid: str = "a-sid") -> Session:
    """A session on a link, which can send at once if that can."""
    link = link or Link()
    session = Session(owner or Owner(), sid, link, ("192.0.2.7", 51234), "192.0.2.7", HEAD)
    link.session = session
    session.flush()
    return session


def said(wires: list[bytes]) -> list[str]:
    """The texts in frames that were written, messages without their "4"."""
    return [text.removeprefix("4") for text in texts(b"".join(wires))]


def texts(stream: bytes) -> list[str]:
    """The texts in whole frames as a server writes them (RFC 6455, 5.2)."""
    found = []
    while stream:
        short = stream[1]
        start = 2 if short < 126 else 4 if short == 126 else 10
        size = short if short < 126 else int.from_bytes(stream[2:start])
        found.append(stream[start : start + size].decode())
        stream = stream[start + size :]
    return found
