"""How long the server's loop stands still while it broadcasts to all: seen from outside, by WebSocket pings."""

from __future__ import annotations

import time

from bench.arena import Arena
from bench.broadcast import find_pace, how_many, send
from bench.catalog import Kind
from bench.load import Times
from bench.runs import Findings, counted_problems, opened_problems

EVERY = 2.0
"""Milliseconds between pings: a stop may have been longer than was seen by as much."""
PINGING = 64
"""Viewers that send them in turn, so that each of them sends few."""


def stops(arena: Arena, kind: Kind, viewers: int, found: Findings) -> None:
    """The longest way of a ping, less the usual one; once with nothing else to do, once while it broadcasts."""
    with arena.pair(kind) as pair:
        found.problems += opened_problems(pair.load.open(viewers, seconds=30 + viewers // 100), viewers)
        if found.problems:
            return
        interval = find_pace(pair, viewers)
        pair.load.probe(EVERY, PINGING)
        pair.load.expect(0)
        time.sleep(arena.window)
        quiet = pair.load.report().probes
        sent = send(pair, viewers, how_many(arena.window, interval), interval)
    found.problems += counted_problems(sent.counted, viewers, sent.states)
    found.problems += probe_problems(sent.counted.probes.count, sent.counted.pings)
    busy = sent.counted.probes
    found.numbers |= {
        "stop_ms": stop(quiet, busy) * 1e3,
        "probe_p50_ms": busy.p50 * 1e3,
        "probe_p99_ms": busy.p99 * 1e3,
        "quiet_max_ms": quiet.max * 1e3,
        "probes": busy.count,
        "interval_ms": interval,
    }


def stop(quiet: Times, busy: Times) -> float:
    """Seconds for which the longest ping waited: its way, less the way of most when there was nothing else to do."""
    return busy.max - quiet.p50


def probe_problems(answered: int, sent: int) -> list[str]:
    """Few answers are no measurement; some may be on their way when the last state has arrived."""
    return [f"{answered} of {sent} pings were answered"] if answered < 0.9 * sent else []
