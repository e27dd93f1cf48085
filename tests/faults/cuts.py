"""Viewers whose network is cut again and again while a thing changes; in the end every one of them knows everything.

As a command, with the size that the documentation quotes:

    .venv/bin/python -m tests.faults.cuts --viewers 500 --cuts 20 --changes 1000 --seed 1

Each viewer has a network of its own (`tests.faults.line`), which is cut at moments of its own, and every fourth time
together with everybody else's. Half of the cuts are told to both ends at once; the others begin without a word.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.faults.crowded import (
    THING,
    Changes,
    behind,
    make_viewers,
    numbers,
    paced,
    packets,
    serve_in,
    time_until,
    truth,
)
from tests.faults.line import CUTS, Line
from tests.faults.program import DELIVERIES
from tests.faults.viewer import Viewer, stop
from tests.waiting import run_apart

CUT_FOR = 2.0
SLOT = 5.0
"""Seconds for each cut and what lies around it; so it all takes as many times that as there are cuts."""
SETTLE_WITHIN = 60.0


@dataclass
class Report:
    """What was counted in the end."""

    delivery: str
    seed: int
    viewers: int
    cuts: int
    changes: int
    versions: int = 0
    at_newest: int = 0
    every_version_once: int = 0
    filled_by_history: int = 0
    links: int = 0
    seconds: float = 0.0
    settled_after: float | None = None
    faults: list[str] = field(default_factory=list)

    def promises_kept(self) -> bool:
        """Whether every promise held."""
        everybody = self.at_newest == self.every_version_once == self.viewers
        return everybody and self.versions == self.changes and not self.faults

    def __str__(self) -> str:
        lines = [f"{name:20}{value}" for name, value in vars(self).items() if name != "faults"]
        return "\n".join([*lines, *self.faults[:40]])


def cut_all(
    folder: Path, delivery: str, viewers: int, cuts: int, changes: int, seed: int, slot: float = SLOT
) -> Report:
    """Let it all happen."""
    report = Report(delivery, seed, viewers, cuts, changes)
    program = serve_in(folder, delivery)
    program.start()
    began = time.monotonic()
    try:
        crowd = run_apart(partial(_run, program.port, report, slot))
        found = truth(program)
        report.versions = len(found)
        if numbers(found) != list(range(changes)):
            report.faults.append("the history is not what was reported, in order")
        for one in crowd:
            report.faults += one.judge.differs(found)
    finally:
        program.end()
        if report.faults:
            print(program.output)
    report.seconds = round(time.monotonic() - began, 1)
    return report


async def _run(port: int, report: Report, slot: float) -> list[Viewer]:
    lines = [Line(lambda: port) for _ in range(report.viewers)]
    changes = Changes(port)
    crowd = make_viewers([lambda line=line: line.port for line in lines], changes, report.seed, fills=True)  # type: ignore[misc]
    for line in lines:
        await line.open()
    tasks = [asyncio.create_task(one.run()) for one in crowd]
    try:
        everybody = await time_until(lambda: all(THING in one.judge.shown for one in crowd), 60)
        assert everybody is not None, "not all viewers came"
        length = report.cuts * slot
        acts = [partial(changes.make, number) for number in range(report.changes)]
        await asyncio.gather(paced(acts, length), *_cuts(lines, report, slot))
        report.settled_after = await time_until(lambda: not behind(crowd, changes.newest), SETTLE_WITHIN)
        _count(report, crowd, changes)
    finally:
        await stop(tasks)
        await changes.close()
        for line in lines:
            await line.close()
    return crowd


def _cuts(lines: list[Line], report: Report, slot: float) -> list[asyncio.Task[None]]:
    """For each viewer, one cut in each slot of time."""
    together = random.Random(f"{report.seed} together")
    shared = [(together.uniform(0, slot - CUT_FOR), together.choice(CUTS)) for _ in range(report.cuts)]

    async def cut(line: Line, chance: random.Random) -> None:
        began = time.monotonic()
        for number in range(report.cuts):
            own = (chance.uniform(0, slot - CUT_FOR), chance.choice(CUTS))
            after, kind = shared[number] if number % 4 == 3 else own
            await asyncio.sleep(began + number * slot + after - time.monotonic())
            await line.cut(kind, CUT_FOR)

    return [
        asyncio.create_task(cut(line, random.Random(f"{report.seed} line {number}")))
        for number, line in enumerate(lines)
    ]


def _count(report: Report, crowd: list[Viewer], changes: Changes) -> None:
    newest = changes.newest[THING]
    report.at_newest = sum(one.judge.settled(changes.newest) for one in crowd)
    report.every_version_once = sum(not one.judge.uneven(THING, newest) for one in crowd)
    report.filled_by_history = sum(one.filled for one in crowd)
    report.links = sum(one.links for one in crowd)
    for one in crowd:
        report.faults += one.judge.finish(changes.newest)
    report.faults += packets(crowd)


def main() -> int:
    """Cut and print what was counted; 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=500)
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--changes", type=int, default=1000)
    parser.add_argument("--slot", type=float, default=SLOT, help="seconds for each cut and what lies around it")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--delivery", choices=DELIVERIES, action="append")
    given = parser.parse_args()
    kept = True
    for delivery in given.delivery or DELIVERIES:
        with tempfile.TemporaryDirectory() as folder:
            report = cut_all(Path(folder), delivery, given.viewers, given.cuts, given.changes, given.seed, given.slot)
        kept = kept and report.promises_kept()
        print(report)
        print("every promise kept" if report.promises_kept() else "A PROMISE WAS BROKEN", flush=True)
    return not kept


if __name__ == "__main__":
    sys.exit(main())
