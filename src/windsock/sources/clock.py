"""``clock:?every=1s``: the local time of day, on the beat."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta

from windsock.decode import Encoding
from windsock.model import Reading
from windsock.sources.base import Message, Wait


class ClockSource:
    """Gives ``HH:MM:SS`` whenever the wall clock passes a multiple of ``every``, and once at the start."""

    encoding: Encoding = "plain"
    resolution = timedelta(0)

    def __init__(self, name: str, every: timedelta) -> None:
        self.name = name
        self._every = every.total_seconds()
        self._beat = -1

    def open(self) -> None:
        """See `Source.open`: there is nothing to connect to."""

    def check(self) -> None:
        """See `Source.check`: it can always be read."""

    def receive(self, wait: Wait, timeout: float) -> Sequence[Message]:
        """See `Source.receive`."""
        left = (self._beat + 1) * self._every - time.time()
        # Longer than one beat: the clock was set back, and the beat is counted anew.
        if 0 < left <= self._every and wait(min(left, timeout)):
            return ()
        beat = int(time.time() // self._every)
        if beat == self._beat:
            return ()
        self._beat = beat
        return (Message(Reading(time.strftime("%H:%M:%S"))),)

    def delete(self, messages: Sequence[Message]) -> None:
        """See `Source.delete`: there is nothing to delete."""

    def close(self) -> None:
        """See `Source.close`: there is nothing to let go of."""
