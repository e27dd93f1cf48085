"""Plain counts of what happened: kept where it happens, read by whoever wants to know. They know of no monitoring."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

LATENCIES = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Bounds of the classes of a duration, in seconds."""
EVERY = 5.0
"""Seconds that are counted together for what happened lately."""
LATELY = 120
"""How many such spans are remembered: ten minutes."""


class Histogram:
    """How long something took, in classes. Written by one thread at a time, read by any.

    What is read is consistent in itself: each class has at least as many as the one below it.
    """

    __slots__ = ("_bounds", "_counts", "total")

    def __init__(self, bounds: Sequence[float] = LATENCIES) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.total = 0.0
        """The sum of all durations, in seconds."""

    def observe(self, seconds: float) -> None:
        """It took so long once more."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self.total += seconds

    def classes(self) -> list[tuple[float, int]]:
        """Each bound, infinity last, and how often it took at most so long."""
        counts = list(self._counts)
        return [(bound, sum(counts[: number + 1])) for number, bound in enumerate([*self._bounds, float("inf")])]


class Recent:
    """How often something happened lately. ``now`` are seconds of a clock that only goes forward."""

    __slots__ = ("_counts", "_newest")

    def __init__(self) -> None:
        self._counts = [0] * LATELY
        self._newest = 0

    def add(self, count: int, now: float) -> None:
        """It happened so often just now."""
        self._go_on(now)
        self._counts[self._newest % LATELY] += count

    def counts(self, now: float) -> list[int]:
        """How often in each span of `EVERY` seconds, the newest last; that one is not over yet."""
        self._go_on(now)
        first = (self._newest + 1) % LATELY
        return self._counts[first:] + self._counts[:first]

    def _go_on(self, now: float) -> None:
        number = int(now // EVERY)
        for passed in range(max(self._newest, number - LATELY) + 1, number + 1):
            self._counts[passed % LATELY] = 0
        self._newest = max(self._newest, number)


class Tally:
    """What became of readings. Safe from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._readings: Counter[tuple[str, str]] = Counter()
        self._changes: Counter[tuple[str, str]] = Counter()
        self._rejected: Counter[str] = Counter()
        self._recent = {"readings": Recent(), "changes": Recent()}
        self.commits = Histogram()

    def read(self, thing: str, results: Iterable[str]) -> None:
        """Readings of a thing were recorded, each with what it did."""
        counted = Counter((thing, result) for result in results)
        with self._lock:
            self._readings.update(counted)
            self._recent["readings"].add(counted.total(), self._clock())

    def committed(self, seconds: float, changes: Iterable[tuple[str, str]], rejected: Iterable[str]) -> None:
        """A commit took so long; in it were changes, each of a thing and with a cause, and messages of sources."""
        counted = Counter(changes)
        with self._lock:
            self.commits.observe(seconds)
            self._changes.update(counted)
            self._rejected.update(rejected)
            self._recent["changes"].add(counted.total(), self._clock())

    def readings(self, thing: str, result: str) -> int:
        """How many readings of a thing had a result."""
        return self._readings[thing, result]

    def changes(self, thing: str, cause: str) -> int:
        """How many changes of a thing had a cause."""
        return self._changes[thing, cause]

    def rejected(self, source: str) -> int:
        """How many messages of a source were set aside."""
        return self._rejected[source]

    def lately(self) -> dict[str, list[int]]:
        """How many readings and changes there were in each of the last spans: see `Recent.counts`."""
        with self._lock:
            return {name: recent.counts(self._clock()) for name, recent in self._recent.items()}


class Traffic:
    """What was sent to viewers: nothing is counted for each of them that can be counted once for many.

    The engine's loop writes to it as it is; who writes from several threads holds ``lock``.
    """

    __slots__ = ("bytes", "connections", "deliveries", "lock", "overtaken")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.connections = 0
        """Viewers that were let in."""
        self.bytes = 0
        """Bytes that were handed over to be sent."""
        self.overtaken = 0
        """States that a viewer never got, because a newer one came first."""
        self.deliveries = Histogram()
        """From a change's commit until it was handed over for everybody who watches, or a newer one was."""
