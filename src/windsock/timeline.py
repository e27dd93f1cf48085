"""What a thing was over a time, few enough to be drawn. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import zip_longest

from windsock.jsontext import JsonObject
from windsock.model import Moment

MAX_FIELDS = 8
"""How many fields of the data are drawn: those that held numbers last."""

Span = tuple[Moment, datetime, datetime]
"""What a thing was, from when, until when."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """A thing from ``begin`` to ``end``.

    ``segments``: what it was, in order; the first may have begun before. ``spent``: how long it was in each state.
    ``exact``: that counts every change, and not only what it was at many moments. ``fields``: numbers of the data by
    name, one for each segment, None where there is none. ``oldest``: since when history is kept.
    """

    begin: datetime
    end: datetime
    segments: Sequence[Moment]
    spent: Mapping[str, timedelta]
    exact: bool
    fields: Mapping[str, Sequence[float | None]]
    oldest: datetime | None


def spans(moments: Sequence[Moment], begin: datetime, end: datetime) -> Iterator[Span]:
    """Until when each of the moments lasted; the first may have begun earlier than ``begin``."""
    for moment, following in zip_longest(moments, moments[1:]):
        start, stop = max(moment.at, begin), following.at if following else end
        yield moment, start, max(start, stop)


def time_spent(parts: Iterable[Span]) -> dict[str, timedelta]:
    """How long a thing was in each state."""
    spent: dict[str, timedelta] = {}
    for moment, start, stop in parts:
        spent[moment.state] = spent.get(moment.state, timedelta()) + (stop - start)
    return spent


def thin(moments: Sequence[Moment], begin: datetime, end: datetime, slices: int) -> list[Moment]:
    """The moments, if they are no more than ``slices``; else for each slice of the time what lasted longest in it.

    A jump in versions from one segment to the next tells how many were left out.
    """
    if len(moments) <= slices or end <= begin:
        return list(moments)
    width = max((end - begin) / slices, timedelta.resolution)
    longest: dict[int, tuple[timedelta, Moment]] = {}
    for moment, start, stop in spans(moments, begin, end):
        for index in range(int((start - begin) / width), min(int((stop - begin) / width), slices - 1) + 1):
            lasted = min(stop, begin + (index + 1) * width) - max(start, begin + index * width)
            if index not in longest or lasted >= longest[index][0]:
                longest[index] = lasted, moment
    return list(_merged((index, moment) for index, (_, moment) in sorted(longest.items())))


def _merged(slices: Iterable[tuple[int, Moment]]) -> Iterator[Moment]:
    """Each moment once, though it may have lasted for many slices."""
    last = None
    for _, moment in slices:
        if moment != last:
            yield moment
        last = moment


def numbers(data: Sequence[JsonObject | None]) -> dict[str, list[float | None]]:
    """The fields of the data that hold numbers, newest first, with their values in order; None where there is none."""
    names = [name for fields in reversed(data) for name, value in (fields or {}).items() if _is_number(value)]
    return {name: [_number(fields, name) for fields in data] for name in list(dict.fromkeys(names))[:MAX_FIELDS]}


def _number(fields: JsonObject | None, name: str) -> float | None:
    value = (fields or {}).get(name)
    return value if _is_number(value) and isinstance(value, int | float) else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def sampled(moments: Iterable[Moment | None], times: Iterable[datetime]) -> list[Moment]:
    """What was seen at some times: each moment once, as if it had begun when it was seen first."""
    seen: list[Moment] = []
    last = None
    for moment, time in zip(moments, times, strict=True):
        if moment is not None and moment != last:
            seen.append(replace(moment, at=max(moment.at, time)) if seen else moment)
        last = moment
    return seen
