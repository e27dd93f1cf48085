"""The HTTP server of `windsock serve` and `windsock demo`: Werkzeug's, with threads."""

from __future__ import annotations

import errno
import logging
import socket
import threading

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from windsock.errors import WindsockError

log = logging.getLogger("windsock.serving")

BACKLOG = 1024
"""Connections that wait to be accepted: a restarted server meets all its viewers at once."""


class ServerError(WindsockError):
    """The server cannot listen where it should."""


class _Handler(WSGIRequestHandler):
    # A state is a small packet: the kernel must not hold it back to fill it up.
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        log.debug("%s %s %s", self.address_string(), self.requestline, code)

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  # Werkzeug's name
        log.debug(message, *args)


class Server:
    """Listens from construction on, serves from `start` to `stop`.

    Raises ServerError if the address is taken or cannot be listened at.
    """

    def __init__(self, app: Flask, host: str, port: int) -> None:
        with listen(host, port) as listener:
            self.port: int = listener.getsockname()[1]
            self._server: BaseWSGIServer = make_server(
                host, self.port, app, threaded=True, request_handler=_Handler, fd=listener.fileno()
            )
        self.url = f"http://{browsable(host)}:{self.port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="windsock-server")

    def start(self) -> None:
        """Serve, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Accept no more connections; those that are open are the delivery's to end."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens at an address. Raises ServerError, with what to do, if that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ServerError(
                f"port {port} of {host} is taken by another program; choose another one with --port {port + 1}, "
                "or --port 0 for any free one"
            ) from None
        raise ServerError(f"cannot listen on port {port} of {host}: {error.strerror or error}") from None


def browsable(host: str) -> str:
    """A host that is listened at, as it stands in an address that this machine can open."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # nothing listens here
    return f"[{host}]" if ":" in host else host
