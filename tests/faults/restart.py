"""The server is restarted under many viewers, once asked to end and once killed: all come back, to the newest state.

As a command, with the size that the documentation quotes:

    .venv/bin/python -m tests.faults.restart --viewers 2000 --seed 1
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.faults.crowded import THING, Changes, behind, make_viewers, packets, serve_in, time_until, truth
from tests.faults.program import DELIVERIES
from tests.faults.server import Program
from tests.faults.viewer import Viewer, stop
from tests.waiting import run_apart

SIGNALS = (signal.SIGTERM, signal.SIGKILL)
BACK_WITHIN = 60.0
CHANGES_BETWEEN = 20


@dataclass
class Report:
    """What was counted; times in seconds. ``back``: from the signal until the last viewer was back and right."""

    delivery: str
    seed: int
    viewers: int
    back: dict[str, float | None] = field(default_factory=dict)
    live: dict[str, float] = field(default_factory=dict)
    at_newest: int = 0
    changes: int = 0
    versions: int = 0
    faults: list[str] = field(default_factory=list)

    def promises_kept(self) -> bool:
        """Whether all came back, and were told nothing wrong."""
        return self.at_newest == self.viewers and self.versions == self.changes and not self.faults

    def __str__(self) -> str:
        lines = [f"{name:20}{value}" for name, value in vars(self).items() if name != "faults"]
        return "\n".join([*lines, *self.faults[:40]])


def restart_under(folder: Path, delivery: str, viewers: int, seed: int) -> Report:
    """Let it all happen."""
    report = Report(delivery, seed, viewers)
    program = serve_in(folder, delivery)
    program.start()
    try:
        crowd = run_apart(partial(_run, program, report))
        found = truth(program)
        report.versions = len(found)
        for one in crowd:
            report.faults += one.judge.differs(found)
    finally:
        program.end()
        if report.faults:
            print(program.output)
    return report


async def _run(program: Program, report: Report) -> list[Viewer]:
    changes = Changes(program.port)
    crowd = make_viewers([lambda: program.port] * report.viewers, changes, report.seed, False, ["websocket"])
    tasks = [asyncio.create_task(one.run()) for one in crowd]
    try:
        await changes.make(0)
        came = await time_until(lambda: not behind(crowd, changes.newest), BACK_WITHIN)
        report.back["first"] = came and round(came, 2)
        for number in SIGNALS:
            await asyncio.gather(_change(changes), _restart(program, report, number, crowd))
            back = await time_until(lambda: not behind(crowd, changes.newest), BACK_WITHIN)
            if back is None:
                report.faults.append(f"after {number.name} {len(behind(crowd, changes.newest))} did not come back")
        report.changes = changes.made
        report.at_newest = sum(one.judge.settled(changes.newest) for one in crowd)
        for one in crowd:
            report.faults += one.judge.finish(changes.newest)
        report.faults += packets(crowd)
    finally:
        await stop(tasks)
        await changes.close()
    return crowd


async def _change(changes: Changes) -> None:
    """Changes that are reported meanwhile; whoever reports tries until there is a server that takes them."""
    for number in range(changes.made, changes.made + CHANGES_BETWEEN):
        await changes.make(number)
        await asyncio.sleep(0.05)


async def _restart(program: Program, report: Report, number: signal.Signals, crowd: list[Viewer]) -> None:
    links = {one: one.links for one in crowd}
    began = time.monotonic()
    await asyncio.to_thread(program.end, number)
    await asyncio.to_thread(program.start)
    report.live[number.name] = round(time.monotonic() - began, 2)
    back = await time_until(
        lambda: all(one.links > links[one] and one.judge.shown_now(THING) for one in crowd), BACK_WITHIN
    )
    report.back[number.name] = back and round(time.monotonic() - began, 2)


def main() -> int:
    """Restart and print what was counted; 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--delivery", choices=DELIVERIES, action="append")
    given = parser.parse_args()
    kept = True
    for delivery in given.delivery or DELIVERIES:
        with tempfile.TemporaryDirectory() as folder:
            report = restart_under(Path(folder), delivery, given.viewers, given.seed)
        kept = kept and report.promises_kept()
        print(report)
        print("every promise kept" if report.promises_kept() else "A PROMISE WAS BROKEN", flush=True)
    return not kept


if __name__ == "__main__":
    sys.exit(main())
