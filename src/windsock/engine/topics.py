"""Broadcasting the newest state of a thing to everybody who watches it: newest wins, whatever the pace.

A topic is one thing with the addresses of one mount. A *sweep* walks its viewers in a circle. News that comes
during a sweep replaces the frame for those who did not get it yet; the circle ends when all have the last one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from windsock.engine.frames import Frame
from windsock.engine.passage import Passage
from windsock.tally import Traffic

if TYPE_CHECKING:
    from windsock.engine.session import Session

log = logging.getLogger("windsock.engine")

TRANSPORT_ERROR = "transport error"
FRESH = 0.2
"""Seconds for which an encoded state is sent again: its ``now`` is never more than 250 ms old."""
BATCH = 64
"""Viewers between two looks at the clock."""


class Encoder(Protocol):
    """Makes the frames of one topic."""

    def mark(self) -> int:
        """A number that moves as soon as there is news, before this loop is told: what was encoded before is old."""

    def state(self) -> Frame:
        """The event ``state`` as it is now."""

    def heard(self) -> Frame:
        """The event ``heard`` as it is now."""


class Topic:
    """The viewers of a thing, and the frame that they are being sent."""

    __slots__ = (
        "_encoder",
        "_frame",
        "_heard",
        "_left",
        "_made_at",
        "_mark",
        "_members",
        "_next",
        "_passage",
        "_queue",
        "_to_go",
        "_traffic",
        "thing",
    )

    def __init__(self, thing: str, encoder: Encoder, traffic: Traffic | None = None) -> None:
        self.thing = thing
        self._encoder = encoder
        self._traffic = traffic or Traffic()
        self._passage = Passage(self._traffic.deliveries)
        # In order of joining, so that a circle that is drawn anew goes on where the old one was.
        self._members: dict[Session, None] = {}
        self._frame: Frame | None = None
        self._made_at = 0.0
        self._mark = 0
        self._heard = False
        # The circle: whom it goes through, who is next, and how many are still without the newest.
        self._queue: list[Session] = []
        # Whether somebody has left who may still be in it.
        self._left = False
        self._next = 0
        self._to_go = 0

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, session: Session) -> bool:
        return session in self._members

    @property
    def members(self) -> list[Session]:
        """Who watches now."""
        return list(self._members)

    def join(self, session: Session) -> None:
        """Have a session get all news from now on; the state as it is now it has to be sent."""
        if session not in self._members:
            self._members[session] = None
            if self._to_go:
                self._queue.append(session)
                self._to_go += 1

    def leave(self, session: Session) -> None:
        """Send it no more."""
        self._members.pop(session, None)
        self._left = True

    def changed(self, at: float | None = None, times: int = 1) -> None:
        """There is a newer state: begin a sweep, or have the one that is under way carry it.

        ``at`` is when it was committed, if that is known; ``times``: how many changes there were, the newest of
        which is all that anybody is sent.
        """
        overtaken = 0 if self._heard else self._to_go
        self._traffic.overtaken += overtaken + (times - 1) * len(self._members)
        self._frame = None
        self._heard = False
        self._restart()
        if at is not None:
            self._passage.begin(at, self._to_go)

    def heard(self) -> None:
        """Only clocks moved. A sweep with a state that is under way goes on, and carries the clocks too."""
        if not self._to_go:
            self._heard = bool(self._members)
        self._frame = None
        self._restart()

    def newest(self, now: float) -> Frame:
        """The state as it is now; encoded anew if it is not fresh."""
        if self._heard:
            return self._encoder.state()  # what is kept is the frame of the sweep, and that is no state
        return self._kept(self._encoder.state, now)

    def work(self, clock: Callable[[], float], until: float) -> bool:
        """Send to as many as the time allows; see `Work.work`."""
        while self._to_go:
            now = clock()
            if now >= until:
                return True
            count = self._send_batch(self._current(now).wire)
            self._passage.passed(count, self._to_go, clock)
        return False

    def _current(self, now: float) -> Frame:
        return self._kept(self._encoder.heard if self._heard else self._encoder.state, now)

    def _kept(self, make: Callable[[], Frame], now: float) -> Frame:
        # The mark is looked at first: news that comes while it is encoded makes it old at once.
        mark = self._encoder.mark()
        if self._frame is None or mark != self._mark or not 0 <= now - self._made_at < FRESH:
            self._frame, self._made_at, self._mark = make(), now, mark
        return self._frame

    def _send_batch(self, wire: bytes) -> int:
        """Send to the next few; how many of the circle that were."""
        if self._next >= len(self._queue):
            self._draw_anew()
        batch = self._queue[self._next : self._next + min(BATCH, self._to_go)]
        count = len(batch)
        if self._left:
            batch = [session for session in batch if session in self._members]
        try:
            self._write(batch, wire)
        except Exception:
            log.exception("a viewer could not be written to")
            self._write_each(batch, wire)
        self._next += count
        self._to_go -= count
        if not self._to_go:
            self._end()
        return count

    def _write(self, batch: Sequence[Session], wire: bytes) -> None:
        # For each viewer and each change: whatever is added here is paid for ten thousand times.
        held = overtaken = 0
        whole = not self._heard
        for session in batch:
            write = session.write
            if write is None:
                held += 1
                overtaken += session.pend(self, whole)
            else:
                write(wire)
        self._traffic.overtaken += overtaken
        self._traffic.bytes += (len(batch) - held) * len(wire)

    def _write_each(self, batch: Sequence[Session], wire: bytes) -> None:
        """Once more, without the one that fails: it must not cost the others their news."""
        for session in batch:
            try:
                self._write([session], wire)
            except Exception:  # noqa: BLE001  # it was logged
                session.end(TRANSPORT_ERROR, 1011, "it could not be written to")

    def _restart(self) -> None:
        if not self._queue:
            self._queue, self._next, self._left = list(self._members), 0, False
        self._to_go = len(self._queue)

    def _draw_anew(self) -> None:
        """The circle is through once: leave out who has left since."""
        self._to_go = sum(1 for session in self._queue[: self._to_go] if session in self._members)
        self._queue, self._next, self._left = list(self._members), 0, False
        if not self._to_go:
            self._end()

    def _end(self) -> None:
        self._queue, self._next, self._to_go = [], 0, 0
        if self._heard:
            # What is kept is a state, or nothing.
            self._frame, self._heard = None, False
