"""Faults inside the server's process, put around its parts from outside: production code knows nothing of them.

`kill_at` ends the process at a step of receive, commit, announce, delete, as a power cut would. `disturb` has the store
and the clock do what a file in the store's folder says, from one moment to the next: see `tell`.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from windsock.hub import Hub
from windsock.sources.azure_queue import AzureQueueSource
from windsock.store.base import Batch
from windsock.store.connection import SharedConnection
from windsock.store.sqlite import SqliteStore
from windsock.times import Clock, utc_now

Wrap = Callable[[Callable[..., Any], Callable[[], None]], Callable[..., Any]]

FILE = "faults.json"
STORE_FAULTS = ("disk full", "no more pages", "read-only", "slow")
SLOW = 0.4
"""Seconds that a slow store takes for a commit."""
_SPARE = 1000
"""Bytes that still fit on a full disk: the first write is torn."""


# --------------------------------------------------------------------------------------------------- killed at


def _before(inner: Callable[..., Any], passed: Callable[[], None]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        if not _empty(arguments[-1]):
            passed()
        return inner(*arguments)

    return call


def _after(inner: Callable[..., Any], passed: Callable[[], None]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        result = inner(*arguments)
        if not _empty(arguments[-1]):
            passed()
        return result

    return call


def _with_result(inner: Callable[..., Any], passed: Callable[[], None]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        result = inner(*arguments)
        if result:
            passed()
        return result

    return call


def _empty(what: object) -> bool:
    """A batch without changes moves only clocks."""
    return isinstance(what, Batch) and not what.changes


STEPS: dict[str, tuple[type, str, Wrap]] = {
    "before receiving": (AzureQueueSource, "receive", _before),
    "received": (AzureQueueSource, "receive", _with_result),
    "before committing": (SqliteStore, "commit", _before),
    "written, not committed": (SqliteStore, "_write", _after),
    "committed, not marked": (SqliteStore, "_mark", _before),
    "committed": (SqliteStore, "commit", _after),
    "before announcing": (Hub, "publish", _before),
    "announced": (Hub, "publish", _after),
    "before deleting": (AzureQueueSource, "delete", _before),
    "between deletions": (AzureQueueSource, "_delete", _after),
    "deleted": (AzureQueueSource, "delete", _after),
}
"""In the order in which a message meets them."""


def kill_at(step: str, count: int) -> None:
    """Have this process killed when it comes to a step the time that ``count`` says."""
    owner, name, wrap = STEPS[step]
    lock, left = threading.Lock(), count

    def passed() -> None:
        nonlocal left
        with lock:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, wrap(getattr(owner, name), passed))


# --------------------------------------------------------------------------------------------------- disturbed


def tell(folder: Path, store: str = "", clock: float = 0.0) -> None:
    """Have the server in ``folder`` suffer one of `STORE_FAULTS`, or none; and its clock be off by so many seconds."""
    new = folder / f"{FILE}.new"
    new.write_text(json.dumps({"store": store, "clock": clock}))
    new.rename(folder / FILE)


class _Orders:
    """What was told last, read again whenever it is new."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._seen = 0
        self._found: dict[str, Any] = {"store": "", "clock": 0.0}

    def __call__(self, name: str) -> Any:
        try:
            changed = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return self._found[name]
        if changed != self._seen:
            self._seen, self._found = changed, json.loads(self._path.read_text())
        return self._found[name]


def disturb(folder: Path) -> Clock:
    """Have the store of this process do as it is told; and a clock that does."""
    orders, real, use, write = _Orders(folder), time.time, SharedConnection.use, SqliteStore._write

    def clock() -> datetime:
        return utc_now() + timedelta(seconds=orders("clock"))

    @contextmanager
    def disturbed(connection: SharedConnection, mode: Literal["rw", "rwc"] = "rw") -> Iterator[sqlite3.Connection]:
        with use(connection, mode) as db:
            _spoil(db, connection._path, orders("store"))
            yield db

    def slowed(store: SqliteStore, db: sqlite3.Connection, batch: Batch) -> None:
        write(store, db, batch)
        if orders("store") == "slow":
            time.sleep(SLOW)

    time.time = lambda: real() + orders("clock")
    SharedConnection.use = disturbed  # type: ignore[method-assign, assignment]
    SqliteStore._write = slowed  # type: ignore[method-assign, assignment]
    return clock


def _spoil(db: sqlite3.Connection, path: Path, fault: str) -> None:
    _limit(path if fault == "disk full" else None)
    pages = db.execute("PRAGMA page_count").fetchone()[0] if fault == "no more pages" else 2**32 - 2
    db.execute(f"PRAGMA max_page_count = {pages}")
    db.execute(f"PRAGMA query_only = {int(fault == 'read-only')}")


def _limit(path: Path | None) -> None:
    """Let no file of this process grow beyond the size of the store's log, as if the disk were full; None: let it."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    log = None if path is None else path.with_name(f"{path.name}-wal")
    most = hard if log is None else (log.stat().st_size if log.exists() else 0) + _SPARE
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
