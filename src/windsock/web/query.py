"""What a request's query string asks for. Each raises BadRequest for what cannot be meant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import request

from windsock import wire
from windsock.times import parse_duration, parse_time

LARGEST = 10**18 - 1
"""The largest number that is understood; every store counts further."""
FIRST = datetime(1970, 1, 1, tzinfo=UTC)
"""Before this there is nothing."""


def number(name: str) -> int | None:
    """A whole number; None: nothing is said."""
    text = request.args.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST))):
        raise wire.BadRequest(f"{name} must be a whole number, found {text[:40]!r}")
    return int(text)


def count(name: str, usual: int, most: int) -> int:
    """How many are wanted, 1 or more; more than ``most`` are not given."""
    wanted = number(name)
    if wanted == 0:
        raise wire.BadRequest(f"{name} must be a whole number, 1 or more, found 0")
    return usual if wanted is None else min(wanted, most)


def limit() -> int:
    """How many changes or messages are wanted."""
    return count("limit", wire.USUAL_HISTORY, wire.MAX_HISTORY)


def time(name: str, usual: datetime) -> datetime:
    """A time, in the form of RFC 3339; before 1970 there is nothing."""
    text = request.args.get(name)
    try:
        return usual if text is None else max(parse_time(text), FIRST)
    except ValueError as error:
        raise wire.BadRequest(f"{name}: {error}") from None


def duration(name: str, usual: timedelta, longest: timedelta) -> timedelta:
    """A duration such as ``1h``, longer than nothing and at most ``longest``."""
    text = request.args.get(name)
    try:
        found = usual if text is None else parse_duration(text)
    except ValueError as error:
        raise wire.BadRequest(f"{name}: {error}") from None
    if not timedelta(0) < found <= longest:
        raise wire.BadRequest(f"{name} must be a duration longer than nothing, found {text!r:.60}")
    return found
