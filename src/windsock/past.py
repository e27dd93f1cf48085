"""The past of a thing: its changes by version, and its timeline. Reads the store, and never writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from windsock import timeline
from windsock.model import Change, Moment, Position
from windsock.store import Store
from windsock.timeline import Timeline

COUNTED = 5_000
"""So many changes of a time are looked at each; of more, what the thing was at `SAMPLES` moments."""
SAMPLES = 2_000
MAX_SLICES = 2_000
"""The most segments of a timeline."""
USUAL_SLICES = 500


@dataclass(frozen=True, slots=True)
class History:
    """Changes in order of version. ``complete``: nothing is missing between ``since`` and the newest."""

    epoch: str
    changes: Sequence[Change]
    complete: bool


def history(store: Store, thing: str, newest: Position, epoch: str | None, since: int | None, limit: int) -> History:
    """The changes after version ``since`` of ``epoch``; without ``since``, the newest ones.

    ``newest`` is where the thing is now. A foreign epoch's versions say nothing here, so then the newest ones are given
    too, as incomplete.
    """
    # A viewer cannot have seen what was not given out yet: then that was another history, restored since.
    foreign = (epoch is not None and epoch != newest.epoch) or (since is not None and since > newest.version)
    if since is None or foreign:
        changes = store.newest(thing, limit)
        since = 0
    else:
        changes = store.history(thing, since, limit)
    # The newest is asked for first: a change committed meanwhile may be there, and does no harm.
    versions = [change.version for change in changes]
    whole = versions[: newest.version - since] == list(range(since + 1, newest.version + 1))
    return History(newest.epoch, changes, whole and not foreign)


def read_timeline(store: Store, thing: str, begin: datetime, end: datetime, slices: int) -> Timeline:
    """What a thing was from ``begin`` to ``end``, in at most about ``slices`` segments.

    What it costs is bounded, however many changes there were.
    """
    moments, exact = _moments(store, thing, begin, end)
    segments = timeline.thin(moments, begin, end, slices)
    return Timeline(
        begin,
        end,
        segments,
        timeline.time_spent(timeline.spans(moments, begin, end)),
        exact,
        _fields(store, thing, segments),
        store.oldest(thing),
    )


def _moments(store: Store, thing: str, begin: datetime, end: datetime) -> tuple[list[Moment], bool]:
    """What it was at ``begin`` and all that followed, if that can be counted; else what it was at many moments."""
    first, last = store.moments_at(thing, [begin, end])
    # Each change is a version, so versions tell how many there were, and too many need not be read to be counted.
    if first is None or last is None or last.version - first.version <= COUNTED:
        counted = store.moments(thing, begin, end, COUNTED + 1)
        if len(counted) <= COUNTED:
            return [*filter(None, [first]), *counted], True
    times = [begin + (end - begin) / SAMPLES * index for index in range(SAMPLES + 1)]
    return timeline.sampled(store.moments_at(thing, times), times), False


def _fields(store: Store, thing: str, segments: Sequence[Moment]) -> dict[str, list[float | None]]:
    kept = {change.version: change.data for change in store.changes(thing, [part.version for part in segments])}
    return timeline.numbers([kept.get(part.version) for part in segments])
