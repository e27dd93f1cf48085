"""Points in time and durations: always aware UTC datetimes, in whole milliseconds.

Milliseconds are what the wire carries (RFC 3339), so a time that was stored, sent and read again
compares equal to the one that it came from.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Tells the time; passed in wherever code should be testable without waiting."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_UNITS = {
    "ms": _MILLISECOND,
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)
DURATION = re.compile(f"({_PART.pattern})+", re.ASCII)
"""What a duration looks like."""
# RFC 3339, section 5.6. datetime.fromisoformat alone takes more: week dates, hours without minutes.
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def utc_now() -> datetime:
    """The time now, in UTC and whole milliseconds."""
    return whole_milliseconds(datetime.now(UTC))


def whole_milliseconds(time: datetime) -> datetime:
    """``time`` in UTC, cut to whole milliseconds.

    Raises ValueError for a time without a time zone: guessing the zone would move the time by hours.
    """
    if time.tzinfo is None:
        raise ValueError(f"{time.isoformat()} has no time zone")
    time = time.astimezone(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def to_milliseconds(time: datetime) -> int:
    """Whole milliseconds since 1970-01-01T00:00:00Z."""
    return (time - _EPOCH) // _MILLISECOND


def from_milliseconds(milliseconds: int) -> datetime:
    """The time so many milliseconds after 1970-01-01T00:00:00Z."""
    return _EPOCH + milliseconds * _MILLISECOND


def format_time(time: datetime) -> str:
    """``time`` as RFC 3339 in UTC with milliseconds: ``2026-11-22T20:00:00.000Z``."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def parse_time(text: str) -> datetime:
    """The time that an RFC 3339 text (section 5.6) names, cut to whole milliseconds.

    Raises ValueError if the text is anything else.
    """
    if not _TIMESTAMP.fullmatch(text):
        raise ValueError(f"{text!r:.60} is not an RFC 3339 time such as 2026-11-22T20:00:00Z")
    try:
        return whole_milliseconds(datetime.fromisoformat(text.upper()))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r:.60} is not a time: {error}") from None


def parse_duration(text: str) -> timedelta:
    """The duration that a text such as ``500ms``, ``5s``, ``1m30s`` or ``2h`` names.

    Raises ValueError if the text is anything else, or more than a hundred years.
    """
    # Asked first of the whole: a long text without units would be searched again from each of its digits.
    if not DURATION.fullmatch(text):
        raise ValueError(f"{text!r:.60} is not a duration such as 500ms, 5s, 1m30s or 2h")
    try:
        total = sum((float(part[1]) * _UNITS[part[2]] for part in _PART.finditer(text)), timedelta())
    except OverflowError:
        total = timedelta.max
    if total > timedelta(days=36525):
        raise ValueError(f"{text!r:.60} is longer than a hundred years")
    return total
