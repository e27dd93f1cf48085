"""Viewers that stop reading while a large state changes fast: what they cost, and what they get in the end."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from statistics import median

from bench.arena import Arena, Pair
from bench.broadcast import send
from bench.catalog import Kind
from bench.load import Counted, Resumed
from bench.program import kernel_socket_memory
from bench.runs import Findings, counted_problems, opened_problems

SLOW = 100
FILLING = 3700
"""Characters of data that make the state 4 kB long."""
INTERVAL = 20
RECEIVE_BUFFER = 4096
OVERTAKEN = 0.001
"""Share of the others' states that may be missing: at this pace, one is overtaken if the machine halts for 20 ms."""


def slow(arena: Arena, kind: Kind, viewers: int, found: Findings) -> None:
    """``viewers`` read all the time; `SLOW` more stop for twenty windows, or 60 seconds, and then read again.

    Windsock has its usual store here: one in memory grows with every change.
    """
    with (
        tempfile.TemporaryDirectory(dir=arena.folder) as folder,
        arena.pair(kind, BENCH_FILLING=str(FILLING), BENCH_STORE=f"sqlite:///{folder}/windsock.db") as pair,
    ):
        found.problems += opened_problems(pair.load.open(viewers), viewers)
        send(pair, viewers, 100, INTERVAL)  # warm-up
        alone = send(pair, viewers, round(arena.window * 5 * 1000 / INTERVAL), INTERVAL)
        found.problems += counted_problems(alone.counted, viewers, alone.states)
        opened = pair.load.open(SLOW, receive_buffer=RECEIVE_BUFFER)
        found.problems += opened_problems(opened, viewers + SLOW)
        if found.problems:
            return
        pair.load.halt(viewers, SLOW)
        states = round(arena.window * 20 * 1000 / INTERVAL)
        counted = _watch_memory(pair, states, found)
        found.numbers |= _latencies(alone.counted, counted)
        found.numbers |= {"bytes": counted.most_bytes, "skipped": viewers * states - counted.received}
        found.problems += others_problems(counted.received, viewers * states)
        _read_again(pair, found)


def _watch_memory(pair: Pair, states: int, found: Findings) -> Counted:
    """Broadcast for a while; memory is read before, after a tenth of the time, and at the end."""
    seconds = states * INTERVAL / 1000
    before, kernel = pair.server.memory().resident, kernel_socket_memory()
    pair.load.expect(states)
    pair.server.tell(f"go {states} {INTERVAL}")
    time.sleep(seconds / 10)
    early = pair.server.memory().resident
    time.sleep(seconds * 0.9)
    counted = pair.load.wait(10)
    found.numbers |= {
        "once_kb": (early - before) / SLOW / 1024,
        "later_kb": (pair.server.memory().resident - early) / SLOW / 1024,
        "kernel_kb": (kernel_socket_memory() - kernel) / SLOW / 1024,
        "seconds": counted.took,
    }
    return counted


def _latencies(alone: Counted, counted: Counted) -> dict[str, float]:
    return {
        "alone_p50_ms": alone.latency.p50 * 1e3,
        "alone_p99_ms": alone.latency.p99 * 1e3,
        "p50_ms": counted.latency.p50 * 1e3,
        "p99_ms": counted.latency.p99 * 1e3,
    }


def _read_again(pair: Pair, found: Findings) -> None:
    """Read while states go on to change, and some time more."""
    pair.load.expect(100)
    pair.server.tell(f"go 100 {INTERVAL}")
    time.sleep(50 * INTERVAL / 1000)
    pair.load.resume()
    time.sleep(1 + 50 * INTERVAL / 1000)
    resumed = pair.load.resumed()
    found.problems += resumed_problems(resumed)
    found.numbers |= {
        "held_median": median(viewer.held for viewer in resumed),
        "held_most": max(viewer.held for viewer in resumed),
        "jumps_most": max(viewer.jumps for viewer in resumed),
        "between": sum(viewer.between for viewer in resumed),
    }


def others_problems(received: int, due: int) -> list[str]:
    """Those that read must not miss what the slow ones miss."""
    return [f"the others received {received} of {due} messages"] if received < due * (1 - OVERTAKEN) else []


def resumed_problems(resumed: Sequence[Resumed]) -> list[str]:
    """Those that read again must still be there, and end at the newest."""
    gone = sum(viewer.ended for viewer in resumed)
    behind = sum(viewer.behind != 0 for viewer in resumed if not viewer.ended)
    problems = [] if len(resumed) == SLOW else [f"{len(resumed)} of {SLOW} viewers read again"]
    problems += [f"{gone} of the slow viewers were disconnected"] * (gone > 0)
    return problems + [f"{behind} of the slow viewers did not get the newest state"] * (behind > 0)
