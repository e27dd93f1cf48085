from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from unittest import mock

import pytest

from tests.builders import NOW, at, change, seconds
from windsock import past
from windsock.store import Batch, Store, open_store


@pytest.fixture(params=["memory:", "sqlite:///windsock.db"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(request.param, tmp_path)
    yield opened
    opened.close()


def fill(store: Store, count: int, every: float) -> None:
    """So many changes, up to `NOW`: the thing hugs for three quarters of the time."""
    names = ["NEUTRAL", "HUGGING", "HUGGING", "HUGGING"]
    changes = (replace(change(n + 1, names[n % 4], force=n), at=at((n - count) * every)) for n in range(count))
    store.commit(Batch(NOW, changes=tuple(changes)))


def test_a_timeline_begins_with_what_the_thing_was_then(store: Store) -> None:
    fill(store, 10, every=1)
    found = past.read_timeline(store, "cloud", at(-2.5), NOW, 500)
    assert [8, 9, 10] == [segment.version for segment in found.segments]
    assert (True, seconds(2.5)) == (found.exact, sum(found.spent.values(), timedelta()))


def test_its_fields_have_the_numbers_of_its_segments(store: Store) -> None:
    fill(store, 10, every=1)
    found = past.read_timeline(store, "cloud", at(-2.5), NOW, 500)
    assert {"force": [7, 8, 9]} == found.fields


def test_it_says_since_when_there_is_history(store: Store) -> None:
    fill(store, 10, every=1)
    assert at(-10) == past.read_timeline(store, "cloud", at(-5), NOW, 500).oldest
    empty = past.read_timeline(store, "door", at(-5), NOW, 500)
    assert ([], {}, None) == (empty.segments, empty.spent, empty.oldest)


def test_many_changes_become_few_segments_and_are_all_counted(store: Store) -> None:
    fill(store, 4000, every=1)
    found = past.read_timeline(store, "cloud", at(-3000), NOW, 100)
    assert found.exact
    assert len(found.segments) <= 100
    assert pytest.approx(0.75, abs=0.001) == found.spent["HUGGING"] / seconds(3000)


def test_of_more_than_can_be_counted_what_it_was_at_many_moments_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "COUNTED", 1000)
    store = open_store("sqlite:///windsock.db", tmp_path)
    fill(store, 8001, every=0.37)
    with mock.patch.object(store, "moments", side_effect=AssertionError("that many were read one by one")):
        found = past.read_timeline(store, "cloud", at(-2900), NOW, 100)
    assert past.read_timeline(store, "cloud", at(-5000), NOW, 100).segments  # longer than there is any history
    store.close()
    assert not found.exact
    assert 50 < len(found.segments) <= 100
    assert pytest.approx(0.75, abs=0.05) == found.spent["HUGGING"] / seconds(2900)
    assert seconds(2900) == sum(found.spent.values(), timedelta())
