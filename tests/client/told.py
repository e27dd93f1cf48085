"""Messages of the wire, and trackers that were told them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.builders import NOW, change, cloud, state
from windsock import wire
from windsock.client.state import State
from windsock.client.tracker import Tracker
from windsock.model import Position

URL = "http://127.0.0.1:5000"
Message = dict[str, Any]


def said(version: int = 1, name: str | None = "HUGGING", epoch: str = "e1", **changed: Any) -> Message:
    """The event ``state`` of the cloud."""
    found = state(name or "", version=version)
    message = wire.state_message(cloud(), found, None, NOW)
    return message | {"epoch": epoch, "state": name} | changed


def heard(version: int = 1, epoch: str = "e1", **changed: Any) -> Message:
    """The event ``heard`` of the cloud."""
    return wire.heard_message(state(version=version), NOW) | {"epoch": epoch} | changed


def tracker(*messages: Message, every: bool = False, since: Mapping[str, Position] | None = None) -> Tracker:
    """One that is linked and was told these states."""
    made = Tracker(URL, ["cloud"], every, since or {})
    made.link()
    for message in messages:
        made.state(message)
    return made


def told(found: Tracker) -> list[tuple[int, str, int, bool]]:
    """All that it has to tell: version, liveness, gap and whether history began anew."""
    states: list[tuple[int, str, int, bool]] = []
    while isinstance(step := found.next(), State):
        states.append((step.version, step.liveness, step.gap, step.anew))
    assert step is None
    return states


def changes(first: int, last: int) -> list[Message]:
    return [wire.change_message(change(version, f"S{version}")) for version in range(first, last + 1)]
