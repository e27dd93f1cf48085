"""The threaded server that Flask and Flask-SocketIO run by themselves: Werkzeug's."""

from __future__ import annotations

import threading

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from windsock.web.serving import listen


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  # Werkzeug's name
        pass


class ThreadedServer:
    """Listens on 127.0.0.1 from construction on, serves from `start` to `stop`."""

    def __init__(self, app: Flask) -> None:
        with listen("127.0.0.1", 0) as listener:
            self.port: int = listener.getsockname()[1]
            self._server = make_server(
                "127.0.0.1", self.port, app, threaded=True, request_handler=_Quiet, fd=listener.fileno()
            )
        self.url = f"http://127.0.0.1:{self.port}/"
        self.socket = self._server.socket
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,))

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
