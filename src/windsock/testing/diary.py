"""What a viewer went through, in order: written by the thread that reads, waited for by the test."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from windsock.testing.seen import Gap, Seen

Kind = Literal["state", "heard", "gap", "viewers", "link"]


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened to a viewer, ``after`` so many seconds. ``words`` say it where nothing else does."""

    after: float
    kind: Kind
    thing: str = ""
    seen: Seen | None = None
    gap: Gap | None = None
    count: int | None = None
    words: str = ""

    def __str__(self) -> str:
        said = self.seen or self.gap or self.words or self.count
        return f"{self.after:8.3f} s  {self.kind:7}  {self.thing}{'  ' * bool(self.thing)}{said}"


class Diary:
    """Entries in order, and how far the test has read. Safe from any thread."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._changed = threading.Condition()
        self._entries: list[Entry] = []
        self._read = 0

    @property
    def entries(self) -> Sequence[Entry]:
        """All of it, so far."""
        with self._changed:
            return tuple(self._entries)

    @property
    def unread(self) -> Sequence[Entry]:
        """What came after the last entry that `find` gave."""
        with self._changed:
            return tuple(self._entries[self._read :])

    def write(
        self,
        kind: Kind,
        thing: str = "",
        *,
        seen: Seen | None = None,
        gap: Gap | None = None,
        count: int | None = None,
        words: str = "",
    ) -> None:
        """Add an entry."""
        with self._changed:
            after = time.monotonic() - self._began
            self._entries.append(Entry(after, kind, thing, seen, gap, count, words))
            self._changed.notify_all()

    def find(self, wanted: Callable[[Entry], bool], within: float) -> Entry | None:
        """The first unread entry that is wanted, as soon as it is there; what stands before it is read then too.

        None: it was not there within so many seconds, and nothing more is read.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._place(wanted) is not None, within)
            place = self._place(wanted)
            if place is None:
                return None
            self._read = place + 1
            return self._entries[place]

    def wake(self) -> None:
        """Have all who `wait_for` something look again."""
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, true: Callable[[], bool], within: float) -> bool:
        """Wait until something is so, which is looked at after each entry and `wake`; False: it did not become so."""
        with self._changed:
            return self._changed.wait_for(true, within)

    def _place(self, wanted: Callable[[Entry], bool]) -> int | None:
        return next((n for n in range(self._read, len(self._entries)) if wanted(self._entries[n])), None)
