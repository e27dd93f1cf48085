"""Where the engine finds out how a request looks to the application: at its innermost WSGI middleware."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask

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
