"""The tables of the SQLite store, and how a file is known to be one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from windsock.errors import StoreError

APPLICATION_ID = 0x57534F43  # "WSOC"
VERSION = 2

# The two pragmas are part of the first transaction: there is no moment at which the file has tables but
# is not yet known to be ours.
SCHEMA = f"""
BEGIN IMMEDIATE;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE states (
    thing TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    state TEXT,
    data TEXT NOT NULL,
    changed_at INTEGER,
    updated_at INTEGER,
    heard_at INTEGER
) WITHOUT ROWID;
CREATE TABLE changes (
    thing TEXT NOT NULL,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    data TEXT NOT NULL,
    at INTEGER NOT NULL,
    cause TEXT NOT NULL,
    PRIMARY KEY (thing, version)
) WITHOUT ROWID;
CREATE INDEX changes_at ON changes (thing, at, version, state);
CREATE TABLE seen (
    thing TEXT NOT NULL,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (thing, id)
) WITHOUT ROWID;
CREATE INDEX seen_at ON seen (at);
CREATE TABLE rejected (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    message_id TEXT,
    body BLOB NOT NULL,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (source, message_id)
);
COMMIT;
"""


def is_new(path: Path) -> bool:
    """Whether there is nothing in the file yet.

    The head of an existing file is read as bytes (SQLite file format, section 1.3), because opening a
    stranger's database with SQLite may already write beside it.

    Raises StoreError if the file is something else than a Windsock database that this version can use.
    """
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except FileNotFoundError:
        return True
    except OSError as error:
        raise StoreError(f"{path}: cannot be opened: {error.strerror}") from None
    if not head:
        return True
    if len(head) < 100 or not head.startswith(b"SQLite format 3\0"):
        raise StoreError(f"{path}: not a database; nothing in it was changed. Name another file for the store")
    if int.from_bytes(head[68:72], "big") != APPLICATION_ID:
        raise StoreError(f"{path}: a database of another program; nothing in it was changed. Name another file")
    version = int.from_bytes(head[60:64], "big")
    if version > VERSION:
        raise StoreError(
            f"{path}: written by a newer Windsock (schema {version}; this one knows {VERSION}); nothing in it "
            "was changed. Use that version, or name another file"
        )
    return False


def upgrade(connection: sqlite3.Connection) -> None:
    """Bring the tables of an older version to today's, in one transaction; nothing if they are of today."""
    if connection.execute("PRAGMA user_version").fetchone()[0] == VERSION:
        return
    connection.executescript(f"""
        BEGIN IMMEDIATE;
        CREATE INDEX IF NOT EXISTS changes_at ON changes (thing, at, version, state);
        PRAGMA user_version = {VERSION};
        COMMIT;
    """)


def create(connection: sqlite3.Connection) -> None:
    """Make the tables, all in one transaction."""
    connection.executescript(SCHEMA)
