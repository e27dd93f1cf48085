from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import at, seconds, unhurried
from windsock.model import Moment
from windsock.timeline import MAX_FIELDS, numbers, sampled, spans, thin, time_spent

STATES = "ABC"


def moments(*parts: tuple[float, str]) -> list[Moment]:
    return [Moment(at(time), version, state) for version, (time, state) in enumerate(parts, 1)]


many = st.lists(st.tuples(st.integers(-50, 150), st.sampled_from(STATES)), max_size=60).map(
    lambda parts: moments(*sorted(parts, key=lambda part: part[0]))
)


# ------------------------------------------------------------------------------------------- time spent


def test_a_state_lasts_until_the_next_and_the_last_one_until_the_end() -> None:
    found = time_spent(spans(moments((0, "A"), (10, "B"), (25, "A")), at(0), at(100)))
    assert {"A": seconds(85), "B": seconds(15)} == found


def test_what_began_before_counts_from_the_begin() -> None:
    assert {"A": seconds(10)} == time_spent(spans(moments((-1000, "A")), at(0), at(10)))


def test_before_anything_is_known_nothing_is_counted() -> None:
    assert {"A": seconds(4)} == time_spent(spans(moments((6, "A")), at(0), at(10)))
    assert {} == time_spent(spans([], at(0), at(10)))


@unhurried
@given(many)
def test_the_times_in_all_states_add_up_to_the_time_that_is_known(known: list[Moment]) -> None:
    known = [moment for moment in known if moment.at <= at(100)]
    total = sum(time_spent(spans(known, at(0), at(100))).values(), timedelta())
    expected = at(100) - max(known[0].at, at(0)) if known else timedelta()
    assert expected == total


# ---------------------------------------------------------------------------------------------- thinning


def test_few_moments_are_told_as_they_are() -> None:
    few = moments((-5, "A"), (1, "B"), (2, "A"))
    assert few == thin(few, at(0), at(10), slices=3)


def test_of_many_the_one_that_lasted_longest_in_each_slice_is_told() -> None:
    parts = moments((0, "A"), (9, "B"), (10, "C"), (11, "A"), (20, "B"), (29, "C"))
    assert ["A", "A", "B"] == [moment.state for moment in thin(parts, at(0), at(30), slices=3)]


def test_more_slices_than_the_time_has_microseconds_are_no_mistake() -> None:
    found = thin(moments(*[(0, name) for name in "ABCA"]), at(-0.000001), at(0), slices=3)
    assert len(found) <= 3


def test_what_lasts_for_many_slices_is_told_once() -> None:
    parts = moments((0, "A"), *((time / 100, "BA"[time % 2]) for time in range(1, 99)), (1, "B"), (90, "C"))
    assert ["B", "C"] == [moment.state for moment in thin(parts, at(0), at(100), slices=10)]


def test_a_jump_in_versions_tells_how_many_were_left_out() -> None:
    parts = moments((0, "A"), *((50 + time / 100, "BC"[time % 2]) for time in range(97)), (51, "A"))
    told = thin(parts, at(0), at(100), slices=10)
    assert (1, 99) == (told[0].version, told[-1].version)


@unhurried
@given(many, st.integers(1, 20))
def test_no_more_is_told_than_there_are_slices_and_always_in_order(known: list[Moment], slices: int) -> None:
    told = thin(known, at(0), at(100), slices)
    assert len(told) <= max(slices, 0) or told == known
    assert told == sorted(told, key=lambda moment: (moment.at, moment.version))
    assert set(told) <= set(known)


# --------------------------------------------------------------------------------------------- sampling


def test_each_moment_that_was_seen_is_told_once_from_when_it_was_seen() -> None:
    first, second = moments((-3, "A"), (4, "B"))
    seen = sampled([first, first, second, second], map(at, (0, 2, 5, 7)))
    assert [first, Moment(at(5), 2, "B")] == seen


def test_times_of_which_nothing_is_known_are_passed_over() -> None:
    (first,) = moments((4, "A"))
    assert [first] == sampled([None, first], map(at, (0, 5)))
    assert [] == sampled([None], [at(0)])


# --------------------------------------------------------------------------------------------- numbers


def test_fields_that_hold_numbers_have_one_for_each_segment() -> None:
    found = numbers([{"force": 3, "by": "Ada"}, None, {"force": "much"}, {"force": 0.5, "at": 7}])
    assert {"force": [3, None, None, 0.5], "at": [None, None, None, 7]} == found


def test_true_is_no_number() -> None:
    assert {} == numbers([{"on": True}])


def test_only_so_many_fields_are_told() -> None:
    assert MAX_FIELDS == len(numbers([{str(n): n for n in range(100)}]))


def test_they_are_those_that_held_a_number_last() -> None:
    found = numbers([{str(n): n} for n in range(12)])
    assert [str(n) for n in range(11, 3, -1)] == list(found)
