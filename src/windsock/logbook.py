"""What was read lately, and what became of it, for an operator to see."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from operator import itemgetter
from typing import Literal

from windsock.detect import Arrival
from windsock.model import Rejected, Result

LAST = 20
"""How many readings are told."""

Fate = Result | Literal["older", "known", "rejected"]
"""What became of a reading: what it did, or that it was passed over as too old, came a second time by its id, or was
set aside, for it could not be understood."""
_WORDS: dict[Fate, str] = {
    "changed": "changed",
    "updated": "its data changed",
    "same": "nothing changed",
    "older": "passed over as too old",
    "known": "passed over, for its id is known",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One reading, or message that was none, with its ``fate``. ``at`` is when it was read."""

    at: datetime
    source: str
    what: Arrival | Rejected
    fate: Fate

    @property
    def words(self) -> str:
        """The fate in words."""
        return f"set aside: {self.what.reason}" if isinstance(self.what, Rejected) else _WORDS[self.fate]


class Logbook:
    """The last readings; older ones are dropped. Safe from any thread.

    Half of the room is for the newest of each thing, and of each source's rejected messages: however often one thing
    reports, what others said last is not gone at once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = count()
        self._recent: deque[tuple[int, Entry]] = deque(maxlen=LAST)
        self._newest: dict[str, tuple[int, Entry]] = {}

    def note(self, entries: Iterable[Entry]) -> None:
        """Remember what was read just now, the newest last."""
        with self._lock:
            for entry in entries:
                numbered = next(self._numbers), entry
                self._recent.append(numbered)
                self._newest[_whose(entry)] = numbered

    def last(self) -> list[Entry]:
        """At most `LAST` of what is remembered, the newest first."""
        with self._lock:
            recent, newest = dict(self._recent), sorted(self._newest.values(), key=itemgetter(0))
        told = dict(newest[-LAST // 2 :])
        for number in sorted(recent, reverse=True)[:LAST]:
            if len(told) < LAST:
                told[number] = recent[number]
        return [told[number] for number in sorted(told, reverse=True)]


def _whose(entry: Entry) -> str:
    return entry.source if isinstance(entry.what, Rejected) else entry.what.reading.thing or entry.source
