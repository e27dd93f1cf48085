"""A source for tests: a pile of messages that stay until they are deleted, as a queue's do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from windsock.decode import Encoding
from windsock.errors import SourceError
from windsock.sources import Message, Wait


class Pile:
    """Gives all that lies on it at each look, even if it was given before: its visibility timeout is nothing.

    ``on_look`` is called at each look, and ``on_delete`` before what was handled is taken off.
    """

    encoding: Encoding = "auto"

    def __init__(self, name: str = "pile:", resolution: timedelta = timedelta(0)) -> None:
        self.name = name
        self.resolution = resolution
        self.messages: list[Message] = []
        self.patience: list[float] = []
        self._count = 0
        self.open_count = self.close_count = 0
        self.on_look: Callable[[], object] = lambda: None
        self.on_delete: Callable[[], object] = lambda: None

    def put(self, *bodies: object, inserted_at: datetime | None = None) -> None:
        """Lay messages on the pile, numbered from 1 on."""
        for body in bodies:
            self._count += 1
            number = str(self._count)
            self.messages.append(Message(body, number, inserted_at, handle=number))  # type: ignore[arg-type]

    def open(self) -> None:
        self.open_count += 1

    def check(self) -> None:
        pass

    def receive(self, wait: Wait, timeout: float) -> Sequence[Message]:
        self.patience.append(timeout)
        self.on_look()
        if not self.messages:
            wait(timeout)
        return tuple(self.messages)

    def delete(self, messages: Sequence[Message]) -> None:
        self.on_delete()
        for message in messages:
            self.messages.remove(message)

    def close(self) -> None:
        self.close_count += 1


def failing(text: str = "no answer") -> Callable[[], object]:
    """For ``on_look`` and ``on_delete``: fails as a source does."""

    def fail() -> object:
        raise SourceError(text)

    return fail
