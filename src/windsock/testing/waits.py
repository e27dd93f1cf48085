"""Waiting at the end of a server for what ends by itself."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(true: Callable[[], object], within: float = 5.0) -> bool:
    """Wait until something is so; False: it was not, within so many seconds."""
    deadline = time.monotonic() + within
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True
