"""An application with all that Flask-SocketIO offers, to be tried by stock clients."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask
from flask import Flask, request
from flask_socketio import (
    ConnectionRefusedError as Refused,
)
from flask_socketio import Namespace, SocketIO, call, disconnect, emit, join_room, leave_room, rooms, send

from tests.waiting import eventually
from windsock.config import default_config
from windsock.web.hosting import Host
from windsock.web.serving import listen


class Desk(Namespace):  # type: ignore[misc]  # Flask-SocketIO has no annotations
    """A namespace as a class."""

    def on_connect(self, auth: Any) -> None:
        if not auth or auth.get("key") != "right":
            raise Refused("wrong key", {"hint": "try right"})
        flask.session["key"] = auth["key"]
        self.emit("welcome", flask.session["key"], room=request.sid)  # type: ignore[attr-defined]

    def on_ask(self, value: Any) -> tuple[Any, str]:
        return value, flask.session["key"]


class Club:
    """The application, running on the engine."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.app = Flask("club")
        self.app.secret_key = "a-secret"
        self.socketio = SocketIO(self.app, async_mode="threading", **options)
        self.left: list[str] = []
        self._add_handlers()
        self.socketio.on_namespace(Desk("/desk"))
        self.app.add_url_rule("/page", view_func=self._page)
        self.host = Host(self.app, default_config(folder), listen("127.0.0.1", 0))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.host.port}"

    @property
    def empty(self) -> bool:
        """Whether nothing of any session is left."""
        server = self.socketio.server
        return not any([server.environ, server._binary_packet, server.manager.rooms, server.eio.sockets])

    def _page(self) -> str:
        self.socketio.emit("page", "looked at")
        return "a page"

    def _add_handlers(self) -> None:
        on = self.socketio.on
        on("connect")(self._connect)
        on("disconnect")(lambda reason: self.left.append(reason))
        on("echo")(lambda *values: values)
        on("join")(lambda room: [join_room(room), sorted(rooms()[1:])][1])
        on("leave")(lambda room: [leave_room(room), sorted(rooms()[1:])][1])
        on("say")(lambda room, what: emit("said", what, to=room, include_self=False))
        on("picture")(lambda data: emit("picture", {"is": data["is"][::-1]}, broadcast=True))
        on("ask me")(lambda question: call("question", question, timeout=5))
        on("quit")(lambda: disconnect())
        on("fail")(lambda: 1 / 0)
        on("count")(lambda most: self.socketio.start_background_task(self._count, most, request.sid) and None)  # type: ignore[attr-defined]
        self.socketio.on_error()(lambda error: type(error).__name__)

    def _connect(self, auth: Any) -> None:
        join_room("lobby")
        emit("hello", {"auth": auth, "in": len(self.socketio.server.manager.rooms["/"]["lobby"])})
        send("welcome", to="lobby")

    def _count(self, most: int, sid: str) -> None:
        for number in range(most):
            self.socketio.emit("number", number, to=sid)
            self.socketio.sleep(0)


@contextmanager
def club(folder: Path, **options: Any) -> Iterator[Club]:
    """The club while it is open. When it closes, nothing of its guests may be left."""
    opened = Club(folder, **options)
    opened.host.start()
    try:
        yield opened
    finally:
        opened.host.stop()
    eventually(lambda: opened.empty)
    assert not [one.name for one in threading.enumerate() if one.name.startswith("windsock-events")]
