"""The arguments of `watch`, checked: what is wrong is said at the call, and not by what would fail on it later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from windsock.addresses import host_of
from windsock.model import Position

_ADDRESS = "the address of a server such as http://127.0.0.1:5000"
_POSITION = "a Position such as state.position"


def read_address(url: object) -> tuple[str, str]:
    """Origin and Socket.IO path of a server. Raises TypeError, or ValueError for an address that is none."""
    if not isinstance(url, str):
        raise TypeError(f"url: found {url!r}, expected {_ADDRESS}")
    if host_of(url) is None:
        raise ValueError(f"found {url!r}, expected {_ADDRESS}")
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}", f"{parts.path.strip('/')}/socket.io".lstrip("/")


def read_things(things: Sequence[object]) -> list[str]:
    """The names. Raises TypeError or ValueError for what is none."""
    names = []
    for thing in things:
        if not isinstance(thing, str):
            raise TypeError(f'things: found {thing!r}, expected names, one after the other: "a", "b"')
        if not thing:
            raise ValueError("things: found '', expected names")
        names.append(thing)
    return names


def read_since(since: object, things: Sequence[str]) -> dict[str, Position]:
    """Where to go on, by name; ``things`` are watched, none means all. Raises TypeError or ValueError."""
    if since is None:
        return {}
    if isinstance(since, Position):
        if len(things) != 1:
            raise ValueError("since: one position is for one thing; name each thing's, as {thing: position}")
        since = {things[0]: since}
    if not isinstance(since, Mapping):
        raise TypeError(f"since: found {since!r}, expected {_POSITION}, or {{thing: position}}")
    return {_known(thing, things): _position(thing, position) for thing, position in since.items()}


def _known(thing: object, things: Sequence[str]) -> str:
    if not isinstance(thing, str):
        raise TypeError(f"since: found {thing!r}, expected the name of a thing")
    if not thing:
        raise ValueError("since: found '', expected the name of a thing")
    if things and thing not in things:
        raise ValueError(f"since: there is {thing!r}, but it is not watched; watched are {', '.join(things)}")
    return thing


def _position(thing: str, position: object) -> Position:
    if not isinstance(position, Position):
        raise TypeError(f"since of {thing}: found {position!r}, expected {_POSITION}")
    epoch: object = position.epoch
    version: object = position.version
    if not isinstance(epoch, str):
        raise TypeError(f"since of {thing}: found {epoch!r}, expected a text as its epoch")
    if not isinstance(version, int) or isinstance(version, bool):
        raise TypeError(f"since of {thing}: found {version!r}, expected a whole number as its version")
    if version < 0:
        raise ValueError(f"since of {thing}: found {version}, expected a version, which is 0 or more")
    return position
