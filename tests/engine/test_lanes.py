from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.waiting import WITHIN, eventually
from windsock.engine.lanes import Lanes

NAME = "lane"


@contextmanager
def lanes(most: int = 4) -> Iterator[Lanes]:
    made = Lanes(NAME, most)
    try:
        yield made
    finally:
        assert made.stop(WITHIN)


def threads() -> int:
    return sum(thread.name.startswith(f"{NAME}-") for thread in threading.enumerate())


class Gate:
    """Work that waits until it is let through."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self._open = threading.Event()

    def __call__(self) -> None:
        self.entered.set()
        assert self._open.wait(WITHIN)

    def wait(self) -> None:
        assert self.entered.wait(WITHIN)

    def open(self) -> None:
        self._open.set()


def note(done: list[int], number: int) -> Callable[[], None]:
    return lambda: done.append(number)


def test_work_of_one_key_is_done_in_its_order_whoever_does_it() -> None:
    done: dict[int, list[int]] = {key: [] for key in range(5)}
    with lanes() as some:
        for number in range(200):
            for key, notes in done.items():
                some.submit(key, note(notes, number))
        eventually(lambda: all(len(notes) == 200 for notes in done.values()))
    assert [list(range(200))] * 5 == list(done.values())


def test_work_of_one_key_is_never_done_twice_at_a_time() -> None:
    gate, done = Gate(), list[int]()
    with lanes() as some:
        some.submit("a", gate)
        some.submit("a", note(done, 1))
        some.submit("b", note(done, 2))
        gate.wait()
        eventually(lambda: done)
        assert [2] == done
        gate.open()
        eventually(lambda: done == [2, 1])


def test_work_of_different_keys_is_done_side_by_side() -> None:
    gates = [Gate() for _ in range(4)]
    with lanes(most=4) as some:
        for number, gate in enumerate(gates):
            some.submit(number, gate)
        for gate in gates:
            gate.wait()
        for gate in gates:
            gate.open()


def test_there_are_never_more_threads_than_allowed_and_what_is_too_much_waits() -> None:
    gates = [Gate() for _ in range(2)]
    done: list[int] = []
    with lanes(most=2) as some:
        for number, gate in enumerate(gates):
            some.submit(number, gate)
        for gate in gates:
            gate.wait()
        for number in range(20):
            some.submit(f"more {number}", note(done, number))
        assert (2, []) == (threads(), done)
        for gate in gates:
            gate.open()
        eventually(lambda: len(done) == 20)
    assert list(range(20)) == sorted(done)


def test_there_are_no_threads_before_there_is_work_and_one_is_kept_for_the_next() -> None:
    with lanes() as some:
        assert 0 == threads()
        for number in range(10):
            done = Gate()
            done.open()
            some.submit(number, done)
            done.wait()
            eventually(lambda: some._idle == 1)
        assert 1 == threads()


def test_one_that_works_long_does_not_hold_up_the_rest_of_another_key() -> None:
    gate, done = Gate(), list[int]()
    with lanes(most=2) as some:
        some.submit("long", gate)
        gate.wait()
        for number in range(10):
            some.submit("short", note(done, number))
        eventually(lambda: len(done) == 10)
        gate.open()


def test_work_that_fails_is_logged_and_the_next_is_done(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []

    def fail() -> None:
        raise RuntimeError("no more room")

    with caplog.at_level(logging.ERROR), lanes() as some:
        some.submit("a", fail)
        some.submit("a", note(done, 1))
        eventually(lambda: done)
    assert "no more room" in caplog.text


def test_nothing_of_a_key_is_kept_when_its_work_is_done() -> None:
    with lanes() as some:
        for number in range(50):
            some.submit(number, lambda: None)
        eventually(lambda: not some._work)


def test_after_a_stop_nothing_is_begun_and_what_goes_on_may_finish() -> None:
    gate, done = Gate(), list[int]()
    some = Lanes(NAME, 1)
    some.submit("a", gate)
    gate.wait()
    some.submit("a", note(done, 1))
    some.submit("b", note(done, 2))
    assert not some.stop(0.01)
    some.submit("c", note(done, 3))
    gate.open()
    assert some.stop(WITHIN)
    assert [] == done
    eventually(lambda: not threads())  # those of the system end a moment after what they did


def test_one_that_never_worked_stops_at_once() -> None:
    assert Lanes(NAME, 1).stop()
