"""How long a link is believed in."""

from __future__ import annotations

import time

_CLOCK: int | None = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))

GRACE = 5.0
"""Seconds after which a ping of the server's is overdue, and the link lost: nobody would know of a change meanwhile."""

LOOK_EVERY = 1.0
"""Seconds between two looks whether this machine slept."""
SLEPT = "this machine slept"


class PingTimeout:
    """The attribute ``ping_timeout`` of a stock client: what the server says, but no more than `GRACE`."""

    def __get__(self, client: object, kind: type[object]) -> float | None:
        given: float | None = client.__dict__.get("ping_timeout")
        return None if given is None else min(given, GRACE)

    def __set__(self, client: object, seconds: float | None) -> None:
        client.__dict__["ping_timeout"] = seconds


def awake_or_not() -> float:
    """Seconds on a clock that nobody sets, and that goes on while this machine sleeps: `time.monotonic` may not."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)


class Sleep:
    """Notices that this machine slept. What waits for a ping meanwhile stood still, so the link may be long dead."""

    def __init__(self) -> None:
        self._before = _asleep()

    def noticed(self) -> bool:
        """Whether it slept, for more than a moment, since this was asked last."""
        before, self._before = self._before, _asleep()
        return self._before - before > LOOK_EVERY


def _asleep() -> float:
    """Seconds of sleep, all in all; they count from some moment."""
    return awake_or_not() - time.monotonic()
