"""Carry out a plan, one run after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from bench.arena import Arena
from bench.catalog import Kind
from bench.plan import Step
from bench.program import BenchError
from bench.runs import Findings, Run
from bench.scenarios.connects import connects
from bench.scenarios.fanout import fan_out
from bench.scenarios.idle import idle
from bench.scenarios.slow import slow
from bench.scenarios.stops import stops

Scenario = Callable[[Arena, Kind, int, Findings], None]
"""Measures one server with so many viewers; raises BenchError if it cannot go on."""

_SCENARIOS: dict[str, Scenario] = {
    "fan-out": fan_out,
    "connects": connects,
    "stops": stops,
    "slow": slow,
    "idle": idle,
}


def carry_out(arena: Arena, steps: Iterable[Step]) -> Iterator[Run]:
    """Each step's run. One that cannot go on is a failed run, and the next one follows."""
    for step in steps:
        found = Findings()
        try:
            _SCENARIOS[step.scenario](arena, step.kind, step.viewers, found)
        except BenchError as error:
            found.problems.append(str(error))
        yield Run(step.scenario, step.kind.name, step.viewers, step.round, found.numbers, tuple(found.problems))
