"""How long a change takes to get past everybody who watches a thing."""

from __future__ import annotations

from collections.abc import Callable

from windsock.tally import Histogram


class Passage:
    """Follows one change at a time through a topic's circle, however fast others come after it.

    A change is past when as many were sent something as watched when it came: what they were sent was this change,
    or a newer one. Those that came meanwhile are followed from then on, the first of them for all; what is told of
    that one may be a circle more than it took, and never less. When the circle ends, all are past.
    """

    __slots__ = ("_first", "_left", "_next", "_taken")

    def __init__(self, taken: Histogram) -> None:
        self._taken = taken
        # When the change that is followed was committed, how many have to be sent it, and when the first after it was.
        self._first: float | None = None
        self._left = 0
        self._next: float | None = None

    def begin(self, at: float, viewers: int) -> None:
        """A change that was committed at a time is to be sent to so many."""
        if not viewers:
            return
        if self._first is None:
            self._first, self._left = at, viewers
        elif self._next is None:
            self._next = at

    def passed(self, count: int, left: int, clock: Callable[[], float]) -> None:
        """So many more were sent something, and so many have still to be sent the newest."""
        if self._first is None:
            return
        self._left -= count
        if self._left > 0 and left:
            return
        now = clock()
        self._taken.observe(now - self._first)
        self._first, self._left, self._next = self._next, left, None
        if self._first is not None and not left:
            self._taken.observe(now - self._first)
            self._first = None
