from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import EPOCH, NOW, arrival, at, cloud, resting, seconds, state, unhurried, unknown
from windsock.detect import Arrival, Due, Step, arrive, conclude, detect, fold, is_stale, silence
from windsock.model import Backlog, Change, Position, Reading, State

SECOND = seconds(1)


def one(old: State, new: Arrival, now: datetime = NOW) -> Step:
    return detect(old, new, now)


def names(step: Step) -> list[str]:
    return [change.state for change in step.changes]


# ------------------------------------------------------------------------------------- the reading's time


def test_a_readings_time_is_its_own() -> None:
    arrived = arrive(Reading("HUGGING", at=at(-60)), NOW, inserted_at=at(-30), resolution=SECOND)
    assert (at(-60), at(-60)) == (arrived.time, arrived.until)


def test_without_its_own_it_is_when_the_queue_took_it_in() -> None:
    assert at(-30) == arrive(Reading("HUGGING"), NOW, inserted_at=at(-30)).time


def test_without_either_it_is_the_arrival() -> None:
    arrived = arrive(Reading("HUGGING"), NOW, resolution=SECOND)
    assert (NOW, NOW) == (arrived.time, arrived.until)


def test_a_queue_that_stamps_whole_seconds_leaves_a_range() -> None:
    arrived = arrive(Reading("HUGGING"), NOW, inserted_at=at(-30), resolution=SECOND)
    assert (at(-30), at(-29)) == (arrived.time, arrived.until)


@pytest.mark.parametrize(("own", "inserted"), [(at(3600), None), (None, at(3600)), (at(3600), at(3600)), (None, at(0))])
def test_no_reading_is_later_than_now(own: datetime | None, inserted: datetime | None) -> None:
    arrived = arrive(Reading("HUGGING", at=own), NOW, inserted, SECOND)
    assert (NOW, NOW) == (arrived.time, arrived.until)


# ------------------------------------------------------------------------------------------- one reading


def test_the_first_reading_is_a_change() -> None:
    step = one(unknown(), arrival("HUGGING", at(-5), data={"force": 3}))
    assert state("HUGGING", 1, at(-5), data={"force": 3}) == step.state
    assert (Change("cloud", 1, "HUGGING", {"force": 3}, at(-5), "reported"),) == step.changes


def test_another_name_is_changed_and_moves_all_clocks() -> None:
    step = one(state("NEUTRAL", 7, at(-60)), arrival("HUGGING"))
    assert ("changed", state("HUGGING", 8, NOW)) == (step.result, step.state)


def test_other_data_is_updated_and_leaves_the_time_of_change() -> None:
    step = one(state("HUGGING", 7, at(-60), data={"force": 3}), arrival("HUGGING", data={"force": 4}))
    expected = state("HUGGING", 8, NOW, data={"force": 4}, changed_at=at(-60))
    assert ("updated", expected, ["HUGGING"]) == (step.result, step.state, names(step))


def test_the_same_again_moves_only_heard() -> None:
    old = state("HUGGING", 7, at(-60), data={"force": 3})
    step = one(old, arrival("HUGGING", data={"force": 3}))
    expected = state("HUGGING", 7, at(-60), data={"force": 3}, heard_at=NOW)
    assert ("same", expected, ()) == (step.result, step.state, step.changes)


def test_data_that_are_left_out_are_other_data() -> None:
    assert "updated" == one(state("HUGGING", data={"force": 3}), arrival("HUGGING")).result


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "same"),
        ({"a": 1}, {"a": 1.0}, "same"),
        ({"a": 1}, {"a": True}, "updated"),
        ({"a": [0]}, {"a": [False]}, "updated"),
        ({"a": 1}, {"a": "1"}, "updated"),
        ({"a": None}, {}, "updated"),
        ({"a": [1, 2]}, {"a": [2, 1]}, "updated"),
    ],
)
def test_data_are_compared_as_json(before: Any, after: Any, expected: str) -> None:
    assert expected == one(state("HUGGING", data=before), arrival("HUGGING", data=after)).result


def test_an_old_reading_does_not_set_clocks_back() -> None:
    step = one(state("NEUTRAL", 7, at(-10)), arrival("HUGGING", at(-3600)))
    assert state("HUGGING", 8, at(-10)) == step.state


def test_a_clock_that_was_set_back_an_hour_does_not_leave_times_ahead() -> None:
    step = one(state("NEUTRAL", 7, at(3600)), arrival("HUGGING", NOW))
    assert state("HUGGING", 8, NOW) == step.state


# ---------------------------------------------------------------------------------------------- a batch


def test_a_batch_of_nothing_is_nothing() -> None:
    assert Step(state(), (), "same") == fold(state(), [], "latest", NOW)


def test_of_a_batch_the_latest_counts() -> None:
    step = fold(unknown(), [arrival("NEUTRAL", at(-3)), arrival("HUGGING", at(-1))], "latest", NOW)
    assert (["HUGGING"], 1, at(-1)) == (names(step), step.state.position.version, step.state.heard_at)


def test_the_latest_is_the_newest_by_time_not_by_arrival() -> None:
    assert ["HUGGING"] == names(
        fold(unknown(), [arrival("HUGGING", at(-1)), arrival("NEUTRAL", at(-3))], "latest", NOW)
    )


def test_of_two_at_the_same_time_the_later_arrival_is_the_latest() -> None:
    assert ["NEUTRAL"] == names(fold(unknown(), [arrival("HUGGING"), arrival("NEUTRAL")], "latest", NOW))


def test_what_is_older_than_already_heard_is_dropped() -> None:
    old = state("NEUTRAL", 7, at(-10))
    assert Step(old, (), "same", (None,)) == fold(old, [arrival("HUGGING", at(-11))], "latest", NOW)


def test_what_is_as_old_as_already_heard_counts() -> None:
    assert ["HUGGING"] == names(fold(state("NEUTRAL", 7, at(-10)), [arrival("HUGGING", at(-10))], "latest", NOW))


def test_within_the_second_of_a_coarse_queue_arrival_decides() -> None:
    old = state("NEUTRAL", 7, at(-9.5))
    within = arrive(Reading("HUGGING"), NOW, inserted_at=at(-10), resolution=SECOND)
    step = fold(old, [within], "latest", NOW)
    assert (["HUGGING"], at(-9.5), at(-9.5)) == (names(step), step.state.changed_at, step.state.heard_at)


def test_before_the_second_of_a_coarse_queue_a_reading_is_older() -> None:
    before = arrive(Reading("HUGGING"), NOW, inserted_at=at(-11), resolution=SECOND)
    assert [] == names(fold(state("NEUTRAL", 7, at(-9.5)), [before], "latest", NOW))


def test_messages_of_one_coarse_second_count_in_order_of_arrival() -> None:
    stamped = [arrive(Reading(name), NOW, at(-10), SECOND) for name in ("HUGGING", "SHAKING", "NEUTRAL")]
    assert ["NEUTRAL"] == names(fold(unknown(), stamped, "latest", NOW))


def test_after_the_clock_was_set_back_an_hour_nothing_is_called_older() -> None:
    heard_ahead = state("NEUTRAL", 7, at(3600))
    step = fold(heard_ahead, [arrival("HUGGING", at(-5))], "latest", NOW)
    assert (["HUGGING"], NOW) == (names(step), step.state.heard_at)


def test_with_every_each_becomes_a_change_in_order_of_arrival() -> None:
    arrivals = [arrival("HUGGING", at(-1)), arrival("SHAKING", at(-3)), arrival("NEUTRAL", at(-2))]
    step = fold(unknown(), arrivals, "every", NOW)
    assert ["HUGGING", "SHAKING", "NEUTRAL"] == names(step)
    assert [1, 2, 3] == [change.version for change in step.changes]
    assert at(-1) == step.state.heard_at


def test_with_every_the_past_counts_too() -> None:
    assert ["HUGGING"] == names(fold(state("NEUTRAL", 7, at(-10)), [arrival("HUGGING", at(-3600))], "every", NOW))


def test_with_a_duration_what_is_older_is_dropped_and_the_rest_counts_in_order() -> None:
    arrivals = [arrival("SHAKING", at(-31)), arrival("HUGGING", at(-30)), arrival("NEUTRAL", at(-1))]
    assert ["HUGGING", "NEUTRAL"] == names(fold(unknown(), arrivals, seconds(30), NOW))


def test_with_a_duration_a_coarse_second_counts_by_its_end() -> None:
    stamped = [arrive(Reading("HUGGING"), NOW, at(-31), SECOND), arrive(Reading("SHAKING"), NOW, at(-32), SECOND)]
    assert ["HUGGING"] == names(fold(unknown(), stamped, seconds(30), NOW))


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        (["NEUTRAL"], "same"),
        (["NEUTRAL", "HUGGING"], "changed"),
        (["HUGGING", "NEUTRAL", "NEUTRAL"], "changed"),
    ],
)
def test_the_result_of_a_batch_is_its_strongest(batch: list[str], expected: str) -> None:
    step = fold(state("NEUTRAL", 7), [arrival(name) for name in batch], "every", NOW)
    assert expected == step.result


def test_an_update_is_stronger_than_the_same_and_weaker_than_a_change() -> None:
    updates = [arrival("NEUTRAL", data={"n": 1}), arrival("NEUTRAL", data={"n": 1})]
    assert "updated" == fold(state("NEUTRAL"), updates, "every", NOW).result
    assert "changed" == fold(state("NEUTRAL"), [*updates, arrival("HUGGING")], "every", NOW).result


# -------------------------------------------------------------------------------- what holds for any batch

moments = st.integers(-1000, 0).map(at)
arrivals_of_any_kind = st.lists(
    st.builds(
        arrival, st.sampled_from(["NEUTRAL", "HUGGING"]), moments, data=st.sampled_from([{}, {"n": 1}, {"n": True}])
    )
)
olds = st.just(unknown()) | st.builds(state, st.sampled_from(["NEUTRAL", "HUGGING"]), st.integers(1, 9), moments)
BACKLOGS: list[Backlog] = ["latest", "every", seconds(1), seconds(500)]
backlogs = st.sampled_from(BACKLOGS)


@unhurried
@given(olds, arrivals_of_any_kind, backlogs)
def test_versions_are_consecutive_and_end_at_the_new_position(
    old: State, batch: list[Arrival], backlog: Backlog
) -> None:
    step = fold(old, batch, backlog, NOW)
    first, last = old.position.version + 1, step.state.position.version
    assert list(range(first, last + 1)) == [change.version for change in step.changes]
    assert Position(EPOCH, old.position.version + len(step.changes)) == step.state.position
    assert ("same" == step.result) == (not step.changes)


@unhurried
@given(olds, arrivals_of_any_kind, backlogs)
def test_no_clock_goes_back_and_none_lies_ahead(old: State, batch: list[Arrival], backlog: Backlog) -> None:
    new = fold(old, batch, backlog, NOW)
    for before, after in [
        (old.changed_at, new.state.changed_at),
        (old.updated_at, new.state.updated_at),
        (old.heard_at, new.state.heard_at),
    ]:
        assert before is None or (after is not None and before <= after)
        assert after is None or after <= NOW
    assert all(earlier.at <= later.at for earlier, later in pairwise(new.changes))


@unhurried
@given(olds, arrivals_of_any_kind)
def test_the_latest_ends_at_the_newest_reading_in_at_most_one_change(old: State, batch: list[Arrival]) -> None:
    step = fold(old, batch, "latest", NOW)
    heard = old.heard_at or at(-10_000)
    newest = max(reversed(batch), key=lambda one: one.time, default=None)
    if newest is None or newest.time < heard:
        assert old == step.state
    else:
        assert (newest.reading.state, newest.time) == (step.state.state, step.state.heard_at)
        assert repr(newest.reading.data) == repr(step.state.data)
    assert len(step.changes) <= 1


@unhurried
@given(olds, arrivals_of_any_kind, arrivals_of_any_kind, backlogs)
def test_where_a_queue_is_cut_into_batches_makes_no_difference(
    old: State, first: list[Arrival], second: list[Arrival], backlog: Backlog
) -> None:
    together = fold(old, first + second, backlog, NOW).state
    apart = fold(fold(old, first, backlog, NOW).state, second, backlog, NOW).state
    assert (together.state, repr(together.data), together.heard_at) == (apart.state, repr(apart.data), apart.heard_at)


@unhurried
@given(olds, arrivals_of_any_kind)
def test_every_is_one_reading_after_the_other(old: State, batch: list[Arrival]) -> None:
    expected = old
    for single in batch:
        expected = detect(expected, single, NOW).state
    assert expected == fold(old, batch, "every", NOW).state


@unhurried
@given(olds, arrivals_of_any_kind, backlogs)
def test_the_same_batch_again_ends_at_the_same_state(old: State, batch: list[Arrival], backlog: Backlog) -> None:
    once = fold(old, batch, backlog, NOW).state
    again = fold(once, batch, backlog, NOW).state
    assert (once.state, repr(once.data), once.heard_at) == (again.state, repr(again.data), again.heard_at)


# ---------------------------------------------------------------------------------------------- silence


def test_a_thing_rests_after_silence_counted_from_when_it_was_heard() -> None:
    busy = state("HUGGING", 7, at(-60), heard_at=at(-3))
    assert Due("NEUTRAL", at(2), "rest") == silence(resting(), busy, since=at(-100))


def test_a_resting_thing_goes_offline_counted_from_when_it_was_heard() -> None:
    rested = state("NEUTRAL", 8, at(2), heard_at=at(-3))
    assert Due("NOTCONNECTED", at(57), "offline") == silence(resting(), rested, since=at(-100))


def test_a_thing_that_was_never_heard_goes_offline_counted_from_the_start() -> None:
    assert Due("NOTCONNECTED", at(60), "offline") == silence(resting(), unknown(), since=NOW)


def test_a_thing_that_was_never_heard_does_not_rest() -> None:
    assert silence(cloud(rest="NEUTRAL", rest_after=seconds(5)), unknown(), since=NOW) is None


def test_a_thing_that_is_offline_stays_so_and_does_not_rest() -> None:
    assert silence(resting(), state("NOTCONNECTED"), since=NOW) is None


def test_a_thing_without_rest_goes_offline_straight_away() -> None:
    spec = cloud(offline="NOTCONNECTED", offline_after=seconds(60))
    assert Due("NOTCONNECTED", at(60), "offline") == silence(spec, state("HUGGING"), since=NOW)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"rest": "NEUTRAL"},
        {"offline": "NOTCONNECTED"},
        {"offline_after": seconds(60)},
        {"rest": "HUGGING", "rest_after": seconds(5)},
    ],
)
def test_silence_changes_nothing_unless_it_is_said_what_and_when(options: dict[str, Any]) -> None:
    assert silence(cloud(**options), state("HUGGING"), since=NOW) is None


def test_silence_is_a_change_with_its_cause_and_without_data() -> None:
    step = conclude(state("HUGGING", 7, at(-9), data={"force": 3}), Due("NEUTRAL", at(-4), "rest"), NOW)
    assert (Change("cloud", 8, "NEUTRAL", {}, at(-4), "rest"),) == step.changes
    assert "changed" == step.result


def test_silence_moves_changed_and_updated_but_the_thing_was_not_heard() -> None:
    step = conclude(state("HUGGING", 7, at(-9), data={"force": 3}), Due("NEUTRAL", at(-4), "rest"), NOW)
    assert state("NEUTRAL", 8, at(-4), heard_at=at(-9)) == step.state


def test_silence_before_the_first_reading_leaves_the_thing_unheard() -> None:
    step = conclude(unknown(), Due("NOTCONNECTED", at(-1), "offline"), NOW)
    assert state("NOTCONNECTED", 1, at(-1), heard_at=None) == step.state


def test_a_late_conclusion_is_not_dated_before_the_last_change() -> None:
    assert at(-2) == conclude(state("HUGGING", 7, at(-2)), Due("NEUTRAL", at(-4), "rest"), NOW).state.changed_at


def test_a_thing_rests_then_goes_offline_then_is_heard_again() -> None:
    spec, current = resting(), state("HUGGING", 7)
    for expected in ["rest", "offline"]:
        due = silence(spec, current, since=NOW)
        assert due is not None
        current = conclude(current, due, due.at).state
        assert expected == due.cause
    assert ("NOTCONNECTED", at(60), 9) == (current.state, current.changed_at, current.position.version)
    assert "changed" == one(current, arrival("HUGGING", at(61)), at(61)).result


# -------------------------------------------------------------------------------------------- staleness


@pytest.mark.parametrize(("silent", "expected"), [(60, False), (60.001, True)])
def test_a_thing_is_stale_when_it_was_silent_for_longer_than_offline_after(silent: float, expected: bool) -> None:
    spec = cloud(offline_after=seconds(60))
    assert expected == is_stale(spec, state("HUGGING"), at(silent))


def test_a_thing_that_nothing_is_known_of_is_stale() -> None:
    assert is_stale(cloud(), unknown(), NOW)


def test_a_thing_that_may_be_silent_is_never_stale() -> None:
    assert not is_stale(cloud(), state("HUGGING", time=at(-10_000)), NOW)


def test_a_thing_that_is_offline_is_not_stale_for_its_state_says_it() -> None:
    assert not is_stale(resting(), state("NOTCONNECTED", heard_at=at(-3600)), NOW)


def test_a_known_state_that_was_never_heard_is_stale() -> None:
    assert is_stale(cloud(offline_after=seconds(60)), state("HUGGING", heard_at=None), NOW)


def test_a_thing_heard_in_the_future_is_not_stale() -> None:
    assert not is_stale(cloud(offline_after=seconds(60)), state("HUGGING", heard_at=at(3600)), NOW)
