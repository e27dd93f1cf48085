"""Keeps one watcher running: a thread of its own, restarted with backoff, its health in plain words."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from windsock import condition
from windsock.errors import WindsockError
from windsock.times import Clock
from windsock.watcher import Watcher

log = logging.getLogger("windsock.supervisor")

FIRST_DELAY, LONGEST_DELAY = 0.5, 10.0
"""Seconds before the first try after a failure, doubled at each further one, and the most it comes to."""
HANGING_AFTER = 30.0
"""Seconds after which a source that neither answers nor sleeps is called failing."""
FIRST_ANSWER_WITHIN = 3.0
"""The same before the first answer: until then, what is shown is from an earlier run."""


@dataclass(frozen=True, slots=True)
class Health:
    """How a source is: ``starting`` until the first look succeeds; ``reason`` where it fails."""

    source: str
    things: tuple[str, ...]
    status: Literal["starting", "ok", "failing", "stopped"]
    since: datetime
    reason: str | None = None
    failures: int = 0


OnHealth = Callable[[Health], None]


def backoff(failures: int, chance: float) -> float:
    """Seconds to wait after so many failures in a row: doubling, with jitter (``chance`` from 0 to 1) by half."""
    delay = min(FIRST_DELAY * 2.0 ** min(failures - 1, 10), LONGEST_DELAY)
    return delay * (0.5 + chance / 2)


class Supervisor:
    """Runs ``watcher`` in one native thread until `stop`. Nothing that the watcher raises ends the thread."""

    def __init__(
        self,
        watcher: Watcher,
        clock: Clock,
        on_health: OnHealth,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._watcher = watcher
        self.encoding = watcher.source.encoding
        self._clock = clock
        self._on_health = on_health
        self._chance = chance
        self._wake = threading.Event()
        self._stopping = False
        # When the watcher last began something that is not sleep; None while it sleeps.
        self._busy_since: float | None = None
        self._health_lock = threading.RLock()
        self.failed = 0
        """How often it failed, since it was made."""
        self.health = Health(watcher.source.name, watcher.things, "starting", clock())
        self._thread = threading.Thread(target=self._run, name=f"windsock-watcher {watcher.source.name}", daemon=True)

    def start(self) -> None:
        """Start the thread. Once."""
        self._thread.start()

    def wake(self) -> None:
        """End the watcher's sleep, for there may be something to do earlier than it knew."""
        self._wake.set()

    def stop(self) -> None:
        """Ask the thread to end; it does at its next sleep, or after the look that it is in. See `join`."""
        self._stopping = True
        self._wake.set()

    def join(self, timeout: float) -> bool:
        """Wait for the thread to end; False if it did not in so many seconds."""
        if self._thread is threading.current_thread():
            return True  # a watched function may stop everything: its thread ends when it returns
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def check(self) -> None:
        """Notice a watcher that hangs in its source. Called from another thread, now and then."""
        with self._health_lock:  # so that an answer that comes just now is not overruled
            patience = FIRST_ANSWER_WITHIN if self.health.status == "starting" else HANGING_AFTER
            busy_since = self._busy_since
            if busy_since is not None and time.monotonic() - busy_since > patience:
                self.failed += self._set("failing", condition.hangs(patience))

    def _run(self) -> None:
        failures = 0
        while not self._stopping:
            try:
                self._busy_since = time.monotonic()
                self._watcher.source.open()
                while not self._stopping:
                    self._busy_since = time.monotonic()
                    self._watcher.step(self._wait)
                    failures = 0
                    self._set("ok")
            except BaseException as error:  # noqa: BLE001  # a user's function may even raise SystemExit
                failures += 1
                self._fail(error, failures)
            finally:
                self._busy_since = None
                self._close()
            if failures:
                self._pause(backoff(failures, self._chance()))
        self._set("stopped")

    def _pause(self, seconds: float) -> None:
        """Leave a failing source alone: there is nothing that `wake` could be early for."""
        until = time.monotonic() + seconds
        while not self._stopping and (left := until - time.monotonic()) > 0:
            self._wait(left)
        self._busy_since = None

    def _wait(self, seconds: float) -> bool:
        self._busy_since = None
        self._wake.wait(max(seconds, 0))
        self._wake.clear()
        self._busy_since = time.monotonic()
        return self._stopping

    def _fail(self, error: BaseException, failures: int) -> None:
        with self._health_lock:
            self.failed += 1
        known = isinstance(error, WindsockError)
        reason = condition.reason(error, self.health.source)
        if self._set("failing", reason, failures):
            # A failure of somebody's code comes with its traceback; one that Windsock understands does not.
            log.error("%s fails and is tried again: %s", self.health.source, reason, exc_info=not known)

    def _close(self) -> None:
        try:
            self._watcher.source.close()
        except Exception:
            log.debug("closing %s failed", self.health.source, exc_info=True)

    def _set(self, status: Literal["ok", "failing", "stopped"], reason: str | None = None, failures: int = 0) -> bool:
        """Move the health and tell of it, in this order for all threads; True if that is news."""
        with self._health_lock:
            old = self.health
            news = (old.status, old.reason) != (status, reason)
            since = old.since if old.status == status else self._clock()
            self.health = Health(old.source, old.things, status, since, reason, failures)
            if news:
                self._on_health(self.health)
        if news and status == "ok" and old.status == "failing":
            log.info("%s can be read again", self.health.source)
        return news
