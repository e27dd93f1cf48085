from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW, TurnableClock, anything, at, by_name, cloud, resting, seconds, unhurried
from tests.pile import Pile, failing
from windsock.errors import SourceError, StoreError
from windsock.model import Reading, State, ThingSpec
from windsock.recorder import Recorder
from windsock.store import Batch, MemoryStore
from windsock.watcher import LONGEST_LOOK, Watcher


class Store(MemoryStore):
    """Notes each commit; fails while it is ``broken``."""

    def __init__(self, log: list[str]) -> None:
        super().__init__()
        self.log = log
        self.broken = False

    def commit(self, batch: Batch) -> None:
        if self.broken:
            raise StoreError("the disk is full")
        self.log.append("commit")
        super().commit(batch)


class Bench:
    """A watcher with its source, its store and those whom it tells, and what happened to them in order."""

    def __init__(self, *specs: ThingSpec, resolution: timedelta = timedelta(0)) -> None:
        self.log: list[str] = []
        self.clock = TurnableClock()
        self.store = Store(self.log)
        self.pile = Pile(resolution=resolution)
        self.pile.on_delete = lambda: self.log.append("delete")
        self.announced: list[State] = []
        self.specs: Mapping[str, ThingSpec] = by_name(*specs)
        self.recorder = Recorder(self.store, self.specs, self._announce, self.clock)
        self.watcher = Watcher(self.pile, self.specs, self.recorder, self.clock)

    def _announce(self, state: State) -> None:
        self.log.append("announce")
        self.announced.append(state)

    def step(self) -> None:
        self.watcher.step(self._sleep)

    def _sleep(self, seconds: float) -> bool:
        return False

    def names(self, thing: str = "cloud") -> list[str]:
        return [change.state for change in self.store.history(thing, 0, 100)]

    def causes(self, thing: str = "cloud") -> list[str]:
        return [change.cause for change in self.store.history(thing, 0, 100)]

    def reasons(self) -> list[str]:
        return [message.reason for message in reversed(self.store.rejected(100))]


def message(state: str, **fields: object) -> str:
    return json.dumps({"state": state} | fields)


# ------------------------------------------------------------------------------------------------ durability


def test_a_message_is_recorded_then_announced_then_deleted() -> None:
    bench = Bench(cloud())
    bench.pile.put("HUGGING")

    bench.step()

    assert ["commit", "announce", "delete"] == bench.log
    assert (["HUGGING"], []) == (bench.names(), bench.pile.messages)


def test_nothing_is_deleted_or_announced_while_the_store_fails() -> None:
    bench = Bench(cloud())
    bench.pile.put("HUGGING", "no such state")
    bench.store.broken = True

    with pytest.raises(StoreError):
        bench.step()

    assert ([], 2) == (bench.log, len(bench.pile.messages))


def test_what_the_store_could_not_take_is_recorded_once_it_can() -> None:
    bench = Bench(cloud())
    bench.pile.put("HUGGING")
    bench.store.broken = True
    with pytest.raises(StoreError):
        bench.step()

    bench.store.broken = False
    bench.step()

    assert (["HUGGING"], []) == (bench.names(), bench.pile.messages)


@pytest.mark.parametrize("backlog", ["latest", "every", timedelta(hours=1)])
def test_a_message_that_could_not_be_deleted_changes_nothing_twice(backlog: object) -> None:
    bench = Bench(cloud(backlog=backlog))
    bench.pile.put("HUGGING", message("SHAKING", data={"force": 3}), "HUGGING")
    bench.pile.on_delete = failing()
    with pytest.raises(SourceError):
        bench.step()
    once = bench.names()

    bench.pile.on_delete = lambda: None
    bench.step()

    assert (once, []) == (bench.names(), bench.pile.messages)
    assert "HUGGING" == once[-1]


def test_a_batch_is_committed_at_once() -> None:
    bench = Bench(cloud(backlog="every"))
    bench.pile.put("HUGGING", "SHAKING", "no such state", "NEUTRAL")

    bench.step()

    assert ["commit", "announce", "delete"] == bench.log


def test_a_message_that_a_publisher_sends_twice_changes_nothing_twice() -> None:
    bench = Bench(cloud(backlog="every"))
    bench.pile.put(message("HUGGING", id="a"), "SHAKING", message("HUGGING", id="a"))

    bench.step()

    assert ["HUGGING", "SHAKING"] == bench.names()


def test_a_publishers_id_is_not_taken_for_one_of_the_queues() -> None:
    bench = Bench(cloud(backlog="every"))
    bench.pile.put("HUGGING", message("SHAKING", id="1"))

    bench.step()

    assert ["HUGGING", "SHAKING"] == bench.names()


# -------------------------------------------------------------------------------------------------- rejected


def test_what_cannot_be_understood_is_set_aside_and_the_queue_goes_on() -> None:
    bench = Bench(cloud())
    bench.pile.put('{"state": ', "<script>alert(1)</script>", b"\xff", "HUGGING")

    bench.step()

    assert (["HUGGING"], []) == (bench.names(), bench.pile.messages)
    assert [
        "broken JSON: Expecting value (line 1, column 10)",
        "cloud has no state '<script>alert(1)</script>'; it has NEUTRAL, HUGGING, SHAKING",
        "not UTF-8 text: invalid byte at position 0",
    ] == bench.reasons()


def test_a_message_is_set_aside_as_it_came() -> None:
    bench = Bench(cloud())
    bench.pile.put(b"\xff\x00", " Hüging\n", "\ud800")

    bench.step()

    found = [(m.source, m.message_id, m.body, m.at) for m in reversed(bench.store.rejected(100))]
    assert [
        ("pile:", "1", b"\xff\x00", NOW),
        ("pile:", "2", " Hüging\n".encode(), NOW),
        ("pile:", "3", b"\xed\xa0\x80", NOW),
    ] == found


def test_a_message_is_set_aside_before_it_is_deleted() -> None:
    bench = Bench(cloud())
    bench.pile.put("HUGING")
    bench.pile.on_delete = lambda: bench.log.append(f"delete with {len(bench.store.rejected(10))} set aside")

    bench.step()

    assert ["commit", "delete with 1 set aside"] == bench.log


def test_a_message_that_is_set_aside_twice_is_listed_once() -> None:
    bench = Bench(cloud())
    bench.pile.put("HUGING")
    bench.pile.on_delete = failing()

    for _ in range(2):
        with pytest.raises(SourceError):
            bench.step()

    assert 1 == len(bench.reasons())


@unhurried
@given(st.lists(st.binary() | st.text() | st.text(alphabet='{}[]":,0123456789.-+eE \\u')))
def test_no_message_blocks_the_queue(bodies: list[bytes | str]) -> None:
    bench = Bench(cloud())
    bench.pile.put(*bodies)

    bench.step()

    assert [] == bench.pile.messages


# ----------------------------------------------------------------------------------------------------- times


@pytest.mark.parametrize(
    ("backlog", "expected"),
    [
        ("latest", ["SHAKING"]),
        ("every", ["NEUTRAL", "HUGGING", "SHAKING"]),
        (seconds(30), ["HUGGING", "SHAKING"]),
    ],
)
def test_a_backlog_is_read_by_its_policy(backlog: object, expected: list[str]) -> None:
    bench = Bench(cloud(backlog=backlog))
    bench.pile.put("NEUTRAL", inserted_at=at(-60))
    bench.pile.put("HUGGING", inserted_at=at(-20))
    bench.pile.put("SHAKING", inserted_at=at(-10))

    bench.step()

    assert expected == bench.names()


def test_what_is_passed_over_is_deleted_and_never_comes_back() -> None:
    bench = Bench(cloud(backlog=seconds(30)))
    bench.pile.put("HUGGING", inserted_at=at(-60))
    bench.pile.on_delete = failing()
    with pytest.raises(SourceError):
        bench.step()
    bench.clock.time = at(-60)  # even if the clock is set back
    bench.pile.on_delete = lambda: None

    bench.step()

    assert ([], []) == (bench.names(), bench.pile.messages)


def test_messages_of_the_same_coarse_second_come_in_order_of_arrival() -> None:
    bench = Bench(cloud(), resolution=seconds(1))
    bench.pile.put("HUGGING", inserted_at=at(-1))
    bench.step()
    bench.pile.put("SHAKING", inserted_at=at(-1))

    bench.step()

    assert ["HUGGING", "SHAKING"] == bench.names()


def test_a_message_of_the_coarse_second_in_which_the_thing_was_heard_is_not_called_older() -> None:
    bench = Bench(cloud(), resolution=seconds(1))
    bench.pile.put(message("HUGGING", at="2026-11-22T19:59:59.500Z"))
    bench.step()
    bench.pile.put("SHAKING", inserted_at=at(-1))

    bench.step()

    assert ["HUGGING", "SHAKING"] == bench.names()


def test_a_message_was_heard_when_the_queue_took_it_in() -> None:
    bench = Bench(cloud())
    bench.pile.put("HUGGING", inserted_at=at(-7200))

    bench.step()

    assert at(-7200) == bench.recorder.state("cloud").heard_at


def test_the_time_that_a_message_names_comes_before_that_of_the_queue() -> None:
    bench = Bench(cloud())
    bench.pile.put(message("HUGGING", at="2026-11-22T19:59:30Z"), inserted_at=at(-10))

    bench.step()

    assert at(-30) == bench.recorder.state("cloud").heard_at


def test_no_message_is_heard_in_the_future() -> None:
    bench = Bench(cloud())
    bench.pile.put(message("HUGGING", at="2036-11-22T20:00:00Z"))

    bench.step()

    assert NOW == bench.recorder.state("cloud").heard_at


# --------------------------------------------------------------------------------------------- several things


def test_a_message_says_whose_it_is_where_several_things_have_one_source() -> None:
    bench = Bench(cloud(), anything("kiln"))
    bench.pile.put(message("HUGGING", thing="cloud"), message("HOT", thing="kiln"))

    bench.step()

    assert (["HUGGING"], ["HOT"]) == (bench.names("cloud"), bench.names("kiln"))


def test_a_message_that_does_not_say_whose_it_is_is_set_aside_there() -> None:
    bench = Bench(cloud(), anything("kiln"))
    bench.pile.put("HUGGING", message("HOT", thing="oven"))

    bench.step()

    assert [
        'no "thing" says whose reading this is; this source serves cloud, kiln',
        "the reading is for 'oven'; this source serves cloud, kiln",
    ] == bench.reasons()


def test_each_thing_has_its_own_backlog_policy() -> None:
    bench = Bench(cloud(), anything("kiln", backlog="every"))
    for thing in ("cloud", "kiln"):
        bench.pile.put(*(message(state, thing=thing) for state in ("NEUTRAL", "HUGGING", "SHAKING")))

    bench.step()

    assert (["SHAKING"], ["NEUTRAL", "HUGGING", "SHAKING"]) == (bench.names("cloud"), bench.names("kiln"))


# ------------------------------------------------------------------------------------------------------ code


@pytest.mark.parametrize("reading", [Reading("HUGING"), Reading("HUGGING", thing="kiln")])
def test_a_bad_reading_of_code_is_a_failure_and_no_message(reading: Reading) -> None:
    bench = Bench(cloud())
    bench.pile.put(reading)

    with pytest.raises(SourceError, match="pile:: "):
        bench.step()

    assert ([], []) == (bench.names(), bench.reasons())


def test_a_good_reading_of_code_is_recorded() -> None:
    bench = Bench(cloud())
    bench.pile.put(Reading("HUGGING", {"force": 3}, at(-5)))

    bench.step()

    [change] = bench.store.history("cloud", 0, 10)
    assert ("HUGGING", {"force": 3}, at(-5)) == (change.state, change.data, change.at)


# --------------------------------------------------------------------------------------------------- silence


def silent(**options: object) -> Bench:
    """The resting cloud, hugged now, and looked at."""
    bench = Bench(resting(**options))
    bench.pile.put("HUGGING")
    bench.step()
    return bench


def test_a_look_lasts_until_silence_changes_something() -> None:
    bench = silent()
    bench.clock.turn(2)

    bench.step()

    assert 3.0 == bench.pile.patience[-1]


def test_a_look_has_an_end_where_silence_changes_nothing() -> None:
    bench = Bench(cloud())

    bench.step()

    assert [LONGEST_LOOK] == bench.pile.patience


def test_a_look_does_not_sleep_when_silence_is_overdue() -> None:
    bench = silent()
    bench.clock.turn(100)

    bench.step()

    assert 0.0 == bench.pile.patience[-1]


def test_silence_is_concluded_from_a_look_that_began_after_it_was_due_and_found_nothing() -> None:
    bench = silent()
    bench.clock.turn(5)

    bench.step()

    assert (["HUGGING", "NEUTRAL"], ["reported", "rest"]) == (bench.names(), bench.causes())


def test_silence_is_not_concluded_from_a_look_that_began_too_early() -> None:
    bench = silent()
    bench.clock.turn(4.999)
    bench.pile.on_look = lambda: bench.clock.turn(3600)  # a service that hangs, or a machine that was asleep

    bench.step()

    assert ["HUGGING"] == bench.names()


def test_silence_is_not_concluded_from_a_look_that_failed() -> None:
    bench = silent()
    bench.clock.turn(3600)
    bench.pile.on_look = failing()

    with pytest.raises(SourceError):
        bench.step()

    assert ["HUGGING"] == bench.names()


def test_silence_is_not_concluded_from_a_look_that_found_a_message() -> None:
    bench = silent()
    bench.clock.turn(6)
    bench.pile.put("SHAKING", inserted_at=at(4))

    bench.step()

    assert ["HUGGING", "SHAKING"] == bench.names()


def test_a_busy_thing_does_not_keep_another_of_its_source_from_resting() -> None:
    bench = Bench(resting(), replace(resting(), name="door"))
    bench.pile.put(message("HUGGING", thing="door"), inserted_at=at(0))
    bench.step()

    bench.clock.turn(6)
    bench.pile.put(message("HUGGING", thing="cloud"), inserted_at=at(6))
    bench.step()

    assert (["HUGGING"], ["HUGGING", "NEUTRAL"]) == (bench.names("cloud"), bench.names("door"))


def test_messages_that_cannot_be_understood_are_silence_of_the_thing() -> None:
    bench = silent()
    bench.clock.turn(6)
    bench.pile.put("FLYING", inserted_at=at(6))

    bench.step()

    assert ["HUGGING", "NEUTRAL"] == bench.names()


def test_silence_is_concluded_only_behind_an_old_backlog() -> None:
    bench = silent()
    bench.clock.turn(20)
    bench.pile.put("SHAKING", inserted_at=at(4))

    bench.step()
    assert ["HUGGING", "SHAKING"] == bench.names()  # newer messages may lie behind that one

    bench.step()
    assert ["HUGGING", "SHAKING", "NEUTRAL"] == bench.names()
    assert at(9) == bench.recorder.state("cloud").changed_at


def test_rest_comes_before_offline() -> None:
    bench = silent()
    bench.clock.turn(3600)

    for _ in range(3):
        bench.step()

    assert ["HUGGING", "NEUTRAL", "NOTCONNECTED"] == bench.names()
    assert ["reported", "rest", "offline"] == bench.causes()


def test_a_message_that_says_the_same_puts_rest_off() -> None:
    bench = silent()
    bench.clock.turn(4)
    bench.pile.put("HUGGING")
    bench.step()
    bench.clock.turn(4)

    bench.step()

    assert (["HUGGING"], 1.0) == (bench.names(), bench.pile.patience[-1])


def test_a_rest_that_the_store_does_not_take_is_concluded_later() -> None:
    bench = silent()
    bench.clock.turn(5)
    bench.store.broken = True
    with pytest.raises(StoreError):
        bench.step()

    bench.store.broken = False
    bench.step()

    assert ["HUGGING", "NEUTRAL"] == bench.names()


def test_a_look_that_finds_nothing_commits_nothing() -> None:
    bench = Bench(cloud())

    bench.step()

    assert [] == bench.log
