"""The servers under test: how each is started, and what it needs."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.load import build
from bench.machine import BENCH, PYTHON
from bench.program import BenchError

Command = Callable[[int, Path], Sequence[str]]
"""From a port, and the folder for what is compiled, to a command; raises BenchError if something is missing."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A server. ``most`` is the greatest number of viewers that it is measured with: more would take it too long."""

    name: str
    title: str
    how: str
    command: Command
    most: int | None = None
    bare: bool = False


def _windsock(port: int, _folder: Path) -> Sequence[str]:
    return (sys.executable, "-m", "windsock", "run", "bench.servers.windsock_app:app", "--port", str(port))


def _windsock_stock(port: int, _folder: Path) -> Sequence[str]:
    return (sys.executable, "-m", "bench.servers.windsock_stock", str(port))


def _bare(port: int, folder: Path) -> Sequence[str]:
    from bench.payload import state_json

    binary = folder / "bare"
    if not binary.exists():
        build([BENCH / "servers/bare.c"], binary)
    return (str(binary), str(port), state_json())


def _node(port: int, _folder: Path) -> Sequence[str]:
    node = shutil.which("node")
    if node is None or not (BENCH / "node_modules/socket.io").is_dir():
        raise BenchError("Node or its package socket.io is missing: npm ci --prefix bench")
    return (node, str(BENCH / "servers/node.mjs"), str(port))


def _python(*arguments: str) -> Command:
    def command(port: int, _folder: Path) -> Sequence[str]:
        if not PYTHON.exists():
            raise BenchError("bench/.venv with bench/requirements.txt is missing: make bench sets it up")
        return (str(PYTHON), *arguments, str(port))

    return command


KINDS = (
    Kind("windsock", "Windsock", "`windsock run`", _windsock),
    Kind("bare", "bare `send()` loop", "C, plain TCP, the same bytes", _bare, bare=True),
    Kind("node", "Socket.IO on Node", "`new Server()`, its own `ws`", _node),
    Kind(
        "asyncio",
        "python-socketio, asyncio",
        "uvicorn with uvloop, httptools and websockets",
        _python("-m", "bench.servers.asyncio_app"),
    ),
    Kind(
        "gevent",
        "Flask-SocketIO, gevent",
        "pywsgi with gevent-websocket, everything patched",
        _python("-m", "gevent.monkey", "--module", "bench.servers.flask_app", "gevent"),
        most=1000,
    ),
    Kind(
        "threading",
        "Flask-SocketIO, threading",
        "Werkzeug with simple-websocket",
        _python("-m", "bench.servers.flask_app", "threading"),
        most=1000,
    ),
    # Not measured unless they are named: the same without gevent-websocket, and what the engine replaces.
    Kind(
        "gevent-simple",
        "Flask-SocketIO, gevent (simple-websocket)",
        "pywsgi with simple-websocket, everything patched",
        _python("-m", "gevent.monkey", "--module", "bench.servers.flask_app", "gevent-simple"),
        most=1000,
    ),
    Kind("windsock-stock", "Windsock on Flask-SocketIO", "threading", _windsock_stock, most=1000),
)
BY_NAME = {kind.name: kind for kind in KINDS}
USUAL = tuple(kind.name for kind in KINDS[:-2])
