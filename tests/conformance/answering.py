"""A Flask-SocketIO application to put the protocol's questions to, with Windsock beside it.

Namespaces ``/`` and ``/custom`` do the same, ``/closed`` lets nobody in.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, request
from flask_socketio import ConnectionRefusedError as Refused
from flask_socketio import SocketIO, call, disconnect, emit

from windsock import Windsock

app = Flask(__name__)
app.config["WINDSOCK_STORE_URL"] = "memory:"
socketio = SocketIO(app)
windsock = Windsock(app)
windsock.thing("kiln")
# Why clients of / and /custom left, the last one at the end.
left: list[str] = []


def _answer(namespace: str) -> None:
    def on(event: str) -> Any:
        return socketio.on(event, namespace=namespace)

    on("connect")(lambda auth=None: emit("hello", {"auth": auth}))
    on("disconnect")(left.append)
    on("echo")(lambda *values: emit("echo", values))
    on("ack")(lambda *values: values)
    on("quiet")(lambda: None)
    on("ask")(lambda *values: emit("answered", _asked(*values)))
    on("leave")(lambda: disconnect())
    on("end")(lambda: socketio.server.eio.disconnect(_session(namespace)))
    on("left")(lambda: left[-1])


def _asked(*values: Any) -> Any:
    return call("question", values, timeout=5)


def _session(namespace: str) -> Any:
    return socketio.server.manager.eio_sid_from_sid(request.sid, namespace)  # type: ignore[attr-defined]


for name in ("/", "/custom"):
    _answer(name)


@socketio.on("connect", namespace="/closed")  # type: ignore[untyped-decorator]
def refuse() -> None:
    raise Refused("members only", {"ask": "at the door"})
