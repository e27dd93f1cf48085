from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import unhurried
from windsock.engine.wheel import TimerWheel

TICK = 0.25


@pytest.fixture
def wheel() -> TimerWheel[str]:
    return TimerWheel(TICK)


def test_an_item_comes_out_at_its_time_and_never_earlier(wheel: TimerWheel[str]) -> None:
    wheel.add("egg", 3.0)
    assert [] == wheel.advance(2.999)
    assert ["egg"] == wheel.advance(3.0)


def test_an_item_comes_out_once(wheel: TimerWheel[str]) -> None:
    wheel.add("egg", 3.0)
    assert ["egg"] == wheel.advance(100.0)
    assert [] == wheel.advance(200.0)


def test_the_earlier_comes_out_first(wheel: TimerWheel[str]) -> None:
    for at in (5.0, 1.0, 3.0):
        wheel.add(f"at {at}", at)
    assert ["at 1.0", "at 3.0", "at 5.0"] == wheel.advance(10.0)


def test_what_is_taken_out_does_not_come(wheel: TimerWheel[str]) -> None:
    slot = wheel.add("egg", 3.0)
    wheel.add("tea", 3.0)
    wheel.discard("egg", slot)
    assert ["tea"] == wheel.advance(3.0)


def test_what_has_come_or_never_was_can_be_taken_out(wheel: TimerWheel[str]) -> None:
    slot = wheel.add("egg", 3.0)
    wheel.advance(3.0)
    wheel.discard("egg", slot)
    wheel.discard("tea", 10**9)
    assert [] == list(wheel)


def test_a_time_that_has_passed_is_now_or_a_tick_later(wheel: TimerWheel[str]) -> None:
    wheel.advance(10.0)
    wheel.add("late", 1.0)
    assert ["late"] == wheel.advance(10.0 + TICK)


def test_a_clock_that_stands_still_brings_nothing_twice(wheel: TimerWheel[str]) -> None:
    wheel.add("egg", 3.0)
    assert ["egg"] == wheel.advance(3.0)
    wheel.add("tea", 3.0)
    assert [] == wheel.advance(3.0)
    assert ["tea"] == wheel.advance(3.0 + TICK)


def test_one_can_look_at_all_that_wait(wheel: TimerWheel[str]) -> None:
    wheel.add("egg", 3.0)
    wheel.add("tea", 4.0)
    assert {"egg", "tea"} == set(wheel)
    for item in wheel:
        wheel.add(f"another {item}", 5.0)
    assert 4 == len(list(wheel))


def test_nothing_is_kept_for_what_is_over(wheel: TimerWheel[str]) -> None:
    for number in range(100):
        wheel.discard(f"{number}", wheel.add(f"{number}", number))
    wheel.add("egg", 3.0)
    wheel.advance(3.0)
    assert not wheel._buckets


times = st.floats(0, 50, allow_nan=False)


@unhurried
@given(st.lists(st.tuples(times, times)), st.sampled_from([0.25, 0.1, 1 / 3]))
def test_whenever_it_is_looked_at_all_come_in_time(items: list[tuple[float, float]], tick: float) -> None:
    wheel: TimerWheel[tuple[int, float]] = TimerWheel(tick)
    came: dict[tuple[int, float], float] = {}
    now = 0.0
    for number, (wait, step) in enumerate(items):
        wheel.add((number, now + wait), now + wait)
        now += step / 10
        came |= dict.fromkeys(wheel.advance(now), now)
    while len(came) < len(items):
        now += tick
        came |= dict.fromkeys(wheel.advance(now), now)
    looks_apart = 5.0 + 2 * tick
    assert all(at <= came[number, at] <= at + looks_apart for number, at in came)
