"""What a viewer shows after a message, by the wire's rules. Pure: `docs/reference/wire.md` as functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from windsock.jsontext import JsonObject, canonical
from windsock.model import SourceStatus
from windsock.times import parse_time

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """A thing as a viewer shows it. The fields are those of the wire's event ``state``; its times are aware.

    Version 0 with no ``state``: nothing is known of the thing yet.
    """

    thing: str
    epoch: str
    version: int
    state: str | None
    label: str | None
    image: str | None
    color: str | None
    data: JsonObject
    changed_at: datetime | None
    updated_at: datetime | None
    heard_at: datetime | None
    now: datetime
    stale: bool
    source: SourceStatus

    @property
    def live(self) -> bool:
        """Whether it may be shown as what is so now, as far as the server knows."""
        return not self.stale and self.source == "ok"

    def __str__(self) -> str:
        name = "nothing reported yet" if self.state is None else self.state
        flags = [" stale"] * self.stale + [" source failing"] * (self.source == "failing")
        return f"version {self.version}  {name}  {canonical(self.data)}{''.join(flags)}"


@dataclass(frozen=True, slots=True)
class Gap:
    """Versions that a viewer was not sent, for it was slow or away: from ``first`` to ``last``."""

    thing: str
    first: int
    last: int

    def __str__(self) -> str:
        versions = f"version {self.first}" if self.first == self.last else f"versions {self.first} to {self.last}"
        return f"{versions} passed over: a viewer gets the newest"


def read_state(payload: Payload) -> Seen:
    """The event ``state``."""
    times = {name: _time(payload[name]) for name in ("changed_at", "updated_at", "heard_at")}
    known = {name: payload[name] for name in Seen.__dataclass_fields__}
    return Seen(**known | times | {"now": parse_time(payload["now"])})


def after_heard(shown: Seen, payload: Payload) -> Seen:
    """What is shown after the event ``heard``: other clocks, the same state."""
    return replace(
        shown,
        heard_at=_time(payload["heard_at"]),
        now=parse_time(payload["now"]),
        stale=payload["stale"],
        source=payload["source"],
    )


def outdated(shown: Seen | None, payload: Payload) -> bool:
    """Whether a message is older than what is shown, so that it has to be discarded."""
    return shown is not None and payload["epoch"] == shown.epoch and payload["version"] < shown.version


def gap_before(shown: Seen | None, new: Seen) -> Gap | None:
    """The versions between what is shown and what comes; None: they are consecutive, or of two epochs."""
    if shown is None or shown.epoch != new.epoch or new.version <= shown.version + 1:
        return None
    return Gap(new.thing, shown.version + 1, new.version - 1)


def _time(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)
