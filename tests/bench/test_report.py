from __future__ import annotations

from bench.budgets import budgets
from bench.report import problems, report, table
from bench.runs import Run

GOOD = Run("fan-out", "windsock", 1000, 1, {"cpu_us": 6.5, "rss_kb": 2.4, "bytes": 391})
BAD = Run("fan-out", "node", 1000, 1, {"cpu_us": 1.25, "bytes": 391}, ("999 of 1000 viewers were connected",))


def test_a_table_is_markdown_with_numbers_to_the_right() -> None:
    expected = """\
| server | µs |
| ------ | -: |
| a      |  1 |"""
    assert expected == table(["server", "µs"], [["a", "1"]])


def test_a_failed_run_shows_no_number() -> None:
    text = report([GOOD, BAD], [])
    assert "1.25" not in text
    assert "Socket.IO on Node (1 failed)" in text


def test_a_failed_run_is_told_with_its_place() -> None:
    text = report([GOOD, BAD], [])
    assert "FAILED" in text
    assert "- fan-out, node, 1,000 viewers, round 1: 999 of 1000 viewers were connected" in text


def test_a_run_that_is_fine_has_no_problems() -> None:
    assert [] == problems([GOOD])
    assert "All 1 runs were complete." in report([GOOD], [])


def test_budgets_say_what_was_not_measured() -> None:
    assert "not measured" in report([GOOD], budgets([GOOD]))


def test_servers_of_different_size_stand_in_one_table_with_their_sizes() -> None:
    runs = [
        Run("connects", "windsock", 5000, 1, {"connects_per_s": 8000}),
        Run("connects", "gevent", 1000, 1, {"connects_per_s": 1000}),
    ]
    text = report(runs, [])
    assert 1 == text.count("## Connects")
    assert "5,000" in text
    assert "0.12" in text, "gevent is an eighth of Windsock, whatever the sizes"
