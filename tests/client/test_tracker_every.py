"""Every version, exactly once."""

from __future__ import annotations

import random

import pytest

from tests.builders import NOW, at
from tests.client.told import changes, said, told, tracker
from windsock.client.state import State
from windsock.client.tracker import Ask, Tracker
from windsock.model import Position
from windsock.times import format_time


def test_a_gap_is_asked_for_and_filled() -> None:
    found = tracker(said(1), every=True)
    assert [(1, "live", 0, False)] == told(found)
    found.state(said(4))
    ask = found.next()
    assert Ask("cloud", "e1", 1) == ask
    assert isinstance(ask, Ask)
    found.fill(ask, "e1", changes(2, 4))
    assert [(2, "past", 0, False), (3, "past", 0, False), (4, "live", 0, False)] == told(found)


def test_what_the_history_gives_in_parts_is_asked_for_in_parts() -> None:
    found = tracker(said(5), every=True, since={"cloud": Position("e1", 1)})
    for since, last in ((1, 2), (2, 3)):
        ask = found.next()
        assert Ask("cloud", "e1", since) == ask
        assert isinstance(ask, Ask)
        found.fill(ask, "e1", changes(since + 1, last))
        step = found.next()
        assert isinstance(step, State)
        assert since + 1 == step.version


def test_without_a_gap_nothing_is_asked_for() -> None:
    found = tracker(said(1), every=True)
    told(found)
    found.state(said(2))
    assert [(2, "live", 0, False)] == told(found)


def test_what_the_history_has_no_more_is_told_as_a_gap() -> None:
    found = tracker(said(1), every=True)
    told(found)
    found.state(said(9))
    ask = found.next()
    assert isinstance(ask, Ask)
    found.fill(ask, "e1", changes(7, 9))
    assert [(7, "past", 5, False), (8, "past", 0, False), (9, "live", 0, False)] == told(found)
    found.state(said(12))
    ask = found.next()
    assert isinstance(ask, Ask)
    assert 9 == ask.since
    found.fill(ask, "e1", [])
    assert [(12, "live", 2, False)] == told(found)
    found.state(said(15))
    ask = found.next()
    assert isinstance(ask, Ask)
    found.fill(ask, "e1", changes(15, 15))
    assert [(15, "live", 2, False)] == told(found)


def test_a_new_epoch_is_told_from_its_beginning() -> None:
    found = tracker(said(7), every=True)
    told(found)
    found.state(said(3, epoch="e2"))
    ask = found.next()
    assert Ask("cloud", "e2", 0) == ask
    assert isinstance(ask, Ask)
    found.fill(ask, "e2", changes(1, 3))
    assert [(1, "past", 0, True), (2, "past", 0, False), (3, "live", 0, False)] == told(found)


def test_an_answer_of_another_epoch_fills_nothing() -> None:
    found = tracker(said(1), every=True)
    told(found)
    found.state(said(4))
    ask = found.next()
    assert isinstance(ask, Ask)
    found.fill(ask, "e2", changes(2, 4))
    assert [(4, "live", 2, False)] == told(found)


def test_a_change_of_the_past_keeps_since_when_it_was_so() -> None:
    found = tracker(said(1, "S2", changed_at=format_time(at(-60))), every=True)
    told(found)
    found.state(said(4))
    ask = found.next()
    assert isinstance(ask, Ask)
    found.fill(ask, "e1", changes(2, 3))
    second, third = found.next(), found.next()
    assert isinstance(second, State)
    assert isinstance(third, State)
    assert ("S2", at(-60), NOW, "past") == (second.state, second.changed_at, second.updated_at, second.liveness)
    assert ("S3", NOW) == (third.state, third.changed_at)


def test_a_link_that_is_lost_while_it_fills_is_told_and_it_goes_on_where_it_was() -> None:
    found = tracker(said(1), every=True)
    told(found)
    found.state(said(4))
    ask = found.next()
    assert isinstance(ask, Ask)
    found.fill(ask, "e1", changes(2, 4))
    assert isinstance(found.next(), State)
    found.unlink("gone")
    assert [(2, "unlinked", 0, False)] == told(found)
    found.link()
    found.state(said(6))
    assert Ask("cloud", "e1", 2) == found.next()


@pytest.mark.parametrize("seed", range(30))
def test_every_version_comes_exactly_once_in_order_whatever_happens(seed: int) -> None:
    """Changes, lost links and parts of history in any order; the history has everything."""
    chance = random.Random(seed)
    version, found, got = 1, tracker(said(1), every=True), [1]
    told(found)
    for _ in range(400):
        act = chance.choice(["change", "change", "tell", "next", "next", "cut"])
        if act == "change":
            version += chance.randint(1, 4)
        elif act == "tell":
            found.state(said(version))
        elif act == "cut":
            found.unlink("cut")
            found.link()
            found.state(said(version))
        else:
            got += step(found, version, chance)
    found.state(said(version))
    while got[-1] < version:
        got += step(found, version, chance)
    assert list(range(1, version + 1)) == got


def step(found: Tracker, newest: int, chance: random.Random) -> list[int]:
    """The version that is new next, once what it asks for was given; none if nothing is."""
    while isinstance(asked := found.next(), Ask):
        found.fill(asked, "e1", changes(asked.since + 1, min(newest, asked.since + chance.randint(1, 5))))
    assert asked is None or not (asked.gap or asked.anew)
    return [asked.version] if asked is not None and asked.new else []
