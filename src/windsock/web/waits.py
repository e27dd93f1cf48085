"""Where something waits for news: in the engine's loop if there is one, else in the request's own thread."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flask import Response

from windsock.engine.waiting import LATER, WAITED, Waiting, limit_silence
from windsock.web import problems

__all__ = ["WAITED", "gone", "in_thread", "later", "notice_silence", "too_many"]

LOOK = 0.5
"""Seconds between two looks whether a client is still there."""
TRY_AGAIN = "5"
"""Seconds after which one that could not wait may ask again."""


def later(environ: Mapping[str, Any]) -> Callable[[Waiting], None] | None:
    """See `engine.waiting.LATER`; None: this server has no loop."""
    found: Callable[[Waiting], None] | None = environ.get(LATER)
    return found


def gone(environ: Mapping[str, Any]) -> Callable[[], bool]:
    """Tells whether the client of a request has closed its connection, on a server that lends its socket."""
    kept = environ.get("werkzeug.socket")

    def look() -> bool:
        try:
            return kept is not None and kept.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except (BlockingIOError, ValueError):  # nothing has come; or it is one with TLS, which cannot be looked into
            return False
        except OSError:
            return True

    return look


def in_thread(waiting: Waiting, gone: Callable[[], bool]) -> Iterator[bytes]:
    """Wait in this thread until it is over, or its client has gone; what it gives meanwhile."""
    woken = threading.Event()
    waiting.begin(woken.set)
    try:
        while not gone():
            woken.clear()
            part = waiting.take()
            if part is None:
                return
            if part:
                yield part
            else:
                woken.wait(min(waiting.patience(), LOOK))
    finally:
        waiting.close()


def notice_silence(environ: Mapping[str, Any]) -> None:
    """Have a reader noticed that vanishes without a word, on a server that lends its socket."""
    kept = environ.get("werkzeug.socket")
    if kept is not None:
        limit_silence(kept)


def too_many() -> Response:
    """The answer to one more who wants to wait."""
    response = problems.problem(503, "too many are waiting for news already; try again in a moment", "unavailable")
    response.headers["Retry-After"] = TRY_AGAIN
    return response
