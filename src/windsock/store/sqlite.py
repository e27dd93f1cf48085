"""``sqlite:///…``: a store in one file, durable at every change.

Write-ahead log with ``synchronous=FULL``: a commit returns after fsync, so what is committed survives SIGKILL
and power loss. One connection writes, alone; another reads, so history never holds up a watcher.
"""

from __future__ import annotations

import logging
import os
import secrets
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from windsock.errors import StoreError
from windsock.model import Change, Moment, Rejected, State
from windsock.store import forks, rows, schema
from windsock.store.base import KEPT_REJECTED, SEEN_FOR, Batch, SeenId
from windsock.store.connection import SharedConnection, transaction, try_to_write
from windsock.store.lock import WatchLock
from windsock.times import to_milliseconds

log = logging.getLogger("windsock.store")

T = TypeVar("T")

_PRUNE_EVERY = 1000  # commits

# What was over before a time: all up to the last change until then, but for that one and the newest.
_FORGET = """
WITH last AS (
    SELECT at, version FROM changes WHERE thing = :thing AND at <= :before ORDER BY at DESC, version DESC LIMIT 1
)
DELETE FROM changes WHERE thing = :thing AND version IN (
    SELECT version FROM changes
    WHERE thing = :thing AND at <= :before AND (at, version) < (SELECT at, version FROM last)
        AND version < (SELECT max(version) FROM changes WHERE thing = :thing)
    ORDER BY at, version LIMIT :limit
)
"""


class SqliteStore:
    """Opening it makes the file if there is none, and takes the watch lock.

    A fork leaves it open in the parent and closed in the child. Raises StoreInUse if another process holds the
    lock, and StoreError if the file is no Windsock database, is of a newer schema, or cannot be written;
    nothing is changed in it then.
    """

    def __init__(self, path: Path) -> None:
        self.path, lock = _places(path)
        self._writer, self._reader = SharedConnection(self.path), SharedConnection(self.path)
        self._commits = 0
        with forks.held_off(), ExitStack() as undone_on_failure:
            # Before the file is looked into: to close a file takes away all locks that this process has on it, so
            # also those of a store that is open here already, and then another program may remove its log.
            self._lock = WatchLock(lock)
            undone_on_failure.callback(self._lock.release)
            undone_on_failure.callback(self._writer.close)
            self.epoch = self._open()
            undone_on_failure.pop_all()
            forks.tell(self)

    def states(self) -> dict[str, State]:
        """See `Store.states`."""
        states = self._read(lambda row: rows.to_state(row, self.epoch), rows.STATES)
        return {state.thing: state for state in states}

    def commit(self, batch: Batch) -> None:
        """See `Store.commit`.

        A batch that only moves ``heard_at`` is not waited for to reach the disk: after a power loss that clock
        may be a little behind, which the next reading mends.
        """
        durable = bool(batch.changes or batch.seen or batch.rejected or batch.resolved)
        with self._alone(self._writer) as db:
            with transaction(db, durable):
                self._write(db, batch)
                total = self._total(db)
            if batch.changes:
                self._mark(total)  # still alone, so that marks are set in the order of commits

    def seen(self, ids: Collection[SeenId]) -> set[SeenId]:
        """See `Store.seen`."""
        query = "SELECT 1 FROM seen WHERE thing = ? AND id = ?"
        return {key for key in ids if self._read(bool, query, key)}

    def history(self, thing: str, since: int, limit: int) -> list[Change]:
        """See `Store.history`."""
        query = f"{rows.CHANGES} WHERE thing = ? AND version > ? ORDER BY version LIMIT ?"
        return self._read(rows.to_change, query, (thing, since, limit))

    def newest(self, thing: str, limit: int) -> list[Change]:
        """See `Store.newest`."""
        query = f"{rows.CHANGES} WHERE thing = ? ORDER BY version DESC LIMIT ?"
        return self._read(rows.to_change, query, (thing, limit))[::-1]

    def moments(self, thing: str, after: datetime, until: datetime, limit: int) -> list[Moment]:
        """See `Store.moments`."""
        query = f"{rows.MOMENTS} WHERE thing = ? AND at > ? AND at <= ? ORDER BY at, version LIMIT ?"
        return self._read(rows.to_moment, query, (thing, to_milliseconds(after), to_milliseconds(until), limit))

    def moments_at(self, thing: str, times: Sequence[datetime]) -> list[Moment | None]:
        """See `Store.moments_at`."""
        query = f"{rows.MOMENTS} WHERE thing = ? AND at <= ? ORDER BY at DESC, version DESC LIMIT 1"
        with self._alone(self._reader) as db:
            found = [db.execute(query, (thing, to_milliseconds(time))).fetchone() for time in times]
        with self._errors():
            return [rows.to_moment(row) if row else None for row in found]

    def changes(self, thing: str, versions: Collection[int]) -> list[Change]:
        """See `Store.changes`."""
        query = f"{rows.CHANGES} WHERE thing = ? AND version = ?"
        with self._alone(self._reader) as db:
            found = [row for version in sorted(set(versions)) for row in db.execute(query, (thing, version))]
        with self._errors():
            return [rows.to_change(row) for row in found]

    def oldest(self, thing: str) -> datetime | None:
        """See `Store.oldest`."""
        query = f"{rows.MOMENTS} WHERE thing = ? ORDER BY at, version LIMIT 1"
        return next((moment.at for moment in self._read(rows.to_moment, query, (thing,))), None)

    def forget(self, thing: str, before: datetime, limit: int) -> int:
        """See `Store.forget`. It is one short transaction, which is not waited for to reach the disk."""
        with self._alone(self._writer) as db, transaction(db, durable=False):
            db.execute(_FORGET, {"thing": thing, "before": to_milliseconds(before), "limit": limit})
            return int(db.execute("SELECT changes()").fetchone()[0])

    def rejected(self, limit: int, before: int | None = None) -> list[Rejected]:
        """See `Store.rejected`."""
        below = 2**63 - 1 if before is None else before
        query = f"{rows.REJECTED} WHERE number < ? ORDER BY number DESC LIMIT ?"
        return self._read(rows.to_rejected, query, (below, limit))

    def rejected_message(self, number: int) -> Rejected | None:
        """See `Store.rejected_message`."""
        return next(iter(self._read(rows.to_rejected, f"{rows.REJECTED} WHERE number = ?", (number,))), None)

    def check(self) -> None:
        """See `Store.check`."""
        with self._alone(self._writer) as db:
            try_to_write(db)

    def close(self) -> None:
        """See `Store.close`."""
        with forks.held_off():
            self._reader.close()
            self._writer.close()  # the last connection: SQLite empties the write-ahead log and removes it
            self._lock.release()

    def before_fork(self) -> None:
        """See `Forking`."""
        self._writer.before_fork()
        self._reader.before_fork()

    def after_fork_in_parent(self) -> None:
        """See `Forking`."""
        self._reader.after_fork_in_parent()
        self._writer.after_fork_in_parent()

    def after_fork_in_child(self) -> None:
        """See `Forking`. The child has the lock's file open too, and would hold the lock after the parent's end."""
        self._reader.after_fork_in_child()
        self._writer.after_fork_in_child()
        self._lock.release()

    def _open(self) -> str:
        """Make the tables if there are none; the epoch."""
        new = schema.is_new(self.path)
        with self._errors(), self._writer.use("rwc" if new else "rw") as db:
            db.execute("PRAGMA synchronous = FULL")
            if new:
                schema.create(db)
            db.execute("PRAGMA journal_mode = WAL")
            if not new:
                schema.upgrade(db)
            return self._open_epoch(db)

    def _open_epoch(self, db: sqlite3.Connection) -> str:
        """The epoch of the file, or a new one if its history is not the one that went on here.

        The mark beside the store says how many changes were committed. A file with fewer, or with changes but
        without its mark, is a restored or foreign copy: viewers have seen versions that it will give out anew.
        """
        total, mark = self._total(db), self._lock.mark()
        found = db.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
        if found and (total == 0 if mark is None else total >= mark):
            epoch = str(found[0])
        else:
            epoch = secrets.token_hex(8)
            db.execute("INSERT OR REPLACE INTO meta VALUES ('epoch', ?)", (epoch,))
        self._lock.set_mark(total)
        return epoch

    def _write(self, db: sqlite3.Connection, batch: Batch) -> None:
        db.executemany("INSERT OR REPLACE INTO states VALUES (?, ?, ?, ?, ?, ?, ?)", map(rows.from_state, batch.states))
        db.executemany("INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?)", map(rows.from_change, batch.changes))
        at = to_milliseconds(batch.at)
        db.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", [(*key, at) for key in batch.seen])
        db.executemany(
            "INSERT OR IGNORE INTO rejected (source, message_id, body, reason, at) VALUES (?, ?, ?, ?, ?)",
            map(rows.from_rejected, batch.rejected),
        )
        db.executemany("DELETE FROM rejected WHERE number = ?", [(number,) for number in batch.resolved])
        if batch.rejected:
            _forget_oldest_rejected(db)
        self._prune(db, batch.at)

    def _mark(self, total: int) -> None:
        """Write down how far the store has come. That it cannot be is no failed commit: the batch is durable."""
        try:
            self._lock.set_mark(total)
        except StoreError as error:
            log.warning("a restored backup might not be noticed: %s", error)

    def _prune(self, db: sqlite3.Connection, now: datetime) -> None:
        if self._commits % _PRUNE_EVERY == 0:
            db.execute("DELETE FROM seen WHERE at < ?", (to_milliseconds(now - SEEN_FOR),))
        self._commits += 1

    def _read(self, decode: Callable[[rows.Row], T], query: str, values: tuple[Any, ...] = ()) -> list[T]:
        with self._alone(self._reader) as db:
            found = db.execute(query, values).fetchall()
        with self._errors():
            return [decode(row) for row in found]

    @staticmethod
    def _total(db: sqlite3.Connection) -> int:
        total = db.execute("SELECT coalesce(sum(version), 0) FROM states").fetchone()[0]
        if not isinstance(total, int):
            raise rows.Damaged("states.version must be a whole number everywhere")
        return total

    @contextmanager
    def _alone(self, connection: SharedConnection) -> Iterator[sqlite3.Connection]:
        with self._errors(), connection.use() as db:
            yield db

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: the store failed: {error}") from error
        except rows.Damaged as error:
            advice = "Restore a backup, or name another file for the store"
            raise StoreError(f"{self.path}: the file is damaged: {error}. {advice}") from error


def _forget_oldest_rejected(db: sqlite3.Connection) -> None:
    excess = db.execute("SELECT count(*) FROM rejected").fetchone()[0] - KEPT_REJECTED
    if excess > 0:
        db.execute(
            "DELETE FROM rejected WHERE number IN (SELECT number FROM rejected ORDER BY number LIMIT ?)", (excess,)
        )


def _places(path: Path) -> tuple[Path, Path]:
    """The store's file behind all symbolic links, and its lock: a file with two names is still one store."""
    try:
        path = path.resolve()
        lock = path.with_name(path.name + ".lock")
        _check_writable(path)
        if not lock.exists():
            schema.is_new(path)  # raises here, so that no lock is left beside a stranger's file
    except (OSError, RuntimeError, ValueError) as error:  # a NUL byte, links in a circle, a name that is too long
        raise StoreError(f"{str(path)!r}: cannot be the file of a store: {error}") from None
    return path, lock


def _check_writable(path: Path) -> None:
    new = not path.exists()
    if new and not path.parent.is_dir():
        raise StoreError(f"{path}: there is no folder {path.parent}; make it, or name another file")
    for place in [path.parent] if new else [path, path.parent]:
        if not os.access(place, os.W_OK):
            raise StoreError(f"{path}: read-only, as {place} may not be written; nothing was changed")
