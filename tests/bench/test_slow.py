from __future__ import annotations

from dataclasses import replace

from bench.load import Resumed
from bench.scenarios.slow import SLOW, others_problems, resumed_problems

FINE = Resumed(held=9, jumps=1, between=0, behind=0, ended=False)


def test_those_that_read_again_must_be_there_and_have_the_newest() -> None:
    assert [] == resumed_problems([FINE] * SLOW)


def test_the_others_may_hardly_miss_anything() -> None:
    assert [] == others_problems(599_992, 600_000)
    assert ["the others received 590000 of 600000 messages"] == others_problems(590_000, 600_000)


def test_one_that_was_disconnected_is_a_problem() -> None:
    assert ["1 of the slow viewers were disconnected"] == resumed_problems(
        [replace(FINE, ended=True), *[FINE] * (SLOW - 1)]
    )


def test_one_that_stays_behind_is_a_problem() -> None:
    assert ["1 of the slow viewers did not get the newest state"] == resumed_problems(
        [replace(FINE, behind=3), *[FINE] * (SLOW - 1)]
    )
