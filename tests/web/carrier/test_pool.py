from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.waiting import WITHIN, eventually
from tests.web.carrier.carrying import Carrier, make_app
from windsock.web.carrier.inbox import Inbox
from windsock.web.carrier.pool import Pool


class Work:
    """What inboxes hold is carried out by putting it down, or by waiting for ``gate`` if it begins with "wait"."""

    def __init__(self) -> None:
        self.done: list[Any] = []
        self.gate = threading.Event()
        self.waiting = threading.Semaphore(0)

    def is_long(self, inbox: Inbox) -> bool:
        return str(inbox.messages[0]).startswith("wait")

    def __call__(self, inbox: Inbox) -> bool:
        if not inbox.messages:
            return False
        message = inbox.messages.popleft()
        if message == "fail":
            raise ValueError("broken")
        if message == "park":
            return True
        if str(message).startswith("wait"):
            self.waiting.release()
            assert self.gate.wait(WITHIN)
        self.done.append(message)
        return False


def names(prefix: str) -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(prefix)]


@contextmanager
def pool(work: Work, **options: Any) -> Iterator[Pool]:
    made = Pool(work, work.is_long, name="test-pool", **options)
    made.start()
    try:
        yield made
    finally:
        work.gate.set()
        assert made.stop(WITHIN)
    assert [] == names("test-pool")


def inbox() -> Inbox:
    return Inbox(Carrier(make_app()[0]).viewer())


def put(running: Pool, box: Inbox, *messages: str) -> None:
    for message in messages:
        box.put(message)
        running.notify(box)


def test_an_inbox_is_worked_off_in_order_by_one_at_a_time() -> None:
    work = Work()
    with pool(work) as running:
        box = inbox()
        put(running, box, *map(str, range(1000)))
        eventually(lambda: not box.busy)
    assert [str(number) for number in range(1000)] == work.done


def test_there_is_one_thread_more_than_work_up_to_the_most() -> None:
    work = Work()
    with pool(work, most=4, kept_free=0) as running:
        assert 1 == len(names("test-pool"))
        for expected in (2, 3, 4, 4, 4):
            put(running, inbox(), "wait")
            eventually(lambda expected=expected: expected == len(names("test-pool")))  # type: ignore[misc]
        for _ in range(4):
            assert work.waiting.acquire(timeout=WITHIN)
        assert not work.waiting.acquire(timeout=0.05)
        work.gate.set()
        eventually(lambda: 5 == len(work.done))


def test_threads_without_work_end_but_for_one() -> None:
    work = Work()
    with pool(work, idle=0.02) as running:
        for _ in range(5):
            put(running, inbox(), "wait")
        for _ in range(5):
            assert work.waiting.acquire(timeout=WITHIN)
        assert 6 == len(names("test-pool"))
        work.gate.set()
        eventually(lambda: 1 == len(names("test-pool")))
        put(running, inbox(), "after")
        eventually(lambda: "after" in work.done)


def test_some_threads_are_kept_free_of_what_may_wait() -> None:
    work = Work()
    with pool(work, most=4, kept_free=2) as running:
        waiting = [inbox() for _ in range(6)]
        for number, box in enumerate(waiting):
            put(running, box, f"wait {number}")
        for _ in range(2):
            assert work.waiting.acquire(timeout=WITHIN)
        put(running, inbox(), "short")
        eventually(lambda: ["short"] == work.done)
        assert not work.waiting.acquire(timeout=0.05)
        work.gate.set()
        eventually(lambda: 7 == len(work.done))
        assert {f"wait {number}" for number in range(6)} == set(work.done[1:])


def test_work_that_fails_ends_no_thread(caplog: pytest.LogCaptureFixture) -> None:
    work = Work()
    with pool(work, most=1, kept_free=0) as running:
        box = inbox()
        put(running, box, "fail", "after")
        eventually(lambda: ["after"] == work.done)
    assert ["a message could not be carried out"] == [record.message for record in caplog.records]


def test_an_inbox_that_waits_goes_on_when_it_is_resumed() -> None:
    work = Work()
    with pool(work) as running:
        box = inbox()
        put(running, box, "park", "after")
        eventually(lambda: len(box.messages) == 1)
        put(running, inbox(), "other")
        eventually(lambda: ["other"] == work.done)
        assert box.busy
        running.resume(box)
        eventually(lambda: ["other", "after"] == work.done)
        eventually(lambda: not box.busy)


def test_settling_waits_for_what_is_going_on_and_no_longer_than_it_is_told() -> None:
    work = Work()
    with pool(work) as running:
        box = inbox()
        put(running, box, "wait")
        assert work.waiting.acquire(timeout=WITHIN)
        assert not running.settle(lambda: not box.busy, 0.02)
        threading.Timer(0.02, work.gate.set).start()
        assert running.settle(lambda: not box.busy, WITHIN)


def test_where_the_system_gives_no_more_threads_those_that_there_are_go_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    work = Work()

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with pool(work) as running:
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", refuse)
            put(running, inbox(), "one")
            put(running, inbox(), "two")
            eventually(lambda: {"one", "two"} == set(work.done))
        put(running, inbox(), "three")
        eventually(lambda: "three" in work.done)
        eventually(lambda: 2 == len(names("test-pool")))
    assert "no further thread could be started for the application's handlers" == caplog.records[0].message
