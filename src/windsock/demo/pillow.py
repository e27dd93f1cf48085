"""A pillow that somebody plays with now and then."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from windsock.model import Reading

# What happens to the pillow, and how often in a hundred times.
_PLAY = {"HUGGING": 34, "PUNCHING": 18, "SHAKING": 16, "SPINNING": 14, "THROWING": 12, "NOTCONNECTED": 6}
_PAUSE = (2.5, 8.0)  # seconds, the least and the most
_LOOK_EVERY = 0.25  # seconds
_REST_AFTER = timedelta(seconds=4)  # as windsock.toml has it
PAST = timedelta(minutes=20)
"""How long somebody has played with it when the demo begins, so that there is something to look back at."""


class Pillow:
    """Reports when something happens to it, and is silent in between: as the real one does."""

    def __init__(self, chance: random.Random | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._chance = chance or random.Random()
        self._clock = clock
        self._next = clock()
        self._last = ""

    def read(self) -> Reading | None:
        """What happens now; None: nothing."""
        if self._clock() < self._next:
            return None
        self._next = self._clock() + self._pause()
        return self._play()

    def past(self, until: datetime) -> Iterator[Reading]:
        """What happened in `PAST` before a time."""
        at = until - PAST
        while at < until:
            yield replace(played := self._play(), at=at)
            following = at + timedelta(seconds=self._pause())
            if played.state != "NOTCONNECTED" and at + _REST_AFTER < min(following, until):
                yield Reading("NEUTRAL", at=at + _REST_AFTER)
            at = following

    def _pause(self) -> float:
        return self._chance.uniform(*_PAUSE)

    def _play(self) -> Reading:
        # Never the same twice in a row, so that there is something to see.
        play = {name: weight for name, weight in _PLAY.items() if name != self._last}
        self._last = self._chance.choices(list(play), list(play.values()))[0]
        if self._last == "NOTCONNECTED":
            return Reading(self._last)
        return Reading(self._last, {"force": round(self._chance.uniform(1, 10), 1)})

    @contextmanager
    def playing(self, report: Callable[[Reading], object], now: datetime) -> Iterator[None]:
        """Have somebody play with it meanwhile, in a thread: what happens is reported, after what happened before."""
        stop = threading.Event()

        def play() -> None:
            for earlier in self.past(now):
                report(earlier)
            while not stop.wait(_LOOK_EVERY):
                reading = self.read()
                if reading is not None:
                    report(reading)

        thread = threading.Thread(target=play, name="windsock-pillow")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
