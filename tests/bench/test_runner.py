"""The whole way with real programs: the C load, and the C loop as a server, with the faults that it can have."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.arena import Arena
from bench.catalog import BY_NAME
from bench.plan import Step
from bench.runner import carry_out
from bench.runs import Run

VIEWERS = 40

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="the load is compiled with cc")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("arena")


def measured(folder: Path, server: str = "bare") -> Run:
    cores = sorted(os.sched_getaffinity(0))
    arena = Arena(folder, cores[0], cores[-1], window=0.1, settle=0.0)
    [run] = carry_out(arena, [Step("fan-out", BY_NAME[server], VIEWERS, 1)])
    return run


def test_every_message_is_received_and_what_it_cost_is_known(folder: Path) -> None:
    run = measured(folder)
    assert () == run.problems
    assert 0 < run.numbers["cpu_us"] < 1000
    assert 0 < run.numbers["p50_ms"] <= run.numbers["p99_ms"] <= run.numbers["max_ms"]


def test_a_server_that_drops_messages_fails_the_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_DROP", "300")  # more than are sent before it is measured
    [problem] = measured(folder).problems
    assert "messages were received" in problem


def test_a_server_that_turns_viewers_away_fails_the_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_MOST", "30")
    assert ("30 of 40 viewers were connected (the server closed the connection)",) == measured(folder).problems


def test_a_server_that_is_not_installed_fails_the_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.catalog.BENCH", folder)
    [problem] = measured(folder, "node").problems
    assert "Node or its package socket.io is missing" in problem


def test_a_short_run_makes_the_whole_end_with_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "bench.__main__._carry_out", lambda arena, steps: [Run("fan-out", "bare", 1, 1, {}, ("short",))]
    )
    assert 1 == main(["--out", str(tmp_path / "results.json")])


def test_complete_runs_make_it_end_with_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.__main__._carry_out", lambda arena, steps: [Run("fan-out", "bare", 1, 1, {"cpu_us": 5})])
    assert 0 == main(["--out", str(tmp_path / "results.json")])
