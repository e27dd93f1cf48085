"""What every store promises; each runs through the same tests. A new store joins `store` below."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.builders import NOW, at, change, rejected, state, unknown
from windsock.errors import ConfigError
from windsock.model import Change, Position, Rejected, State
from windsock.store import Batch, MemoryStore, SqliteStore, Store, open_store
from windsock.store.base import KEPT_REJECTED, SEEN_FOR


@pytest.fixture(params=["memory:", "sqlite:///windsock.db"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(request.param, tmp_path)
    yield opened
    opened.close()


def committed(store: Store, *changes: Change) -> list[Change]:
    store.commit(Batch(NOW, changes=changes))
    return list(changes)


def in_epoch(store: Store, given: State) -> State:
    return replace(given, position=Position(store.epoch, given.position.version))


def set_aside(store: Store, *messages: Rejected) -> None:
    store.commit(Batch(NOW, rejected=messages))


def bodies(messages: list[Rejected]) -> list[bytes]:
    return [message.body for message in messages]


# --------------------------------------------------------------------------------------------- by URL


def test_a_url_names_the_store(tmp_path: Path) -> None:
    assert isinstance(open_store("memory:", tmp_path), MemoryStore)


@pytest.mark.parametrize("absolute", [False, True])
def test_a_database_lies_in_the_base_or_where_its_whole_path_says(absolute: bool, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db" if absolute else "sqlite:///a.db"
    store = open_store(url, Path("/nowhere") if absolute else tmp_path)
    store.close()
    assert isinstance(store, SqliteStore)
    assert tmp_path / "a.db" == store.path


@pytest.mark.parametrize("url", ["", "memory", "sqlite:", "sqlite:///", "sqlite://a.db", "redis://x", "Memory:"])
def test_another_url_is_refused_with_what_is_expected(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        open_store(url, tmp_path)
    assert [f'store.url: found "{url}", expected "memory:" or "sqlite:///windsock.db"'] == caught.value.problems


# ------------------------------------------------------------------------------------- states and changes


def test_a_new_store_is_empty_and_has_an_epoch(store: Store) -> None:
    assert ({}, [], []) == (store.states(), store.history("cloud", 0, 10), store.rejected(10))
    assert store.epoch


def test_two_new_stores_have_different_epochs(store: Store, tmp_path: Path) -> None:
    other = open_store("sqlite:///other.db", tmp_path)
    other.close()
    assert store.epoch != other.epoch


def test_a_state_comes_back_as_it_was_committed(store: Store) -> None:
    full = state("HUGGING", 41, at(-60), data={"by": "Zoë 🤗", "n": [1, 0.5, None]}, heard_at=at(0.123))
    store.commit(Batch(NOW, states=(in_epoch(store, full),)))
    assert {"cloud": in_epoch(store, full)} == store.states()


def test_a_state_of_which_nothing_is_known_comes_back_too(store: Store) -> None:
    store.commit(Batch(NOW, states=(in_epoch(store, unknown()),)))
    assert {"cloud": in_epoch(store, unknown())} == store.states()


def test_the_last_committed_state_of_each_thing_counts(store: Store) -> None:
    for version in (1, 2):
        things = [state("HUGGING", version), state("OPEN", version, thing="door")]
        store.commit(Batch(NOW, states=tuple(in_epoch(store, one) for one in things)))
    assert {"cloud": 2, "door": 2} == {name: one.position.version for name, one in store.states().items()}


def test_changes_come_back_in_order_of_version(store: Store) -> None:
    changes = committed(store, *(change(version, n=version) for version in range(1, 6)))
    assert changes == store.history("cloud", 0, 10)


def test_a_change_keeps_its_cause_its_data_and_its_time(store: Store) -> None:
    rest = Change("cloud", 1, "NEUTRAL", {"ü": [True, None, 0.1]}, at(0.123), "rest")
    assert committed(store, rest) == store.history("cloud", 0, 1)


def test_history_begins_after_a_version_and_ends_at_the_limit(store: Store) -> None:
    changes = committed(store, *map(change, range(1, 6)))
    assert changes[2:4] == store.history("cloud", since=2, limit=2)
    assert [] == store.history("cloud", since=5, limit=2)
    assert [] == store.history("cloud", since=2**63 - 1, limit=2)


@pytest.mark.parametrize(("limit", "versions"), [(2, [4, 5]), (5, [1, 2, 3, 4, 5]), (9, [1, 2, 3, 4, 5]), (0, [])])
def test_the_newest_changes_are_the_last_ones_in_order(store: Store, limit: int, versions: list[int]) -> None:
    committed(store, *map(change, range(1, 6)))
    assert versions == [one.version for one in store.newest("cloud", limit)]


def test_things_have_histories_of_their_own(store: Store) -> None:
    _, door = committed(store, change(1), change(1, "OPEN", "door"))
    assert [door] == store.history("door", 0, 10) == store.newest("door", 10)
    assert [] == store.history("kiln", 0, 10) == store.newest("kiln", 10)


def test_many_threads_may_commit_and_read(store: Store) -> None:
    def write(thing: str) -> None:
        for version in range(1, 21):
            committed(store, change(version, thing=thing))
            assert version == store.newest(thing, 1)[0].version

    names = [f"thing-{number}" for number in range(8)]
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(write, names))
    assert [list(range(1, 21))] * 8 == [[one.version for one in store.history(name, 0, 99)] for name in names]


# ------------------------------------------------------------------------------------------- seen ids


def test_ids_that_were_committed_are_known(store: Store) -> None:
    store.commit(Batch(NOW, seen=(("cloud", "a"), ("cloud", "b"))))
    assert {("cloud", "a")} == store.seen([("cloud", "a"), ("cloud", "c"), ("door", "b")])
    assert set() == store.seen([])


def test_any_text_may_be_an_id(store: Store) -> None:
    ids = {("cloud", one) for one in ("'; --", "a\0b", "🤗", "x" * 256)}
    store.commit(Batch(NOW, seen=tuple(ids)))
    assert ids == store.seen([*ids, ("cloud", "a")])


def test_ids_are_known_for_longer_than_a_queue_keeps_its_messages(store: Store) -> None:
    store.commit(Batch(NOW, seen=(("cloud", "a"),)))
    store.commit(Batch(NOW + SEEN_FOR, seen=(("cloud", "b"),)))
    assert {("cloud", "a"), ("cloud", "b")} == store.seen([("cloud", "a"), ("cloud", "b")])
    assert SEEN_FOR > timedelta(days=7)


def test_an_id_may_be_committed_again(store: Store) -> None:
    for seconds in (0, 1):
        store.commit(Batch(at(seconds), seen=(("cloud", "a"),)))
    assert {("cloud", "a")} == store.seen([("cloud", "a")])


# ------------------------------------------------------------------------------------- messages set aside


def test_messages_set_aside_are_numbered_and_listed_newest_first(store: Store) -> None:
    set_aside(store, rejected(b"1"), rejected(b"2"))
    set_aside(store, rejected(b"3"))
    listed = store.rejected(10)
    assert [b"3", b"2", b"1"] == bodies(listed)
    assert sorted({one.number for one in listed}, reverse=True) == [one.number for one in listed]
    assert all(one.number > 0 for one in listed)


def test_a_message_set_aside_comes_back_as_it_came(store: Store) -> None:
    message = replace(rejected(b"\xff\0<script>", "queue:1"), at=at(0.123), reason="not UTF-8 text, 'ü'")
    set_aside(store, message)
    (found,) = store.rejected(1)
    assert replace(message, number=found.number) == found == store.rejected_message(found.number)


def test_messages_set_aside_can_be_read_page_by_page(store: Store) -> None:
    set_aside(store, *(rejected(bytes([digit])) for digit in b"12345"))
    first = store.rejected(2)
    assert [b"5", b"4"] == bodies(first)
    assert [b"3", b"2"] == bodies(store.rejected(2, before=first[-1].number))


def test_the_same_message_delivered_twice_is_set_aside_once(store: Store) -> None:
    set_aside(store, rejected(b"first", "m-1"), rejected(b"again", "m-1"))
    set_aside(store, rejected(b"and again", "m-1"))
    assert [b"first"] == bodies(store.rejected(10))


def test_messages_without_an_id_and_of_other_sources_are_different_ones(store: Store) -> None:
    set_aside(store, rejected(b"a"), rejected(b"a"), rejected(b"b", "1"), replace(rejected(b"c", "1"), source="inbox:"))
    assert [b"c", b"b", b"a", b"a"] == bodies(store.rejected(10))


def test_a_resolved_message_is_gone_and_its_number_is_not_given_again(store: Store) -> None:
    set_aside(store, rejected(b"1", "m-1"))
    (first,) = store.rejected(1)
    store.commit(Batch(NOW, resolved=(first.number, 10**6)))
    assert (None, []) == (store.rejected_message(first.number), store.rejected(10))
    set_aside(store, rejected(b"1", "m-1"))
    assert store.rejected(1)[0].number > first.number


def test_only_the_newest_messages_set_aside_are_kept(store: Store) -> None:
    numbered = [rejected(b"%d" % number, str(number)) for number in range(KEPT_REJECTED + 3)]
    set_aside(store, *numbered[:-1])
    set_aside(store, numbered[-1])
    assert [one.body for one in reversed(numbered[3:])] == bodies(store.rejected(KEPT_REJECTED + 3))
    set_aside(store, replace(numbered[0], body=b"forgotten, so it is set aside anew"))
    assert [b"forgotten, so it is set aside anew"] == bodies(store.rejected(1))


def test_a_number_that_was_never_given_names_nothing(store: Store) -> None:
    assert store.rejected_message(1) is None


# ------------------------------------------------------------------------------------------------ the end


def test_all_of_a_batch_is_committed(store: Store) -> None:
    set_aside(store, rejected(b"old"))
    (old,) = store.rejected(1)
    new = in_epoch(store, state("HUGGING", 1))
    store.commit(Batch(NOW, (new,), (change(1),), (("cloud", "a"),), (rejected(b"new"),), (old.number,)))
    assert ({"cloud": new}, [change(1)]) == (store.states(), store.history("cloud", 0, 9))
    assert ({("cloud", "a")}, [b"new"]) == (store.seen([("cloud", "a")]), bodies(store.rejected(9)))


def test_a_store_that_works_passes_its_check(store: Store) -> None:
    store.check()
    store.check()


def test_closing_twice_is_fine(store: Store) -> None:
    store.close()
    store.close()
