"""How fast viewers come in: connected, upgraded, joined, and shown the current state. A new one follows each."""

from __future__ import annotations

from bench.arena import Arena
from bench.catalog import Kind
from bench.load import WINDOW
from bench.runs import Findings, load_problems, opened_problems


def connects(arena: Arena, kind: Kind, viewers: int, found: Findings) -> None:
    """`WINDOW` viewers are on their way at any time."""
    with arena.pair(kind) as pair:
        before = pair.server.cpu()
        opened = pair.load.open(viewers, WINDOW, seconds=30 + viewers // 100)
        found.problems += opened_problems(opened, viewers) + load_problems(opened.cpu, opened.took)
        found.numbers |= {
            "connects_per_s": opened.ready / opened.took,
            "connect_cpu_us": (pair.server.cpu() - before) / max(opened.ready, 1) * 1e6,
            "load_busy": opened.cpu / opened.took,
            "p50_ms": opened.joining.p50 * 1e3,
            "p99_ms": opened.joining.p99 * 1e3,
        }
