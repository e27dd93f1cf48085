from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from tests.engine.fakes import HandClock
from windsock.engine.turns import LONGEST_TURN, Turns

SHARE = 4
"""How many pieces of work one turn is long enough for."""
PIECE = LONGEST_TURN / (SHARE - 0.5)


class Pieces:
    """So many pieces of work, of which each takes its time."""

    def __init__(self, clock: HandClock, count: int, name: str = "", diary: list[str] | None = None) -> None:
        self.clock = clock
        self.left = count
        self.name = name
        self.diary = [] if diary is None else diary
        self.turns = 0

    def work(self, clock: Callable[[], float], until: float) -> bool:
        self.turns += 1
        while self.left and clock() < until:
            self.clock.turn(PIECE)
            self.left -= 1
            self.diary.append(self.name)
        return bool(self.left)


class Broken:
    def work(self, clock: Callable[[], float], until: float) -> bool:
        raise RuntimeError("no more room")


class Loop:
    """Calls functions one after the other, when it is told to."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.soon: list[Callable[[], None]] = []
        self.turns = Turns(self.clock, self.soon.append)

    def step(self) -> None:
        functions, self.soon[:] = list(self.soon), []
        for function in functions:
            function()


@pytest.fixture
def loop() -> Loop:
    return Loop()


def test_work_begins_when_the_loop_has_seen_to_the_rest(loop: Loop) -> None:
    pieces = Pieces(loop.clock, 1)
    loop.turns.add(pieces)
    assert 1 == pieces.left
    loop.step()
    assert 0 == pieces.left


def test_long_work_lets_the_loop_see_to_the_rest_in_between(loop: Loop) -> None:
    pieces = Pieces(loop.clock, 10 * SHARE)
    loop.turns.add(pieces)
    steps = 0
    while loop.soon:
        before = pieces.left
        loop.step()
        assert before - pieces.left <= SHARE
        steps += 1
    assert (0, 10) == (pieces.left, min(steps, 10))


def test_works_take_turns(loop: Loop) -> None:
    diary: list[str] = []
    for name in "ab":
        loop.turns.add(Pieces(loop.clock, 2 * SHARE, name, diary))
    while loop.soon:
        loop.step()
    assert ["a"] * SHARE + ["b"] * SHARE + ["a"] * SHARE + ["b"] * SHARE == diary


def test_short_works_share_a_turn(loop: Loop) -> None:
    works = [Pieces(loop.clock, 1) for _ in range(SHARE)]
    for work in works:
        loop.turns.add(work)
    loop.step()
    assert [0] * SHARE == [work.left for work in works]


def test_work_that_is_added_again_while_it_waits_is_done_once(loop: Loop) -> None:
    pieces = Pieces(loop.clock, 2)
    loop.turns.add(pieces)
    loop.turns.add(pieces)
    assert 1 == len(loop.soon)
    loop.step()
    assert (1, []) == (pieces.turns, loop.soon)


def test_what_is_done_can_be_added_again(loop: Loop) -> None:
    pieces = Pieces(loop.clock, 1)
    for _ in range(3):
        pieces.left = 1
        loop.turns.add(pieces)
        loop.step()
        assert (0, []) == (pieces.left, loop.soon)


def test_work_that_fails_is_logged_and_costs_the_others_nothing(loop: Loop, caplog: pytest.LogCaptureFixture) -> None:
    pieces = Pieces(loop.clock, 1)
    loop.turns.add(Broken())
    loop.turns.add(pieces)
    with caplog.at_level(logging.ERROR):
        loop.step()
    assert 0 == pieces.left
    assert "something could not be sent" in caplog.text
