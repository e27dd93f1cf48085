"""Results as a file: all runs, and under what conditions they were made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.budgets import Budget
from bench.runs import Run

FORMAT = 1
_DIGITS = 4


def write(path: Path, conditions: Mapping[str, Any], runs: Sequence[Run], budgets: Sequence[Budget]) -> None:
    """Write a file that the chart is drawn from, and that can be compared with a later one."""
    content = {
        "format": FORMAT,
        "conditions": conditions,
        "budgets": [_budget(budget) for budget in budgets],
        "runs": [_run(run) for run in runs],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(path: Path) -> tuple[dict[str, Any], list[Run]]:
    """The conditions and the runs of a file."""
    content = json.loads(path.read_text(encoding="utf-8"))
    if content["format"] != FORMAT:
        raise ValueError(f"{path.name} has format {content['format']}, expected {FORMAT}")
    return content["conditions"], [Run(**run) for run in content["runs"]]


def _run(run: Run) -> dict[str, Any]:
    return asdict(run) | {"numbers": {name: round(value, _DIGITS) for name, value in run.numbers.items()}}


def _budget(budget: Budget) -> dict[str, Any]:
    found = None if budget.found is None else asdict(budget.found)
    return {"what": budget.what, "bound": budget.bound, "found": found, "met": budget.met}
