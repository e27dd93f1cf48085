"""The words of Windsock as values: immutable, checked when made, without behaviour of their own."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from windsock.errors import BadReading
from windsock.jsontext import JsonObject, as_object, check_text
from windsock.times import whole_milliseconds

MAX_NAME = 64
"""The length of a state name, in characters."""
MAX_ID = 256
"""The length of a message id, in characters."""

Result = Literal["changed", "updated", "same"]
"""What a reading did: another state name, the same name with other data, or nothing new but being heard."""
Cause = Literal["reported", "rest", "offline"]
"""Why a change happened: somebody reported it, or silence lasted for `rest_after` or `offline_after`."""
SourceStatus = Literal["ok", "failing"]
Backlog = Literal["latest", "every"] | timedelta
"""What becomes of readings that waited: only the newest, all, or all that are no older than a duration."""


def check_name(name: object) -> str:
    """``name`` if it can be a state name: 1 to 64 characters, none of them a control character.

    Raises BadReading otherwise.
    """
    if not isinstance(name, str):
        raise BadReading(f"a state name must be a text, found {type(name).__name__}")
    if not name.strip():
        raise BadReading("the state name is empty")
    if len(name) > MAX_NAME:
        raise BadReading(f"a state name has at most {MAX_NAME} characters; this one has {len(name):,}")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise BadReading("a state name has no control characters and no lone surrogates")
    return name


@dataclass(frozen=True, slots=True)
class Position:
    """Where in a thing's history: versions are consecutive within an epoch, and start at 1."""

    epoch: str
    version: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source reports about a thing.

    ``data`` is a JSON object of at most 16 kB; ``at`` is when the thing was so (aware; default: when the
    queue took the message in, else arrival); ``id`` names the message, so that a second delivery changes
    nothing; ``thing`` says whose reading it is where a source serves several things.

    Raises BadReading if any of these is not so.
    """

    state: str
    data: JsonObject = field(default_factory=dict)
    at: datetime | None = None
    id: str | None = None
    thing: str | None = None

    def __post_init__(self) -> None:
        check_name(self.state)
        object.__setattr__(self, "data", as_object(self.data))
        if self.at is not None:
            object.__setattr__(self, "at", _check_time(self.at))
        if self.id is not None:
            _check_id(self.id)
        if self.thing is not None and not isinstance(self.thing, str):
            raise BadReading(f"thing must be a text, found {type(self.thing).__name__}")


def _check_time(at: object) -> datetime:
    if not isinstance(at, datetime):
        raise BadReading(f"at must be a datetime, found {type(at).__name__}")
    try:
        return whole_milliseconds(at)
    except (ValueError, OverflowError) as error:
        raise BadReading(f"at: {error}") from None


def _check_id(text: object) -> None:
    if not isinstance(text, str):
        raise BadReading(f"an id must be a text, found {type(text).__name__}")
    check_text(text)
    if not 0 < len(text) <= MAX_ID:
        raise BadReading(f"an id has 1 to {MAX_ID} characters; this one has {len(text):,}")


@dataclass(frozen=True, slots=True)
class State:
    """A thing as it is now. Version 0 with no name: nothing is known of it yet.

    ``changed_at`` moves with the name, ``updated_at`` with name or data, ``heard_at`` with every reading.
    ``stale``: the thing has been silent for longer than its ``offline_after``, or was never heard.
    ``source`` is ``"failing"`` while the source cannot be read, so that nobody would know of a change.
    """

    thing: str
    position: Position
    state: str | None = None
    data: JsonObject = field(default_factory=dict)
    changed_at: datetime | None = None
    updated_at: datetime | None = None
    heard_at: datetime | None = None
    stale: bool = False
    source: SourceStatus = "ok"


@dataclass(frozen=True, slots=True)
class Change:
    """The durable record that a thing's state or data became different."""

    thing: str
    version: int
    state: str
    data: JsonObject
    at: datetime
    cause: Cause


@dataclass(frozen=True, slots=True)
class Moment:
    """When a thing came into a state, as far as a timeline needs to know: a `Change` without its data."""

    at: datetime
    version: int
    state: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A message that was set aside. ``body`` is as it came; ``number`` is the store's, 0 before it is stored."""

    source: str
    body: bytes
    reason: str
    at: datetime
    message_id: str | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is shown: its words, its picture (a file), its colour (CSS)."""

    label: str | None = None
    image: Path | None = None
    color: str | None = None


@dataclass(frozen=True, slots=True)
class ThingSpec:
    """What is configured of a thing. No listed ``states``: every name is accepted."""

    name: str
    title: str
    source: str = "inbox:"
    backlog: Backlog = "latest"
    rest: str | None = None
    rest_after: timedelta | None = None
    offline: str | None = None
    offline_after: timedelta | None = None
    keep: timedelta | None = None
    """How long changes are kept; None: for ever."""
    states: Mapping[str, Look] = field(default_factory=dict)

    @property
    def accepted(self) -> tuple[str, ...]:
        """The states that a reading may name: those listed, rest and offline; empty: any."""
        if not self.states:
            return ()
        extra = [name for name in (self.rest, self.offline) if name]
        return tuple(dict.fromkeys([*self.states, *extra]))

    def label(self, state: str | None) -> str | None:
        """The words for a state: its label, else its name."""
        look = self.states.get(state or "")
        return look.label if look and look.label else state
