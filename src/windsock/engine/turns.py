"""Long work in the loop, in turns of a few milliseconds, so that everything else goes on meanwhile."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Protocol

from windsock.errors import NotStarted

log = logging.getLogger("windsock.engine")

LONGEST_TURN = 0.004
"""Seconds of work after which the loop sees to everything else."""


class Work(Protocol):
    """Something that is done in pieces."""

    def work(self, clock: Callable[[], float], until: float) -> bool:
        """Do some of it, until ``clock`` says that the turn is over; whether there is more to do."""


class Turns:
    """Takes turns with all work that there is. ``call_soon`` calls a function when the loop has seen to the rest."""

    def __init__(self, clock: Callable[[], float], call_soon: Callable[[Callable[[], None]], object]) -> None:
        self._clock = clock
        self._call_soon = call_soon
        self._works: deque[Work] = deque()
        self._scheduled = False

    def add(self, work: Work) -> None:
        """Do it, beginning soon; what is being done already goes on."""
        if work not in self._works:
            self._works.append(work)
        if not self._scheduled:
            self._scheduled = True
            self._call_soon(self._take)

    def _take(self) -> None:
        until = self._clock() + LONGEST_TURN
        while self._works and self._clock() < until:
            work = self._works.popleft()
            try:
                more = work.work(self._clock, until)
            except NotStarted:  # Windsock is being stopped, and viewers are being put out
                continue
            except Exception:  # one's fault must not cost the others their turn
                log.exception("something could not be sent")
                continue
            if more:
                self._works.append(work)
        self._scheduled = bool(self._works)
        if self._scheduled:
            self._call_soon(self._take)
