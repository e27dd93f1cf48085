from __future__ import annotations

import random
import sys
from collections.abc import Callable

import pytest

from tests.engine.protocol.samples import HEADS
from tests.faults import fuzz_protocol
from tests.faults.fuzz_protocol import CHECKS, fuzz, spoilt


def test_spoilt_input_is_understood_or_refused_and_nothing_else() -> None:
    report = fuzz(seconds=2, seed=1)
    assert report.clean(), report
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


def test_what_grows_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[object] = []

    def leaking(data: bytes) -> bool:
        kept.append([object()])
        return True

    swap(monkeypatch, leaking)
    report = fuzz(seconds=3, seed=5)
    assert "" == report.finding
    assert not report.clean()


def test_the_command_says_that_all_is_well(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["fuzz_protocol", "--seconds", "0.2", "--seed", "1"])
    assert 0 == fuzz_protocol.main()
    assert "clean" in capsys.readouterr().out
