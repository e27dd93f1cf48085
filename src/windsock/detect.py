"""Change detection: what a reading, or silence, makes of a state. Pure; time is an argument."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from windsock.jsontext import canonical
from windsock.model import Backlog, Cause, Change, Position, Reading, Result, State, ThingSpec

_RANK: dict[Result, int] = {"same": 0, "updated": 1, "changed": 2}


@dataclass(frozen=True, slots=True)
class Arrival:
    """A reading with its time, never later than its arrival.

    A queue that stamps whole seconds leaves a range: the reading was made between ``time`` and ``until``.
    """

    reading: Reading
    time: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """What readings made of a state: the new state, the changes on the way, and the strongest result.

    ``results``: that of each reading, None if it was passed over as too old, where there may be several.
    """

    state: State
    changes: tuple[Change, ...]
    result: Result
    results: tuple[Result | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """A change that silence will cause: the state it leads to, when, and why."""

    state: str
    at: datetime
    cause: Cause


def arrive(
    reading: Reading,
    now: datetime,
    inserted_at: datetime | None = None,
    resolution: timedelta = timedelta(0),
) -> Arrival:
    """The reading with its time: its ``at``, else the queue's insertion time, else now; never later than now.

    ``resolution`` is that of the insertion time, as Azure's is a second.
    """
    time = reading.at or inserted_at or now
    until = time + resolution if reading.at is None and inserted_at else time
    return Arrival(reading, min(time, now), min(until, now))


def detect(old: State, arrival: Arrival, now: datetime) -> Step:
    """What one reading makes of a state.

    Another name is ``changed``, the same name with other data ``updated``: both are a new version. ``same``
    moves only ``heard_at``.
    """
    reading = arrival.reading
    heard = _later(_not_after(old.heard_at, now), arrival.time)
    # Compared as text, for to Python 1 == True, and to JSON they are different.
    if reading.state == old.state and canonical(reading.data) == canonical(old.data):
        return Step(replace(old, heard_at=heard), (), "same")
    result: Result = "updated" if reading.state == old.state else "changed"
    at = _later(_not_after(old.updated_at, now), arrival.time)
    changed = at if result == "changed" else old.changed_at
    moved = replace(old, state=reading.state, data=reading.data, heard_at=heard, changed_at=changed)
    return _advance(moved, at, "reported", result)


def fold(old: State, arrivals: Sequence[Arrival], backlog: Backlog, now: datetime) -> Step:
    """What a batch of readings makes of a state under a backlog policy."""
    state = old
    changes: list[Change] = []
    results: dict[int, Result] = {}
    for place in _select(old, arrivals, backlog, now):
        step = detect(state, arrivals[place], now)
        state = step.state
        results[place] = step.result
        changes.extend(step.changes)
    strongest: Result = max(results.values(), key=_RANK.__getitem__, default="same")
    return Step(state, tuple(changes), strongest, tuple(map(results.get, range(len(arrivals)))))


def silence(spec: ThingSpec, state: State, since: datetime) -> Due | None:
    """The next change that silence causes, if any.

    It is counted from when the thing was last heard, or from ``since`` (the start of watching) if never.
    """
    heard = state.heard_at or since
    if state.state == spec.offline and spec.offline:
        return None
    if spec.rest and spec.rest_after is not None and state.state not in (None, spec.rest):
        return Due(spec.rest, heard + spec.rest_after, "rest")
    if spec.offline and spec.offline_after is not None:
        return Due(spec.offline, heard + spec.offline_after, "offline")
    return None


def conclude(state: State, due: Due, now: datetime) -> Step:
    """The state after the silence that ``due`` waited for; the thing was not heard, so that clock stands."""
    at = _later(_not_after(state.updated_at, now), due.at)
    return _advance(replace(state, state=due.state, data={}, changed_at=at), at, due.cause, "changed")


def is_stale(spec: ThingSpec, state: State, now: datetime) -> bool:
    """Whether the thing has been silent for too long for its value to be shown as live.

    A thing in its ``offline`` state is not stale: that it is silent is what the state says.
    """
    if state.state is None:
        return True
    if spec.offline_after is None or state.state == spec.offline:
        return False
    return state.heard_at is None or now - state.heard_at > spec.offline_after


def _advance(state: State, at: datetime, cause: Cause, result: Result) -> Step:
    position = Position(state.position.epoch, state.position.version + 1)
    state = replace(state, position=position, updated_at=at)
    assert state.state is not None  # every change names a state
    change = Change(state.thing, position.version, state.state, state.data, at, cause)
    return Step(state, (change,), result)


def _select(old: State, arrivals: Sequence[Arrival], backlog: Backlog, now: datetime) -> Iterable[int]:
    """The places of those that count."""
    if backlog == "every":
        return range(len(arrivals))
    if isinstance(backlog, timedelta):
        return [place for place, arrival in enumerate(arrivals) if now - arrival.until <= backlog]
    return _newest(_trusted(old.heard_at, now), arrivals)


def _newest(heard: datetime | None, arrivals: Sequence[Arrival]) -> Sequence[int]:
    """The place of the newest alone: what is surely older than one already heard is dropped."""
    newest: list[int] = []
    for place, arrival in enumerate(arrivals):
        if heard is None or arrival.until >= heard:
            newest, heard = [place], _later(heard, arrival.time)
    return newest


def _trusted(heard: datetime | None, now: datetime) -> datetime | None:
    """``heard`` unless it lies ahead: then the clock was set back, and nothing can be called older."""
    return heard if heard is None or heard <= now else None


def _not_after(time: datetime | None, now: datetime) -> datetime | None:
    return None if time is None else min(time, now)


def _later(time: datetime | None, other: datetime) -> datetime:
    return other if time is None else max(time, other)
