"""A database that something else has written into: what Windsock never writes is told, with where it is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.builders import NOW, change, rejected, state
from windsock.errors import StoreError
from windsock.store import Batch, SqliteStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with one state, one change and one message set aside."""
    path = tmp_path / "windsock.db"
    with closing(SqliteStore(path)) as store:
        store.commit(Batch(NOW, (state(),), (change(),), rejected=(rejected(b"x", "m-1"),)))
    return path


def tamper(path: Path, what: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"UPDATE {what}")


def read_all(path: Path) -> None:
    with closing(SqliteStore(path)) as store:
        store.states()
        store.history("cloud", 0, 9)
        store.rejected(9)


def test_an_undamaged_file_is_read(path: Path) -> None:
    read_all(path)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("states SET data = 'nope'", "states.data: broken JSON: Expecting value (line 1, column 1)"),
        ("states SET data = '[1]'", "states.data must be a JSON object, found '[1]'"),
        ("states SET data = '{\"a\": NaN}'", "states.data: broken JSON: NaN is not a JSON number"),
        ("states SET data = x'7b7d'", "states.data cannot be b'{}'"),
        ("states SET state = 5.5, data = 5", "states.data must be a JSON object, found '5'"),
        ("states SET state = x'ff'", r"states.state cannot be b'\xff'"),
        ("states SET thing = x'00'", r"states.thing cannot be b'\x00'"),
        ("states SET version = 'two'", "states.version must be a whole number everywhere"),
        ("states SET version = 9e999", "states.version must be a whole number everywhere"),
        ("states SET heard_at = 'soon'", "states.heard_at cannot be 'soon'"),
        ("states SET heard_at = 9000000000000000000", "states: 9000000000000000000 is no time"),
        ("changes SET data = '{'", "changes.data: broken JSON"),
        ("changes SET at = 'soon'", "changes.at cannot be 'soon'"),
        ("changes SET cause = x'00'", "changes.cause cannot be"),
        ("rejected SET body = 'text'", "rejected.body cannot be 'text'"),
        ("rejected SET at = 9000000000000000000", "rejected: 9000000000000000000 is no time"),
    ],
)
def test_a_value_that_windsock_never_writes_is_an_error_that_says_where(path: Path, what: str, said: str) -> None:
    tamper(path, what)
    with pytest.raises(StoreError) as caught:
        read_all(path)
    assert f"{path}: the file is damaged: {said}" in str(caught.value)
    assert "Restore a backup, or name another file for the store" in str(caught.value)


def test_one_damaged_message_does_not_hide_the_states(path: Path) -> None:
    tamper(path, "rejected SET body = 'text'")
    with closing(SqliteStore(path)) as store:
        assert ["cloud"] == list(store.states())
