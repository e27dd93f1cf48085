"""The engine on a real socket: an application with Windsock, served by a `Host` in this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from tests.engine.raw import Wire, head
from tests.waiting import WITHIN
from windsock import Windsock
from windsock.config import Config
from windsock.config.model import LimitsTable, ServerTable, StoreTable
from windsock.engine import Engine
from windsock.engine.front import PAGE_THREADS
from windsock.web.hosting import Host
from windsock.web.serving import listen
from windsock.web.standalone import trust_proxies

THINGS = ("cloud", "kiln")
FINE: dict[str, Any] = {"ping_timeout": 0.4}
"""With this an engine looks at its clock every 50 ms, so that what has to end after a time ends soon after it."""


@dataclass
class Hosted:
    """A running server with the things `THINGS`, which take any state."""

    app: Flask
    windsock: Windsock
    host: Host

    @property
    def engine(self) -> Engine:
        return self.host.engine

    @property
    def port(self) -> int:
        return self.host.port

    @property
    def answered(self) -> int:
        """How many HTTP requests were answered."""
        return self.host._server._server.server_state.total_requests

    def change(self, thing: str, **data: Any) -> int:
        """Have a thing change; its version then."""
        found = next(found for found in self.windsock.things if found.name == thing)
        return found.report(f"S{found.state.position.version}", data).position.version

    def start_threads(self) -> None:
        """Have all threads for pages started, so that they count as this server's, and as no test's."""
        barrier = threading.Barrier(PAGE_THREADS + 1)
        self.app.add_url_rule("/-/wait", "wait", lambda: f"{barrier.wait(WITHIN)}")
        with ExitStack() as stack:
            wires: list[Wire] = []
            for _ in range(PAGE_THREADS):
                wires.append(stack.enter_context(Wire(self.port)))
                wires[-1].send(head("GET", "/-/wait"))  # at once: a head may have to come in time
            barrier.wait(WITHIN)
            for wire in wires:
                assert 200 == wire.response().status

    @property
    def books(self) -> dict[str, int]:
        """Of everything that the engine keeps about viewers, how much there is; what is empty is left out."""
        states = self.engine.router.states
        assert states is not None
        found = {
            "sessions": len(self.engine.sessions),
            "polling": self.engine.polling,
            "addresses": len(self.engine._addresses),
            "beats": len(list(self.engine._beats)),
            "greetings": len(list(self.engine._greetings)),
            "expected": len(list(self.engine._expected)),
            "viewers": len({*states._viewers, *states._connecting, *states._counting}),
            "watching": sum(len(topic) for topic in list(states._topics.values())),
        }
        return {name: count for name, count in found.items() if count}


@contextmanager
def hosted(
    app: Flask | None = None, limits: Mapping[str, Any] | None = None, start: bool = True, **server: Any
) -> Iterator[Hosted]:
    """Serve ``app``, or one without anything of its own. ``limits`` and ``server`` are keys of `windsock.toml`.

    Numbers stand for seconds where a duration is wanted.
    """
    app = app or Flask("hosted")
    app.config["WINDSOCK_STORE_URL"] = "memory:"
    windsock = Windsock(app)
    for thing in THINGS:
        windsock.thing(thing)
    configured = config(limits or {}, server)
    host = Host(app, configured, listen("127.0.0.1", 0))
    trust_proxies(app, configured)
    if start:
        windsock.start(app)
    host.start()
    try:
        yield Hosted(app, windsock, host)
    finally:
        host.stop()
        windsock.stop(app)


def config(limits: Mapping[str, Any], server: Mapping[str, Any]) -> Config:
    usual = {"drain": 1.0}
    return Config(
        ServerTable(**_durations(usual | dict(server))),
        StoreTable(url="memory:"),
        {},
        Path(),
        limits=LimitsTable(**_durations(limits)),
    )


def _durations(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: timedelta(seconds=value) if isinstance(value, float) else value for key, value in table.items()}
