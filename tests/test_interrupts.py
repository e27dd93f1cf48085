from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from windsock.interrupts import ended_by_ctrl_c


@pytest.fixture(autouse=True)
def as_a_program_begins() -> Iterator[None]:
    """Whatever ran here before, and did not mind what it left."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_the_program_meanwhile_and_is_an_exception_afterwards() -> None:
    with ended_by_ctrl_c():
        assert signal.SIG_DFL is signal.getsignal(signal.SIGINT)
    assert signal.default_int_handler is signal.getsignal(signal.SIGINT)


def test_it_is_an_exception_again_though_something_failed() -> None:
    with pytest.raises(ImportError), ended_by_ctrl_c():
        raise ImportError
    assert signal.default_int_handler is signal.getsignal(signal.SIGINT)


def test_who_does_not_hear_ctrl_c_does_not_hear_it_meanwhile() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with ended_by_ctrl_c():
        assert signal.SIG_IGN is signal.getsignal(signal.SIGINT)
    assert signal.SIG_IGN is signal.getsignal(signal.SIGINT)


def entered() -> bool:
    with ended_by_ctrl_c():
        return signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_thread_changes_nothing() -> None:
    with ThreadPoolExecutor() as pool:
        assert pool.submit(entered).result()
