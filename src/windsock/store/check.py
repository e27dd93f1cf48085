"""Whether a store can be written to, also one that another process has open: for `windsock check`."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from windsock.errors import StoreError, StoreInUse
from windsock.store import SQLITE, open_store
from windsock.store.connection import SharedConnection, try_to_write
from windsock.store.lock import WatchLock


def check_store(url: str, base: Path) -> str | None:
    """Try to write to a store. None: there is none yet, and it can be made; else who has it open, or "".

    Raises ConfigError and StoreError as `open_store` does, but not for a store that is in use.
    """
    path = base / url.removeprefix(SQLITE)
    if url.startswith(SQLITE) and _can_be_made(path):
        return None
    try:
        store = open_store(url, base)
    except StoreInUse as error:
        _check_in_use(path)
        return error.holder
    try:
        store.check()
    finally:
        store.close()
    return ""


def _can_be_made(path: Path) -> bool:
    """Whether there is no file yet, and one may be made. Raises StoreError if a process works on a removed one."""
    path = path.resolve()
    lock = path.with_name(path.name + ".lock")
    if path.exists() or not os.access(path.parent, os.W_OK):
        return False
    if lock.exists():
        try:
            WatchLock(lock).release()
        except StoreInUse as error:
            raise StoreError(
                f"{path}: the file is gone, and {error.holder} goes on with it: what that one is told ends with it. "
                "Stop it, and put a backup in its place"
            ) from None
    return True


def _check_in_use(path: Path) -> None:
    """`SqliteStore.check` of a store that another process has open and goes on using. Raises StoreError."""
    connection = SharedConnection(path.resolve())
    try:
        with connection.use() as db:
            try_to_write(db)
    except sqlite3.Error as error:
        raise StoreError(f"{path}: the store failed: {error}") from error
    finally:
        connection.close()
