from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.judge import Gap, Judge
from tests.faults.liveness import GRACE
from windsock.model import Position

TIME = "2026-11-22T20:00:0{}.000Z"


def event(name: str, version: int, thing: str = "kiln", **options: Any) -> str:
    body = {"thing": thing, "epoch": "e1", "version": version, "state": f"S{version}", "data": {"n": version}}
    clocks = {"heard_at": TIME.format(0), "now": TIME.format(0), "stale": False, "source": "ok"}
    return "42/windsock," + json.dumps([name, body | clocks | options])


def state(version: int, **options: Any) -> str:
    return event("state", version, **options)


def heard(version: int, **options: Any) -> str:
    return event("heard", version, **options)


CONNECTED = '40/windsock,{"sid":"1"}'
ACK = '43/windsock,7[{"ok":true}]'


def judged(*packets: str, newest: int = 0, silence: float | None = None) -> Judge:
    """A viewer of the kiln to whom this was told, a second apart; ``newest`` was committed when it came."""
    judge = Judge("viewer", {} if silence is None else {"kiln": silence})
    judge.connects(["kiln"], {"kiln": Position("e1", newest)})
    for number, packet in enumerate(packets):
        judge.take(packet, float(number))
    return judge


def watch_again(judge: Judge) -> None:
    judge.asks(["kiln"], {"kiln": Position("e1", 5)})
    judge.take(ACK, 9)
    judge.was_answered()
    judge.take(heard(1), 10)


def stop_watching(judge: Judge) -> None:
    judge.stops(["kiln"])
    judge.take(state(2), 9)


def fill_wrongly(judge: Judge) -> None:
    judge.fill(Gap("kiln", "e1", 0, 3), {"ok": True, "changes": [{"version": 2, "state": "S2", "data": {"n": 2}}]})


def nothing(judge: Judge) -> None:
    pass


@pytest.mark.parametrize("packets", [
    (CONNECTED, state(1)),
    (CONNECTED, state(1), state(1), state(2), heard(2), state(5)),
    (CONNECTED, state(4), heard(5), state(5)),
    (CONNECTED, state(4), state(1, epoch="e2")),
])  # fmt: skip
def test_what_the_wire_allows_is_no_fault(packets: tuple[str, ...]) -> None:
    assert [] == judged(*packets).faults


@pytest.mark.parametrize(("packets", "then", "fault"), [
    ((state(1), CONNECTED), nothing, "state came before CONNECT was answered"),
    ((CONNECTED, CONNECTED), nothing, "CONNECT was answered twice"),
    ((CONNECTED, heard(1)), nothing, "clocks of kiln came before its state"),
    ((CONNECTED, state(3), state(2)), nothing, "kiln went back from 3 to 2"),
    ((CONNECTED, state(3), heard(2)), nothing, "clocks of kiln went back from 3 to 2"),
    ((CONNECTED, state(3), state(1, epoch="e2"), state(4)), nothing, "kiln went back to the epoch e1"),
    ((CONNECTED, state(1), state(1, state="OTHER")), nothing, "kiln at Position(epoch='e1', version=1) was"),
    ((CONNECTED, state(1, thing="door")), nothing, "state of door, which is not watched"),
    ((CONNECTED, state(1)), stop_watching, "state of kiln, which is not watched"),
    ((CONNECTED, state(1)), watch_again, "acknowledged before its state came"),
    ((CONNECTED, state(1)), fill_wrongly, "has [2]"),
])  # fmt: skip
def test_what_breaks_a_rule_is_a_fault(packets: tuple[str, ...], then: Callable[[Judge], None], fault: str) -> None:
    judge = judged(*packets)
    then(judge)
    assert fault in judge.faults[0]
    assert judge.evidence


def test_a_first_state_older_than_what_was_committed_is_a_fault() -> None:
    judge = judged(CONNECTED, state(3), state(4), newest=4)
    assert ["viewer: kiln is at 3 first after CONNECT, but 4 was committed before"] == judge.faults


def test_who_is_put_out_may_have_been_acknowledged_without_a_state() -> None:
    judge = judged(CONNECTED, state(1))
    judge.asks(["kiln"], {})
    judge.take(ACK, 9)
    judge.was_answered()
    judge.take("41/windsock,", 10)
    assert not judge.faults


def test_a_thing_that_is_newly_watched_is_as_new_as_what_was_committed() -> None:
    judge = judged(CONNECTED, state(1))
    judge.asks(["door"], {"door": Position("e1", 5)})
    judge.take(state(4, thing="door"), 9)
    judge.was_answered()
    judge.take(heard(1), 10)
    assert ["viewer: door is at 4 after it was watched, but 5 was committed before"] == judge.faults


def test_who_does_not_end_at_the_newest_is_told() -> None:
    judge = judged(CONNECTED, state(3))
    assert not judge.settled({"kiln": Position("e1", 4)})
    assert "kiln ends at" in judge.finish({"kiln": Position("e1", 4)})[0]


def test_a_jump_is_a_gap_and_the_history_fills_it_once() -> None:
    judge = judged(CONNECTED, state(1), state(3))
    assert [Gap("kiln", "e1", 1, 3)] == judge.gaps
    assert [2] == judge.uneven("kiln", Position("e1", 3))
    for uneven in ([], [2]):
        judge.fill(judge.gaps[0], {"ok": True, "changes": [{"version": 2, "state": "S2", "data": {"n": 2}}]})
        assert uneven == judge.uneven("kiln", Position("e1", 3))


def test_what_never_was_is_noticed() -> None:
    truth = {("kiln", Position("e1", 1)): ("S1", 2)}
    assert "was shown as ('S1', 1), and was ('S1', 2)" in judged(CONNECTED, state(1)).differs(truth)[0]


def test_a_thing_shown_as_live_though_it_is_silent_is_a_fault() -> None:
    judge = judged(CONNECTED, state(1), silence=2.0)
    judge.still(3 + GRACE)
    assert not judge.faults
    judge.still(3.1 + GRACE)
    assert "shown as live 0.1 s after it had to be stale" in judge.faults[0]


@pytest.mark.parametrize("told", [{"stale": True}, {"source": "failing"}])
def test_a_thing_that_is_not_shown_as_live_may_be_silent(told: dict[str, Any]) -> None:
    judge = judged(CONNECTED, state(1), heard(1, **told), silence=2.0)
    judge.still(100)
    assert not judge.faults
    assert (True, False) == (judge.liveness.between("kiln", 0, 1.5), judge.liveness.between("kiln", 2.1, 99))


def test_a_clock_that_was_set_back_has_to_be_followed_soon() -> None:
    judge = judged(CONNECTED, state(1, now="2026-11-22T19:00:00.000Z"), silence=2.0)
    judge.still(1.1 + GRACE)
    assert judge.faults


def test_a_viewer_that_is_cut_off_shows_nothing_as_live() -> None:
    judge = judged(CONNECTED, state(1), silence=60.0)
    judge.lost(3)
    judge.still(1000)
    assert (True, False, []) == (
        judge.liveness.between("kiln", 2, 4),
        judge.liveness.between("kiln", 3.1, 9),
        judge.faults,
    )
