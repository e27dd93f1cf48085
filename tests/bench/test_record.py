from __future__ import annotations

from pathlib import Path

import pytest

from bench import record
from bench.budgets import budgets
from bench.machine import describe
from bench.runs import Run


def test_runs_come_back_as_they_were_written(tmp_path: Path) -> None:
    runs = [Run("fan-out", "node", 1000, 1, {"cpu_us": 6.5}, ["short"])]
    record.write(tmp_path / "r.json", {"rounds": 1}, runs, budgets(runs))
    assert ({"rounds": 1}, runs) == record.read(tmp_path / "r.json")


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text('{"format": 99}')
    with pytest.raises(ValueError, match="format 99"):
        record.read(tmp_path / "r.json")


def test_a_description_of_the_machine_does_not_tell_which_one_it_is() -> None:
    import platform

    said = " ".join(describe().values())
    assert platform.node() not in said.split()
    assert "/" not in said.replace("w/", "")
