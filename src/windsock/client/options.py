"""What a program asks for when it watches, checked and in the forms that are needed."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from windsock import wire
from windsock.client.arguments import read_address, read_since, read_things
from windsock.client.tracker import Ask, Tracker
from windsock.errors import UnknownThing, WindsockError
from windsock.model import Position

TRANSPORTS = (["websocket"], ["polling", "websocket"])
"""What is tried in turn: where WebSockets do not get through, polling does."""
CONNECT_WITHIN = 10.0
"""Seconds in which a server answers, or it does not."""
_PERMANENT = ("unknown_thing", "bad_request", "forbidden")
_STATUS = re.compile(r"Unexpected status code (\d+) in server response")
_NO_NAMESPACE = ("Unable to connect", "Invalid namespace")


class Refused(WindsockError):
    """The server refuses this program, and would again."""


class NoLink(WindsockError):
    """There is no connection now; there may be one later."""


class Elsewhere(NoLink):
    """A server is there, but no Socket.IO at this path."""


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

    @property
    def url(self) -> str:
        """The address, as it was given but for slashes at its end."""
        return f"{self.origin}/{self.path.removesuffix('socket.io')}".rstrip("/")

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
    """Raises ValueError or TypeError, in the words of whoever called `watch`, for what cannot be."""
    origin, path = read_address(url)
    things = tuple(dict.fromkeys(read_things(things)))
    if not isinstance(every, bool):
        raise TypeError(f"every: found {every!r}, expected True or False")
    if token is not None and not isinstance(token, str):
        raise TypeError(f"token: found {token!r}, expected the publisher key, a text")
    return Options(origin, path, things or None, every, token, read_since(since, things))


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


def failure(error: Exception, refused: Sequence[object], wanted: Options) -> WindsockError:
    """Why a connection could not be made; ``refused``: what the stock client's ``connect_error`` said of it."""
    status = _http_status(error)
    if status == 404:
        return Elsewhere(_elsewhere(wanted))
    # Without a cause it was not the transport that failed: the server has refused the namespace.
    if refused and (error.__cause__ is None or isinstance(refused[0], Mapping)):
        return refusal(refused[0])
    return NoLink(f"the server answers {status}" if status else _words_of(error))


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


def _elsewhere(wanted: Options) -> str:
    found = f"the server answers 404 at /{wanted.path}."
    if wanted.url == wanted.origin:
        return f"{found} If it is behind a proxy, is a path missing?"
    at_root = "Socket.IO is not below a Flask application's WINDSOCK_URL_PREFIX, but at its root"
    return f"{found} {at_root}: try {wanted.origin}"


def _http_status(error: Exception) -> int | None:
    """What the server answered, if it was neither a success nor nothing."""
    for one in _chain(error):
        told = getattr(one, "status_code", getattr(one, "status", None)) or _STATUS.fullmatch(str(one))
        if told:
            return int(told[1] if isinstance(told, re.Match) else told)
    return None


def _words_of(error: Exception) -> str:
    below = next((one.strerror for one in _chain(error) if isinstance(one, OSError) and one.strerror), "")
    return (
        below
        or str(error)
        or ("the server does not answer" if isinstance(error, TimeoutError) else type(error).__name__)
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and those that led to it: the stock client's own say little."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _words(answer: object) -> tuple[str, str]:
    if not isinstance(answer, Mapping):
        return str(answer), ""
    data = answer.get("data")
    code = data.get("code") if isinstance(data, Mapping) else answer.get("code")
    return str(answer.get("error") or answer.get("message") or "the server refused it"), str(code or "")
