"""Measure Windsock and what it stands beside: `make bench`, or

    .venv/bin/python -m bench --quick
    .venv/bin/python -m bench --rounds 3 --scenario fan-out --servers windsock,bare --sizes 1000

Prints tables in Markdown, and writes all runs as JSON. Ends with 1 if any run was short or failed; a budget that is
missed is told, and is no failure of the benchmark. See `bench/README.md`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from bench import machine, record
from bench.arena import Arena
from bench.budgets import budgets
from bench.catalog import BY_NAME
from bench.plan import RESERVED, SCENARIOS, Plan, Step, seconds
from bench.report import problems, report
from bench.runner import carry_out
from bench.runs import Run

QUICK = Plan(rounds=2, scenarios=("fan-out", "connects", "stops"), sizes=(1000, 5000), connecting=2000)
QUICK_WINDOW = 1.0
_FORMATTER = argparse.RawDescriptionHelpFormatter


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; the exit code."""
    options = _options(arguments)
    open_files = machine.raise_open_files()
    plan = _plan(options, open_files - RESERVED)
    with tempfile.TemporaryDirectory() as folder:
        window = options.window or (QUICK_WINDOW if options.quick else 3.0)
        arena = Arena(Path(folder), options.server_core, options.load_core, window, waiting=options.waiting)
        runs = _carry_out(arena, list(plan.steps()))
    found = budgets(runs)
    print(f"\n{report(runs, found)}")
    conditions = {
        "date": time.strftime("%Y-%m-%d"),
        "window": window,
        "waiting": options.waiting,
        "plan": asdict(plan),
        "machine": machine.describe(),
    }
    record.write(options.out, conditions, runs, found)
    return 1 if problems(runs) else 0


def _carry_out(arena: Arena, steps: Sequence[Step]) -> list[Run]:
    """All runs, each told as it ends."""
    about = sum(seconds(step, arena.window) for step in steps)
    print(f"{len(steps)} runs, about {about / 60:.0f} minutes", flush=True)
    runs: list[Run] = []
    began = time.monotonic()
    for run in carry_out(arena, steps):
        runs.append(run)
        told = "; ".join(run.problems) or ", ".join(_brief(run))
        which = f"{len(runs)}/{len(steps)} {run.scenario} {run.server} {run.viewers:,}"
        print(f"{time.monotonic() - began:5.0f} s  {which}: {told}", flush=True)
    return runs


def _brief(run: Run) -> list[str]:
    shown = ("cpu_us", "rss_kb", "p99_ms", "connects_per_s", "stop_ms", "once_kb", "later_kb", "cpu_share", "others")
    return [f"{name} {run.numbers[name]:.4g}" for name in shown if name in run.numbers]


def _plan(options: argparse.Namespace, most: int) -> Plan:
    plan = QUICK if options.quick else Plan(sizes=(1000, 10_000, most))
    sizes = tuple(most if size == "max" else int(size) for size in options.sizes or ())
    return replace(
        plan,
        rounds=options.rounds or plan.rounds,
        scenarios=tuple(options.scenario or plan.scenarios),
        servers=tuple(options.servers or plan.servers),
        sizes=tuple(sorted(size for size in sizes or plan.sizes if size <= most)),
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__, formatter_class=_FORMATTER)
    parser.add_argument("--quick", action="store_true", help="some minutes, for a first impression")
    parser.add_argument("--rounds", type=int, help="how often all servers take turns (7)")
    parser.add_argument("--scenario", action="append", choices=SCENARIOS, help="only this one; may be repeated")
    parser.add_argument("--servers", type=_servers, help=f"only these, with commas between: {', '.join(BY_NAME)}")
    parser.add_argument("--sizes", type=_list, help="viewers of the fan-out: 1000,10000,max")
    parser.add_argument("--window", type=float, help="seconds that a measurement lasts at least (3)")
    parser.add_argument("--waiting", action="store_true", help="let the load wait in epoll: see bench/native/load.c")
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--load-core", type=int, default=1)
    parser.add_argument(
        "--out", type=Path, help="the file for the results (bench/results/results.json, of a part last.json)"
    )
    options = parser.parse_args(arguments)
    options.out = options.out or machine.BENCH / "results" / ("last.json" if _is_part(options) else "results.json")
    return options


def _is_part(options: argparse.Namespace) -> bool:
    """Whether less than everything is measured: that must not take the place of whole results."""
    chosen = (options.quick, options.rounds, options.scenario, options.servers, options.sizes, options.window)
    return any(chosen) or bool(options.waiting)


def _list(text: str) -> list[str]:
    return text.split(",")


def _servers(text: str) -> list[str]:
    unknown = [name for name in _list(text) if name not in BY_NAME]
    if unknown:
        raise argparse.ArgumentTypeError(f"no such server: {', '.join(unknown)}")
    return _list(text)


if __name__ == "__main__":
    sys.exit(main())
