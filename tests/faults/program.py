"""The server of the fault suites, as a process: an application of `windsock.toml` on either delivery, made to fail.

    python -m tests.faults.program FOLDER PORT DELIVERY [STEP COUNT]

``DELIVERY`` is ``engine`` or ``flask-socketio``. With ``STEP`` and ``COUNT`` it is killed at that step, the time that
``COUNT`` says; see `tests.faults.inject`, which also says how it is disturbed while it runs.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from flask import Flask
from flask_socketio import SocketIO
from werkzeug.serving import make_server

from tests.faults import inject
from tests.faults.hosts import QuietHandler
from windsock import Windsock
from windsock.cli.serving import serve_app
from windsock.config import load
from windsock.web.serving import listen

DELIVERIES = ("engine", "flask-socketio")
PING_INTERVAL, PING_TIMEOUT = 1.5, 3.0
"""Seconds, so that a viewer that has vanished is noticed soon."""
LIVE = "Windsock is live at "


def build(folder: Path) -> tuple[Flask, Windsock]:
    """The application, at ``/`` as `windsock serve` has it."""
    app = Flask("faults", static_folder=None)
    app.config.update(WINDSOCK_CONFIG=str(folder / "windsock.toml"), WINDSOCK_URL_PREFIX="")
    SocketIO(app, async_mode="threading", ping_interval=PING_INTERVAL, ping_timeout=PING_TIMEOUT)
    return app, Windsock(app)


def serve_threaded(app: Flask, windsock: Windsock, port: int) -> None:
    """Serve over Flask-SocketIO, on the threaded server that Flask has, until SIGTERM."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # Werkzeug ends in order at a KeyboardInterrupt
    with listen("127.0.0.1", port) as listener:
        server = make_server("127.0.0.1", port, app, threaded=True, request_handler=QuietHandler, fd=listener.fileno())
    windsock.start(app)
    print(f"{LIVE}http://127.0.0.1:{port}/", flush=True)
    server.serve_forever()
    windsock.stop(app)


def main() -> None:
    """Serve until SIGTERM, or until it is killed."""
    folder, port, delivery = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    clock = inject.disturb(folder)
    if len(sys.argv) > 4:
        inject.kill_at(sys.argv[4], int(sys.argv[5]))
    app, windsock = build(folder)
    windsock.site(app).clock = clock
    if delivery == "engine":
        serve_app(app, load(folder / "windsock.toml", os.environ), "127.0.0.1", port)
    else:
        serve_threaded(app, windsock, port)


if __name__ == "__main__":
    main()
