"""One timer for many deadlines that are seldom reached. Pure: it is told the time."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class TimerWheel(Generic[T]):
    """Items in buckets of ``tick`` seconds: adding and taking out cost the same however many there are.

    An item comes out at its time or up to a tick later, never earlier.
    """

    def __init__(self, tick: float) -> None:
        self._tick = tick
        self._buckets: defaultdict[int, set[T]] = defaultdict(set)
        self._done = -math.inf

    def add(self, item: T, at: float) -> int:
        """Have ``item`` come out at a time; the answer says where it is, for `discard`."""
        slot = math.ceil(at / self._tick)
        if slot <= self._done:
            slot = int(self._done) + 1
        self._buckets[slot].add(item)
        return slot

    def discard(self, item: T, slot: int) -> None:
        """Take ``item`` out again. It may have come out already."""
        bucket = self._buckets.get(slot)
        if bucket is not None:
            bucket.discard(item)
            if not bucket:
                del self._buckets[slot]

    def advance(self, now: float) -> list[T]:
        """All whose time has come."""
        slot = math.floor(now / self._tick)
        due: list[T] = []
        for passed in sorted(number for number in self._buckets if number <= slot):
            due += self._buckets.pop(passed)
        self._done = max(slot, self._done)
        return due

    def __iter__(self) -> Iterator[T]:
        """All that have not come out, as they are now: another thread may look, too."""
        return iter([item for bucket in list(self._buckets.values()) for item in tuple(bucket)])
