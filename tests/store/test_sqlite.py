from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.builders import NOW, at, change, next_line, process, rejected, state, unknown
from windsock.errors import StoreError, StoreInUse
from windsock.model import Position, State
from windsock.store import Batch, SqliteStore, open_store
from windsock.store.base import SEEN_FOR
from windsock.store.schema import APPLICATION_ID, VERSION

COMMITTING = """
import sys
from pathlib import Path
from typing import Any
from tests.builders import NOW, change, state
from windsock.store import Batch, SqliteStore
store = SqliteStore(Path(sys.argv[1]))
print(store.epoch, flush=True)
version = 0
while True:
    version += 1
    store.commit(Batch(NOW, (state("HUGGING", version),), (change(version),), (("cloud", str(version)),)))
    print(version, flush=True)
"""

LOOKING = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
print(database.execute("SELECT max(version) FROM changes").fetchone()[0])
database.close()
print("closed", flush=True)
"""

HOLDING = """
import sys
from pathlib import Path
from typing import Any
from windsock.store import SqliteStore
store = SqliteStore(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "windsock.db"


@contextmanager
def opened(path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(path)) as store:
        yield store


def hugging(store: SqliteStore, version: int) -> Batch:
    """The batch that makes a thing's next version."""
    new = replace(state("HUGGING", version), position=Position(store.epoch, version))
    return Batch(NOW, (new,), (change(version),))


def filled(path: Path, versions: int = 1) -> str:
    """A database with so many versions; its epoch."""
    with opened(path) as store:
        for version in range(1, versions + 1):
            store.commit(hugging(store, version))
        return store.epoch


def epoch_of(path: Path) -> str:
    with opened(path) as store:
        return store.epoch


def refusal(path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        SqliteStore(path)
    return str(caught.value)


def is_open(path: Path) -> bool:
    """Whether this process has the file open."""
    return str(path) in [file.path for file in psutil.Process().open_files()]


def pragma(store: SqliteStore, name: str) -> object:
    """A setting of the connection that writes."""
    with store._writer.use() as db:
        return db.execute(f"PRAGMA {name}").fetchone()[0]


def contents(folder: Path) -> dict[str, str]:
    """Every file of a folder, with a hash of its bytes."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir() if file.is_file()}


def mount(*arguments: object) -> None:
    """Mount something, or skip the test with the reason."""
    command = ["mount", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{' '.join(command)}: {done.stderr.strip()}")


def unmount(place: Path) -> None:
    # Lazily, so that a test that fails with a file still open does not leave the place mounted.
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 256 kB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a disk that is small enough to be filled")
    place = tmp_path / "disk"
    place.mkdir()
    mount("-t", "tmpfs", "-o", "size=256k", "windsock-test", place)
    yield place
    unmount(place)


@contextmanager
def read_only(place: Path) -> Iterator[None]:
    """A file or folder that may not be written, not even by root, to whom permissions say nothing."""
    if os.geteuid() != 0:
        place.chmod(0o555)
        yield
        place.chmod(0o755)
        return
    mount("--bind", place, place)
    try:
        mount("-o", "remount,bind,ro", place)
        yield
    finally:
        unmount(place)


def fill(folder: Path) -> Path:
    """Leave no room on a disk."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return filler


# ------------------------------------------------------------------------------------- what survives


def test_all_that_was_committed_is_there_after_reopening(path: Path) -> None:
    data: dict[str, Any] = {"by": "Zoë", "n": [1, 0.5, None]}
    cloud, door = state("HUGGING", 2, at(-60), data=data, heard_at=at(0.123)), unknown("door")
    with opened(path) as store:
        cloud, door = (replace(one, position=Position(store.epoch, one.position.version)) for one in (cloud, door))
        store.commit(
            Batch(NOW, (cloud, door), (change(1), change(2, **data)), (("cloud", "m-1"),), (rejected(b"\xff", "m-2"),))
        )
    with opened(path) as store:
        assert {"cloud": cloud, "door": door} == store.states()
        assert [change(1), change(2, **data)] == store.history("cloud", 0, 9)
        assert {("cloud", "m-1")} == store.seen([("cloud", "m-1"), ("cloud", "m-2")])
        assert [replace(rejected(b"\xff", "m-2"), number=1)] == store.rejected(9)


def test_a_clock_that_moved_alone_is_there_after_reopening(path: Path) -> None:
    filled(path)
    with opened(path) as store:
        (known,) = store.states().values()
        store.commit(Batch(NOW, (replace(known, heard_at=at(5)),)))
    with opened(path) as store:
        assert replace(known, heard_at=at(5)) == store.states()["cloud"]


def test_numbers_of_messages_set_aside_are_not_given_again_after_reopening(path: Path) -> None:
    with opened(path) as store:
        store.commit(Batch(NOW, rejected=(rejected(b"1"),)))
        store.commit(Batch(NOW, resolved=(1,)))
    with opened(path) as store:
        store.commit(Batch(NOW, rejected=(rejected(b"2"),)))
        assert 2 == store.rejected(1)[0].number


def test_ids_are_forgotten_when_no_queue_can_deliver_them_again(path: Path) -> None:
    with opened(path) as store:
        store.commit(Batch(NOW, seen=(("cloud", "a"),)))
    with opened(path) as store:
        store.commit(Batch(NOW + SEEN_FOR + (at(1) - NOW), seen=(("cloud", "b"),)))
        assert {("cloud", "b")} == store.seen([("cloud", "a"), ("cloud", "b")])


def test_a_killed_process_leaves_exactly_what_it_committed(path: Path) -> None:
    with process(COMMITTING, path) as committing:
        epoch = next_line(committing)
        for _ in range(50):
            next_line(committing)
        committing.send_signal(signal.SIGKILL)
        assert committing.stdout is not None
        told = committing.stdout.read().split()
        last = int(told[-1]) if told else 50
    with opened(path) as store:
        versions = [one.version for one in store.history("cloud", 0, 10**6)]
        assert list(range(1, len(versions) + 1)) == versions
        assert len(versions) in (last, last + 1)  # it may have been killed between a commit and its word
        assert (epoch, len(versions)) == (store.epoch, store.states()["cloud"].position.version)
        assert len(versions) == len(store.seen([("cloud", str(version)) for version in range(1, len(versions) + 2)]))


def test_a_batch_that_fails_halfway_leaves_nothing(path: Path) -> None:
    filled(path)
    with opened(path) as store:
        before = store.states()
        twice = (state("SHAKING", 2),), (change(2), change(1)), (("cloud", "m"),), (rejected(),)
        with pytest.raises(StoreError, match="the store failed: UNIQUE constraint failed"):
            store.commit(Batch(NOW, *twice))
        assert (before, [change(1)]) == (store.states(), store.history("cloud", 0, 9))
        assert (set(), []) == (store.seen([("cloud", "m")]), store.rejected(9))
        store.commit(hugging(store, 2))


def test_a_batch_of_what_cannot_be_stored_leaves_nothing_and_the_next_goes_on(path: Path) -> None:
    filled(path)
    with opened(path) as store:
        with pytest.raises(UnicodeEncodeError):
            store.commit(Batch(NOW, changes=(change(2),), seen=(("cloud", "\ud800"),)))
        store.commit(hugging(store, 2))
        assert 2 == store.newest("cloud", 1)[0].version


def test_commits_wait_for_the_disk(path: Path) -> None:
    with opened(path) as store:
        store.commit(hugging(store, 1))
        assert ("wal", 2) == (pragma(store, "journal_mode"), pragma(store, "synchronous"))


def test_a_batch_that_only_moves_a_clock_does_not_wait_for_the_disk(path: Path) -> None:
    with opened(path) as store:
        store.commit(Batch(NOW, (state(),)))
        assert 1 == pragma(store, "synchronous")
        store.check()
        assert 2 == pragma(store, "synchronous")


def test_a_store_that_was_closed_says_so(path: Path) -> None:
    store = SqliteStore(path)
    store.close()
    with pytest.raises(StoreError, match="closed database"):
        store.states()
    with pytest.raises(StoreError, match="closed database"):
        store.commit(Batch(NOW, (state(),)))


def test_a_closed_store_leaves_no_log_beside_it(path: Path) -> None:
    filled(path)
    assert {"windsock.db", "windsock.db.lock"} == set(contents(path.parent))


def test_the_file_is_known_to_be_ours_and_of_this_schema(path: Path) -> None:
    filled(path)
    with closing(sqlite3.connect(path)) as db:
        pragmas = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    assert [APPLICATION_ID, VERSION] == pragmas


def test_an_empty_file_becomes_a_database(path: Path) -> None:
    path.touch()
    filled(path)


# ------------------------------------------------------------------------------------------- the epoch


def test_reopening_keeps_the_epoch(path: Path) -> None:
    assert filled(path, 3) == epoch_of(path) == epoch_of(path)


def test_reopening_an_empty_database_keeps_the_epoch(path: Path) -> None:
    assert filled(path, 0) == epoch_of(path)


def test_a_deleted_database_comes_back_with_a_new_epoch(path: Path) -> None:
    before = filled(path)
    path.unlink()
    assert before != epoch_of(path)


@pytest.mark.parametrize("versions_in_backup", [0, 1, 2])
def test_a_restored_backup_has_a_new_epoch_and_then_keeps_it(path: Path, versions_in_backup: int) -> None:
    before = filled(path, versions_in_backup)
    backup = shutil.copy(path, path.with_name("backup"))
    with opened(path) as store:
        for version in range(versions_in_backup + 1, 4):
            store.commit(hugging(store, version))
    shutil.copy(backup, path)
    restored = epoch_of(path)
    assert before != restored
    assert restored == epoch_of(path)


def test_a_restored_backup_gives_its_states_in_the_new_epoch(path: Path) -> None:
    before = filled(path)
    path.with_name("windsock.db.lock").unlink()
    with opened(path) as store:
        expected = replace(state("HUGGING", 1), position=Position(store.epoch, 1))
        assert {"cloud": expected} == store.states()
        assert before != store.epoch


def test_a_database_without_its_mark_has_a_new_epoch(path: Path) -> None:
    before = filled(path)
    moved = path.with_name("moved.db")
    path.rename(moved)
    assert before != epoch_of(moved)


def test_the_mark_counts_the_versions_of_all_things(path: Path) -> None:
    with opened(path) as store:
        for version in (1, 2, 3):
            door = replace(state("OPEN", version), thing="door")
            store.commit(Batch(NOW, (state("HUGGING", version), door), (change(version),)))
        assert 6 == store._lock.mark()


def test_the_mark_does_not_go_back_when_two_threads_commit(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(path) as store:
        set_mark = store._lock.set_mark
        other = threading.Thread(target=lambda: store.commit(hugging(store, 2)))

        def slowly(number: int) -> None:
            if number == 1:
                other.start()
                other.join(timeout=0.2)
            set_mark(number)

        monkeypatch.setattr(store._lock, "set_mark", slowly)
        store.commit(hugging(store, 1))
        other.join()
        assert 2 == store._lock.mark()


# ------------------------------------------------------------------------------- one process at a time


def test_a_second_process_is_refused_with_the_id_of_the_first(path: Path) -> None:
    with process(HOLDING, path) as first:
        assert "open" == next_line(first)
        with pytest.raises(StoreInUse, match=f"held by process {first.pid} "):
            SqliteStore(path)


def test_a_second_store_of_the_same_process_is_refused(path: Path) -> None:
    with opened(path), pytest.raises(StoreInUse, match=f"held by process {os.getpid()} "):
        SqliteStore(path)


def test_a_second_store_that_was_refused_takes_no_lock_from_the_first(path: Path) -> None:
    with opened(path) as store:
        store.commit(hugging(store, 1))
        with pytest.raises(StoreInUse):
            SqliteStore(path)
        # To a program that looks into the file now, it must be clear that it is not the only one: the last one
        # that closes a database removes its log, and with it what is committed there afterwards.
        with process(LOOKING, path) as looking:
            assert ("1", "closed") == (next_line(looking), next_line(looking))
        assert path.with_name("windsock.db-wal").exists()


def test_a_store_and_a_symbolic_link_to_it_are_one_store(path: Path) -> None:
    link = path.parent / "elsewhere" / "link.db"
    link.parent.mkdir()
    link.symlink_to(path)
    filled(path)
    with process(HOLDING, link) as first:
        assert "open" == next_line(first)
        assert f"{path}.lock: held by process {first.pid} " in refusal(path)
    assert ["link.db"] == [file.name for file in link.parent.iterdir()]


def test_a_store_is_free_once_its_holder_was_killed(path: Path) -> None:
    with process(HOLDING, path) as first:
        next_line(first)
        first.send_signal(signal.SIGKILL)
        first.wait()
        epoch_of(path)


def test_a_store_that_could_not_be_opened_is_not_held(path: Path) -> None:
    filled(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + bytes(len(whole) - 100))
    assert "the store failed" in refusal(path)
    assert not is_open(path)
    path.write_bytes(whole)
    epoch_of(path)


# ------------------------------------------------------------------------ what is refused, and left alone


def foreign_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE meta (mine TEXT)")


def newer_database(path: Path) -> None:
    filled(path)
    path.with_name("windsock.db.lock").unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")


def long_text(path: Path) -> None:
    path.write_text("Dear diary, " * 100)


def short_text(path: Path) -> None:
    path.write_text("Dear diary")


def cut_off_database(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (long_text, "not a database; nothing in it was changed. Name another file for the store"),
        (short_text, "not a database; nothing in it was changed"),
        (cut_off_database, "not a database; nothing in it was changed"),
        (foreign_database, "a database of another program; nothing in it was changed. Name another file"),
        (
            newer_database,
            f"written by a newer Windsock (schema {VERSION + 1}; this one knows {VERSION}); nothing in it was changed",
        ),
    ],
)
def test_a_strangers_file_is_refused_and_left_alone(path: Path, make: object, reason: str) -> None:
    assert callable(make)
    make(path)
    before = contents(path.parent)
    assert f"{path}: {reason}" in refusal(path)
    assert before == contents(path.parent)


def test_a_strangers_database_that_is_open_is_left_alone_too(path: Path) -> None:
    with closing(sqlite3.connect(path)) as stranger:
        stranger.execute("PRAGMA journal_mode = WAL")
        stranger.execute("CREATE TABLE mine (a)")
        stranger.execute("INSERT INTO mine VALUES (1)")
        before = contents(path.parent)
        assert "a database of another program" in refusal(path)
        assert before == contents(path.parent)


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    assert f"{tmp_path}: cannot be opened: Is a directory" == refusal(tmp_path)


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "windsock.db"
    assert f"{path}: there is no folder {path.parent}; make it, or name another file" == refusal(path)


def test_a_folder_that_is_a_file_is_an_error(path: Path) -> None:
    path.touch()
    assert f"there is no folder {path}; make it, or name another file" in refusal(path / "windsock.db")


def test_a_read_only_file_is_refused_and_left_alone(path: Path) -> None:
    filled(path)
    before = contents(path.parent)
    with read_only(path):
        assert f"{path}: read-only, as {path} may not be written; nothing was changed" == refusal(path)
    assert before == contents(path.parent)


@pytest.mark.parametrize("make", [filled, None])
def test_a_read_only_folder_is_refused_and_left_alone(tmp_path: Path, make: object) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    if make:
        filled(folder / "windsock.db")
    before = contents(folder)
    with read_only(folder):
        assert "may not be written; nothing was changed" in refusal(folder / "windsock.db")
    assert before == contents(folder)


def test_on_a_full_disk_no_new_store_is_made_and_later_it_is(small_disk: Path) -> None:
    filler = fill(small_disk)
    assert str(small_disk) in refusal(small_disk / "windsock.db")
    filler.unlink()
    filled(small_disk / "windsock.db")


def test_on_a_full_disk_a_store_is_not_opened_and_nothing_in_it_changes(small_disk: Path) -> None:
    path = small_disk / "windsock.db"
    epoch = filled(path)
    filler = fill(small_disk)
    before = contents(small_disk)["windsock.db"]
    assert f"{path}: the store failed: " in refusal(path)
    assert before == contents(small_disk)["windsock.db"]
    assert not is_open(path)
    filler.unlink()
    assert epoch == epoch_of(path)


def test_when_the_disk_gets_full_a_commit_fails_and_what_was_committed_stays(small_disk: Path) -> None:
    path = small_disk / "windsock.db"
    with opened(path) as store:
        store.commit(hugging(store, 1))
        filler = fill(small_disk)
        with pytest.raises(StoreError, match=r"the store failed: .*full"):
            store.commit(Batch(NOW, changes=(change(2, text="x" * 16_000), change(3, text="x" * 16_000))))
        assert [change(1)] == store.history("cloud", 0, 9)
        filler.unlink()
        store.check()
        store.commit(hugging(store, 2))
    with opened(path) as store:
        assert [1, 2] == [one.version for one in store.history("cloud", 0, 9)]


@pytest.mark.parametrize("name", ["a\0b.db", "a\0b/windsock.db", "x" * 300, "x" * 252, "/"])
def test_a_name_that_no_file_can_have_is_an_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be the file of a store: ") as caught:
        open_store(f"sqlite:///{name}", tmp_path)
    assert "\0" not in str(caught.value)


def test_links_in_a_circle_are_no_store(path: Path) -> None:
    path.symlink_to(path.with_name("b"))
    path.with_name("b").symlink_to(path)
    refusal(path)


def test_a_url_with_a_missing_folder_is_the_same_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no folder"):
        open_store("sqlite:///missing/windsock.db", tmp_path)


def test_a_store_answers_from_any_thread_while_another_reads(path: Path) -> None:
    filled(path, 3)
    with opened(path) as store:
        assert isinstance(store.states()["cloud"], State)
        assert [2, 3] == [one.version for one in store.newest("cloud", 2)]
