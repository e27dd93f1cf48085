"""An application as its developers have it: a thing with a source, a watched one, and one that takes reports."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_socketio import SocketIO

from windsock import Windsock

STATES = ["NEUTRAL", "HUGGING", "PUNCHING", "NOTCONNECTED"]


def create_app(own_socketio: bool = False, **config: Any) -> Flask:
    """The application; the function that it watches is not to be called by a test."""
    app = Flask("watched", static_folder=None)
    app.config.update(config)
    if own_socketio:
        SocketIO(app, async_mode="threading")
    windsock = Windsock(app)
    windsock.thing(
        "cloud",
        source="azure-queue://mlqueue",
        states=STATES,
        backlog="every",
        rest="NEUTRAL",
        rest_after="5s",
        offline="NOTCONNECTED",
        offline_after="60s",
    )
    windsock.thing("oven", source="azure-queue://ovens", offline_after="60s")
    windsock.thing("door", states=["OPEN", "CLOSED"], offline_after="60s")
    windsock.thing("tap").watch(every="10ms")(lambda: "DRIPPING")
    return app
