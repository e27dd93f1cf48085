"""What stock clients are tried on: rooms, namespaces, acknowledgements and binary data, and Windsock beside them."""

from __future__ import annotations

from typing import Any

from flask import Flask, request, session
from flask_socketio import ConnectionRefusedError as Refused
from flask_socketio import Namespace, SocketIO, emit, join_room, leave_room, rooms

from windsock import Windsock

app = Flask(__name__)
app.secret_key = "the same after a restart"
app.config["WINDSOCK_STORE_URL"] = "memory:"
socketio = SocketIO(app, ping_interval=1, ping_timeout=10)
windsock = Windsock(app)
kiln = windsock.thing("kiln")


@app.route("/name/<name>")
def take_name(name: str) -> str:
    session["name"] = name
    return name


@socketio.on("connect")  # type: ignore[untyped-decorator]
def connect(auth: Any = None) -> None:
    emit("welcome", {"auth": auth, "name": session.get("name")})


@socketio.on("where am I")  # type: ignore[untyped-decorator]
def where() -> list[str | None]:
    return [request.remote_addr, request.script_root, request.host]


@socketio.on("join")  # type: ignore[untyped-decorator]
def join(room: str) -> list[str]:
    join_room(room)
    return sorted(set(rooms()) - {request.sid})  # type: ignore[attr-defined]


@socketio.on("leave")  # type: ignore[untyped-decorator]
def leave(room: str) -> None:
    leave_room(room)


@socketio.on("say")  # type: ignore[untyped-decorator]
def say(room: str, what: Any) -> None:
    emit("said", what, to=room)


@socketio.on("echo")  # type: ignore[untyped-decorator]
def echo(*values: Any) -> tuple[Any, ...]:
    emit("echoed", values)
    return values


@socketio.on("question me")  # type: ignore[untyped-decorator]
def question(*values: Any) -> None:
    sid = request.sid  # type: ignore[attr-defined]
    emit("understood", socketio.call("question", values, to=sid, timeout=5))


@socketio.on("later")  # type: ignore[untyped-decorator]
def later(count: int) -> None:
    sid = request.sid  # type: ignore[attr-defined]
    socketio.start_background_task(_count, count, sid)


def _count(count: int, sid: str) -> None:
    for number in range(count):
        socketio.emit("number", number, to=sid)


class Desk(Namespace):  # type: ignore[misc]  # Flask-SocketIO has no annotations
    """A namespace as a class, which not everybody may enter."""

    def on_connect(self, auth: Any) -> None:
        if (auth or {}).get("key") != "right":
            raise Refused("wrong key", {"hint": "another one"})
        session["asked"] = 0

    def on_ask(self, what: Any) -> tuple[Any, int]:
        session["asked"] += 1
        return what, session["asked"]

    def on_leave(self) -> None:
        self.disconnect(request.sid)  # type: ignore[attr-defined]


socketio.on_namespace(Desk("/desk"))
