"""A connection to SQLite that threads take turns with, and that no forked child inherits."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal


class SharedConnection:
    """Opened at its first use, and at the first use after a fork, before which it is given up.

    That it cannot be opened again, because the disk fails, is thus told to whoever uses it, and never to
    whoever forks; the use after that tries anew.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # Re-entrant, because a signal handler may fork in the middle of a use.
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    @contextmanager
    def use(self, mode: Literal["rw", "rwc"] = "rw") -> Iterator[sqlite3.Connection]:
        """Be alone with the connection. With ``rwc`` a file that is missing is made.

        Raises sqlite3.Error if the connection cannot be opened, or was closed.
        """
        with self._lock:
            if self._closed:
                raise sqlite3.ProgrammingError("Cannot operate on a closed database.")
            if self._connection is None:
                self._connection = _connect(self._path, mode)
            yield self._connection

    def close(self) -> None:
        """Close it for good. Closing twice is fine."""
        with self._lock:
            self._closed = True
            self._give_up()

    def before_fork(self) -> None:
        """Wait for the use that goes on, give the connection up, and let nobody use it until the fork is done."""
        self._lock.acquire()
        self._give_up()

    def after_fork_in_parent(self) -> None:
        """Let it be used again."""
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """It is the parent's, so here it is closed."""
        self._closed = True
        self._lock.release()

    def _give_up(self) -> None:
        given_up, self._connection = self._connection, None
        if given_up is not None:
            with suppress(sqlite3.Error):  # what is committed is in the log, whatever becomes of the disk
                given_up.close()


@contextmanager
def transaction(db: sqlite3.Connection, durable: bool) -> Iterator[None]:
    """All that is done in it, or nothing; ``durable``: it has reached the disk at the end."""
    db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # SQLite itself rolls back after some errors
            db.execute("ROLLBACK")
        raise


def try_to_write(db: sqlite3.Connection) -> None:
    """Write something that means nothing, to the disk."""
    with transaction(db, durable=True):
        db.execute("INSERT OR REPLACE INTO meta VALUES ('checked', ?)", (secrets.token_hex(8),))


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    # isolation_level None: transactions begin and end where the store says so.
    url = f"{path.as_uri()}?mode={mode}"
    return sqlite3.connect(url, uri=True, isolation_level=None, check_same_thread=False, timeout=5)
