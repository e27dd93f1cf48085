"""What an application sends, from any thread: in order, each broadcast encoded once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence

from windsock.engine.frames import Frame
from windsock.engine.session import SERVER_DISCONNECT, Session

BATCH = 32
"""Sessions between two looks at the clock."""


class Outgoing:
    """Orders wait in one line: who is sent something after a broadcast gets it after the broadcast."""

    def __init__(self, sessions: Mapping[str, Session]) -> None:
        self._sessions = sessions
        # The sessions of an order, how many of them are done, and what they are sent; no frames: they are ended.
        self._orders: deque[tuple[Sequence[str], int, Sequence[Frame]]] = deque()

    def add(self, sids: Sequence[str], frames: Sequence[Frame]) -> None:
        """Send frames to sessions; those that are gone by then are left out."""
        self._orders.append((sids, 0, frames))

    def add_end(self, sid: str) -> None:
        """End a session when it was sent all that was ordered before."""
        self._orders.append(([sid], 0, ()))

    def work(self, clock: Callable[[], float], until: float) -> bool:
        """See `Work.work`."""
        while self._orders:
            if clock() >= until:
                return True
            sids, done, frames = self._orders.popleft()
            for sid in sids[done : done + BATCH]:
                session = self._sessions.get(sid)
                if session is not None:
                    _carry_out(session, frames)
            if done + BATCH < len(sids):
                self._orders.appendleft((sids, done + BATCH, frames))
        return False


def _carry_out(session: Session, frames: Sequence[Frame]) -> None:
    for frame in frames:
        session.send(frame)
    if not frames:
        session.end(SERVER_DISCONNECT, 1000, "the application ended it")
