"""Let a server broadcast, at a pace that it can keep."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bench.arena import Pair
from bench.load import Counted

DUTY = 0.5
"""Share of the time for which a server is to be at work, each at its own pace: none is overloaded, and none cools
down between broadcasts (after 200 ms of rest the same send() was seen to cost half as much again)."""
SHORTEST = 50
"""Milliseconds from one broadcast to the next, at least."""
FEWEST = 10
"""Broadcasts of a measurement, at least."""


@dataclass(frozen=True, slots=True)
class Sent:
    """``cpu``: seconds that the server used, from the order to the last arrival."""

    counted: Counted
    states: int
    interval: int
    cpu: float


def send(pair: Pair, viewers: int, states: int, interval: int) -> Sent:
    """So many states, one every ``interval`` milliseconds, each to all ``viewers`` that read; waits until they came.

    It does not wait for ever: four times as long as it should take, and 2 ms for each viewer.
    """
    pair.load.expect(states)
    before = pair.server.cpu()
    pair.server.tell(f"go {states} {interval}")
    counted = pair.load.wait(2 + 0.002 * viewers + 4 * states * interval / 1000)
    return Sent(counted, states, interval, pair.server.cpu() - before)


def find_pace(pair: Pair, viewers: int) -> int:
    """Milliseconds: from single broadcasts, then from some at the interval that these suggest. Warms up as well."""
    interval = SHORTEST
    for states in (1, 1, 5):
        interval = pace(send(pair, viewers, states, interval).cpu / states)
    return interval


def pace(cpu: float) -> int:
    """Milliseconds from one broadcast to the next, if one takes ``cpu`` seconds of the server's core."""
    return max(SHORTEST, math.ceil(cpu / DUTY * 100) * 10)


def how_many(window: float, interval: int) -> int:
    """Broadcasts that fill ``window`` seconds at an interval of so many milliseconds."""
    return max(FEWEST, math.ceil(window * 1000 / interval))
