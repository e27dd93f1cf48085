from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.faults.soak import soak
from tests.faults.soak_report import Inventory, Report
from tests.faults.soak_rubbish import ACTS

QUIET = Inventory(80_000_000, 13, 30, 0, 40_000_000, 0, Counter({"windsock.model.Change": 1000}), Counter({"WSGI": 15}))


@pytest.mark.timeout(150)
def test_a_server_holds_in_the_end_what_it_held_in_the_beginning(tmp_path: Path) -> None:
    report = soak(tmp_path, seconds=5, seed=1, warm_up=2, env={}, idle=False, actors=75)
    assert [] == report.findings
    assert {act.__name__ for act in ACTS} <= report.done.keys()
    assert report.states > 100
    assert report.rounds > 10


def report_of(after: Inventory) -> Report:
    return Report(1, 5, QUIET, after, Counter(), 100, 0, 0, 10, (0.3, 0.2), [])


@pytest.mark.parametrize(
    ("grown", "named"),
    [
        ({"rss": 120_000_000}, "memory"),
        ({"used": 42_000_000}, "memory in use"),
        ({"descriptors": 14}, "file descriptors: 13 have become 14"),
        ({"sessions": 1}, "sessions: 0 have become 1"),
        ({"objects": Counter({"windsock.model.Change": 1001})}, "1 more of windsock.model.Change"),
        ({"pools": Counter({"WSGI": 17})}, "2 more threads 'WSGI'"),
        ({"pools": Counter({"Thread": 1})}, "1 more threads 'Thread'"),
    ],
)
def test_what_has_grown_is_found(grown: dict[str, Any], named: str) -> None:
    report = report_of(replace(QUIET, **grown))
    report.compare()
    assert named in report.findings[0]


def test_what_is_bounded_may_come_up_to_its_bound() -> None:
    report = report_of(replace(QUIET, rss=81_000_000, threads=31, pools=Counter({"WSGI": 16})))
    report.compare()
    assert [] == report.findings


def test_a_traceback_in_the_log_is_found_with_what_came_before_it() -> None:
    report = report_of(QUIET)
    report.read("it was so:\nTraceback (most recent call last):\n  …\n")
    assert "1 tracebacks; the first: it was so" in report.findings[0]
