"""Small values to test with: things, states, readings, a clock that a test turns by hand, other processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import PIPE
from typing import Any

from hypothesis import settings

from windsock.detect import Arrival
from windsock.model import Change, Look, Position, Reading, Rejected, State, ThingSpec

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
EPOCH = "e1"
ROOT = Path(__file__).parents[1]

# How long an example takes says something about the machine, nothing about the code.
unhurried = settings(deadline=None, max_examples=60)


class TurnableClock:
    """Tells the time that it was turned to."""

    def __init__(self, time: datetime = NOW) -> None:
        self.time = time

    def __call__(self) -> datetime:
        return self.time

    def turn(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def at(seconds: float) -> datetime:
    """So many seconds after `NOW`; before it if negative."""
    return NOW + timedelta(seconds=seconds)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def cloud(**options: Any) -> ThingSpec:
    """The pillow, or what its options make of it."""
    looks = {"NEUTRAL": Look("The cloud floats", Path("neutral.svg"), "#8fb8de"), "HUGGING": Look(), "SHAKING": Look()}
    return ThingSpec(**{"name": "cloud", "title": "The Huggable Cloud", "states": looks} | options)


def resting(**options: Any) -> ThingSpec:
    """The pillow that rests after 5 seconds of silence, and is offline after 60."""
    usual = {"rest": "NEUTRAL", "rest_after": seconds(5), "offline": "NOTCONNECTED", "offline_after": seconds(60)}
    return cloud(**usual | options)


def anything(name: str = "kiln", **options: Any) -> ThingSpec:
    """A thing that accepts any state."""
    return ThingSpec(name, name.capitalize(), **options)


def by_name(*specs: ThingSpec) -> Mapping[str, ThingSpec]:
    return {spec.name: spec for spec in specs}


def unknown(thing: str = "cloud") -> State:
    """A thing of which nothing is known yet."""
    return State(thing, Position(EPOCH, 0))


def state(name: str = "NEUTRAL", version: int = 1, time: datetime = NOW, **options: Any) -> State:
    """A state that came, and was last heard, at ``time``."""
    usual: dict[str, Any] = {"thing": "cloud", "changed_at": time, "updated_at": time, "heard_at": time}
    return State(**usual | {"position": Position(EPOCH, version), "state": name} | options)


def arrival(name: str, time: datetime = NOW, **options: Any) -> Arrival:
    """A reading of the cloud with its time."""
    return Arrival(Reading(name, **{"thing": "cloud"} | options), time, time)


def change(version: int = 1, name: str = "HUGGING", thing: str = "cloud", **data: Any) -> Change:
    return Change(thing, version, name, data, NOW, "reported")


def rejected(body: bytes = b"HUGING", message_id: str | None = None) -> Rejected:
    return Rejected("azure-queue://mlqueue", body, "cloud has no state 'HUGING'", NOW, message_id)


@contextmanager
def process(code: str, *arguments: object, close_fds: bool = True) -> Iterator[subprocess.Popen[str]]:
    """Another Python process that runs ``code``; killed at the end, if it still runs."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    with subprocess.Popen(command, cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True, close_fds=close_fds) as started:
        try:
            yield started
        finally:
            started.kill()


def next_line(started: subprocess.Popen[str]) -> str:
    """What a process prints next."""
    assert started.stdout is not None
    return started.stdout.readline().strip()
