"""A clock to turn: an hour of silence takes a test no time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from windsock.times import Clock, parse_duration, utc_now, whole_milliseconds


class TurnableClock:
    """Tells the time: as ``real`` does, further by what it was turned; `stop` makes it stand still between the turns.

    Called from any thread. Whoever waits for a time looks at it again when it is turned.
    """

    def __init__(self, real: Clock = utc_now) -> None:
        self._real = real
        self._lock = threading.Lock()
        self._turned = timedelta()
        self._stands_at: datetime | None = None
        self._on_turn: list[Callable[[], object]] = []

    def __call__(self) -> datetime:
        with self._lock:
            return whole_milliseconds((self._stands_at or self._real()) + self._turned)

    def forward(self, by: str | timedelta) -> None:
        """Turn it forward, by a duration such as ``"61s"`` or ``"1m30s"``. Raises ValueError for what is none."""
        self._turn(_duration(by))

    def back(self, by: str | timedelta) -> None:
        """Turn it back, as a machine's clock is when it is put right. Raises ValueError as `forward` does."""
        self._turn(-_duration(by))

    def stop(self) -> None:
        """Let no time pass any more, except by `forward` and `back`: ages can be compared exactly then."""
        with self._lock:
            self._stands_at = self._stands_at or self._real()

    def on_turn(self, call: Callable[[], object]) -> Callable[[], None]:
        """Have ``call`` called after each turn, until what this returns is called."""
        self._on_turn.append(call)
        return lambda: self._on_turn.remove(call)

    def _turn(self, by: timedelta) -> None:
        with self._lock:
            self._turned += by
        for call in list(self._on_turn):
            call()


def _duration(by: str | timedelta) -> timedelta:
    return parse_duration(by) if isinstance(by, str) else by
