"""The threaded server that Flask and Flask-SocketIO run by themselves, Werkzeug's, with an end."""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from windsock.testing.waits import until
from windsock.web.serving import listen

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

log = logging.getLogger("windsock.testing")

END_WITHIN = 5.0
"""Seconds that requests are given to end; one that hangs in the application is left behind."""


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  # Werkzeug's name
        """Say nothing: a test's output is the test's."""


class _Server(ThreadedWSGIServer):
    """Knows its open connections, so that it can end them."""

    def __init__(self, app: WSGIApplication, listener: socket.socket) -> None:
        self.connections: set[socket.socket] = set()
        port: int = listener.getsockname()[1]
        super().__init__("127.0.0.1", port, app, _Quiet, fd=listener.fileno())

    def process_request(self, request: Any, client_address: Any) -> None:
        """Take a connection in, which gets a thread of its own."""
        self.connections.add(request)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection to its end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.connections.discard(request)


class ThreadedServer:
    """Listens on a free port of 127.0.0.1 from construction on, serves from `start` to `stop`."""

    def __init__(self, app: WSGIApplication) -> None:
        with listen("127.0.0.1", 0) as listener:
            self._server = _Server(app, listener)
        self.port: int = self._server.port
        self.socket: socket.socket = self._server.socket
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="windsock-testing-server")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Serve, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Accept no more, break all connections off, and wait for their threads. A second call does nothing."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        for connection in list(self._server.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        if not until(lambda: not self._server.connections, END_WITHIN):
            log.warning("a request still runs after %g s, in the application; it was left behind", END_WITHIN)
