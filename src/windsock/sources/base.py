"""What a source is: where readings come from, read by exactly one watcher.

A source is plain blocking code, in a native thread of its own. Every source passes the same contract suite,
`tests/sources/test_contract.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from windsock.decode import Encoding
from windsock.model import Reading

Wait = Callable[[float], bool]
"""Sleeps for so many seconds, or until there is something to do; True: it is time to stop."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a source received. ``body`` is as it came, or a reading already where the source is code.

    ``handle`` is the source's own: what it needs to delete the message.
    """

    body: bytes | str | Reading
    id: str | None = None
    inserted_at: datetime | None = None
    handle: object = None


class Source(Protocol):
    """One place where readings come from. Used by one thread; it may raise anything, and is opened anew then."""

    @property
    def name(self) -> str:
        """The URL, without secrets: for logs, pages and the list of rejected messages."""

    @property
    def encoding(self) -> Encoding:
        """How bodies are wrapped."""

    @property
    def resolution(self) -> timedelta:
        """How coarse ``inserted_at`` is: Azure's is a second."""

    def open(self) -> None:
        """Connect. Raises SourceError, with what to do, if that cannot succeed."""

    def check(self) -> None:
        """Look whether there is something to read, and take nothing. Raises SourceError, with what to do."""

    def receive(self, wait: Wait, timeout: float) -> Sequence[Message]:
        """The messages that are there, in order of arrival; none after at most ``timeout`` seconds.

        An empty answer means that the source was looked at and had nothing. All sleep is done by ``wait``, so
        that the watcher can stop at once, and so that a source that hangs is told from one that sleeps.
        """

    def delete(self, messages: Sequence[Message]) -> None:
        """Take messages off the queue, for what they caused is durable. One already gone is no error."""

    def close(self) -> None:
        """Let go of connections. Closing twice is fine."""
