"""News of things for those who wait for it over plain HTTP: who waits, and what is made once for all of them."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from windsock.runtime import Runtime

T = TypeVar("T")

News = Literal["state", "heard"]
"""What there is to tell of a thing: another state, or only its clocks."""
MOST_WAITING = 1000
"""Streams and delayed answers that there may be at the same time."""
FRESH = 0.2
"""Seconds for which something made is given again: its ``now`` is never more than 250 ms old."""


class Subscription:
    """One who waits. What it has not asked for yet it is owed, and never more than once for each thing.

    ``watches``: it stays, and counts among those who watch; one that asks again and again would come and go.
    """

    def __init__(self, feed: Feed, things: Collection[str], watches: bool) -> None:
        self.things = things
        self.watches = watches
        self.wake: Callable[[], None] = _nobody
        self.owed: dict[str, News] = {}
        self._feed = feed

    def open(self, wake: Callable[[], None]) -> None:
        """Have ``wake`` called at news, from any thread."""
        self.wake = wake
        self._feed.enter(self)

    def news(self) -> Mapping[str, News] | None:
        """The things with news since it was last asked, in the order in which that came; None: there is no more."""
        return self._feed.collect(self)

    def close(self) -> None:
        """Wait no more. A second call does nothing."""
        self._feed.leave(self)


class Feed:
    """Safe from any thread. A `Listener` of the hub while Windsock runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runtime: Runtime | None = None
        self._waiting: dict[str, set[Subscription]] = defaultdict(set)
        self._all: set[Subscription] = set()
        # Per thing how often there was news: what was made before is old then.
        self._marks: defaultdict[str, int] = defaultdict(int)
        self._starts = 0
        self._sent = 0
        # Told, from any thread, of things that more or fewer watch.
        self.recount: Callable[[Collection[str]], None] = _nobody_counts

    def start(self, runtime: Runtime) -> None:
        """Begin to tell what ``runtime`` publishes."""
        with self._lock:
            self._runtime = runtime
            self._starts += 1
        runtime.hub.subscribe(self)

    def stop(self) -> None:
        """There is no more news: whoever waits is told so. A second call does nothing."""
        with self._lock:
            runtime, self._runtime = self._runtime, None
            waiting, self._all = self._all, set()
            self._waiting.clear()
        if runtime is not None:
            runtime.hub.unsubscribe(self)
        for subscription in waiting:
            subscription.wake()

    @property
    def full(self) -> bool:
        """Whether as many wait as may."""
        return len(self._all) >= MOST_WAITING

    def __len__(self) -> int:
        return len(self._all)

    def waiting(self) -> tuple[int, int]:
        """How many streams there are, and how many answers that wait."""
        with self._lock:
            streams = sum(subscription.watches for subscription in self._all)
            return streams, len(self._all) - streams

    def count(self, size: int) -> None:
        """So many bytes of events were handed over to be sent."""
        with self._lock:
            self._sent += size

    @property
    def sent(self) -> int:
        """All bytes of events."""
        return self._sent

    def watching(self, thing: str) -> int:
        """How many streams there are of a thing."""
        with self._lock:
            return sum(subscription.watches for subscription in self._waiting.get(thing, ()))

    def mark(self, thing: str) -> tuple[int, int]:
        """What is another one after news of a thing, or after a start anew."""
        return self._starts, self._marks[thing]

    # ----------------------------------------------------------------------------------------------------- for the hub

    def changed(self, thing: str) -> None:
        """See `Listener.changed`."""
        self._note(thing, "state")

    def heard(self, thing: str) -> None:
        """See `Listener.heard`."""
        self._note(thing, "heard")

    def _note(self, thing: str, news: News) -> None:
        with self._lock:
            self._marks[thing] += 1
            for subscription in self._waiting.get(thing, ()):
                told = bool(subscription.owed)
                if news == "state" or thing not in subscription.owed:
                    subscription.owed[thing] = news
                if not told:
                    subscription.wake()

    # ------------------------------------------------------------------------------------------------ for subscriptions

    def enter(self, subscription: Subscription) -> None:
        """See `Subscription.open`. Once stopped, there is no news any more."""
        with self._lock:
            if self._runtime is not None:
                self._all.add(subscription)
                for thing in subscription.things:
                    self._waiting[thing].add(subscription)
        self._recount(subscription)

    def collect(self, subscription: Subscription) -> Mapping[str, News] | None:
        """See `Subscription.news`."""
        with self._lock:
            owed, subscription.owed = subscription.owed, {}
            return owed if subscription in self._all else None

    def leave(self, subscription: Subscription) -> None:
        """See `Subscription.close`."""
        with self._lock:
            if subscription in self._all:
                self._all.discard(subscription)
                for thing in subscription.things:
                    self._waiting[thing].discard(subscription)
        self._recount(subscription)

    def _recount(self, subscription: Subscription) -> None:
        if subscription.watches:
            self.recount(subscription.things)


@dataclass(frozen=True, slots=True)
class _Made(Generic[T]):
    base: str
    mark: tuple[int, int]
    at: float
    value: T


class Shared(Generic[T]):
    """Something that is made of a thing, once for all who want it at the same time.

    ``base`` is what addresses in it begin with. Only what was made last of each thing is kept.
    """

    def __init__(self, feed: Feed, make: Callable[[str, str], T]) -> None:
        self._feed = feed
        self._make = make
        self._made: dict[str, _Made[T]] = {}

    def get(self, thing: str, base: str) -> T:
        """What was made since the last news of the thing, or is made now. Raises as ``make`` does."""
        mark, now = self._feed.mark(thing), time.monotonic()
        made = self._made.get(thing)
        if made is None or (made.base, made.mark) != (base, mark) or now - made.at > FRESH:
            made = self._made[thing] = _Made(base, mark, now, self._make(thing, base))
        return made.value


def _nobody_counts(_things: Collection[str]) -> None:
    """There is no delivery yet that would tell of it."""


def _nobody() -> None:
    """Nobody waits yet."""
