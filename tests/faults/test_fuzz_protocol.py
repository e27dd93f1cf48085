from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.protocol.samples import HEADS
from tests.faults import fuzz_protocol
from tests.faults.fuzz_protocol import CHECKS, fuzz, spoilt

ROOT = Path(__file__).parents[2]


def test_spoilt_input_is_understood_or_refused_and_nothing_else() -> None:
    report = fuzz(seconds=2, seed=1)
    assert "" == report.finding
    assert report.inputs > 1000
    assert all(report.understood[name] and report.refused[name] for name in CHECKS), report


def test_a_seed_gives_the_same_inputs() -> None:
    inputs = [[spoilt(random.Random(seed), name) for name in CHECKS] for seed in (3, 3, 4)]
    assert inputs[0] == inputs[1] != inputs[2]


def swap(monkeypatch: pytest.MonkeyPatch, check: Callable[[bytes], bool]) -> None:
    monkeypatch.setitem(fuzz_protocol.CHECKS, "head", (check, HEADS))


def test_what_must_not_be_raised_is_found_with_its_seed_and_its_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(data: bytes) -> bool:
        raise KeyError("oops")

    swap(monkeypatch, broken)
    report = fuzz(seconds=10, seed=5)
    assert not report.clean()
    assert "head, seed 5, input 47" in report.finding
    assert "KeyError: 'oops'" in report.finding


LEAKING = """
import sys
from tests.faults import fuzz_protocol

kept = []
fuzz_protocol.CHECKS["head"] = (lambda data: kept.append([object()]) or True, fuzz_protocol.CHECKS["head"][1])
sys.exit(fuzz_protocol.main())
"""


def command(*how: str) -> subprocess.CompletedProcess[str]:
    """Run it in a process of its own: in this one, other tests' memory comes and goes."""
    arguments = [sys.executable, *how, "--seconds", "2", "--seed", "1"]
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)


def test_what_grows_is_found() -> None:
    ended = command("-c", LEAKING)
    assert (1, "FOUND: memory grows") == (ended.returncode, ended.stdout.strip().rpartition("\n")[2]), ended


def test_the_command_says_that_all_is_well() -> None:
    ended = command("-m", "tests.faults.fuzz_protocol")
    assert (0, "clean") == (ended.returncode, ended.stdout.strip().rpartition("\n")[2]), ended
