"""``memory:``: a store that lasts as long as its process."""

from __future__ import annotations

import secrets
import threading
from bisect import bisect_right
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

from windsock.model import Change, Moment, Rejected, State
from windsock.store.base import KEPT_REJECTED, SEEN_FOR, Batch, SeenId

HISTORY_LENGTH = 10_000
"""How many changes of a thing are kept; older ones are forgotten."""


class MemoryStore:
    """States and history in dictionaries. Other processes cannot reach it, so it needs no watch lock."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(8)
        self._lock = threading.Lock()
        self._states: dict[str, State] = {}
        self._changes: dict[str, deque[Change]] = {}
        # In order of commit, so that the oldest ids are the first.
        self._seen: dict[SeenId, datetime] = {}
        self._rejected: dict[int, Rejected] = {}
        # The messages of `_rejected` that have an id, by source and id.
        self._set_aside_ids: set[tuple[str, str]] = set()
        self._number = 0

    def states(self) -> dict[str, State]:
        """See `Store.states`."""
        with self._lock:
            return dict(self._states)

    def commit(self, batch: Batch) -> None:
        """See `Store.commit`."""
        with self._lock:
            for state in batch.states:
                self._states[state.thing] = state
            for change in batch.changes:
                self._changes.setdefault(change.thing, deque(maxlen=HISTORY_LENGTH)).append(change)
            self._remember(batch.seen, batch.at)
            for message in batch.rejected:
                self._set_aside(message)
            for number in batch.resolved:
                self._forget_rejected(number)
            while len(self._rejected) > KEPT_REJECTED:
                self._forget_rejected(next(iter(self._rejected)))

    def seen(self, ids: Collection[SeenId]) -> set[SeenId]:
        """See `Store.seen`."""
        with self._lock:
            return {key for key in ids if key in self._seen}

    def history(self, thing: str, since: int, limit: int) -> list[Change]:
        """See `Store.history`."""
        with self._lock:
            later = (change for change in self._changes.get(thing, ()) if change.version > since)
            return list(islice(later, limit))

    def newest(self, thing: str, limit: int) -> list[Change]:
        """See `Store.newest`."""
        with self._lock:
            newest_first = reversed(self._changes.get(thing, ()))
            return list(islice(newest_first, limit))[::-1]

    def moments(self, thing: str, after: datetime, until: datetime, limit: int) -> list[Moment]:
        """See `Store.moments`."""
        return [moment for moment in self._moments(thing) if after < moment.at <= until][:limit]

    def moments_at(self, thing: str, times: Sequence[datetime]) -> list[Moment | None]:
        """See `Store.moments_at`."""
        moments = self._moments(thing)
        counts = [bisect_right(moments, time, key=lambda moment: moment.at) for time in times]
        return [moments[count - 1] if count else None for count in counts]

    def changes(self, thing: str, versions: Collection[int]) -> list[Change]:
        """See `Store.changes`."""
        wanted = set(versions)
        with self._lock:
            return [change for change in self._changes.get(thing, ()) if change.version in wanted]

    def oldest(self, thing: str) -> datetime | None:
        """See `Store.oldest`."""
        return next((moment.at for moment in self._moments(thing)), None)

    def forget(self, thing: str, before: datetime, limit: int) -> int:
        """See `Store.forget`."""
        over = [moment.version for moment in self._moments(thing) if moment.at <= before][:-1]
        with self._lock:
            kept = self._changes.get(thing, deque())
            gone = [version for version in over if version != kept[-1].version][:limit]
            if gone:
                self._changes[thing] = deque((c for c in kept if c.version not in set(gone)), HISTORY_LENGTH)
        return len(gone)

    def rejected(self, limit: int, before: int | None = None) -> list[Rejected]:
        """See `Store.rejected`."""
        with self._lock:
            newest_first = reversed(self._rejected.values())
            return list(islice((m for m in newest_first if before is None or m.number < before), limit))

    def rejected_message(self, number: int) -> Rejected | None:
        """See `Store.rejected_message`."""
        with self._lock:
            return self._rejected.get(number)

    def check(self) -> None:
        """See `Store.check`: memory does not fail."""

    def close(self) -> None:
        """See `Store.close`: there is nothing to let go of."""

    def _moments(self, thing: str) -> list[Moment]:
        with self._lock:
            found = [Moment(change.at, change.version, change.state) for change in self._changes.get(thing, ())]
        return sorted(found, key=lambda moment: (moment.at, moment.version))

    def _remember(self, ids: Collection[SeenId], at: datetime) -> None:
        for key in ids:
            self._seen[key] = at
        while self._seen and at - self._seen[next(iter(self._seen))] > SEEN_FOR:
            del self._seen[next(iter(self._seen))]

    def _set_aside(self, message: Rejected) -> None:
        if message.message_id is not None:
            key = (message.source, message.message_id)
            if key in self._set_aside_ids:
                return
            self._set_aside_ids.add(key)
        self._number += 1
        self._rejected[self._number] = replace(message, number=self._number)

    def _forget_rejected(self, number: int) -> None:
        message = self._rejected.pop(number, None)
        if message is not None and message.message_id is not None:
            self._set_aside_ids.discard((message.source, message.message_id))
