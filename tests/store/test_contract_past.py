"""What every store promises of the past: reading it by time, and forgetting it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders import NOW, at, change, seconds
from windsock.model import Change, Moment
from windsock.store import Batch, Store, open_store

LONG_AGO, LATER = at(-(10**9)), at(10**9)


@pytest.fixture(params=["memory:", "sqlite:///windsock.db"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(request.param, tmp_path)
    yield opened
    opened.close()


def committed(store: Store, *times: float, thing: str = "cloud") -> list[Change]:
    """A change at each of the times, in seconds after `NOW`, versions counting from 1."""
    names = ["HUGGING", "NEUTRAL"]
    changes = [replace(change(n, names[n % 2], thing, n=n), at=at(time)) for n, time in enumerate(times, 1)]
    store.commit(Batch(NOW, changes=tuple(changes)))
    return changes


def moments(changes: list[Change]) -> list[Moment]:
    return [Moment(one.at, one.version, one.state) for one in changes]


def versions(store: Store) -> list[int]:
    return [one.version for one in store.history("cloud", 0, 10**6)]


def test_moments_come_after_a_time_and_until_another_and_at_most_so_many(store: Store) -> None:
    changes = committed(store, 0, 10, 20, 30)
    assert moments(changes[1:3]) == store.moments("cloud", at(0), at(20), 9)
    assert moments(changes[1:2]) == store.moments("cloud", at(0), at(20), 1)
    assert [] == store.moments("cloud", at(30), LATER, 9) == store.moments("door", LONG_AGO, LATER, 9)


def test_moments_are_in_the_order_of_their_times_and_then_of_their_versions(store: Store) -> None:
    first, second, third, fourth = moments(committed(store, 20, 10, 20, 0))
    assert [fourth, second, first, third] == store.moments("cloud", LONG_AGO, LATER, 9)


def test_what_a_thing_was_at_a_time_is_the_last_that_began_until_then(store: Store) -> None:
    first, second, third = moments(committed(store, 0, 10, 10))
    times = [at(-1), at(0), at(9.999), at(10), LATER]
    assert [None, first, first, third, third] == store.moments_at("cloud", times)
    assert second not in store.moments_at("cloud", times)
    assert [None] == store.moments_at("door", [LATER])


def test_changes_can_be_asked_for_by_their_versions(store: Store) -> None:
    changes = committed(store, 0, 10, 20)
    assert [changes[0], changes[2]] == store.changes("cloud", [3, 1, 1, 99])
    assert [] == store.changes("door", [1])


def test_the_oldest_change_is_the_one_of_the_earliest_time(store: Store) -> None:
    committed(store, 20, 10)
    assert (at(10), None) == (store.oldest("cloud"), store.oldest("door"))


def test_what_was_over_before_a_time_is_forgotten_and_what_it_was_then_is_kept(store: Store) -> None:
    committed(store, 0, 10, 20, 30)
    assert 1 == store.forget("cloud", at(15), 9)
    assert [2, 3, 4] == versions(store)
    assert 0 == store.forget("cloud", at(15), 9)


def test_a_change_at_the_very_time_is_what_it_was_then(store: Store) -> None:
    committed(store, 0, 10)
    assert 1 == store.forget("cloud", at(10), 9)
    assert [2] == versions(store)


def test_forgetting_stops_at_the_limit_and_goes_on_from_the_oldest(store: Store) -> None:
    committed(store, 0, 10, 20, 30, 40)
    assert 2 == store.forget("cloud", LATER, 2)
    assert [3, 4, 5] == versions(store)
    assert 2 == store.forget("cloud", LATER, 99)
    assert [5] == versions(store)


def test_the_newest_change_is_kept_even_if_its_time_is_not_the_latest(store: Store) -> None:
    committed(store, 0, 30, 20)
    assert 1 == store.forget("cloud", LATER, 9)
    assert [2, 3] == versions(store)


def test_only_the_thing_that_is_named_is_forgotten_of(store: Store) -> None:
    committed(store, 0, 10)
    committed(store, 0, 10, thing="door")
    assert 1 == store.forget("door", LATER, 9)
    assert [1, 2] == versions(store)
    assert 0 == store.forget("kiln", LATER, 9)


def test_states_stay_when_changes_are_forgotten_and_history_goes_on(store: Store) -> None:
    committed(store, 0, 10)
    store.forget("cloud", LATER, 9)
    later = replace(change(3), at=NOW + seconds(60))
    store.commit(Batch(NOW, changes=(later,)))
    assert [2, 3] == versions(store)
