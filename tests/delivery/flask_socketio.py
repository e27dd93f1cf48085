"""The delivery over Flask-SocketIO, on the threaded server that Flask runs by itself."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from flask_socketio import SocketIO

from tests.waiting import eventually
from windsock import Windsock
from windsock.testing.threaded import ThreadedServer
from windsock.web.delivery import Delivery
from windsock.web.site import Site

SEND_BUFFER = 16384
"""The kernel's buffer for what is sent to a viewer, in bytes."""


class FlaskSocketIO:
    """Looks into the engine's sessions and into Windsock's own books."""

    def __init__(self, port: int, eio: Any, delivery: Delivery) -> None:
        self.port = port
        self._eio = eio
        self._delivery = delivery

    def longest_queue(self) -> int:
        return max((session.queue.qsize() for session in open_sessions(self._eio)), default=0)

    def held(self) -> int:
        books = self._delivery
        watching = {viewer for viewers in list(books._watching.values()) for viewer in list(viewers)}
        return len({*watching, *books._viewers.values(), *books._news._slow}) + len(books._arriving)

    def names(self) -> int:
        return len(self._delivery._watching.keys() | self._delivery._news._recounted)


@contextmanager
def carry(app: Flask, windsock: Windsock, socketio: SocketIO) -> Iterator[FlaskSocketIO]:
    """See `tests.delivery.harness.Carry`."""
    server = ThreadedServer(app)
    # Every connection inherits it: a viewer that stops reading is noticed after kilobytes, not after megabytes.
    server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    server.start()
    eio = socketio.server.eio
    try:
        yield FlaskSocketIO(server.port, eio, stock(windsock.site(app)))
    finally:
        server.stop()
        eventually(lambda: not open_sessions(eio))
        windsock.stop(app)
        end_service_task(eio)


def stock(site: Site) -> Delivery:
    """The delivery of an application that is not on the engine."""
    assert isinstance(site.delivery, Delivery)
    return site.delivery


def open_sessions(eio: Any) -> list[Any]:
    """The sessions that have not ended; the engine forgets one that has only some time later."""
    return [session for session in list(eio.sockets.values()) if not session.closed]


def end_service_task(eio: Any) -> None:
    """End the thread with which the engine looks after its clients."""
    if not eio.start_service_task:
        eventually(lambda: eio.service_task_event)
        eio.shutdown()
