"""An idle server: all are connected, nothing changes, heartbeats go on."""

from __future__ import annotations

import time

from bench.arena import Arena
from bench.catalog import Kind
from bench.runs import Findings, opened_problems

HEARTBEAT = 25
"""Seconds between heartbeats; every server is set so, or has it so by itself."""


def idle(arena: Arena, kind: Kind, viewers: int, found: Findings) -> None:
    """Twenty windows, or 60 seconds: long enough for two heartbeats of every viewer."""
    seconds = arena.window * 20
    with arena.pair(kind) as pair:
        found.problems += opened_problems(pair.load.open(viewers, seconds=30 + viewers // 100), viewers)
        time.sleep(5)
        pair.load.expect(0)
        before = pair.server.cpu()
        time.sleep(seconds)
        cpu, counted = pair.server.cpu() - before, pair.load.report()
        found.numbers |= {
            "cpu_share": cpu / counted.took,
            "heartbeats": counted.heartbeats,
            "load_busy": counted.cpu / counted.took,
        }
    found.problems += heartbeat_problems(counted.heartbeats, viewers, seconds)
    if counted.ready != viewers:
        found.problems.append(f"{counted.ready} of {viewers} viewers were still connected at the end")


def heartbeat_problems(heartbeats: int, viewers: int, seconds: float) -> list[str]:
    """An idle server that forgets its viewers would look good."""
    due = int(seconds // (HEARTBEAT + 1)) * viewers
    return [f"{heartbeats} heartbeats came, at least {due} were due"] if heartbeats < due else []
