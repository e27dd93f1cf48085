"""What an application sends, from any thread: in order, each broadcast encoded once."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from windsock.engine.frames import Frame
from windsock.engine.session import SERVER_DISCONNECT, Session

log = logging.getLogger("windsock.engine")

BATCH = 32
"""Sessions between two looks at the clock."""


class Outgoing:
    """Orders wait in one line: who is sent something after a broadcast gets it after the broadcast."""

    def __init__(self, sessions: Mapping[str, Session]) -> None:
        self._sessions = sessions
        # The sessions of an order, how many of them are done, and what they are sent; None: they are ended.
        self._orders: deque[tuple[Sequence[str], int, Sequence[Frame] | None]] = deque()

    def add(self, sids: Sequence[str], frames: Sequence[Frame]) -> None:
        """Send frames to sessions; those that are gone by then are left out."""
        self._orders.append((sids, 0, frames))

    def add_end(self, sid: str) -> None:
        """End a session when it was sent all that was ordered before."""
        self._orders.append(([sid], 0, None))

    def work(self, clock: Callable[[], float], until: float) -> bool:
        """See `Work.work`."""
        while self._orders:
            if clock() >= until:
                return True
            sids, done, frames = self._orders.popleft()
            for sid in sids[done : done + BATCH]:
                session = self._sessions.get(sid)
                if session is not None:
                    _carry_out_safely(session, frames)
            if done + BATCH < len(sids):
                self._orders.appendleft((sids, done + BATCH, frames))
        return False


def _carry_out_safely(session: Session, frames: Sequence[Frame] | None) -> None:
    try:
        _carry_out(session, frames)
    except Exception:  # one's fault must not cost the others theirs
        log.exception("%r could not be sent to", session)


def _carry_out(session: Session, frames: Sequence[Frame] | None) -> None:
    for frame in frames or ():
        session.send(frame)
    if frames is None:
        session.end(SERVER_DISCONNECT, 1000, "the application ended it")
