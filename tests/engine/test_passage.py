from __future__ import annotations

import math

import pytest

from tests.engine.fakes import HandClock
from tests.engine.room import Room
from windsock.engine import topics
from windsock.engine.passage import Passage
from windsock.engine.topics import BATCH
from windsock.tally import Histogram, Traffic


def taken(histogram: Histogram) -> tuple[int, float]:
    """How many changes got past, and how long that took them together."""
    return histogram.classes()[-1][1], round(histogram.total, 3)


def test_a_change_is_past_when_all_who_watched_were_sent_something() -> None:
    histogram, clock = Histogram(), HandClock()
    passage = Passage(histogram)
    passage.begin(clock.time, 3)
    clock.turn(1)
    passage.passed(2, 1, clock)
    assert (0, 0) == taken(histogram)
    clock.turn(1)
    passage.passed(1, 0, clock)
    assert (1, 2) == taken(histogram)


def test_changes_that_come_faster_than_a_circle_ends_are_followed_all_the_same() -> None:
    histogram, clock = Histogram(), HandClock()
    passage = Passage(histogram)
    for _ in range(30):  # ten viewers, one sent to between two changes
        passage.begin(clock.time, 10)
        clock.turn(1)
        passage.passed(1, 9, clock)
    count, seconds = taken(histogram)
    assert count >= 2
    assert 10 <= seconds / count <= 20


def test_when_the_circle_ends_the_one_that_came_meanwhile_is_past_too() -> None:
    histogram, clock = Histogram(), HandClock()
    passage = Passage(histogram)
    passage.begin(clock.time, 2)
    clock.turn(1)
    passage.begin(clock.time, 2)
    clock.turn(1)
    passage.passed(2, 0, clock)
    assert (2, 3) == taken(histogram)


def test_a_change_that_nobody_watches_takes_no_time() -> None:
    histogram, clock = Histogram(), HandClock()
    passage = Passage(histogram)
    passage.begin(clock.time, 0)
    passage.passed(0, 0, clock)
    assert (0, 0) == taken(histogram)


def test_a_circle_that_everybody_left_is_over() -> None:
    histogram, clock = Histogram(), HandClock()
    passage = Passage(histogram)
    passage.begin(clock.time, 5)
    passage.passed(0, 0, clock)
    assert 1 == taken(histogram)[0]


# ------------------------------------------------------------------------------------------- what a topic counts


def traffic(room: Room) -> Traffic:
    return room.topic._traffic


def test_bytes_are_those_of_the_frames_that_sockets_took() -> None:
    room = Room(3)
    room.enter(room=0)
    room.new()
    room.change()
    room.work()
    assert traffic(room).bytes == sum(len(wire) for link in room.links for wire in link.wrote)
    assert traffic(room).bytes > 0


def test_a_change_that_is_delivered_is_timed_from_its_commit() -> None:
    room = Room(2 * BATCH)
    room.topic.changed(room.clock.time - 1.5)
    room.work(batches=1)
    assert 0 == taken(traffic(room).deliveries)[0]
    room.work()
    assert (1, 1.5) == taken(traffic(room).deliveries)


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "BATCH", 1)


@pytest.mark.usefixtures("one_by_one")
def test_a_state_is_overtaken_for_those_who_did_not_get_it_yet() -> None:
    room = Room(5)
    room.change()
    room.work(batches=2)
    room.change()
    assert 3 == traffic(room).overtaken
    room.work()
    assert 3 == traffic(room).overtaken


@pytest.mark.usefixtures("one_by_one")
def test_clocks_neither_overtake_a_state_nor_are_they_overtaken() -> None:
    room = Room(3)
    room.topic.heard()
    room.work(batches=1)
    room.change()
    room.work(batches=1)
    room.topic.heard()
    room.work()
    assert 0 == traffic(room).overtaken


def test_changes_of_which_the_loop_is_told_at_once_overtake_each_other_for_all() -> None:
    room = Room(4)
    room.topic.changed(None, times=3)
    room.work()
    assert 8 == traffic(room).overtaken


def test_a_viewer_that_is_full_counts_each_state_that_it_never_got() -> None:
    room = Room()
    room.enter(room=1)  # its first state fills it
    for _ in range(5):
        room.change()
        room.work()
    room.topic.heard()
    room.work()
    assert 4 == traffic(room).overtaken
    assert math.isclose(0, taken(traffic(room).deliveries)[1])
