"""What a store is. Every store passes the same contract suite, `tests/store/test_contract.py`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from windsock.model import Change, Moment, Rejected, State

SEEN_FOR = timedelta(days=8)
"""How long message ids are known: a day longer than Azure keeps a message that has the usual time to live."""

KEPT_REJECTED = 10_000
"""How many messages set aside are kept; older ones are forgotten, so a source that sends only rubbish fills no disk."""

SeenId = tuple[str, str]
"""A message as one of a thing: the thing's name and the message's id."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What is committed together or not at all.

    ``states`` are the things' new current states, ``changes`` what led there, ``seen`` the ids of the messages
    that did it or were passed over, ``rejected`` the messages set aside, ``resolved`` the numbers of those that
    are set aside no longer.
    """

    at: datetime
    states: tuple[State, ...] = ()
    changes: tuple[Change, ...] = ()
    seen: tuple[SeenId, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    resolved: tuple[int, ...] = ()


class Store(Protocol):
    """Current states and history. Safe from any thread; every method raises StoreError if the store fails."""

    @property
    def epoch(self) -> str:
        """The name of this history; versions compare only within it."""

    def states(self) -> dict[str, State]:
        """The current state of every thing that has one, by name."""

    def commit(self, batch: Batch) -> None:
        """Make a batch durable, whole or not at all. A batch with changes survives SIGKILL and power loss."""

    def seen(self, ids: Collection[SeenId]) -> set[SeenId]:
        """Those of ``ids`` that were committed in the last `SEEN_FOR`."""

    def history(self, thing: str, since: int, limit: int) -> list[Change]:
        """The first ``limit`` changes after version ``since``, in order of version."""

    def newest(self, thing: str, limit: int) -> list[Change]:
        """The last ``limit`` changes, in order of version."""

    def moments(self, thing: str, after: datetime, until: datetime, limit: int) -> list[Moment]:
        """The first ``limit`` changes after a time and until another, in the order of their times, then of versions."""

    def moments_at(self, thing: str, times: Sequence[datetime]) -> list[Moment | None]:
        """For each time the last change until then: what the thing was at that time. None: it is not known."""

    def changes(self, thing: str, versions: Collection[int]) -> list[Change]:
        """Those of the changes with these versions that are kept, in order of version."""

    def oldest(self, thing: str) -> datetime | None:
        """The time of the oldest change that is kept; None: there is none."""

    def forget(self, thing: str, before: datetime, limit: int) -> int:
        """Forget the first ``limit`` changes that were over before a time; how many there were.

        What the thing was at that time is kept, and so is its newest change.
        """

    def rejected(self, limit: int, before: int | None = None) -> list[Rejected]:
        """The last ``limit`` messages set aside, newest first; with ``before`` those with lower numbers.

        The newest `KEPT_REJECTED` are kept.
        """

    def rejected_message(self, number: int) -> Rejected | None:
        """One message that was set aside."""

    def check(self) -> None:
        """Try to write, and raise StoreError if that fails."""

    def close(self) -> None:
        """Let go of the store, and of the lock by which this process watches. Closing twice is fine."""
