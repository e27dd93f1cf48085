from __future__ import annotations

from collections.abc import Sequence

from bench.budgets import Budget, budgets
from bench.runs import Run
from bench.summary import spread


def found(runs: Sequence[Run], what: str) -> Budget:
    [budget] = [budget for budget in budgets(runs) if budget.what == what]
    return budget


def costs(**servers: float) -> list[Run]:
    return [Run("fan-out", server, 1000, 1, {"cpu_us": cpu}) for server, cpu in servers.items()]


def test_the_median_is_what_counts() -> None:
    assert Budget("", spread([1.0, 1.1, 9.0]), most=1.2).met is True
    assert Budget("", spread([1.0, 1.3, 1.4]), most=1.2).met is False
    assert Budget("", spread([4100.0]), least=4000).met is True
    assert Budget("", spread([3900.0]), least=4000).met is False


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    assert Budget("", None, most=1.2).met is None
    assert found([], "connects with snapshot per second").met is None


def test_a_bound_says_which_way_it_goes() -> None:
    assert "≤ 1.2 ×" == Budget("", None, most=1.2, unit=" ×").bound
    assert "≥ 4,000" == Budget("", None, least=4000).bound


def test_a_delivery_is_compared_with_the_bare_loop() -> None:
    runs = costs(windsock=12.0, bare=10.0)
    assert found(runs, "CPU per delivery at 1,000 viewers, Windsock : bare loop").met is True


def test_other_servers_are_compared_with_windsock() -> None:
    runs = costs(windsock=10.0, node=15.0)
    assert found(runs, "CPU per delivery at 1,000 viewers, node : Windsock").met is False


def test_the_others_may_wait_five_milliseconds_more_or_half_as_much_again() -> None:
    for alone, then, met in ((2.0, 6.9, True), (2.0, 7.1, False), (20.0, 29.9, True), (20.0, 30.1, False)):
        runs = [Run("slow", "windsock", 200, 1, {"alone_p99_ms": alone, "p99_ms": then})]
        assert met is found(runs, "p99 of the others meanwhile").met


def test_one_overtaken_state_is_too_much() -> None:
    runs = [Run("slow", "windsock", 200, 1, {"between": 1})]
    assert found(runs, "overtaken states that one gets that reads again").met is False


def test_the_greatest_size_is_compared_with_the_smallest() -> None:
    runs = [Run("fan-out", "windsock", viewers, 1, {"cpu_us": cpu}) for viewers, cpu in ((1000, 10), (19_000, 12))]
    assert found(runs, "CPU per delivery, 19,000 viewers : 1,000").met is True
