"""What a run gave, and what makes it a failed one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.load import Counted, Opened

SATURATED = 0.9
"""Share of its core from which on the load, and not the server, may be what was measured."""
_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Run:
    """One server in one scenario. With ``problems`` its numbers count for nothing.

    Numbers have their unit in their name: ``cpu_us`` (microseconds), ``p99_ms``, ``rss_kb``, ``busy`` (a share).
    """

    scenario: str
    server: str
    viewers: int
    round: int
    numbers: Mapping[str, float] = field(default_factory=dict)
    problems: Sequence[str] = ()

    @property
    def good(self) -> bool:
        return not self.problems


@dataclass(slots=True)
class Findings:
    """What a run has given so far."""

    numbers: dict[str, float] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def opened_problems(opened: Opened, viewers: int) -> list[str]:
    """What is wrong with an opening that was to end with so many viewers."""
    problems = []
    if opened.ready != viewers:
        why = f" ({opened.error})" if opened.error else ""
        problems.append(f"{opened.ready} of {viewers} viewers were connected{why}")
    return problems


def counted_problems(counted: Counted, viewers: int, states: int) -> list[str]:
    """What is missing when each of so many viewers was to get so many states."""
    problems = []
    if counted.ready != viewers:
        why = f" ({counted.error})" if counted.error else ""
        problems.append(f"{counted.ready} of {viewers} viewers were still connected at the end{why}")
    if (counted.received, counted.least, counted.most) != (viewers * states, states, states):
        problems.append(
            f"{counted.received} of {viewers * states} messages were received, "
            f"{counted.least} to {counted.most} by a viewer instead of {states}"
        )
    if counted.backwards or counted.repeated:
        problems.append(f"{counted.backwards + counted.repeated} messages came late or twice")
    return problems + load_problems(counted.cpu, counted.took)


def size_problems(runs: Sequence[Run]) -> list[str]:
    """Tells if servers sent messages of different length; versions of more or fewer digits are no difference."""
    sizes = {run.server: run.numbers["bytes"] for run in runs if run.good and "bytes" in run.numbers}
    if not sizes or max(sizes.values()) - min(sizes.values()) <= _DIGITS:
        return []
    return ["messages differ in length: " + ", ".join(f"{who} {size:.0f} bytes" for who, size in sizes.items())]


def load_problems(cpu: float, took: float) -> list[str]:
    """Tells if the load used so much of its core, in seconds, that it may have been what limited the run."""
    share = cpu / took if took else 0.0
    return [f"the load used {share:.0%} of its core: it was measured, not the server"] if share > SATURATED else []
