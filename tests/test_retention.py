from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest

from tests.builders import NOW, TurnableClock, anything, at, by_name, change, seconds
from tests.waiting import eventually
from windsock import retention
from windsock.errors import StoreError
from windsock.retention import Retention
from windsock.store import Batch, Store, open_store


@pytest.fixture(params=["memory:", "sqlite:///windsock.db"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(request.param, tmp_path)
    yield opened
    opened.close()


def fill(store: Store, count: int, thing: str = "kiln") -> None:
    """A change every second, the last one at `NOW`."""
    changes = [replace(change(n, thing=thing), at=at(n - count)) for n in range(1, count + 1)]
    store.commit(Batch(NOW, changes=tuple(changes)))


def count(store: Store, thing: str = "kiln") -> int:
    return len(store.history(thing, 0, 10**6))


def test_what_is_older_than_is_to_be_kept_is_forgotten_in_many_small_steps(store: Store) -> None:
    fill(store, 1000)
    keeping = Retention(store, by_name(anything("kiln", keep=seconds(10))), TurnableClock())
    with mock.patch.object(store, "forget", wraps=store.forget) as forget:
        assert 989 == keeping.round()
    assert 11 == count(store)
    assert {retention.BATCH} == {call.args[2] for call in forget.call_args_list}
    assert 5 == forget.call_count


def test_a_thing_that_says_nothing_of_it_keeps_everything(store: Store) -> None:
    fill(store, 5)
    fill(store, 5, "oven")
    Retention(store, by_name(anything("kiln", keep=seconds(1)), anything("oven")), TurnableClock()).round()
    assert (2, 5) == (count(store), count(store, "oven"))


def test_where_nothing_is_to_be_forgotten_no_thread_runs(store: Store) -> None:
    keeping = Retention(store, by_name(anything("kiln")), TurnableClock())
    keeping.start()
    assert "windsock-retention" not in {thread.name for thread in threading.enumerate()}
    keeping.stop()


def test_it_forgets_from_the_start_and_again_and_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "EVERY", 0.01)
    clock = TurnableClock()
    fill(store, 20)
    keeping = Retention(store, by_name(anything("kiln", keep=seconds(10))), clock)
    keeping.start()
    eventually(lambda: count(store) == 11)
    clock.turn(5)
    eventually(lambda: count(store) == 6)
    keeping.stop()


def test_a_store_that_fails_is_tried_again_and_the_log_says_so(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(retention, "EVERY", 0.01)
    fill(store, 20)
    keeping = Retention(store, by_name(anything("kiln", keep=seconds(10))), TurnableClock())
    forget, failures = store.forget, iter([StoreError("disk full")])

    def failing_once(*arguments: object) -> int:
        for failure in failures:
            raise failure
        return forget(*arguments)  # type: ignore[arg-type]

    with mock.patch.object(store, "forget", failing_once):
        keeping.start()
        eventually(lambda: count(store) == 11)
        keeping.stop()
    assert "old changes could not be forgotten, which is tried again in a minute: disk full" in caplog.text


def test_to_stop_does_not_wait_for_all_of_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    fill(store, 2000)
    keeping = Retention(store, by_name(anything("kiln", keep=seconds(1))), TurnableClock())
    keeping.start()
    eventually(lambda: count(store) < 2000)
    keeping.stop()
    assert count(store) > 2
