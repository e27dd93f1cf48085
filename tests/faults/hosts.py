"""A whole server within this process, on either delivery, that can be ended while viewers are connected."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from flask import Flask
from flask_socketio import SocketIO
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.waiting import eventually
from windsock import Windsock
from windsock.web.hosting import Host as EngineHost
from windsock.web.serving import listen
from windsock.web.session import Session


class Host(Protocol):
    """Serves one application, from construction until `stop`; Windsock is started and stopped by others."""

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""

    def stop(self) -> None:
        """End it, and every connection."""


class ByEngine:
    def __init__(self, app: Flask, windsock: Windsock, socketio: SocketIO) -> None:
        self._host = EngineHost(app, replace(windsock.site(app).config), listen("127.0.0.1", 0))
        self._host.start()
        self.port = self._host.port

    def stop(self) -> None:
        self._host.stop()


class QuietHandler(WSGIRequestHandler):
    """Werkzeug's, without a line for each request."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  # Werkzeug's name
        pass


class ByFlaskSocketIO:
    def __init__(self, app: Flask, windsock: Windsock, socketio: SocketIO) -> None:
        with listen("127.0.0.1", 0) as listener:
            self.port = listener.getsockname()[1]
            self._server = make_server(
                "127.0.0.1", self.port, app, threaded=True, request_handler=QuietHandler, fd=listener.fileno()
            )
        self._eio = socketio.server.eio
        # Engine.IO's threads end with a traceback where a viewer breaks off: that is theirs.
        self._usual_hook, threading.excepthook = threading.excepthook, self._hook
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        eventually(self._end_sessions)
        if not self._eio.start_service_task:
            eventually(lambda: self._eio.service_task_event)
            self._eio.shutdown()
        eventually(lambda: not any("process_request_thread" in thread.name for thread in threading.enumerate()))
        threading.excepthook = self._usual_hook

    def _hook(self, failure: threading.ExceptHookArgs) -> None:
        if not (failure.thread and "(writer)" in failure.thread.name and isinstance(failure.exc_value, OSError)):
            self._usual_hook(failure)

    def _end_sessions(self) -> bool:
        """Have all go; True: nobody is left."""
        left = [sid for sid, session in list(self._eio.sockets.items()) if not session.closed]
        for sid in left:
            Session(self._eio, sid).end()
        return not left


MakeHost = Callable[[Flask, Windsock, SocketIO], Host]
HOSTS: dict[str, MakeHost] = {"engine": ByEngine, "flask-socketio": ByFlaskSocketIO}
