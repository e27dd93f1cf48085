"""The two servers that an application may be tested on, each ended without a rest."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, Literal

from flask import Flask

from windsock.errors import ConfigError
from windsock.testing.threaded import ThreadedServer
from windsock.testing.waits import until
from windsock.web.hosting import Host
from windsock.web.serving import listen
from windsock.web.site import Site
from windsock.web.socket_server import make_server

ServerName = Literal["engine", "flask-socketio"]
Carry = Callable[[Site], AbstractContextManager[int]]
"""Serves a site's application on a free port of 127.0.0.1, which it gives, until the end of the context."""


def carrier(name: ServerName) -> Carry:
    """The server of this name. Raises ConfigError if there is none."""
    if name not in CARRIERS:
        raise ConfigError(f"there is no server {name!r}; there are {' and '.join(CARRIERS)}")
    return CARRIERS[name]


@contextmanager
def on_engine(site: Site) -> Iterator[int]:
    """On Windsock's own engine, as `windsock run` serves it."""
    with ExitStack() as undone:
        # Last of all: once nothing runs on it any more, the application is given back as it was.
        undone.callback(setattr, site, "delivery", site.delivery)
        undone.callback(_give_back(site.app))
        listener = undone.enter_context(listen("127.0.0.1", 0))
        host = Host(site.app, site.config, listener)
        undone.callback(host.stop)
        host.start()
        yield host.port


@contextmanager
def on_flask_socketio(site: Site) -> Iterator[int]:
    """On the threaded server of Flask and Flask-SocketIO, as `socketio.run(app)` and `flask run` serve it."""
    if "socketio" not in site.app.extensions:  # made now, for it has to be there before the first request
        site.delivery.attach(make_server(site.app, site.config.server.allowed_origins))
    with _rested(site.app.extensions["socketio"].server.eio), ThreadedServer(site.app) as server:
        yield server.port


CARRIERS: Mapping[ServerName, Carry] = {"engine": on_engine, "flask-socketio": on_flask_socketio}


def _give_back(app: Flask) -> Callable[[], None]:
    """What undoes that an engine was put beneath an application's Socket.IO: see `windsock.web.carrier.install`."""
    socketio = app.extensions.get("socketio")
    if socketio is None:
        return lambda: None
    server = socketio.server
    before = {name: getattr(server, name) for name in ("__class__", "eio", "manager", "async_mode")}
    mode = socketio.async_mode

    def give_back() -> None:
        for name, value in before.items():
            setattr(server, name, value)
        socketio.async_mode = mode

    return give_back


class _Sleep:
    """Stands in for an Engine.IO server's sleep, so that its threads can be woken, and none outlives the test."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._sleepers = 0

    def __call__(self, seconds: float = 0) -> None:
        with self._lock:
            self._sleepers += 1
        self._over.wait(seconds)
        with self._lock:
            self._sleepers -= 1

    def end(self) -> None:
        """Wake all who sleep."""
        self._over.set()
        until(lambda: not self._sleepers)


@contextmanager
def _rested(eio: Any) -> Iterator[None]:
    """At the end no thread of an Engine.IO server is left: neither those of its sessions nor its service task."""
    eio.sleep = sleep = _Sleep()
    try:
        yield
    finally:
        for session in list(eio.sockets.values()):
            session.close(wait=False, abort=True)
        sleep.end()
        del eio.sleep
        if not eio.start_service_task:
            until(lambda: eio.service_task_event is not None)
            eio.shutdown()
            eio.start_service_task, eio.service_task_event = True, None
        eio.sockets.clear()
