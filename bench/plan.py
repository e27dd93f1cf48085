"""What is run, and in which order: rounds in which all servers take turns, so that a machine's moods meet them all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.catalog import BY_NAME, USUAL, Kind

SCENARIOS = ("fan-out", "connects", "stops", "slow", "idle")
RESERVED = 1000
"""Open files that are not viewers', with something to spare: the greatest size is the hard limit less these."""
FEW_ROUNDS = 3
"""Rounds of what is not compared from round to round. What takes very long, and is no close competitor, has one."""
_LARGEST = ("windsock", "bare")
_LONE = {"stops": ("windsock", "node"), "slow": ("windsock",), "idle": ("windsock",)}


@dataclass(frozen=True, slots=True)
class Step:
    """One run: a scenario of one server, with so many viewers, in a round that counts from 1."""

    scenario: str
    kind: Kind
    viewers: int
    round: int


@dataclass(frozen=True, slots=True)
class Plan:
    """``sizes`` rise; ``servers`` empty: those that are usual in each scenario. ``rounds`` is of what is compared."""

    rounds: int = 7
    scenarios: Sequence[str] = SCENARIOS
    servers: Sequence[str] = ()
    sizes: Sequence[int] = (1000, 10_000)
    connecting: int = 5000
    reading: int = 200

    def steps(self) -> Iterator[Step]:
        """All runs, in order."""
        for number in range(1, self.rounds + 1):
            for scenario in self.scenarios:
                if number <= self._rounds(scenario):
                    yield from self._round(scenario, number)

    def _rounds(self, scenario: str) -> int:
        if scenario in ("slow", "idle"):
            return 1
        return min(self.rounds, FEW_ROUNDS) if scenario == "stops" else self.rounds

    def _round(self, scenario: str, number: int) -> Iterator[Step]:
        for viewers in self._sizes(scenario):
            kinds = [kind for kind in self._kinds(scenario) if self._fits(scenario, kind, viewers, number)]
            turn = number % len(kinds) if kinds else 0
            for kind in kinds[turn:] + kinds[:turn]:
                yield Step(scenario, kind, _at_most(kind, viewers), number)

    def _sizes(self, scenario: str) -> Sequence[int]:
        if scenario == "fan-out":
            return self.sizes
        of = {"connects": self.connecting, "slow": self.reading, "idle": min(self.sizes[-1], 10_000)}
        return (of.get(scenario, self.sizes[-1]),)

    def _kinds(self, scenario: str) -> list[Kind]:
        usual = _LONE.get(scenario, USUAL)
        kinds = [BY_NAME[name] for name in self.servers or usual]
        return [kind for kind in kinds if scenario == "fan-out" or not kind.bare]

    def _fits(self, scenario: str, kind: Kind, viewers: int, number: int) -> bool:
        if scenario != "fan-out":
            return True
        if kind.most is not None and viewers > kind.most:
            return False
        if viewers == self.sizes[-1] and len(self.sizes) > 2 and kind.name not in (self.servers or _LARGEST):
            return False
        return kind.name != "asyncio" or viewers <= 1000 or number == 1


def _at_most(kind: Kind, viewers: int) -> int:
    return min(kind.most or viewers, viewers)


_SLOWER = {"node": 0.5, "asyncio": 6.0, "gevent": 2.0, "threading": 3.0}


def seconds(step: Step, window: float) -> float:
    """About how long a run takes, for people who wait: some windows, and something for each thousand of viewers."""
    windows = {"fan-out": 1.2, "connects": 0.0, "stops": 2.2, "slow": 27.0, "idle": 20.0}
    thousands = step.viewers / 1000 * (0.3 if step.scenario == "connects" else 1.0)
    return 2.0 + windows[step.scenario] * window + thousands * _SLOWER.get(step.kind.name, 0.2)
