"""What Windsock's engine is to reach, and whether it does. Medians count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.runs import Run
from bench.summary import Cell, Spread, numbers, ratios, sizes

MIDDLE = 10_000


@dataclass(frozen=True, slots=True)
class Budget:
    """``most`` or ``least`` is the bound of the median; ``found`` None: not measured."""

    what: str
    found: Spread | None
    most: float | None = None
    least: float | None = None
    unit: str = ""
    digits: int = 2

    @property
    def met(self) -> bool | None:
        """None: not measured."""
        if self.found is None:
            return None
        middle = self.found.middle
        return (self.most is None or middle <= self.most) and (self.least is None or middle >= self.least)

    @property
    def bound(self) -> str:
        """As a table shows it."""
        sign, value = ("≤", self.most) if self.most is not None else ("≥", self.least)
        return f"{sign} {value:,g}{self.unit}"


def budgets(runs: Sequence[Run]) -> list[Budget]:
    """All of them, in the order in which they are told."""
    return [*_costs(runs), *_memory(runs), *_connects(runs), *_largest(runs), *_slow(runs), *_idle(runs)]


def _costs(runs: Sequence[Run]) -> Iterator[Budget]:
    for viewers in sizes(runs, "fan-out"):
        if viewers > MIDDLE:
            continue
        own = Cell("fan-out", "windsock", viewers)
        at = f"at {viewers:,} viewers"
        bare = Cell("fan-out", "bare", viewers)
        yield Budget(
            f"CPU per delivery {at}, Windsock : bare loop", ratios(runs, own, bare, "cpu_us"), most=1.2, unit=" ×"
        )
        for server, least in (("gevent", 5.0), ("threading", 12.0), ("node", 1.6)):
            found = ratios(runs, Cell("fan-out", server, viewers), own, "cpu_us")
            if found:
                yield Budget(f"CPU per delivery {at}, {server} : Windsock", found, least=least, unit=" ×")


def _memory(runs: Sequence[Run]) -> Iterator[Budget]:
    found = numbers(runs, Cell("fan-out", "windsock", MIDDLE), "rss_kb")
    yield Budget(f"memory per viewer at {MIDDLE:,}", found, most=4.0, unit=" kB")


def _connects(runs: Sequence[Run]) -> Iterator[Budget]:
    own = Cell("connects", "windsock")
    rate = numbers(runs, own, "connects_per_s")
    yield Budget("connects with snapshot per second", rate, least=4000, digits=0)
    for server in ("gevent", "node"):
        found = ratios(runs, own, Cell("connects", server), "connects_per_s")
        yield Budget(f"connects per second, Windsock : {server}", found, least=4.0, unit=" ×")


def _largest(runs: Sequence[Run]) -> Iterator[Budget]:
    of = sizes(runs, "fan-out")
    if of and of[-1] > MIDDLE:
        large, small = Cell("fan-out", "windsock", of[-1]), Cell("fan-out", "windsock", of[0])
        found = ratios(runs, large, small, "cpu_us")
        yield Budget(f"CPU per delivery, {of[-1]:,} viewers : {of[0]:,}", found, most=1.3, unit=" ×")
    for viewers in sizes(runs, "stops"):
        found = numbers(runs, Cell("stops", "windsock", viewers), "stop_ms")
        yield Budget(f"longest stop while broadcasting to {viewers:,}", found, most=20.0, unit=" ms", digits=1)


def _slow(runs: Sequence[Run]) -> Iterator[Budget]:
    cell = Cell("slow", "windsock")
    yield Budget("a viewer that stops reading costs once", numbers(runs, cell, "once_kb"), most=100.0, unit=" kB")
    # What the allocator does meanwhile is not the viewers'.
    yield Budget("and after that", numbers(runs, cell, "later_kb"), most=1.0, unit=" kB")
    alone = numbers(runs, cell, "alone_p99_ms")
    bound = round(max(alone.middle * 1.5, alone.middle + 5), 1) if alone else 0.0
    yield Budget("p99 of the others meanwhile", numbers(runs, cell, "p99_ms"), most=bound, unit=" ms", digits=1)
    between = numbers(runs, cell, "between")
    yield Budget("overtaken states that one gets that reads again", between, most=0.0, digits=0)


def _idle(runs: Sequence[Run]) -> Iterator[Budget]:
    for viewers in sizes(runs, "idle"):
        found = numbers(runs, Cell("idle", "windsock", viewers), "cpu_share")
        yield Budget(f"idle with {viewers:,} viewers", found, most=0.02, unit=" of a core", digits=4)
