"""A state as a program elsewhere sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urljoin

from windsock.jsontext import JsonObject
from windsock.model import Position, SourceStatus
from windsock.times import parse_time

Liveness = Literal["live", "silent", "source-failing", "unlinked", "unknown", "past"]
"""Whether a state may be shown as live, and if not, why: the thing was not heard for too long; its source fails, so
nobody would know of a change; this program is not connected; nothing was reported yet; it is over, and was read from
the history. The words are those of a page's ``data-windsock-liveness``."""


@dataclass(frozen=True, slots=True)
class State:
    """A thing as it was when the server said so, at its own time ``now``. Times are aware, in UTC.

    ``version`` of its ``position`` is 0, and ``state`` None, before anything is known. ``new``: its version was not
    told before; if not, only its liveness or its looks are other than before. ``gap`` is how many versions
    were missed since the one before; ``anew``: the history began anew since then, so nobody knows how many.
    ``reason`` says why the link is lost, in words. ``image`` is a whole address. ``changed_at`` of one that is past is
    None if nobody knows whether what was before it was the same with other data.
    """

    thing: str
    position: Position
    state: str | None = None
    label: str | None = None
    image: str | None = None
    color: str | None = None
    data: JsonObject = field(default_factory=dict)
    changed_at: datetime | None = None
    updated_at: datetime | None = None
    heard_at: datetime | None = None
    now: datetime | None = None
    stale: bool = True
    source: SourceStatus = "ok"
    liveness: Liveness = "unlinked"
    reason: str = ""
    new: bool = False
    gap: int = 0
    anew: bool = False

    @property
    def live(self) -> bool:
        """Whether it may be shown as what is so now."""
        return self.liveness == "live"

    @property
    def version(self) -> int:
        """The version of its position."""
        return self.position.version


def liveness(message: Mapping[str, Any]) -> Liveness:
    """What a ``state`` message says of itself, while the link holds."""
    if message["source"] != "ok":
        return "source-failing"
    if message["state"] is None:
        return "unknown"
    return "silent" if message["stale"] else "live"


def position_of(message: Mapping[str, Any]) -> Position:
    """The position that a message of the wire shows."""
    return Position(message["epoch"], message["version"])


def read_state(message: Mapping[str, Any], url: str, live: Liveness, reason: str = "") -> State:
    """The state that a ``state`` message of the server at ``url`` tells of."""
    return State(
        thing=message["thing"],
        position=position_of(message),
        state=message["state"],
        label=message["label"],
        image=None if message["image"] is None else urljoin(url, message["image"]),
        color=message["color"],
        data=message["data"],
        changed_at=_time(message["changed_at"]),
        updated_at=_time(message["updated_at"]),
        heard_at=_time(message["heard_at"]),
        now=_time(message["now"]),
        stale=message["stale"],
        source=message["source"],
        liveness=live,
        reason=reason,
    )


def read_change(thing: str, epoch: str, change: Mapping[str, Any], before: State | None) -> State:
    """The state that a change of the history led to. ``before``: the one that was told before it, if any was."""
    there = Position(epoch, change["version"])
    return State(
        thing=thing,
        position=there,
        state=change["state"],
        data=change["data"],
        changed_at=_changed_at(there, change, before),
        updated_at=_time(change["at"]),
        liveness="past",
    )


def _changed_at(there: Position, change: Mapping[str, Any], before: State | None) -> datetime | None:
    """Since when it was so, by what was before: other data alone do not move that. None: it cannot be known."""
    if there.version == 1 or change["cause"] != "reported":  # what silence leads to is always another state
        return _time(change["at"])
    if before is None or before.position != Position(there.epoch, there.version - 1):
        return None
    return before.changed_at if before.state == change["state"] else _time(change["at"])


def _time(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)
