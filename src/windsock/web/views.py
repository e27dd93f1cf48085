"""What pages and REST say of a thing: its state message, with the addresses of this application in it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, unquote

from windsock import wire
from windsock.model import ThingSpec
from windsock.runtime import Runtime
from windsock.times import Clock, utc_now

STATIC = Path(__file__).parent / "static"


class Views:
    """Builds state messages. ``base`` is what an address begins with: script root and URL prefix."""

    def __init__(self, runtime: Runtime, clock: Clock = utc_now) -> None:
        self._runtime = runtime
        self._clock = clock

    def state(self, thing: str, base: str) -> wire.Payload:
        """The event ``state``. Raises UnknownThing."""
        state = self._runtime.state(thing)
        spec = self._runtime.spec(thing)
        return wire.state_message(spec, state, image_path(spec, state.state, base), self._clock())

    def heard(self, thing: str) -> wire.Payload:
        """The event ``heard``. Raises UnknownThing."""
        return wire.heard_message(self._runtime.state(thing), self._clock())

    def described(self, thing: str, base: str) -> wire.Payload:
        """What REST says of a thing: its state, its title, the states that it can have."""
        spec = self._runtime.spec(thing)
        return {**self.state(thing, base), "title": spec.title, "states": described_states(spec, base)}

    def page(self, thing: str, base: str) -> wire.Payload:
        """What a page's template is given of a thing."""
        spec, message = self._runtime.spec(thing), self.state(thing, base)
        plain = static_path("unknown.svg" if message["state"] is None else "logo.svg", base)
        images = (image_path(spec, state, base) for state in spec.states)
        return {
            **message,
            "title": spec.title,
            "offline": spec.offline,
            "url": f"{base}/things/{quote(thing)}",
            "picture": message["image"] or plain,
            "images": [path for path in images if path],
        }

    def all_pages(self, base: str) -> list[wire.Payload]:
        """`page` of every thing."""
        return [self.page(thing, base) for thing in self._runtime.specs]


def described_states(spec: ThingSpec, base: str) -> list[Mapping[str, str | None]]:
    """The states that a thing can have, each with its label, picture and colour; none: any name."""
    looks = ((name, spec.states.get(name)) for name in spec.accepted)
    return [
        {
            "state": name,
            "label": spec.label(name),
            "image": image_path(spec, name, base),
            "color": look.color if look else None,
        }
        for name, look in looks
    ]


def image_path(spec: ThingSpec, state: str | None, base: str) -> str | None:
    """The path of a state's picture; it changes with the picture, so it may be kept for ever."""
    look = spec.states.get(state or "")
    if not look or not look.image:
        return None
    return f"{base}/things/{quote(spec.name)}/images/{_one_segment(state or '')}?v={version(look.image)}"


def state_of_segment(segment: str) -> str:
    """The state whose picture is meant, of what the server made of `_one_segment`."""
    return unquote(segment)


def _one_segment(state: str) -> str:
    """A state's name as one segment of a path, quoted twice.

    Quoted once, browsers, proxies and WSGI servers take the slashes and the dots in it for those of the path.
    """
    return quote(quote(state, safe="").replace(".", "%2E"), safe="")


def static_path(name: str, base: str) -> str:
    """The path of one of Windsock's own static files, with its version."""
    return f"{base}/static/{name}?v={version(STATIC / name)}"


def version(path: Path) -> str:
    """A file's content in short."""
    try:
        stat = path.stat()
        return _digest(path, stat.st_mtime_ns, stat.st_size)
    except OSError:  # gone, or not to be read: news is sent all the same
        return "missing"


@lru_cache(maxsize=1024)
def _digest(path: Path, _modified: int, _size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
