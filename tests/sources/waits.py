"""Stand-ins for the watcher's sleep."""

from __future__ import annotations

import time


class Waits:
    """Notes how long it was asked to sleep; ``stopping``: it says that it is time to stop."""

    def __init__(self, stopping: bool = False, sleeps: bool = False) -> None:
        self.stopping = stopping
        self.asked: list[float] = []
        self._sleeps = sleeps

    def __call__(self, seconds: float) -> bool:
        self.asked.append(seconds)
        if self._sleeps and not self.stopping:
            time.sleep(max(seconds, 0))
        return self.stopping


class TurnableTime:
    """Stands in for the module `time` in a source; sleep turns it on."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def strftime(self, form: str) -> str:
        return time.strftime(form, time.gmtime(self.now))

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return False
