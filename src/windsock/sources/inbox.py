"""``inbox:``: readings come in by REST, by the page, by the command line, or by ``thing.report``.

Those commit in the thread that reports, so there is nothing to receive here. The watcher of the inbox is there
for silence alone: rest and offline.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from windsock.decode import Encoding
from windsock.sources.base import Message, Wait


class InboxSource:
    """A source that never has anything."""

    name = "inbox:"
    encoding: Encoding = "plain"
    resolution = timedelta(0)

    def open(self) -> None:
        """See `Source.open`: there is nothing to connect to."""

    def check(self) -> None:
        """See `Source.check`: it can always be read."""

    def receive(self, wait: Wait, timeout: float) -> Sequence[Message]:
        """See `Source.receive`."""
        wait(timeout)
        return ()

    def delete(self, messages: Sequence[Message]) -> None:
        """See `Source.delete`: there is nothing to delete."""

    def close(self) -> None:
        """See `Source.close`: there is nothing to let go of."""
