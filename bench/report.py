"""What was found, as tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bench.budgets import Budget
from bench.catalog import BY_NAME
from bench.runs import Run, size_problems
from bench.summary import Cell, Spread, ratios, sizes, spread

Column = tuple[str, str, int, float]
"""A heading, the number's name, digits, and a factor."""

_FAN_OUT: Sequence[Column] = (
    ("CPU per delivery, µs", "cpu_us", 2, 1),
    ("p50, ms", "p50_ms", 1, 1),
    ("p95, ms", "p95_ms", 1, 1),
    ("p99, ms", "p99_ms", 1, 1),
    ("longest, ms", "max_ms", 1, 1),
    ("memory per viewer, kB", "rss_kb", 1, 1),
    ("every, ms", "interval_ms", 0, 1),
    ("load's core, %", "load_busy", 0, 100),
    ("others on the server's core, %", "others", 0, 100),
)
_CONNECTS: Sequence[Column] = (
    ("connects per second", "connects_per_s", 0, 1),
    ("CPU per connect, µs", "connect_cpu_us", 0, 1),
    ("p50, ms", "p50_ms", 1, 1),
    ("p99, ms", "p99_ms", 1, 1),
    ("load's core, %", "load_busy", 0, 100),
)
_STOPS: Sequence[Column] = (
    ("longest stop, ms", "stop_ms", 1, 1),
    ("p50 of pings, ms", "probe_p50_ms", 2, 1),
    ("p99 of pings, ms", "probe_p99_ms", 1, 1),
    ("longest without broadcasts, ms", "quiet_max_ms", 1, 1),
)
_SLOW: Sequence[Column] = (
    ("memory per slow viewer, once, kB", "once_kb", 1, 1),
    ("later, kB", "later_kb", 2, 1),
    ("in the kernel, kB", "kernel_kb", 1, 1),
    ("p99 of others before, ms", "alone_p99_ms", 1, 1),
    ("p99 of others meanwhile, ms", "p99_ms", 1, 1),
    ("states that these skipped", "skipped", 0, 1),
    ("states held by the kernel", "held_median", 0, 1),
    ("skips", "jumps_most", 0, 1),
    ("overtaken states", "between", 0, 1),
)
_IDLE: Sequence[Column] = (("CPU, % of a core", "cpu_share", 2, 100), ("heartbeats", "heartbeats", 0, 1))
_TITLES: Mapping[str, tuple[str, Sequence[Column]]] = {
    "fan-out": ("Fan-out", _FAN_OUT),
    "connects": ("Connects with snapshot", _CONNECTS),
    "stops": ("Longest stop while broadcasting", _STOPS),
    "slow": ("100 viewers stop reading a 4 kB state that changes 50 times a second", _SLOW),
    "idle": ("Idle", _IDLE),
}
_RATIO = {"fan-out": "cpu_us", "connects": "connects_per_s"}


def report(runs: Sequence[Run], budgets: Sequence[Budget]) -> str:
    """All tables, budgets, and what went wrong."""
    parts = [*_scenarios(runs), _budget_table(budgets), _problem_list(runs)]
    return "\n\n".join(parts)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are to the right."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    rule = ["-" * width if i == 0 else "-" * (width - 1) + ":" for i, width in enumerate(widths)]
    return "\n".join(f"| {' | '.join(_padded(row, widths))} |" for row in [head, rule, *rows])


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [
        cell.rjust(width) if i else cell.ljust(width) for i, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def problems(runs: Sequence[Run]) -> list[str]:
    """All that makes the whole a failure, each with where it was."""
    found = [
        f"{run.scenario}, {run.server}, {run.viewers:,} viewers, round {run.round}: {problem}"
        for run in runs
        for problem in run.problems
    ]
    return found + size_problems(runs)


def _scenarios(runs: Sequence[Run]) -> Iterator[str]:
    for scenario, (title, columns) in _TITLES.items():
        of = [run for run in runs if run.scenario == scenario]
        # Of the fan-out a table for each size; elsewhere all stand together, each server with the size that it can do.
        groups = [[run for run in of if run.viewers == size] for size in sizes(of, scenario)]
        for group in groups if scenario == "fan-out" else [of] * bool(of):
            rounds = max(run.round for run in group)
            size = f": {group[0].viewers:,} viewers" if len({run.viewers for run in group}) == 1 else ""
            yield f"## {title}{size}, {rounds} round{'s' * (rounds > 1)}\n\n" + _servers(group, columns)


def _servers(runs: Sequence[Run], columns: Sequence[Column]) -> str:
    ratio = _RATIO.get(runs[0].scenario)
    differ = len({run.viewers for run in runs}) > 1
    head = [
        "server",
        *["viewers"] * differ,
        *["Windsock = 1"] * (ratio is not None),
        *(column[0] for column in columns),
    ]
    rows = []
    for server in dict.fromkeys(run.server for run in runs):
        of = [run for run in runs if run.server == server]
        row = [BY_NAME[server].title + _remark(of, max(run.round for run in runs))]
        row += [f"{of[0].viewers:,}"] * differ
        row += [_compared(runs, server, ratio)] if ratio else []
        rows.append([*row, *(_cell(of, column) for column in columns)])
    return table(head, rows)


def _remark(runs: Sequence[Run], rounds: int) -> str:
    """What a reader has to know of these runs of a server."""
    failed = sum(not run.good for run in runs)
    remarks = [f"{failed} failed"] * (failed > 0) + [f"{len(runs)} round"] * (len(runs) == 1 < rounds)
    return f" ({', '.join(remarks)})" if remarks else ""


def _compared(runs: Sequence[Run], server: str, name: str) -> str:
    scenario = runs[0].scenario
    return _text(ratios(runs, Cell(scenario, server), Cell(scenario, "windsock"), name), 2)


def _cell(runs: Sequence[Run], column: Column) -> str:
    _, name, digits, factor = column
    return _text(spread(run.numbers[name] * factor for run in runs if run.good and name in run.numbers), digits)


def _text(found: Spread | None, digits: int) -> str:
    return "–" if found is None else found.text(digits)


def _budget_table(budgets: Sequence[Budget]) -> str:
    verdicts = {True: "met", False: "missed", None: "not measured"}
    rows = [[budget.what, budget.bound, _text(budget.found, budget.digits), verdicts[budget.met]] for budget in budgets]
    return "## Budgets\n\n" + table(["what", "budget", "found", ""], rows)


def _problem_list(runs: Sequence[Run]) -> str:
    found = problems(runs)
    if not found:
        return f"All {len(runs)} runs were complete."
    lines = "\n".join(f"- {problem}" for problem in found)
    return f"## FAILED\n\nThe numbers of these runs are left out above.\n\n{lines}"
