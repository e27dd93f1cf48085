from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.engine.room import Room
from windsock.engine import topics
from windsock.engine.topics import BATCH, FRESH, Topic


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch is one viewer."""
    monkeypatch.setattr(topics, "BATCH", 1)


# ------------------------------------------------------------------------------------------------- sweeps


def test_a_change_goes_to_everybody_who_watches() -> None:
    room = Room(100)
    room.new()
    room.change()
    assert not room.work()
    assert [["state 1"]] * 100 == room.new()


def test_a_frame_is_encoded_once_for_everybody() -> None:
    room = Room(1000)
    room.versions.made = 0
    room.change()
    room.work()
    assert 1 == room.versions.made


def test_a_sweep_stops_when_its_turn_is_over_and_goes_on_in_the_next() -> None:
    room = Room(3 * BATCH)
    room.new()
    room.change()
    assert room.work(batches=1)
    assert [["state 1"]] * BATCH + [[]] * 2 * BATCH == room.new()
    assert room.work(batches=1)
    assert not room.work(batches=1)
    assert [[]] * BATCH + [["state 1"]] * 2 * BATCH == room.new()


def test_a_state_that_is_overtaken_is_replaced_for_those_who_did_not_get_it_yet() -> None:
    room = Room(2 * BATCH)
    room.new()
    room.change()
    room.work(batches=1)
    room.change()
    room.work()
    assert [["state 1", "state 2"]] * BATCH + [["state 2"]] * BATCH == room.new()


def test_everybody_gets_something_although_news_come_faster_than_a_sweep() -> None:
    room = Room(10 * BATCH)
    room.new()
    for _ in range(30):
        room.change()
        room.work(batches=1)
    assert {3} == {len(got) for got in room.new()}


def test_an_empty_room_is_no_work() -> None:
    room = Room()
    room.change()
    room.topic.heard()
    assert not room.work()
    assert 0 == room.versions.made


def test_nothing_is_sent_when_nothing_is_new() -> None:
    room = Room(3)
    room.change()
    room.work()
    room.new()
    assert not room.work()
    assert [[]] * 3 == room.new()


# ------------------------------------------------------------------------------------- coming and leaving


def test_who_leaves_gets_nothing_more() -> None:
    room = Room(2)
    session = room.enter()
    assert (session in room.topic, len(room.topic)) == (True, 3)
    room.new()
    room.change()
    room.topic.leave(session)
    room.topic.leave(session)
    room.work()
    assert [["state 1"], ["state 1"], []] == room.new()
    assert (session in room.topic, len(room.topic)) == (False, 2)


@pytest.mark.usefixtures("one_by_one")
def test_who_comes_during_a_sweep_gets_the_newest_and_all_that_follows() -> None:
    room = Room(3)
    room.change()
    room.work(batches=1)
    room.new()
    room.enter()
    assert ["state 1"] == room.new()[-1]
    room.change()
    room.work()
    assert ["state 2"] == room.new()[-1]


@pytest.mark.usefixtures("one_by_one")
def test_who_watches_already_does_not_join_twice() -> None:
    room = Room(2)
    room.change()
    room.work(batches=1)
    room.topic.join(room.topic.members[0])
    room.work()
    assert [["state 0", "state 1"]] * 2 == room.new()
    assert 2 == len(room.topic)


# ----------------------------------------------------------------------------------------------- slow ones


def test_a_viewer_that_is_full_gets_the_newest_once_when_it_drains() -> None:
    room = Room(1)
    room.enter(room=1)
    for _ in range(50):
        room.change()
        room.work()
    room.links[1].drain()
    assert ["state 0", "state 50"] == room.new()[1]


def test_a_viewer_that_is_full_holds_up_nobody() -> None:
    room = Room(1)
    room.enter(room=0)
    room.new()
    room.change()
    assert not room.work()
    assert [["state 1"], []] == room.new()


# ------------------------------------------------------------------------------------------ state and heard


def test_only_clocks_that_moved_are_told_as_such() -> None:
    room = Room(2)
    room.new()
    room.topic.heard()
    room.work()
    assert [["heard 0"]] * 2 == room.new()
    room.change()
    room.work()
    assert [["state 1"]] * 2 == room.new()


@pytest.mark.usefixtures("one_by_one")
def test_a_change_overtakes_clocks_that_are_under_way() -> None:
    room = Room(2)
    room.new()
    room.topic.heard()
    room.work(batches=1)
    room.change()
    room.work()
    assert [["heard 0", "state 1"], ["state 1"]] == room.new()


@pytest.mark.usefixtures("one_by_one")
def test_clocks_do_not_overtake_a_change_that_is_under_way() -> None:
    room = Room(2)
    room.new()
    room.change()
    room.work(batches=1)
    room.topic.heard()
    room.work()
    assert all("state 1" in got and "heard 1" not in got for got in room.new())


@pytest.mark.usefixtures("one_by_one")
def test_who_comes_while_clocks_are_under_way_gets_a_state() -> None:
    room = Room(2)
    room.topic.heard()
    room.work(batches=1)
    room.enter()
    assert "state 0" == room.new()[-1][0]


def test_after_clocks_the_next_to_come_gets_a_state() -> None:
    room = Room(1)
    room.topic.heard()
    room.work()
    room.enter()
    assert ["state 0"] == room.new()[-1]


def test_a_viewer_that_is_full_owes_clocks_as_a_state() -> None:
    room = Room()
    room.enter(room=0)
    room.topic.heard()
    room.work()
    room.links[0].drain()
    assert [["state 0"]] == room.new()


# ---------------------------------------------------------------------------------------------- freshness


@pytest.mark.parametrize("begin", [Topic.changed, Topic.heard])
def test_a_sweep_that_takes_long_carries_the_time_of_sending(begin: Callable[[Topic], None]) -> None:
    room = Room(2 * BATCH)
    begin(room.topic)
    room.work(batches=1)
    room.versions.made = 0
    room.clock.turn(FRESH / 2)
    room.work(batches=0.5)
    room.clock.turn(FRESH / 2)
    room.work(batches=1)
    assert 1 == room.versions.made


def test_viewers_who_come_one_after_the_other_share_a_frame_while_it_is_fresh() -> None:
    room = Room(50)
    assert 1 == room.versions.made
    room.clock.turn(FRESH)
    room.enter()
    assert 2 == room.versions.made


def test_a_version_that_nobody_was_told_of_yet_makes_the_frame_old() -> None:
    room = Room(1)
    room.versions.version += 1
    room.enter()
    assert ["state 1"] == room.new()[-1]
