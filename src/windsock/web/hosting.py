"""Serving a Flask application on the engine."""

from __future__ import annotations

import ipaddress
import logging
import resource
import socket
import sys
import time
from datetime import timedelta
from typing import Any

from flask import Flask

from windsock.config import Config
from windsock.config.model import LimitsTable, ServerTable
from windsock.engine import Engine, EngineServer, Limits, Options, Tls
from windsock.web.carrier.install import install, options_of
from windsock.web.entrance import GonePeers
from windsock.web.site import Site

log = logging.getLogger("windsock.engine")

RESERVED_FILES = 200
"""Open files that are kept for everything but viewers: the store, sources, pages."""

GOODBYE = 0.5
"""Seconds that disconnect handlers have at least, also when requests have used up the drain time."""


class Host:
    """A Flask application on the engine: its pages, its Flask-SocketIO handlers, and its Windsock if it has one.

    ``listener`` is what it accepts connections from. Raises ConfigError for an application that it cannot carry.
    """

    def __init__(self, app: Flask, config: Config, listener: socket.socket) -> None:
        server = config.server
        limits = make_limits(config.limits)
        room = files_for_viewers()
        self.engine = Engine(
            options_of(app) or make_options(server, limits),
            limits,
            min(limits.connections or sys.maxsize, room),
            [ipaddress.ip_network(network) for network in server.trusted_proxies],
            "https" if server.certificate else "http",
        )
        self.engine.most_connections = room + RESERVED_FILES // 2
        self._carried = install(app, self.engine)
        if self._carried is not None:
            self.engine.carry(self._carried)
        site = app.extensions.get("windsock")
        if isinstance(site, Site):
            site.deliver_by(self.engine)
        self._drain = server.drain.total_seconds()
        self._server = EngineServer(self.engine, GonePeers(app), listener, self._drain, tls_of(server))

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.engine.server[1]

    def start(self) -> None:
        """Serve, in a thread of its own; returns as soon as connections are accepted."""
        if self._carried is not None:
            self._carried.start()
        self._server.start()
        log.info("there is room for %s viewers", f"{self.engine.most_sessions:,}")

    def stop(self) -> None:
        """Accept no more, send viewers away, finish requests within the drain time."""
        until = time.monotonic() + self._drain
        self._server.stop()
        if self._carried is not None:
            self._carried.stop(max(until - time.monotonic(), GOODBYE))


def tls_of(server: ServerTable) -> Tls | None:
    """The configured certificate, if there is one."""
    return Tls(server.certificate, server.certificate_key) if server.certificate and server.certificate_key else None


def make_options(server: ServerTable, limits: Limits) -> Options:
    """How the engine speaks where no SocketIO of the application says."""
    origins = server.allowed_origins
    return Options(
        ping_interval=server.ping_interval.total_seconds(),
        ping_timeout=server.ping_timeout.total_seconds(),
        max_payload=limits.message_size,
        origins="*" if "*" in origins else tuple(origins) or None,
    )


def make_limits(table: LimitsTable) -> Limits:
    """The limits that are configured, and the engine's own for the rest."""
    found: dict[str, Any] = {name: value for name, value in table if value is not None}
    seconds = {name: value.total_seconds() for name, value in found.items() if isinstance(value, timedelta)}
    return Limits(**(found | seconds))


def files_for_viewers() -> int:
    """Raise the limit of open files as far as this process may; how many viewers fit then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        hard = max(soft, 1_000_000)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return max(hard - RESERVED_FILES, 1)
