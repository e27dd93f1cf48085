"""What was read lately, and what became of it, for an operator to see."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from windsock.detect import Arrival
from windsock.model import Rejected, Result

LAST = 20
"""How many readings are remembered."""

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
    """The last readings; older ones are dropped. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=LAST)

    def note(self, entries: Iterable[Entry]) -> None:
        """Remember what was read just now, the newest last."""
        with self._lock:
            self._entries.extend(entries)

    def last(self) -> list[Entry]:
        """What is remembered, the newest first."""
        with self._lock:
            return list(reversed(self._entries))
