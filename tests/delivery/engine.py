"""The delivery by the engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from flask import Flask
from flask_socketio import SocketIO

from windsock import Windsock
from windsock.config import Config
from windsock.engine import Engine
from windsock.web.engine_delivery import EngineDelivery
from windsock.web.hosting import Host
from windsock.web.serving import listen


class ByEngine:
    """Looks into the engine's books."""

    def __init__(self, port: int, engine: Engine, delivery: EngineDelivery) -> None:
        self.port = port
        self._engine = engine
        self._delivery = delivery

    def longest_queue(self) -> int:
        backlogs = [session.backlog for session in list(self._engine.sessions.values())]
        return max((len(backlog) for backlog in backlogs if backlog is not None), default=0)

    def held(self) -> int:
        states = self._delivery._states
        watching = {session for topic in list(states._topics.values()) for session in topic.members}
        return len({*watching, *states._viewers, *states._connecting, *states._counting})

    def names(self) -> int:
        states = self._delivery._states
        return len({thing for thing, _ in states._topics} | states._recounted)


@contextmanager
def carry(app: Flask, windsock: Windsock, socketio: SocketIO) -> Iterator[ByEngine]:
    """See `tests.delivery.harness.Carry`."""
    site = windsock.site(app)
    config: Config = replace(site.config)
    host = Host(app, config, listen("127.0.0.1", 0))
    host.start()
    assert isinstance(site.delivery, EngineDelivery)
    try:
        yield ByEngine(host.port, host.engine, site.delivery)
    finally:
        host.stop()
        windsock.stop(app)
