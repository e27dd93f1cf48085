from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.builders import NOW, at, change
from windsock.store import Batch, SqliteStore
from windsock.store.schema import VERSION


def made_by_version_1(path: Path) -> None:
    """A database with one change, as the first version of the schema had it."""
    store = SqliteStore(path)
    store.commit(Batch(NOW, changes=(change(1),)))
    store.close()
    with closing(sqlite3.connect(path)) as db:
        db.executescript("DROP INDEX changes_at; PRAGMA user_version = 1;")


def test_a_database_of_an_older_version_is_brought_to_todays_and_keeps_what_it_has(tmp_path: Path) -> None:
    made_by_version_1(tmp_path / "windsock.db")
    store = SqliteStore(tmp_path / "windsock.db")
    assert [change(1)] == store.history("cloud", 0, 9)
    assert 1 == len(store.moments("cloud", at(-1), at(1), 9))
    store.close()
    with closing(sqlite3.connect(tmp_path / "windsock.db")) as db:
        assert (VERSION,) == db.execute("PRAGMA user_version").fetchone()
        assert db.execute("SELECT 1 FROM sqlite_master WHERE name = 'changes_at'").fetchone()


def test_moments_are_read_from_their_index_alone(tmp_path: Path) -> None:
    made_by_version_1(tmp_path / "windsock.db")
    SqliteStore(tmp_path / "windsock.db").close()
    with closing(sqlite3.connect(tmp_path / "windsock.db")) as db:
        query = "EXPLAIN QUERY PLAN SELECT at, version, state FROM changes WHERE thing = 'x' AND at <= 5 ORDER BY at"
        assert "USING COVERING INDEX changes_at" in str(db.execute(query).fetchall())
