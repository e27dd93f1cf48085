"""A viewer's Engine.IO session: the queue that its messages wait in."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from engineio.exceptions import SocketIsClosedError


class Session:
    """Looks up the session of ``sid`` in the server ``eio`` each time: it may end at any moment."""

    __slots__ = ("_eio", "_sid")

    def __init__(self, eio: Any, sid: str) -> None:
        self._eio = eio
        self._sid = sid

    def send(self, encoded: Any) -> bool:
        """Put an encoded message into the queue; False: not into that of a session that may be gone.

        There Engine.IO's `send` would end the session, and run the application's handlers in the caller's thread.
        Its own service task sees to that; and if the session is alive after all, what was held back is sent then.
        """
        if not self.alive():
            return False
        with suppress(SocketIsClosedError):  # it may end while it is sent to
            self._eio.send(self._sid, encoded)
        return True

    def open(self) -> bool:
        """Whether it has not begun to end."""
        session = self._eio.sockets.get(self._sid)
        return session is not None and not session.closing and not session.closed

    def alive(self) -> bool:
        """Whether it is open and owes no answer to a ping."""
        session = self._eio.sockets.get(self._sid)
        pinged = session and session.last_ping
        return self.open() and not (pinged and time.time() - pinged > self._eio.ping_timeout)

    def idle(self) -> bool:
        """Whether it is alive and all that was put into its queue has been taken out."""
        return self.alive() and self.waiting() == 0

    def waiting(self) -> int:
        """How many messages are in the queue."""
        session = self._eio.sockets.get(self._sid)
        return 0 if session is None else int(session.queue.qsize())

    def end(self) -> None:
        """End it without waiting for its queue, which nobody may ever read."""
        session = self._eio.sockets.get(self._sid)
        if session is not None:
            session.close(wait=False, abort=True, reason=self._eio.reason.SERVER_DISCONNECT)
            with suppress(self._eio.get_queue_empty_exception()):
                while True:
                    session.queue.get_nowait()
            session.queue.put(None)  # its writer waits for this
