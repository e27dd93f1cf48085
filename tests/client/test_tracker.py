from __future__ import annotations

import random

import pytest

from tests.builders import NOW, at
from tests.client.told import URL, Message, heard, said, told, tracker
from windsock.client.state import State
from windsock.client.tracker import Tracker
from windsock.model import Position
from windsock.times import format_time

# ---------------------------------------------------------------------------------------------------- newest wins


def test_a_state_is_told_once() -> None:
    found = tracker(said())
    assert [(1, "live", 0, False)] == told(found)
    found.state(said())
    assert [] == told(found)


def test_all_of_a_message_is_there() -> None:
    step = tracker(
        said(3, data={"force": 3}, image="/windsock/x.svg", color="red", label="Hug", now=format_time(at(1)))
    ).next()
    assert isinstance(step, State)
    assert ("cloud", "HUGGING", "Hug", "red", {"force": 3}, f"{URL}/windsock/x.svg") == (
        step.thing,
        step.state,
        step.label,
        step.color,
        step.data,
        step.image,
    )
    assert (Position("e1", 3), 3, NOW, NOW, NOW, at(1)) == (
        step.position,
        step.version,
        step.changed_at,
        step.updated_at,
        step.heard_at,
        step.now,
    )
    assert (True, False, "ok", "") == (step.live, step.stale, step.source, step.reason)


def test_only_the_newest_is_told_with_how_many_were_missed() -> None:
    found = tracker(said(1))
    assert [(1, "live", 0, False)] == told(found)
    for version in (2, 3, 7):
        found.state(said(version))
    assert [(7, "live", 5, False)] == told(found)


def test_an_older_version_is_not_told() -> None:
    found = tracker(said(5), said(3))
    assert [(5, "live", 0, False)] == told(found)


def test_the_first_after_a_new_link_is_right_whatever_its_version() -> None:
    found = tracker(said(5))
    told(found)
    found.unlink("gone")
    found.link()
    found.state(said(3))
    assert [(3, "live", 0, True)] == told(found)


def test_a_new_epoch_is_told_as_one() -> None:
    found = tracker(said(5))
    told(found)
    found.state(said(9, epoch="e2"))
    assert [(9, "live", 0, True)] == told(found)


@pytest.mark.parametrize(("flip", "liveness"), [({"stale": True}, "silent"), ({"source": "failing"}, "source-failing")])
def test_a_state_that_is_not_live_any_more_is_told(flip: Message, liveness: str) -> None:
    found = tracker(said())
    told(found)
    assert not found.heard(heard(**flip))
    assert [(1, liveness, 0, False)] == told(found)
    assert not found.heard(heard())
    assert [(1, "live", 0, False)] == told(found)


def test_mere_clocks_are_no_news_but_are_known() -> None:
    found = tracker(said())
    told(found)
    assert not found.heard(heard(heard_at=format_time(at(9)), now=format_time(at(10))))
    assert [] == told(found)
    assert [(at(9), at(10), "live")] == [(known.heard_at, known.now, known.liveness) for known in found.now]


def test_nothing_known_is_not_live() -> None:
    assert [(0, "unknown", 0, False)] == told(tracker(said(0, None)))


def test_who_is_behind_what_is_heard_has_to_watch_again() -> None:
    found = tracker(said(1))
    assert found.heard(heard(3))
    assert not found.heard(heard(3)), "asked for already"
    found.state(said(3))
    assert [(3, "live", 0, False)] == told(found)
    assert found.heard(heard(1, epoch="e2"))


def test_what_was_heard_of_an_older_version_says_nothing() -> None:
    found = tracker(said(5))
    told(found)
    assert not found.heard(heard(4, stale=True))
    assert [] == told(found)


# ------------------------------------------------------------------------------------------------------- the link


def test_a_lost_link_makes_the_last_state_not_live_once() -> None:
    found = tracker(said())
    told(found)
    found.unlink("the cable is cut")
    step = found.next()
    assert isinstance(step, State)
    assert ("HUGGING", "unlinked", "the cable is cut") == (step.state, step.liveness, step.reason)
    found.unlink("still cut")
    assert [] == told(found)
    found.link()
    assert [] == told(found), "until the state has come"
    found.state(said())
    assert [(1, "live", 0, False)] == told(found)


def test_before_the_first_attempt_has_failed_there_is_nothing_to_tell() -> None:
    found = Tracker(URL, ["cloud"], False, {})
    assert [] == told(found)
    found.unlink("refused")
    assert [(0, "unlinked", 0, False)] == told(found)


def test_what_came_just_before_the_link_was_lost_is_told_too() -> None:
    found = tracker(said(1))
    told(found)
    found.state(said(3))
    found.unlink("gone")
    assert [(3, "unlinked", 1, False)] == told(found)
    assert ["unlinked"] == [known.liveness for known in found.now]


def test_positions_are_named_for_the_next_link() -> None:
    found = tracker(said(4))
    assert {"cloud": None} == found.things
    told(found)
    assert {"cloud": Position("e1", 4)} == found.things
    assert Tracker(URL, None, False, {}).things is None


def test_every_thing_gets_its_turn() -> None:
    found = Tracker(URL, None, False, {})
    found.link()
    versions = {"a": 0, "b": 0}
    order = []
    for _ in range(4):
        for thing in versions:
            versions[thing] += 1
            found.state(said(versions[thing], thing=thing))
        step = found.next()
        assert isinstance(step, State)
        order.append(step.thing)
    assert ["a", "b", "a", "b"] == order


@pytest.mark.parametrize("seed", range(30))
def test_newest_wins_loses_count_of_nothing(seed: int) -> None:
    """Whatever comes, in whatever order: versions only grow, and gaps say how many are missing."""
    chance = random.Random(seed)
    version, found, last = 1, tracker(said(1)), 0
    for _ in range(300):
        version += chance.randint(0, 3)
        found.state(said(chance.choice([version, version, max(version - 2, 1)])))
        if chance.random() < 0.4:
            for got, _, gap, anew in told(found):
                assert not anew
                assert got >= last
                assert not last or gap == max(got - last - 1, 0)
                last = got
