"""Every version, exactly once."""

from __future__ import annotations

import random
from datetime import datetime

import pytest

from tests.builders import NOW, at, change
from tests.client.told import Message, changes, said, told, tracker
from windsock import wire
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


def filled(found: Tracker, *changes: Message) -> list[State]:
    """What an answer of these changes, to what it asks for, has it tell."""
    ask = found.next()
    assert isinstance(ask, Ask)
    found.fill(ask, ask.epoch, changes)
    states = []
    while isinstance(step := found.next(), State):
        states.append(step)
    return states


def then(version: int, name: str, seconds: float, cause: str = "reported") -> Message:
    """A change in the history."""
    return wire.change_message(change(version, name)) | {"at": format_time(at(seconds)), "cause": cause}


def since_when(states: list[State]) -> list[datetime | None]:
    return [state.changed_at for state in states]


def test_of_what_follows_something_unknown_nobody_knows_since_when_it_was_so() -> None:
    found = tracker(said(7, "WARM", changed_at=format_time(at(60))), every=True, since={"cloud": Position("e1", 2)})
    past = (then(3, "HOT", 3), then(4, "HOT", 4), then(5, "COLD", 5), then(6, "COLD", 6))
    states = filled(found, *past)
    assert [None, None, at(5), at(5), at(60)] == since_when(states)
    assert [at(3), at(4), at(5), at(6)] == [state.updated_at for state in states[:4]]


def test_the_first_of_a_history_has_been_so_since_then() -> None:
    found = tracker(said(3), every=True, since={"cloud": Position("e0", 8)})
    assert [at(1), at(1)] == since_when(filled(found, then(1, "HOT", 1), then(2, "HOT", 2)))[:2]


@pytest.mark.parametrize("cause", ["rest", "offline"])
def test_what_silence_led_to_has_been_so_since_then(cause: str) -> None:
    found = tracker(said(5), every=True, since={"cloud": Position("e1", 2)})
    assert [at(3), at(3)] == since_when(filled(found, then(3, "COLD", 3, cause), then(4, "COLD", 4)))[:2]


@pytest.mark.parametrize("name", ["HOT", "COLD"])
def test_behind_a_gap_nobody_knows_since_when_it_was_so(name: str) -> None:
    found = tracker(said(1, "HOT"), every=True)
    told(found)
    found.state(said(5))
    states = filled(found, then(3, name, 3), then(4, "WARM", 4))
    assert ([None, at(4)], [1, 0]) == (since_when(states)[:2], [state.gap for state in states[:2]])


def test_in_parts_it_knows_the_same() -> None:
    found = tracker(said(6, "WARM"), every=True, since={"cloud": Position("e1", 1)})
    assert [None, at(3)] == since_when(given(found, then(2, "HOT", 2), then(3, "COLD", 3)))
    assert [at(3), at(5)] == since_when(given(found, then(4, "COLD", 4), then(5, "HOT", 5)))


def given(found: Tracker, *changes: Message) -> list[State]:
    """What a part of an answer has it tell, until it asks again, or tells of the newest."""
    ask = found.next()
    assert isinstance(ask, Ask)
    found.fill(ask, ask.epoch, changes)
    states = [found.next() for _ in changes]
    return [state for state in states if isinstance(state, State)]


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
