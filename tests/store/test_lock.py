from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import next_line, process
from windsock.errors import StoreError, StoreInUse
from windsock.store.lock import WatchLock

HOLDER = """
import sys
from pathlib import Path
from windsock.store.lock import WatchLock
lock = WatchLock(Path(sys.argv[-1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "windsock.db.lock"


@pytest.fixture
def lock(path: Path) -> Iterator[WatchLock]:
    held = WatchLock(path)
    yield held
    held.release()


def refusal(path: Path) -> str:
    with pytest.raises(StoreInUse) as caught:
        WatchLock(path)
    return str(caught.value)


def test_one_lock_at_a_time_is_held_also_within_a_process(lock: WatchLock) -> None:
    assert f"{lock.path}: held by process {os.getpid()} (" in refusal(lock.path)


def test_a_refusal_by_another_process_says_what_to_do(path: Path) -> None:
    with process(HOLDER, path) as holder:
        next_line(holder)
        said = refusal(path)
    assert "stop that one first, or give this one a store of its own" in said
    assert "this very process" not in said


def test_a_refusal_by_the_same_process_says_so(lock: WatchLock) -> None:
    said = refusal(lock.path)
    assert "which is this very process: another application or a second runtime in it has the store open" in said
    assert "stop that one" not in said


def test_another_process_with_the_same_id_is_not_taken_for_this_one(lock: WatchLock) -> None:
    # As in two containers that share a disk: each has a process 1.
    text = lock.path.read_bytes()
    lock.path.write_bytes(text.replace(f"{os.getpid()}-".encode(), f"{os.getpid()}-0".encode(), 1))
    assert "stop that one first" in refusal(lock.path)


def test_a_refusal_leaves_the_holder_its_lock(lock: WatchLock) -> None:
    assert refusal(lock.path) == refusal(lock.path)


def test_a_released_lock_is_free_and_releasing_twice_is_fine(lock: WatchLock) -> None:
    lock.release()
    lock.release()
    WatchLock(lock.path).release()


def test_another_process_is_named_with_its_id_and_program(path: Path) -> None:
    with process(HOLDER, path) as holder:
        assert "held" == next_line(holder)
        assert f"held by process {holder.pid} (-c). " in refusal(path)


def test_the_arguments_of_the_holder_are_written_and_said_nowhere(path: Path) -> None:
    with process(HOLDER, "--password=hunter2", path) as holder:
        assert "held" == next_line(holder)
        assert "hunter2" not in refusal(path) + path.read_text()


def test_a_module_that_runs_as_a_program_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/lib/windsock/__main__.py", "serve"])
    lock = WatchLock(path)
    assert f"process {os.getpid()} (windsock)," in refusal(path)
    lock.release()


def test_only_its_owner_may_read_the_lock_file(lock: WatchLock) -> None:
    assert 0o600 == lock.path.stat().st_mode & 0o777


def test_the_lock_is_free_after_its_holder_was_killed(path: Path) -> None:
    with process(HOLDER, path) as holder:
        next_line(holder)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        WatchLock(path).release()


def test_a_program_that_was_started_does_not_keep_the_lock(lock: WatchLock) -> None:
    with process("print('up', flush=True); input()", close_fds=False) as program:
        assert "up" == next_line(program)
        lock.release()
        WatchLock(lock.path).release()


def test_without_a_mark_there_is_none(lock: WatchLock) -> None:
    assert lock.mark() is None


@pytest.mark.parametrize("numbers", [[0], [5], [5, 4], [10**18]])
def test_the_mark_is_the_number_last_set(lock: WatchLock, numbers: list[int]) -> None:
    for number in numbers:
        lock.set_mark(number)
    assert numbers[-1] == lock.mark()


def test_the_mark_stays_for_the_next_holder(lock: WatchLock) -> None:
    lock.set_mark(41)
    lock.release()
    again = WatchLock(lock.path)
    assert 41 == again.mark()
    again.release()


def test_a_holder_with_a_long_name_leaves_the_mark_alone(lock: WatchLock, monkeypatch: pytest.MonkeyPatch) -> None:
    lock.set_mark(41)
    lock.release()
    monkeypatch.setattr(sys, "argv", ["/usr/bin/" + "🤗" * 5000])
    again = WatchLock(lock.path)
    assert (41, True) == (again.mark(), "(🤗🤗🤗" in refusal(lock.path))
    assert "which is this very process" in refusal(lock.path)
    again.release()


@pytest.mark.parametrize("command", [["\udcff"], []])
def test_a_program_without_a_readable_name_may_hold_it(
    path: Path, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", command)
    WatchLock(path).release()


@pytest.mark.parametrize("found", [b"", b"\xff" * 600, b"x" * 512 + b"not a number, is it?"])
def test_what_else_is_in_the_file_is_no_mark(path: Path, found: bytes) -> None:
    path.write_bytes(found)
    lock = WatchLock(path)
    assert lock.mark() is None
    lock.release()


def test_a_lock_in_a_folder_that_is_not_there_is_an_error(path: Path) -> None:
    with pytest.raises(StoreError, match=r"missing/a\.lock: cannot be opened: No such file or directory"):
        WatchLock(path.parent / "missing" / "a.lock")


def test_a_lock_that_cannot_be_written_is_an_error_and_not_held(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        with pytest.raises(StoreError, match="cannot be written: No space left"):
            WatchLock(path)
    WatchLock(path).release()
