"""Where the engine finds out how a request looks to the application: at its innermost WSGI middleware."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from flask import Flask
from werkzeug.exceptions import ClientDisconnected

from windsock.web.carrier.environ import noted

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class SocketEntrance:
    """Passes every request on, except those that only ask what the middleware around it makes of them.

    Where the application has a SocketIO, that is asked instead: it may lie further within.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.inner: WSGIApplication = app.wsgi_app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        if "socketio" not in self._app.extensions and noted(environ):
            return []
        return self.inner(environ, start_response)


class GonePeers:
    """Tells of a client that went in the middle of its request as Werkzeug does: without a traceback."""

    def __init__(self, inner: WSGIApplication) -> None:
        self.inner = inner

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        environ["wsgi.input"] = _Input(environ["wsgi.input"])
        return self.inner(environ, start_response)


class _Input:
    """A request's body (PEP 3333, "Input and Error Streams"). Raises ClientDisconnected if it breaks off."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        return self._take(self._stream.read, size)

    def readline(self, size: int = -1) -> bytes:
        return self._take(self._stream.readline, size)

    def readlines(self, _hint: int = -1) -> list[bytes]:
        return list(self)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def _take(self, read: Callable[[int], bytes], size: int) -> bytes:
        try:
            return read(size)
        except ConnectionResetError:
            raise ClientDisconnected from None
