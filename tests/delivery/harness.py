"""What every delivery is tested with: an application with four things, and what a delivery has to offer to tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from flask import Flask
from flask_socketio import SocketIO

from windsock import Reading, State, Thing, Windsock
from windsock.recorder import Outcome

KEY = "a-publisher-key"
STATES = ["NEUTRAL", "HUGGING", "PUNCHING"]


class Carried(Protocol):
    """A running delivery."""

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""

    def longest_queue(self) -> int:
        """How many messages wait in memory for the viewer that has most."""

    def held(self) -> int:
        """How many viewers it remembers, in whatever it keeps."""

    def names(self) -> int:
        """How many names of things it remembers."""


Carry = Callable[[Flask, Windsock, SocketIO], AbstractContextManager[Carried]]
"""Serves an application until the end of the context, and stops its Windsock then; it does not start it."""


@dataclass
class Oven:
    """A source that a test plays: what it says, or what it fails with."""

    says: str | Reading | None = None
    fails: Exception | None = None
    readers: set[int] = field(default_factory=set)

    def __call__(self) -> str | Reading | None:
        self.readers.add(threading.get_ident())
        if self.fails:
            raise self.fails
        said, self.says = self.says, None
        return said


@dataclass
class Site:
    """A served application: ``cloud`` with states, ``kiln`` that takes any, ``door`` that goes stale, ``oven``."""

    app: Flask
    socketio: SocketIO
    windsock: Windsock
    things: dict[str, Thing]
    oven: Oven
    _carried: list[Carried] = field(default_factory=list)

    @property
    def carried(self) -> Carried:
        return self._carried[0]

    @property
    def port(self) -> int:
        return self.carried.port

    def report(self, thing: str, state: str, **data: Any) -> Outcome:
        return self.things[thing].report(state, data)

    def state(self, thing: str) -> State:
        return self.things[thing].state


def build(**config: Any) -> Site:
    """An application that is not served yet; ``config`` are keys of its configuration."""
    app = Flask("site")
    app.config.update({"WINDSOCK_STORE_URL": "memory:"} | config)
    socketio = SocketIO(app, async_mode="threading")
    windsock, oven = Windsock(app), Oven()
    things = {
        "cloud": windsock.thing("cloud", states=STATES),
        "kiln": windsock.thing("kiln"),
        "door": windsock.thing("door", offline_after="400ms"),
        "oven": windsock.thing("oven"),
    }
    things["oven"].watch(every="10ms")(lambda: oven())
    return Site(app, socketio, windsock, things, oven)


@contextmanager
def served(carry: Carry, site: Site, start: bool = True) -> Iterator[Site]:
    """The site on a real socket; with ``start=False`` the first request has to start Windsock."""
    with carry(site.app, site.windsock, site.socketio) as carried:
        if start:
            site.windsock.start()
        site._carried.append(carried)
        yield site
