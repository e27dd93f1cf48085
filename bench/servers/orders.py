"""How the benchmark's servers are told what to send: by lines on standard input.

"go COUNT INTERVAL" (milliseconds) means COUNT new states, one every INTERVAL, the first at once. All servers send the
same state, which they are given in the environment; each carries its number and the time at which it was made, so
that whoever gets it knows what is missing and how long it took.
"""

from __future__ import annotations

import json
import os
import select
import time
from typing import Any

FIRST = 1_000_000
"""The number of the state before any order, which has version 0; numbers of equal length make equal frames."""

_STATE: dict[str, Any] = json.loads(os.environ.get("BENCH_STATE", "{}"))
_FILLING = "z" * int(os.environ.get("BENCH_FILLING", "0"))


class Orders:
    """Used by one thread or greenlet: it waits in `select` and `time.sleep`, which gevent makes its own."""

    def __init__(self) -> None:
        self.number = FIRST
        self._left = 0
        self._due = 0.0
        self._interval = 0.0
        self._text = b""

    def take(self, patience: float) -> int | None:
        """Wait until a state is due; its number. None: nothing was ordered for ``patience`` seconds."""
        if not self._left and not self._read(patience):
            return None
        time.sleep(max(self._due - time.monotonic(), 0.0))
        self._due += self._interval
        self._left -= 1
        self.number += 1
        return self.number

    def _read(self, patience: float) -> bool:
        if not select.select([0], [], [], patience)[0]:
            return False
        read = os.read(0, 1000)
        if not read:  # whoever gave orders is gone
            os._exit(0)
        self._text += read
        line, newline, rest = self._text.partition(b"\n")
        if newline:
            self._text = rest
            _, count, milliseconds = line.split()
            self._left, self._interval, self._due = int(count), int(milliseconds) / 1000, time.monotonic()
        return self._left > 0


def data(number: int) -> dict[str, Any]:
    """What is new in a state: its number, the time (nanoseconds of CLOCK_MONOTONIC), and filling if that is asked."""
    return {"n": number, "t": time.monotonic_ns()} | ({"z": _FILLING} if _FILLING else {})


def state(number: int) -> dict[str, Any]:
    """The whole event."""
    return {**_STATE, "version": number - FIRST, "data": data(number)}
