"""Forgets what is older than is to be kept: a few changes at a time, so that nobody waits for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from datetime import timedelta

from windsock.errors import StoreError
from windsock.model import ThingSpec
from windsock.store import Store
from windsock.times import Clock

log = logging.getLogger("windsock.retention")

EVERY = 60.0
"""Seconds between two rounds."""
BATCH = 200
"""How many changes are forgotten in one transaction; a watcher waits for one at most."""
PAUSE = 0.02
"""Seconds between two transactions, for all who want to write."""


class Retention:
    """One background thread, if any thing has a ``keep``. What each was at the oldest time that is kept stays known."""

    def __init__(self, store: Store, specs: Mapping[str, ThingSpec], clock: Clock) -> None:
        self._store = store
        self._keep = {thing: spec.keep for thing, spec in specs.items() if spec.keep is not None}
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="windsock-retention", daemon=True)

    def start(self) -> None:
        """Begin, at once. Once."""
        if self._keep:
            self._thread.start()

    def stop(self) -> None:
        """End it, and wait for the transaction that goes on."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def round(self) -> int:
        """Forget all that is too old now; how many changes there were. Raises StoreError."""
        return sum(self._forget(thing, keep) for thing, keep in self._keep.items())

    def _forget(self, thing: str, keep: timedelta) -> int:
        before, total = self._clock() - keep, 0
        while not self._stopping.is_set():
            count = self._store.forget(thing, before, BATCH)
            total += count
            if count < BATCH:
                break
            self._stopping.wait(PAUSE)
        return total

    def _run(self) -> None:
        while True:
            try:
                if count := self.round():
                    log.debug("forgot %s changes", f"{count:,}")
            except StoreError as error:
                log.warning("old changes could not be forgotten, which is tried again in a minute: %s", error)
            if self._stopping.wait(EVERY):
                return
