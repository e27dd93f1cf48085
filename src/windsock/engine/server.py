"""The engine as a server: uvicorn around it, in a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import uvicorn

from windsock.engine.connection import LINGER, Connection
from windsock.engine.door import VIEWER_BUFFER, Door, resize
from windsock.engine.engine import Engine
from windsock.engine.front import Front
from windsock.engine.http import HttpProtocol
from windsock.errors import ConfigError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

log = logging.getLogger("windsock.engine")

BACKLOG = 4096
"""Connections that wait to be accepted: a restarted server meets all its viewers at once."""
LISTENERS = 8
"""Descriptors of the one listening socket. uvloop accepts one connection from each in a turn of its loop, and a turn is
long while other threads want to run: with one descriptor those who come at once wait for each other."""
START_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Tls:
    """A certificate with its chain, and its key, as files in PEM."""

    certificate: Path
    key: Path

    def check(self) -> None:
        """Raises ConfigError if they cannot be used together."""
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"{self.certificate} and {self.key} cannot be used as a certificate and its key: {error}"
            ) from None


class EngineServer:
    """Serves a WSGI application's pages and the engine's viewers on one socket, from `start` to `stop`.

    ``drain`` is how many seconds requests are given at the end. Raises ConfigError for a certificate that is none.
    """

    def __init__(
        self, engine: Engine, wsgi: WSGIApplication, listener: socket.socket, drain: float, tls: Tls | None = None
    ) -> None:
        self._engine = engine
        name = listener.getsockname()
        engine.server = (name[0], name[1])
        self._front = Front(engine, wsgi)
        # Every connection inherits it.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, VIEWER_BUFFER)
        self._listener = listener
        self._drain = drain
        self._server = _Server(engine, self._config(tls))
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="windsock-engine", daemon=True)

    def start(self) -> None:
        """Serve; returns as soon as connections are accepted."""
        self._thread.start()
        self._started.wait(START_WITHIN)

    def stop(self) -> None:
        """Accept no more, send all viewers away, finish requests; what goes on after the drain time is given up."""
        if self._thread.is_alive():
            self._server.should_exit = True
            self._thread.join(self._drain + 5.0)
        self._front.stop()
        self._engine.end()
        self._listener.close()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._engine.begin()
        self._engine.loop.call_soon(self._started.set)
        await self._server.serve(sockets=[self._listener, *(self._listener.dup() for _ in range(LISTENERS - 1))])

    def _config(self, tls: Tls | None) -> uvicorn.Config:
        if tls is not None:
            tls.check()
        http: Any = self._make_door
        viewer: Any = self._make_viewer
        config = uvicorn.Config(
            self._front,
            http=http,
            ws=viewer,
            interface="asgi3",
            lifespan="off",
            backlog=BACKLOG,
            log_config=None,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=max(1, round(self._drain)),
            ssl_certfile=tls.certificate if tls else None,
            ssl_keyfile=tls.key if tls else None,
        )
        config.load()
        return config

    def _make_door(self, **uvicorns: Any) -> Door:
        return Door(self._engine, partial(HttpProtocol, self._engine, **uvicorns))

    def _make_viewer(self, **_uvicorns: Any) -> Connection:
        return _Latecomer(self._engine)


class _Latecomer(Connection):
    """A viewer on a connection that was one for pages first."""

    __slots__ = ()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        resize(cast("asyncio.Transport", transport), VIEWER_BUFFER)
        super().connection_made(transport)


class _Server(uvicorn.Server):
    """Sends the viewers away before it waits for requests to end, for polls are requests too."""

    def __init__(self, engine: Engine, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._engine = engine

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        loop: Any = asyncio.get_running_loop()
        if self.config.ssl is not None:
            # uvicorn has no options for these, and the usual ones are 60 and 30 seconds.
            patient = self._engine.limits.handshake_timeout
            loop.create_server = partial(loop.create_server, ssl_handshake_timeout=patient, ssl_shutdown_timeout=LINGER)
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        await self._engine.say_goodbye()
        await super().shutdown(sockets)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's where it is installed; None for asyncio's own."""
    try:
        import uvloop
    except ImportError:
        log.info("uvloop is not installed: everything works, more slowly")
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
