"""One connected viewer on Flask-SocketIO, and how it gets the newest state and nothing older.

Newest wins: a viewer that is slow has, per thing, at most one message in its session's queue. What happens
meanwhile is only noted; when the queue has drained, it gets the state as it is then.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from windsock.model import Position
from windsock.web.frames import Frame, MakeFrame


class Viewer:
    """``send`` puts an encoded message into the session's queue, and tells whether it did; ``idle`` tells whether
    that queue is empty.

    Safe from any thread: its lock is held while a message is chosen and put in.
    """

    def __init__(
        self, base: str, send: Callable[[Any], bool], idle: Callable[[], bool], counts: bool, publisher: bool
    ) -> None:
        self.base = base
        self.counts = counts
        self.publisher = publisher
        self._send = send
        self._idle = idle
        self._lock = threading.Lock()
        # Per watched thing what was last sent; None: nothing yet, so whatever comes first is right.
        self._sent: dict[str, Position | None] = {}
        # Per thing of which a message may still be in the queue, whether that is a state.
        self._queued: dict[str, bool] = {}
        # Per thing of which something is held back, whether that is a state, and not only clocks.
        self._pending: dict[str, bool] = {}
        self._notes: dict[str, Any] = {}
        self.closed = False

    @property
    def things(self) -> list[str]:
        """What it watches."""
        return list(self._sent)

    @property
    def slow(self) -> bool:
        """Whether anything is waiting for its queue to drain."""
        return bool(self._pending or self._notes) and not self.closed

    def close(self) -> None:
        """Nothing is sent any more. Waits for nothing: whoever is just sending may have found out that it is gone."""
        self.closed = True

    def watch(self, things: Iterable[str], frame: MakeFrame) -> None:
        """Send the states of things, and take news of them from then on.

        A state that may still be in the queue is not sent once more: it comes before the acknowledgement, and the
        newest follows. So a viewer that asks again and again, and reads nothing, takes no more memory than others.
        """
        with self._lock:
            self._note_idle()
            for thing in things:
                self._sent[thing] = None
                if self._queued.get(thing):
                    self._pending[thing] = True
                else:
                    self._put(thing, frame(thing))

    def unwatch(self, things: Iterable[str]) -> None:
        """Take no more news of things."""
        with self._lock:
            for thing in things:
                self._sent.pop(thing, None)
                self._pending.pop(thing, None)
                self._notes.pop(thing, None)

    def offer(self, thing: str, frame: Frame) -> bool:
        """Send news, or note that there is some if the last of this thing may still be in the queue.

        Whether it overtook a state that was held back, which is never sent then.
        """
        with self._lock:
            if self.closed or thing not in self._sent or self._is_older(thing, frame.position):
                return False
            self._note_idle()
            if thing not in self._queued and thing not in self._pending:
                self._put(thing, frame)
                return False
            held = self._pending.get(thing, False)
            self._pending[thing] = held or frame.whole  # `drain` sends what is newest then, which this may not be
            return held and frame.whole

    def drain(self, frame: MakeFrame) -> None:
        """Send the newest of what was held back, if the queue has drained."""
        with self._lock:
            if not self.slow or not self._idle():
                return
            self._queued.clear()
            for thing in list(self._pending):
                self._pending.pop(thing, None)  # first: what cannot be made must not keep the others waiting for ever
                self._put(thing, frame(thing))
            for thing, encoded in list(self._notes.items()):
                if self._send(encoded):
                    del self._notes[thing]

    def note(self, thing: str, encoded: Any) -> None:
        """Send something about a thing that a later note replaces: now, or when the queue has drained."""
        with self._lock:
            if self.closed or thing not in self._sent:
                return
            self._notes[thing] = encoded
            if self._idle() and self._send(encoded):
                del self._notes[thing]

    def _note_idle(self) -> None:
        if self._idle():
            self._queued.clear()

    def _put(self, thing: str, frame: Frame) -> None:
        if not self._send(frame.encoded):
            self._pending[thing] = self._pending.get(thing, False) or frame.whole
            return
        self._pending.pop(thing, None)
        self._queued[thing] = self._queued.get(thing, False) or frame.whole
        self._sent[thing] = frame.position

    def _is_older(self, thing: str, position: Position) -> bool:
        sent = self._sent[thing]
        return sent is not None and sent.epoch == position.epoch and sent.version > position.version
