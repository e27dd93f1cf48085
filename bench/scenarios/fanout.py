"""Fan-out: every viewer gets every state. What a delivery costs, how long it takes, what a viewer weighs."""

from __future__ import annotations

import time

from bench.arena import Arena, Pair
from bench.broadcast import Sent, find_pace, how_many, send
from bench.catalog import Kind
from bench.program import busy
from bench.runs import Findings, counted_problems, opened_problems


def fan_out(arena: Arena, kind: Kind, viewers: int, found: Findings) -> None:
    """Connect, let it settle, find the pace, measure."""
    with arena.pair(kind) as pair:
        _connect(arena, pair, viewers, found)
        if found.problems:
            return
        interval = find_pace(pair, viewers)
        others = -busy(arena.server_core)
        sent = send(pair, viewers, how_many(arena.window, interval), interval)
        others += busy(arena.server_core) - sent.cpu
        found.problems += counted_problems(sent.counted, viewers, sent.states)
        found.numbers |= _figures(sent) | {"others": max(others, 0.0) / sent.counted.took}


def _connect(arena: Arena, pair: Pair, viewers: int, found: Findings) -> None:
    empty = pair.server.memory()
    opened = pair.load.open(viewers, seconds=30 + viewers // 100)
    found.problems += opened_problems(opened, viewers)
    time.sleep(arena.settle)
    full = pair.server.memory()
    found.numbers |= {
        "rss_kb": (full.resident - empty.resident) / viewers / 1024,
        "pss_kb": (full.proportional - empty.proportional) / viewers / 1024,
        "connects_per_s": opened.ready / opened.took,
    }


def _figures(sent: Sent) -> dict[str, float]:
    counted, latency = sent.counted, sent.counted.latency
    deliveries = max(counted.received, 1)
    return {
        "cpu_us": sent.cpu / deliveries * 1e6,
        "load_us": counted.cpu / deliveries * 1e6,
        "load_busy": counted.cpu / counted.took,
        "p50_ms": latency.p50 * 1e3,
        "p95_ms": latency.p95 * 1e3,
        "p99_ms": latency.p99 * 1e3,
        "max_ms": latency.max * 1e3,
        "interval_ms": sent.interval,
        "broadcasts": sent.states,
        "bytes": counted.most_bytes,
        "heartbeats": counted.heartbeats,
    }
