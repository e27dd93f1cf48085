from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import TurnableClock, anything, at, by_name, cloud, seconds, state, unknown
from windsock.errors import UnknownThing
from windsock.hub import HEARD_EVERY, Hub
from windsock.model import State

CHANGED, HEARD = ("changed", "cloud"), ("heard", "cloud")
SHORTLY = HEARD_EVERY - timedelta(milliseconds=1)


class Notes:
    """A listener that notes down what it is told."""

    def __init__(self) -> None:
        self.all: list[tuple[str, str]] = []

    def changed(self, thing: str) -> None:
        self.all.append(("changed", thing))

    def heard(self, thing: str) -> None:
        self.all.append(("heard", thing))

    def new(self) -> list[tuple[str, str]]:
        """What was noted since the last look."""
        noted, self.all = self.all, []
        return noted


class Broken:
    """A listener that always fails."""

    def changed(self, thing: str) -> None:
        raise RuntimeError("no more room")

    heard = changed


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def hub(clock: TurnableClock) -> Hub:
    """A hub of the cloud, which was just heard, and of a door that nothing is known of."""
    made = Hub(by_name(cloud(offline_after=seconds(60)), anything("door")), clock)
    made.start({"cloud": state("HUGGING", 7), "door": unknown("door")})
    return made


@pytest.fixture
def notes(hub: Hub) -> Notes:
    listener = Notes()
    hub.subscribe(listener)
    return listener


def heard(hub: Hub, seconds_later: float, version: int = 7) -> None:
    hub.publish(state("HUGGING", version, heard_at=at(seconds_later)))


def test_the_current_state_is_the_newest_published(hub: Hub) -> None:
    assert state("HUGGING", 7) == hub.current("cloud")
    hub.publish(state("SHAKING", 8))
    assert state("SHAKING", 8) == hub.current("cloud")


@pytest.mark.parametrize("thing", ["sun", ""])
def test_a_thing_that_is_not_there_is_unknown(hub: Hub, thing: str) -> None:
    with pytest.raises(UnknownThing, match=f"there is no thing '{thing}'"):
        hub.current(thing)


def test_before_the_start_every_thing_is_unknown(clock: TurnableClock) -> None:
    with pytest.raises(UnknownThing):
        Hub(by_name(cloud()), clock).current("cloud")


def test_the_current_state_says_whether_it_is_stale_now(hub: Hub, clock: TurnableClock) -> None:
    assert not hub.current("cloud").stale
    clock.turn(60.001)
    assert hub.current("cloud").stale


def test_a_thing_that_nothing_is_known_of_is_stale(hub: Hub) -> None:
    assert replace(unknown("door"), stale=True) == hub.current("door")


def test_the_current_state_says_whether_its_source_fails(hub: Hub) -> None:
    hub.set_source(["cloud"], "failing")
    assert ("failing", "ok") == (hub.current("cloud").source, hub.current("door").source)
    hub.publish(state("SHAKING", 8))
    assert "failing" == hub.current("cloud").source
    hub.set_source(["cloud"], "ok")
    assert "ok" == hub.current("cloud").source


def test_a_new_version_is_told_at_once(hub: Hub, notes: Notes) -> None:
    for version in (8, 9):
        hub.publish(state("SHAKING", version))
    assert [CHANGED, CHANGED] == notes.new()


def test_a_new_epoch_is_news_even_with_the_same_version(hub: Hub, notes: Notes) -> None:
    old = hub.current("cloud")
    hub.publish(replace(old, position=replace(old.position, epoch="e2")))
    assert [CHANGED] == notes.new()


def test_every_listener_is_told_until_it_no_longer_listens(hub: Hub, notes: Notes) -> None:
    other = Notes()
    hub.subscribe(other)
    hub.publish(state("SHAKING", 8))
    hub.unsubscribe(other)
    hub.publish(state("HUGGING", 9))
    assert ([CHANGED, CHANGED], [CHANGED]) == (notes.new(), other.new())


def test_a_listener_that_fails_does_not_keep_the_news_from_others(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    after = Notes()
    hub.subscribe(Broken())
    hub.subscribe(after)
    hub.publish(state("SHAKING", 8))
    hub.set_source(["cloud"], "failing")
    assert [CHANGED, HEARD] == after.new()
    assert [("windsock.hub", logging.ERROR, "a delivery failed to take note of cloud")] * 2 == caplog.record_tuples


# ------------------------------------------------------------------------------------- heard, coalesced


def test_mere_clocks_are_told_at_most_every_so_often(hub: Hub, clock: TurnableClock, notes: Notes) -> None:
    clock.time += SHORTLY
    for _ in range(100):
        heard(hub, 1)
    assert [] == notes.new()
    clock.time = at(0) + HEARD_EVERY
    heard(hub, 1.5)
    assert [HEARD] == notes.new()


def test_clocks_that_were_held_back_are_told_by_a_later_tick_once(hub: Hub, clock: TurnableClock, notes: Notes) -> None:
    clock.turn(0.5)
    heard(hub, 0.5)
    hub.tick()
    assert [] == notes.new()
    clock.time = at(0) + HEARD_EVERY
    hub.tick()
    hub.tick()
    assert [HEARD] == notes.new()


def test_a_change_tells_the_clocks_too_so_the_pause_begins_anew(hub: Hub, clock: TurnableClock, notes: Notes) -> None:
    clock.turn(1.5)
    hub.publish(state("SHAKING", 8, at(1.5)))
    clock.time += SHORTLY
    hub.publish(state("SHAKING", 8, at(1.5), heard_at=at(3)))
    assert [CHANGED] == notes.new()


def test_where_nothing_moves_nothing_is_told(hub: Hub, clock: TurnableClock, notes: Notes) -> None:
    for _ in range(10):
        clock.turn(5)
        hub.tick()
        heard(hub, 0)
    assert [] == notes.new()


def test_a_thing_that_goes_stale_is_told_at_once_and_once(hub: Hub, clock: TurnableClock, notes: Notes) -> None:
    clock.turn(60)
    hub.tick()
    assert [] == notes.new()
    clock.turn(0.001)
    hub.tick()
    hub.tick()
    assert [HEARD] == notes.new()


def test_a_thing_that_is_heard_again_is_told_at_once(hub: Hub, clock: TurnableClock, notes: Notes) -> None:
    clock.turn(61)
    hub.tick()
    clock.turn(0.1)
    heard(hub, 61.1)
    assert [HEARD, HEARD] == notes.new()


def test_a_source_that_fails_or_recovers_is_told_at_once(hub: Hub, notes: Notes) -> None:
    hub.set_source(["cloud"], "failing")
    hub.set_source(["cloud"], "failing")
    assert [HEARD] == notes.new()
    hub.set_source(["cloud"], "ok")
    assert [HEARD] == notes.new()


def test_a_source_of_several_things_is_told_for_each(hub: Hub, notes: Notes) -> None:
    hub.set_source(["cloud", "door"], "failing")
    assert [HEARD, ("heard", "door")] == notes.new()


def test_a_clock_that_was_set_back_does_not_hold_news_back(hub: Hub, clock: TurnableClock, notes: Notes) -> None:
    clock.turn(-3600)
    heard(hub, -3600)
    assert [HEARD] == notes.new()


def test_starting_anew_forgets_what_was(hub: Hub) -> None:
    hub.set_source(["cloud"], "failing")
    hub.start({"cloud": state("NEUTRAL", 1), "door": unknown("door")})
    assert state("NEUTRAL", 1) == hub.current("cloud")


def test_any_thread_may_publish_and_ask(hub: Hub, notes: Notes) -> None:
    def publish(thing: str) -> State:
        for version in range(8, 108):
            hub.publish(state("ON", version, thing=thing))
            hub.tick()
        return hub.current(thing)

    with ThreadPoolExecutor(2) as pool:
        assert [107, 107] == [one.position.version for one in pool.map(publish, ["cloud", "door"])]
    assert 100 == notes.new().count(CHANGED)


def test_there_is_nothing_to_tell_of_the_states_that_it_begins_with(hub: Hub, notes: Notes) -> None:
    hub.tick()
    assert [] == notes.new()
