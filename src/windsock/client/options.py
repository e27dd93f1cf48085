"""What a program asks for when it watches, checked and in the forms that are needed."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from windsock import wire
from windsock.client.tracker import Ask, Tracker
from windsock.errors import UnknownThing, WindsockError
from windsock.model import Position

TRANSPORTS = (["websocket"], ["polling", "websocket"])
"""What is tried in turn: where WebSockets do not get through, polling does."""
CONNECT_WITHIN = 10.0
"""Seconds in which a server answers, or it does not."""
_PERMANENT = ("unknown_thing", "bad_request", "forbidden")
_NO_NAMESPACE = ("Unable to connect", "Invalid namespace")


class Refused(WindsockError):
    """The server refuses this program, and would again."""


class NoLink(WindsockError):
    """There is no connection now; there may be one later."""


class NotInstalled(WindsockError):
    """A package is missing that this form of the client needs."""


@dataclass(frozen=True, slots=True)
class Options:
    """Where to look, and for what. ``origin`` and ``path`` are what python-socketio takes."""

    origin: str
    path: str
    things: tuple[str, ...] | None
    every: bool
    token: str | None
    since: Mapping[str, Position]

    def tracker(self) -> Tracker:
        """One that knows nothing yet but where to begin."""
        return Tracker(self.origin, self.things, self.every, self.since)

    def auth(self, tracker: Tracker) -> dict[str, Any]:
        """The auth of a CONNECT: the things with their positions, and the token."""
        auth: dict[str, Any] = {}
        if tracker.things is not None:
            auth["things"] = {thing: _position(position) for thing, position in tracker.things.items()}
        if self.token is not None:
            auth["token"] = self.token
        return auth


def read_options(
    url: str, things: Sequence[str], every: bool, token: str | None, since: Position | Mapping[str, Position] | None
) -> Options:
    """Raises ValueError for an address that is none, or a position that could be any thing's."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"found {url!r}, expected the address of a server such as http://127.0.0.1:5000")
    if isinstance(since, Position):
        if len(things) != 1:
            raise ValueError("since: one position is for one thing; name each thing's, as {thing: position}")
        since = {things[0]: since}
    origin = f"{parts.scheme}://{parts.netloc}"
    path = f"{parts.path.strip('/')}/socket.io".lstrip("/")
    return Options(origin, path, tuple(dict.fromkeys(things)) or None, every, token, dict(since or {}))


def history_request(ask: Ask) -> dict[str, Any]:
    """The request ``history`` for what is missing."""
    return {"thing": ask.thing, "epoch": ask.epoch, "since": ask.since, "limit": wire.MAX_HISTORY}


def answered(tracker: Tracker, ask: Ask, answer: Mapping[str, Any]) -> bool:
    """Take in what the server answered; False: it cannot say now. Raises UnknownThing or Refused."""
    if answer.get("ok"):
        tracker.fill(ask, answer["epoch"], answer["changes"])
        return True
    error = refusal(answer)
    if not isinstance(error, NoLink):
        raise error
    return False


def broken(error: Exception) -> str:
    """Why a connection could not be made, in words."""
    return str(error) or ("the server does not answer" if isinstance(error, TimeoutError) else type(error).__name__)


def refusal(answer: object) -> WindsockError:
    """Why a server that answered did not let this program in, or did not do what it asked."""
    words, code = _words(answer)
    if code == "unknown_thing":
        return UnknownThing(words)
    if code in _PERMANENT:
        return Refused(words)
    if words in _NO_NAMESPACE:
        return Refused("the server has Socket.IO, but no Windsock")
    return NoLink(words)


def pause(attempt: int) -> float:
    """Seconds until the next attempt: up to half a second after the first, up to five later, spread by chance."""
    return min(5.0, 0.5 * 2.0 ** min(attempt, 10)) * (0.5 + random.random() / 2)


def _position(position: Position | None) -> dict[str, Any] | None:
    return None if position is None else {"epoch": position.epoch, "version": position.version}


def _words(answer: object) -> tuple[str, str]:
    if not isinstance(answer, Mapping):
        return str(answer), ""
    data = answer.get("data")
    code = data.get("code") if isinstance(data, Mapping) else answer.get("code")
    return str(answer.get("error") or answer.get("message") or "the server refused it"), str(code or "")
