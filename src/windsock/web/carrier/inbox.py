"""What a session has sent and the application has not taken yet."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any, NamedTuple

from windsock.web.carrier.ports import Session

MOST_WAITING = 16_000_000
"""Bytes that may wait for a handler that is slow. Above that the session ends: the engine cannot stop reading it."""
_OVERHEAD = 200
"""Bytes that a message takes beside its own, so that very many short ones count too."""


class End(NamedTuple):
    """The session is over: the last that is put into an inbox."""

    reason: str


Message = str | bytes | End


class Inbox:
    """Messages in order. The engine's loop puts in, and never waits; the one thread that has claimed it takes out.

    Each side writes its own counter only, so neither needs a lock.
    """

    __slots__ = (
        "_claim",
        "_put",
        "_taken",
        "_unfinished",
        "doomed",
        "head",
        "kept",
        "messages",
        "session",
        "skip",
        "ticketed",
    )

    def __init__(self, session: Session) -> None:
        self.session = session
        self.head = session.head
        self.messages: deque[Message] = deque()
        # Whether some thread has been told of it, and has not looked yet.
        self.ticketed = False
        # What it sent made no sense, or was too much: nothing but its end is of interest.
        self.doomed = False
        # Attachments of a packet that nobody wants, still to come.
        self.skip = 0
        # What python-socketio keeps with the session: for each namespace what the application calls its session.
        self.kept: dict[str, Any] | None = None
        self._claim = threading.Lock()
        self._put = 0
        self._taken = 0
        self._unfinished = 0

    def put(self, message: Message) -> bool:
        """Put a message in; whether there was still room for it."""
        self.messages.append(message)
        self._put += size(message)
        return self._put - self._taken <= MOST_WAITING

    def settle(self, message: Message, more: bool) -> None:
        """A message has been dealt with; ``more``: it is kept until the rest of its packet is there."""
        self._unfinished += size(message)
        if not more:
            self._taken += self._unfinished
            self._unfinished = 0

    def claim(self) -> bool:
        """Become the one thread that takes out, if there is none."""
        return self._claim.acquire(blocking=False)

    def release(self) -> None:
        """Be it no longer."""
        self._claim.release()

    @property
    def busy(self) -> bool:
        """Whether there is something to do, or being done."""
        # A message is taken out only by whoever has claimed it: asked in this order, none slips through.
        return bool(self.messages) or self._claim.locked()


def size(message: Message) -> int:
    """What a message counts, in bytes."""
    return _OVERHEAD + (0 if isinstance(message, End) else len(message))
