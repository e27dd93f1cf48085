"""Messages as they go into a session's queue: encoded once for all viewers that get the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from socketio import packet

from windsock import wire
from windsock.model import Position
from windsock.web.views import Views


@dataclass(frozen=True, slots=True)
class Frame:
    """An encoded message, and the position that it shows. ``whole``: it is a state, not only clocks."""

    encoded: Any
    position: Position
    whole: bool = True


class Frames:
    """Makes the newest frames of things. ``kind`` is the class of the server's packets."""

    def __init__(self, views: Views, kind: Any) -> None:
        self._views = views
        self._kind = kind

    def state(self, thing: str, base: str) -> Frame:
        """The event ``state``, with addresses that begin with ``base``."""
        payload = self._views.state(thing, base)
        return Frame(self._encode("state", payload), _position(payload))

    def heard(self, thing: str, base: str) -> Frame:
        """The event ``heard``; there is no address in it."""
        payload = self._views.heard(thing)
        return Frame(self._encode("heard", payload), _position(payload), whole=False)

    def viewers(self, thing: str, count: int) -> Any:
        """The event ``viewers``, encoded."""
        return self._encode("viewers", {"thing": thing, "count": count})

    def _encode(self, event: str, payload: wire.Payload) -> Any:
        return self._kind(packet.EVENT, data=[event, payload], namespace=wire.NAMESPACE).encode()


MakeFrame = Callable[[str], Frame]
"""Encodes the newest state of a thing."""


def _position(payload: wire.Payload) -> Position:
    return Position(payload["epoch"], payload["version"])
