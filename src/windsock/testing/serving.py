"""Several live servers that end together: what the pytest fixture gives."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from typing import Protocol

from flask import Flask

from windsock.testing.carriers import ServerName
from windsock.testing.clock import TurnableClock
from windsock.testing.server import LiveServer


class Serve(Protocol):
    """Serves an application from now on, with the options of `LiveServer`."""

    def __call__(
        self,
        app: Flask,
        server: ServerName = "engine",
        real: Collection[str] = (),
        store: str = "memory:",
        clock: TurnableClock | None = None,
    ) -> LiveServer:
        """A server that runs."""


@contextmanager
def serving() -> Iterator[Serve]:
    """What serves applications; at the end of the context all servers are stopped, the last one first."""
    with ExitStack() as running:

        def serve(
            app: Flask,
            server: ServerName = "engine",
            real: Collection[str] = (),
            store: str = "memory:",
            clock: TurnableClock | None = None,
        ) -> LiveServer:
            return running.enter_context(LiveServer(app, server, real, store, clock))

        yield serve
