"""What a fork leaves of a store. The processes are real, as SQLite's and the kernel's tables are per process."""

from __future__ import annotations

import gc
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import pytest

from tests.builders import next_line, process
from windsock.store import SqliteStore, forks

BEGIN = """
import os, sys, threading
from pathlib import Path
import psutil
from tests.builders import NOW, change
from windsock.errors import StoreError
from windsock.store import Batch, SqliteStore

path = Path(sys.argv[1])


def say(*words):
    print(*words, flush=True)


def wait():
    os.read(0, 1)


def commit(store, version, thing="cloud"):
    store.commit(Batch(NOW, changes=(change(version, thing=thing),)))


def attempt(what):
    try:
        what()
        return "fine"
    except StoreError as error:
        return str(error)


def in_child(what):
    child = os.fork()
    if child == 0:
        try:
            what()
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def go_on(store):
    commit(store, 2)
    say(os.getpid())
    wait()
    commit(store, 3)
    say("committed")
    wait()


store = SqliteStore(path)
commit(store, 1)
"""

# As a daemon does: the parent leaves at once.
CHILD = """
if os.fork():
    os._exit(0)
wait()
go_on(SqliteStore(path))
"""
PARENT = """
in_child(lambda: None)
go_on(store)
"""
OUTLIVING = """
child = os.fork()
if child:
    say(child)
else:
    wait()
"""
INHERITED = """
store.states()
in_child(lambda: say([file.path for file in psutil.Process().open_files() if str(path) in file.path]))
in_child(lambda: say(attempt(store.states)))
in_child(lambda: say(attempt(lambda: commit(store, 2))))
in_child(store.close)
say(attempt(lambda: commit(store, 2)))
"""
FAILING_DISK = """
gone = path.parent.with_name("gone")
path.parent.rename(gone)
in_child(lambda: say("forked"))
say(attempt(lambda: commit(store, 2)))
gone.rename(path.parent)
say(attempt(lambda: commit(store, 2)))
say(len(store.history("cloud", 0, 9)))
"""
BUSY = """
done, failures = threading.Event(), []


def work(thing):
    version = 0
    while not done.is_set():
        version += 1
        try:
            commit(store, version, thing)
            assert version == store.newest(thing, 1)[0].version
        except Exception as error:
            failures.append(error)


threads = [threading.Thread(target=work, args=(f"thing-{number}",)) for number in range(4)]
for thread in threads:
    thread.start()
for _ in range(20):
    in_child(lambda: SqliteStore(path.with_name("other.db")).close())
done.set()
for thread in threads:
    thread.join()
say(failures)
"""
# A signal handler, say, that forks while its thread is in the middle of a commit.
INTERRUPTED = """
def interrupting():
    yield change(2)
    in_child(lambda: say("forked"))


say(attempt(lambda: store.commit(Batch(NOW, changes=interrupting()))))
say(attempt(lambda: commit(store, 2)))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder / "windsock.db"


@contextmanager
def ended(pid: int) -> Iterator[None]:
    """Kills a process at the end, and waits until its locks are gone."""
    one = psutil.Process(pid)
    try:
        yield
    finally:
        one.kill()
        one.wait(timeout=10)


def tell(started: subprocess.Popen[str]) -> None:
    """Let a process go on that waits."""
    assert started.stdin is not None
    started.stdin.write("x")
    started.stdin.flush()


def versions(path: Path) -> list[int]:
    """What another program finds, which closes the database afterwards."""
    code = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); print(*db.execute('SELECT version FROM changes'))"
    with process(f"{code}; db.close()", path) as looking:
        found = next_line(looking)
        looking.wait()
    return [int(version.strip("(,)")) for version in found.split(" ")]


@pytest.mark.parametrize("who", [CHILD, PARENT], ids=["child", "parent"])
def test_what_is_committed_after_a_fork_survives_another_program_that_looks(who: str, path: Path) -> None:
    with process(BEGIN + who, path) as parent:
        if who == CHILD:
            parent.wait()
            tell(parent)
        with ended(int(next_line(parent))):
            assert [1, 2] == versions(path)
            tell(parent)
            assert "committed" == next_line(parent)
            assert [1, 2, 3] == versions(path)
    assert [1, 2, 3] == versions(path)
    with closing(sqlite3.connect(path)) as db:
        assert [("ok",)] == db.execute("PRAGMA integrity_check").fetchall()


def test_a_forked_child_that_outlives_its_parent_does_not_keep_the_lock(path: Path) -> None:
    with process(BEGIN + OUTLIVING, path) as parent, ended(int(next_line(parent))):
        assert 0 == parent.wait()
        SqliteStore(path).close()


def test_a_child_has_nothing_open_of_its_parents_store_which_stays_as_it_is(path: Path) -> None:
    with process(BEGIN + INHERITED, path) as parent:
        closed = f"{path}: the store failed: Cannot operate on a closed database."
        assert ["[]", closed, closed, "fine"] == [next_line(parent) for _ in range(4)]


def test_a_fork_while_the_disk_fails_goes_well_and_the_store_is_there_again_after_it(path: Path) -> None:
    with process(BEGIN + FAILING_DISK, path) as parent:
        failed = f"{path}: the store failed: unable to open database file"
        assert ["forked", failed, "fine", "2"] == [next_line(parent) for _ in range(4)]


def test_forks_while_threads_commit_and_read_break_nothing(path: Path) -> None:
    with process(BEGIN + BUSY, path) as parent:
        assert "[]" == next_line(parent)


def test_a_fork_in_the_middle_of_a_commit_undoes_it(path: Path) -> None:
    with process(BEGIN + INTERRUPTED, path) as parent:
        assert "forked" == next_line(parent)
        assert "Cannot operate on a closed database" in next_line(parent)
        assert "fine" == next_line(parent)


def test_what_is_told_of_forks_does_not_grow_with_every_store(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "register_at_fork", None)  # a hook cannot be taken back: one serves all
    gc.collect()
    before = len(forks._stores)
    for _ in range(5):
        SqliteStore(path).close()
    gc.collect()
    assert before == len(forks._stores)
