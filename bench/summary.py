"""Many runs as few numbers: minimum, median and maximum, of numbers and of ratios within a round."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from bench.runs import Run


@dataclass(frozen=True, slots=True)
class Spread:
    """``count`` values: the least, the middle one, the greatest."""

    least: float
    middle: float
    most: float
    count: int

    def text(self, digits: int = 1) -> str:
        """As tables show it: the median, and in brackets the range if there is one."""
        middle = f"{self.middle:,.{digits}f}"
        return middle if self.count == 1 else f"{middle} ({self.least:,.{digits}f}–{self.most:,.{digits}f})"


@dataclass(frozen=True, slots=True)
class Cell:
    """Which runs: a scenario of one server with so many viewers. ``viewers`` None: however many."""

    scenario: str
    server: str
    viewers: int | None = None

    def has(self, run: Run) -> bool:
        """Whether a run is one of these, and good."""
        here = run.good and (run.scenario, run.server) == (self.scenario, self.server)
        return here and self.viewers in (None, run.viewers)


def spread(values: Iterable[float]) -> Spread | None:
    """None if there are no values."""
    found = list(values)
    return Spread(min(found), median(found), max(found), len(found)) if found else None


def numbers(runs: Sequence[Run], cell: Cell, name: str) -> Spread | None:
    """A number of these runs."""
    return spread(run.numbers[name] for run in runs if cell.has(run) and name in run.numbers)


def ratios(runs: Sequence[Run], over: Cell, under: Cell, name: str) -> Spread | None:
    """How many times as great a number is, from round to round: rounds in which either failed are left out."""
    divisors = {run.round: run.numbers[name] for run in runs if under.has(run) and run.numbers.get(name)}
    return spread(
        run.numbers[name] / divisors[run.round]
        for run in runs
        if over.has(run) and name in run.numbers and run.round in divisors
    )


def sizes(runs: Sequence[Run], scenario: str) -> list[int]:
    """With how many viewers a scenario was run."""
    return sorted({run.viewers for run in runs if run.scenario == scenario})
