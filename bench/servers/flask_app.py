"""Flask-SocketIO as its documentation starts it: `socketio.run(app)`.

    python -m bench.servers.flask_app threading PORT
    python -m gevent.monkey --module bench.servers.flask_app gevent PORT

The latter patches before anything is imported. With gevent, `socketio.run` serves through pywsgi, and WebSockets
through gevent-websocket if that is installed; "gevent-simple" does as if it were not, and takes simple-websocket.
"""

from __future__ import annotations

import sys

from flask import Flask
from flask_socketio import SocketIO, emit

from bench.servers import orders

NAMESPACE = "/windsock"
mode, port = sys.argv[1:]
if mode == "gevent-simple":
    sys.modules["geventwebsocket"] = None  # type: ignore[assignment]  # to import it is an error now
app = Flask(__name__)
socketio = SocketIO(app, async_mode=mode.partition("-")[0])
followed = orders.Orders()


@socketio.on("connect", namespace=NAMESPACE)  # type: ignore[untyped-decorator]  # Flask-SocketIO has no annotations
def connect() -> None:
    """A new viewer gets the state as it is."""
    emit("state", orders.state(followed.number))


def follow() -> None:
    """Send what is ordered, to all."""
    while True:
        number = followed.take(patience=60.0)
        if number is not None:
            socketio.emit("state", orders.state(number), namespace=NAMESPACE)


if __name__ == "__main__":
    socketio.start_background_task(follow)
    socketio.run(app, port=int(port), allow_unsafe_werkzeug=True)
