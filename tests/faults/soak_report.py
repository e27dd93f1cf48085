"""What a server holds when all is quiet, and whether that has grown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psutil

RSS = 32 * 1024 * 1024
"""How many bytes more the process may hold at the end. Memory goes back to the system page by page, and whatever is
left on a page holds it: the same work done anew comes to lie elsewhere. What counts is what is in use."""
USED = 1024 * 1024
"""How many bytes more may be in use. They are counted exactly, so this is for caches, and for what each thread keeps of
what it did last."""
POOLS = {"WSGI": 16, "windsock-engine-requests": 8, "windsock-events": 64}
"""The most threads of the pools whose threads begin when they are needed, and stay, if only for some seconds."""
OWN = "windsock."
PASSING = {"windsock.engine.frames.Frame", "windsock.model.State", "windsock.model.Position"}
"""Of these there is always a current one, or two. Of what else is Windsock's own there may be nothing more."""
FEW = 10


@dataclass(frozen=True)
class Inventory:
    """``cycles``: how many objects only the garbage collector could free; ``objects``, ``pools``: by kind."""

    rss: int
    descriptors: int
    threads: int
    sessions: int
    used: int
    cycles: int
    objects: Counter[str]
    pools: Counter[str]

    @classmethod
    def of(cls, process: psutil.Process, told: Mapping[str, Any]) -> Inventory:
        """What can be seen of a process from outside, and what it has told."""
        objects = Counter(told["objects"])
        return cls(
            process.memory_info().rss,
            process.num_fds(),
            process.num_threads(),
            objects["windsock.engine.session.Session"],
            told["used"],
            told["cycles"],
            objects,
            Counter(name.rstrip("-_0123456789") for name in told["threads"]),
        )


@dataclass
class Report:
    """What was done, and what was found. ``load``: of a core, by the server and by this process."""

    seed: int
    seconds: float
    before: Inventory
    after: Inventory
    done: Counter[str]
    states: int
    gaps: int
    filled: int
    rounds: int
    load: tuple[float, float]
    findings: list[str] = field(default_factory=list)
    log_lines: int = 0

    @property
    def rows(self) -> list[tuple[str, int, int, int]]:
        """What is compared: a name, how much there was and is, and how much more there may be."""
        first, last = self.before, self.after
        return [
            ("memory (RSS), bytes", first.rss, last.rss, RSS),
            ("memory in use, bytes", first.used, last.used, USED),
            ("file descriptors", first.descriptors, last.descriptors, 0),
            ("threads", first.threads, last.threads, sum(POOLS.values())),
            ("sessions", first.sessions, last.sessions, 0),
        ]

    def compare(self) -> None:
        """Add to the findings what has grown."""
        for name, first, last, more in self.rows:
            if last > first + more:
                self.findings.append(f"{name}: {first:,} have become {last:,}")
        for kind, number in (self.after.objects - self.before.objects).items():
            if kind.startswith(OWN) and number > (FEW if kind in PASSING else 0):
                self.findings.append(f"{number:,} more of {kind}")
        for kind, number in (self.after.pools - self.before.pools).items():
            if self.after.pools[kind] > POOLS.get(kind, 0):
                self.findings.append(f"{number} more threads {kind!r}")
        if self.after.sessions:
            self.findings.append(f"{self.after.sessions} sessions are left, though everybody has gone")

    def read(self, log: str) -> None:
        """Add to the findings what the server's log tells."""
        self.log_lines = log.count("\n")
        if "Traceback" in log:
            start = max(0, log.index("Traceback") - 300)
            self.findings.append(f"{log.count('Traceback')} tracebacks; the first: {log[start : start + 2500]}")

    def show(self) -> None:
        """Print all of it."""
        print(f"seed {self.seed}, {self.seconds:g} seconds:")
        for name, number in sorted(self.done.items()):
            print(f"  {name:40}{number:>12,}")
        print(
            f"of a core: {self.load[0]:.0%} by the server, {self.load[1]:.0%} by this; {self.log_lines:,} lines of log"
        )
        print(
            f"those who stayed: {self.states:,} states, {self.gaps:,} gaps of {self.filled:,} versions told afterwards;"
        )
        print(f"  {self.rounds:,} times something was sent and came back as it was")
        print(f"  {'':28}{'before':>14}{'after':>14}{'allowed':>14}")
        for name, first, last, more in self.rows:
            print(f"  {name:28}{first:>14,}{last:>14,}{more:>+14,}")
        for finding in self.findings[:20]:
            print(f"FOUND: {finding}")
        print(f"{len(self.findings)} findings" if self.findings else "nothing is left over")
