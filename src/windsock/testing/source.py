"""A scripted source: says what a test has it say, as a queue would."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from windsock.decode import Encoding
from windsock.errors import SourceError
from windsock.model import Reading
from windsock.sources import Message, Wait
from windsock.times import format_time

LOOK_EVERY = 0.01
"""Seconds between two looks of the watcher while there is nothing: how long what is said waits, at most."""
WITHIN = 5.0
"""Seconds that a test waits for what comes at once if all is well."""


class ScriptedSource:
    """A queue in memory: each message stays until it is deleted, which is when what it caused is durable.

    What was given out is hidden until the source is opened anew, which a watcher does that failed.
    Fulfils `windsock.sources.Source`. Everything that a test calls is safe from any thread.
    """

    encoding: Encoding = "plain"
    resolution = timedelta(0)

    def __init__(self, name: str = "scripted:") -> None:
        self.name = name
        self._changed = threading.Condition()
        self._ready: list[Message] = []
        self._hidden: list[Message] = []
        self._deleted: list[Message] = []
        self._last: Message | None = None
        self._failure: str | None = None
        self._told = False
        self._held = False

    # ---------------------------------------------------------------------------------------------- what it says

    def say(self, state: str | Reading, /, **data: object) -> None:
        """Report a state with its data, or a whole `windsock.Reading`, where its time or its id matter.

        Raises TypeError for data beside a Reading.
        """
        if isinstance(state, str):
            self.deliver(json.dumps({"state": state, "data": data}))
            return
        if data:
            raise TypeError(f"the data of a Reading belong into it: {', '.join(data)}")
        fields = {"data": dict(state.data), "at": state.at and format_time(state.at), "id": state.id}
        given = {name: value for name, value in (fields | {"thing": state.thing}).items() if value is not None}
        self.deliver(json.dumps({"state": state.state} | given))

    def deliver(self, body: str | bytes) -> None:
        """Put a message into the queue as a device sends it, whether it can be understood or not."""
        number = uuid.uuid4().hex  # a store that outlives this source knows the ids that it gave
        with self._changed:
            self._last = Message(body, number, handle=number)
            self._ready.append(self._last)

    def say_again(self) -> None:
        """Deliver the last message once more, with the same id, as queues do. Raises ValueError if there is none."""
        with self._changed:
            if self._last is None:
                raise ValueError("nothing was said yet that could be said again")
            self._ready.append(self._last)

    # ------------------------------------------------------------------------------------------- how it is to read

    @contextmanager
    def failing(self, reason: str = "no answer") -> Iterator[None]:
        """Within it the source cannot be read, nor anything deleted; what is said meanwhile comes afterwards."""
        self._fail(reason)
        try:
            yield
        finally:
            self._fail(None)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Within it the source is slow: it can be read, but what is said comes only afterwards, all at once."""
        self._hold(True)
        try:
            yield
        finally:
            self._hold(False)

    # --------------------------------------------------------------------------------------------- what came of it

    @property
    def waiting(self) -> list[str]:
        """The bodies of the messages that are not deleted yet, in order."""
        with self._changed:
            return [_text(message) for message in self._hidden + self._ready]

    @property
    def deleted(self) -> list[str]:
        """The bodies of the messages that were deleted, in order: what they caused is durable."""
        with self._changed:
            return [_text(message) for message in self._deleted]

    def wait_until_read(self, within: float = WITHIN) -> None:
        """Return when all that was said is durable and deleted. Raises AssertionError if that takes longer."""
        __tracebackhide__ = True
        with self._changed:
            if not self._changed.wait_for(lambda: not (self._hidden or self._ready), within):
                raise AssertionError(
                    f"{self.name}: not read and deleted within {within:g} s: {', '.join(self.waiting)}"
                )

    # --------------------------------------------------------------------------------------------- for the watcher

    def open(self) -> None:
        """See `Source.open`."""
        with self._changed:
            self._ready, self._hidden = self._hidden + self._ready, []

    def check(self) -> None:
        """See `Source.check`."""
        if self._failure is not None:
            raise SourceError(f"{self.name}: {self._failure}")

    def receive(self, wait: Wait, timeout: float) -> Sequence[Message]:
        """See `Source.receive`. It fails once, then waits for its recovery: no test has to wait for a backoff."""
        while self._failure is not None:
            self._fail_once()
            if wait(LOOK_EVERY):
                self.check()
        with self._changed:
            found = [] if self._held or self._failure is not None else self._ready
            self._ready = self._ready[len(found) :]
            self._hidden += found
        if not found:
            wait(min(LOOK_EVERY, timeout))
        return found

    def delete(self, messages: Sequence[Message]) -> None:
        """See `Source.delete`."""
        self.check()
        with self._changed:
            for message in messages:
                if message in self._hidden:
                    self._hidden.remove(message)
                    self._deleted.append(message)
            self._changed.notify_all()

    def close(self) -> None:
        """See `Source.close`."""

    def _fail_once(self) -> None:
        with self._changed:
            told, self._told = self._told, True
        if not told:
            self.check()

    def _fail(self, reason: str | None) -> None:
        with self._changed:
            self._failure, self._told = reason, False

    def _hold(self, held: bool) -> None:
        with self._changed:
            self._held = held


def _text(message: Message) -> str:
    return message.body.decode(errors="replace") if isinstance(message.body, bytes) else str(message.body)
