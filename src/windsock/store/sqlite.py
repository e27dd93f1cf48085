"""``sqlite:///…``: a store in one file, durable at every change.

Write-ahead log with ``synchronous=FULL``: a commit returns after fsync, so what is committed survives SIGKILL
and power loss. One connection writes, under a lock; another reads, so history never holds up a watcher.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import sqlite3
import threading
from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from windsock.errors import StoreError
from windsock.jsontext import canonical
from windsock.model import Change, Position, Rejected, State
from windsock.store import schema
from windsock.store.base import SEEN_FOR, Batch, SeenId
from windsock.store.lock import WatchLock
from windsock.times import from_milliseconds, to_milliseconds

log = logging.getLogger("windsock.store")

_PRUNE_EVERY = 1000  # commits
_CHANGE = "SELECT thing, version, state, data, at, cause FROM changes WHERE thing = ?"
_REJECTED = "SELECT number, source, message_id, body, reason, at FROM rejected"


class SqliteStore:
    """Opening it makes the file if there is none, and takes the watch lock.

    Raises StoreInUse if another process holds the lock, and StoreError if the file is no Windsock database, is
    of a newer schema, or cannot be written; nothing is changed in it then.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        _check_writable(path)
        lock = path.with_name(path.name + ".lock")
        if not lock.exists():
            schema.is_new(path)  # raises here, so that no lock is left beside a stranger's file
        # Before the file is looked into: to close a file takes away all locks that this process has on it, so
        # also those of a store that is open here already, and then another program may remove its log.
        self._lock = WatchLock(lock)
        self._writing, self._reading = threading.RLock(), threading.Lock()
        self._commits = 0
        with ExitStack() as undone_on_failure, self._errors():
            undone_on_failure.callback(self._lock.release)
            new = schema.is_new(path)
            self._writer = undone_on_failure.enter_context(closing(_connect(path)))
            self._writer.execute("PRAGMA synchronous = FULL")
            if new:
                schema.create(self._writer)
            self._writer.execute("PRAGMA journal_mode = WAL")
            self._reader = undone_on_failure.enter_context(closing(_connect(path)))
            self.epoch = self._open_epoch()
            undone_on_failure.pop_all()

    def states(self) -> dict[str, State]:
        """See `Store.states`."""
        rows = self._read("SELECT thing, version, state, data, changed_at, updated_at, heard_at FROM states")
        return {row[0]: self._state(row) for row in rows}

    def commit(self, batch: Batch) -> None:
        """See `Store.commit`.

        A batch that only moves ``heard_at`` is not waited for to reach the disk: after a power loss that clock
        may be a little behind, which the next reading mends.
        """
        durable = bool(batch.changes or batch.seen or batch.rejected or batch.resolved)
        with self._writing:
            with self._transaction(durable) as db:
                self._write(db, batch)
                total = _total(db)
            if batch.changes:
                self._mark(total)  # still alone, so that marks are set in the order of commits

    def seen(self, ids: Collection[SeenId]) -> set[SeenId]:
        """See `Store.seen`."""
        query = "SELECT 1 FROM seen WHERE thing = ? AND id = ?"
        return {key for key in ids if self._read(query, key)}

    def history(self, thing: str, since: int, limit: int) -> list[Change]:
        """See `Store.history`."""
        rows = self._read(f"{_CHANGE} AND version > ? ORDER BY version LIMIT ?", (thing, since, limit))
        return [_change(row) for row in rows]

    def newest(self, thing: str, limit: int) -> list[Change]:
        """See `Store.newest`."""
        rows = self._read(f"{_CHANGE} ORDER BY version DESC LIMIT ?", (thing, limit))
        return [_change(row) for row in reversed(rows)]

    def rejected(self, limit: int, before: int | None = None) -> list[Rejected]:
        """See `Store.rejected`."""
        below = 2**63 - 1 if before is None else before
        rows = self._read(f"{_REJECTED} WHERE number < ? ORDER BY number DESC LIMIT ?", (below, limit))
        return [_rejected(row) for row in rows]

    def rejected_message(self, number: int) -> Rejected | None:
        """See `Store.rejected_message`."""
        rows = self._read(f"{_REJECTED} WHERE number = ?", (number,))
        return _rejected(rows[0]) if rows else None

    def check(self) -> None:
        """See `Store.check`."""
        with self._transaction(durable=True) as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES ('checked', ?)", (secrets.token_hex(8),))

    def close(self) -> None:
        """See `Store.close`."""
        with self._writing, self._reading:
            self._reader.close()
            self._writer.close()  # the last connection: SQLite empties the write-ahead log and removes it
            self._lock.release()

    def _open_epoch(self) -> str:
        """The epoch of the file, or a new one if its history is not the one that went on here.

        The mark beside the store says how many changes were committed. A file with fewer, or with changes but
        without its mark, is a restored or foreign copy: viewers have seen versions that it will give out anew.
        """
        total, mark = _total(self._writer), self._lock.mark()
        found = self._writer.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()
        if found and (total == 0 if mark is None else total >= mark):
            epoch = str(found[0])
        else:
            epoch = secrets.token_hex(8)
            self._writer.execute("INSERT OR REPLACE INTO meta VALUES ('epoch', ?)", (epoch,))
        self._lock.set_mark(total)
        return epoch

    def _write(self, db: sqlite3.Connection, batch: Batch) -> None:
        db.executemany("INSERT OR REPLACE INTO states VALUES (?, ?, ?, ?, ?, ?, ?)", map(_state_row, batch.states))
        db.executemany("INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?)", map(_change_row, batch.changes))
        at = to_milliseconds(batch.at)
        db.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", [(*key, at) for key in batch.seen])
        db.executemany(
            "INSERT OR IGNORE INTO rejected (source, message_id, body, reason, at) VALUES (?, ?, ?, ?, ?)",
            map(_rejected_row, batch.rejected),
        )
        db.executemany("DELETE FROM rejected WHERE number = ?", [(number,) for number in batch.resolved])
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

    @contextmanager
    def _transaction(self, durable: bool) -> Iterator[sqlite3.Connection]:
        with self._writing, self._errors():
            db = self._writer
            db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:  # SQLite itself rolls back after some errors
                    db.execute("ROLLBACK")
                raise

    def _read(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with self._reading, self._errors():
            return self._reader.execute(query, values).fetchall()

    def _state(self, row: tuple[Any, ...]) -> State:
        thing, version, state, data, *times = row
        changed, updated, heard = (None if time is None else from_milliseconds(time) for time in times)
        return State(thing, Position(self.epoch, version), state, json.loads(data), changed, updated, heard)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: the store failed: {error}") from error


def _connect(path: Path) -> sqlite3.Connection:
    # isolation_level None: transactions begin and end where this module says so.
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)


def _check_writable(path: Path) -> None:
    new = not path.exists()
    if new and not path.parent.is_dir():
        raise StoreError(f"{path}: there is no folder {path.parent}; make it, or name another file")
    for place in [path.parent] if new else [path, path.parent]:
        if not os.access(place, os.W_OK):
            raise StoreError(f"{path}: read-only, as {place} may not be written; nothing was changed")


def _total(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT coalesce(sum(version), 0) FROM states").fetchone()[0])


def _milliseconds(time: datetime | None) -> int | None:
    return None if time is None else to_milliseconds(time)


def _state_row(state: State) -> tuple[Any, ...]:
    times = map(_milliseconds, (state.changed_at, state.updated_at, state.heard_at))
    return (state.thing, state.position.version, state.state, canonical(state.data), *times)


def _change_row(change: Change) -> tuple[Any, ...]:
    at = to_milliseconds(change.at)
    return (change.thing, change.version, change.state, canonical(change.data), at, change.cause)


def _change(row: tuple[Any, ...]) -> Change:
    thing, version, state, data, at, cause = row
    return Change(thing, version, state, json.loads(data), from_milliseconds(at), cause)


def _rejected_row(message: Rejected) -> tuple[Any, ...]:
    return (message.source, message.message_id, message.body, message.reason, to_milliseconds(message.at))


def _rejected(row: tuple[Any, ...]) -> Rejected:
    number, source, message_id, body, reason, at = row
    return Rejected(source, body, reason, from_milliseconds(at), message_id, number)
