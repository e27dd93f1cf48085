from __future__ import annotations

from bench.runs import Run
from bench.summary import Cell, Spread, numbers, ratios, sizes, spread


def run(server: str, number: int, cpu: float, *problems: str, viewers: int = 1000) -> Run:
    return Run("fan-out", server, viewers, number, {"cpu_us": cpu}, problems)


OWN, NODE = Cell("fan-out", "windsock"), Cell("fan-out", "node")


def test_a_spread_is_minimum_median_and_maximum() -> None:
    assert Spread(1, 3, 9, 3) == spread([9, 1, 3])


def test_there_is_no_spread_of_nothing() -> None:
    assert spread([]) is None


def test_a_spread_of_one_value_shows_no_range() -> None:
    assert "7.50" == Spread(7.5, 7.5, 7.5, 1).text(2)
    assert "1,200 (1,000–1,300)" == Spread(1000, 1200, 1300, 3).text(0)


def test_the_numbers_of_a_failed_run_count_for_nothing() -> None:
    assert Spread(5, 5, 5, 1) == numbers([run("node", 1, 5), run("node", 2, 900, "short")], NODE, "cpu_us")


def test_numbers_of_another_size_are_others() -> None:
    assert numbers([run("node", 1, 5)], Cell("fan-out", "node", 10_000), "cpu_us") is None


def test_ratios_are_made_within_a_round() -> None:
    runs = [run("windsock", 1, 2), run("node", 1, 4), run("node", 2, 30), run("windsock", 2, 10)]
    assert Spread(2, 2.5, 3, 2) == ratios(runs, NODE, OWN, "cpu_us")


def test_a_round_in_which_either_failed_has_no_ratio() -> None:
    runs = [run("windsock", 1, 2, "short"), run("node", 1, 4), run("windsock", 2, 2), run("node", 2, 4, "short")]
    assert ratios(runs, NODE, OWN, "cpu_us") is None


def test_sizes_rise() -> None:
    assert [1000, 9000] == sizes([run("node", 1, 1, viewers=9000), run("node", 1, 1), run("bare", 1, 1)], "fan-out")
