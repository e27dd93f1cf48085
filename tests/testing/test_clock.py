from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.builders import NOW, at
from windsock.testing import TurnableClock


def test_it_tells_the_real_time_until_it_is_turned() -> None:
    real = iter([at(0), at(1)])
    clock = TurnableClock(lambda: next(real))

    assert [at(0), at(1)] == [clock(), clock()]


def test_it_goes_on_from_where_it_was_turned_to() -> None:
    real = iter([at(0), at(1)])
    clock = TurnableClock(lambda: next(real))

    clock.forward("61s")

    assert [at(61), at(62)] == [clock(), clock()]


def test_it_is_turned_back_too() -> None:
    clock = TurnableClock(lambda: NOW)

    clock.back("1h30m")
    clock.forward(timedelta(minutes=10))

    assert at(-80 * 60) == clock()


def test_one_that_was_stopped_moves_only_when_it_is_turned() -> None:
    real = iter([at(0), at(1), at(2)])
    clock = TurnableClock(lambda: next(real))

    clock.stop()
    clock.stop()
    first = clock()
    clock.forward("5s")

    assert [at(0), at(5)] == [first, clock()]


def test_whoever_waits_for_a_time_looks_again_at_each_turn() -> None:
    clock = TurnableClock(lambda: NOW)
    looks = []
    forget = clock.on_turn(lambda: looks.append(clock()))

    clock.forward("1s")
    clock.back("2s")
    forget()
    clock.forward("1s")

    assert [at(1), at(-1)] == looks


def test_a_turn_by_what_is_no_duration_is_refused() -> None:
    with pytest.raises(ValueError, match=re.escape("'soon' is not a duration such as 500ms, 5s")):
        TurnableClock().forward("soon")
