"""The fault suite: everything that can fail does, in an order that chance gives, and then all is counted.

As a command, for as long as one likes:

    .venv/bin/python -m tests.faults.suite --seconds 600 --seed 1

Numbered messages flow through a real queue into a real server, and viewers behind networks of their own watch. Cases
of two kinds, on both deliveries: in ``kills`` the server is killed at each step of receive, commit, announce, delete,
often while something else is wrong too; in ``faults`` the disk is full, read-only or slow, the queue service has a bad
day, viewers are rude, and the clock is set back. Each case ends with the promises, checked by counting.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from pathlib import Path

from tests.azurite import Azurite, azurite_in
from tests.faults.program import DELIVERIES
from tests.faults.suite_acts import DECKS
from tests.faults.suite_case import Case
from tests.waiting import run_apart

CASE_FOR = 20.0
"""Seconds of acts in a case of the command; starting and settling come on top."""


@dataclass
class Report:
    """What was counted in the end."""

    seed: int
    deck: str
    delivery: str
    messages: int = 0
    missing: int = 0
    twice: int = 0
    consecutive: bool = False
    left_in_queue: int = 0
    written_without_key: int = 0
    second_watchers: int = 0
    viewers: int = 0
    viewers_at_newest: int = 0
    viewers_with_every_version_once: int = 0
    shown_live_wrongly: int = 0
    acts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def promises_kept(self) -> bool:
        """Whether every promise held."""
        none = (self.missing, self.twice, self.left_in_queue, self.written_without_key, self.second_watchers)
        viewers = self.viewers_at_newest == self.viewers_with_every_version_once == self.viewers
        return not any(none) and self.consecutive and viewers and not self.shown_live_wrongly and not self.faults

    def __str__(self) -> str:
        acts = ", ".join(f"{name} {count}" for name, count in sorted(self.acts.items()))
        lines = [f"{name:32}{value}" for name, value in vars(self).items() if name not in ("acts", "faults")]
        again = f"--cases 1 --seed {self.seed} --deck {self.deck} --delivery {self.delivery}"
        repeat = [] if self.promises_kept() else [f"again: .venv/bin/python -m tests.faults.suite {again}"]
        return "\n".join([*lines, f"{'acts':32}{acts}", *self.faults[:400], *repeat])


def play(azurite: Azurite, folder: Path, deck: str, delivery: str, seed: int, seconds: float) -> Report:
    """One case."""
    report, began = Report(seed, deck, delivery), time.monotonic()
    chance = random.Random(f"{seed} {deck} {delivery}")
    with azurite.queue(f"faults-{time.time_ns()}") as queue:
        case = Case(azurite, queue, folder, delivery, chance)
        run_apart(partial(case.run, DECKS[deck], seconds))
        case.count(report)
    report.seconds = round(time.monotonic() - began, 1)
    return report


def main() -> int:
    """Play cases and print what was counted; 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the first case; the next has the next")
    parser.add_argument("--cases", type=int, default=sys.maxsize, help="the most cases")
    parser.add_argument("--deck", choices=DECKS, action="append")
    parser.add_argument("--delivery", choices=DELIVERIES, action="append")
    given = parser.parse_args()
    kinds = list(product(given.deck or DECKS, given.delivery or DELIVERIES))
    total, broken, played, end = Counter[str](), 0, 0, time.monotonic() + given.seconds
    with tempfile.TemporaryDirectory() as place, azurite_in(Path(place)) as azurite:
        while played < given.cases and time.monotonic() < end:
            deck, delivery = kinds[played % len(kinds)]
            with tempfile.TemporaryDirectory() as folder:
                report = play(azurite, Path(folder), deck, delivery, given.seed + played, CASE_FOR)
            played += 1
            total.update({name: value for name, value in vars(report).items() if type(value) is int and name != "seed"})
            total.update({f"  {name}": count for name, count in report.acts.items()})
            broken += not report.promises_kept()
            print(
                report if not report.promises_kept() else f"seed {report.seed}: {deck} on {delivery}, kept", flush=True
            )
    for name, count in total.items():
        print(f"{name:40}{count}")
    print(f"{played} cases, {broken} with a promise broken")
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
