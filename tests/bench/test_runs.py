from __future__ import annotations

from dataclasses import replace

from bench.load import Counted, Opened, Times
from bench.runs import Run, counted_problems, load_problems, opened_problems, size_problems

TIMES = Times(300, 0.001, 0.002, 0.003, 0.004)
OPENED = Opened(viewers=100, ready=100, ended=0, took=1.0, cpu=0.1, joining=TIMES, error="")
COUNTED = Counted(
    viewers=100,
    ready=100,
    ended=0,
    received=300,
    least=3,
    most=3,
    missed=0,
    repeated=0,
    backwards=0,
    heartbeats=0,
    least_bytes=391,
    most_bytes=391,
    took=1.0,
    cpu=0.1,
    latency=TIMES,
    probes=TIMES,
    pings=0,
    error="",
)


def test_a_complete_run_has_no_problems() -> None:
    assert [] == opened_problems(OPENED, 100)
    assert [] == counted_problems(COUNTED, 100, 3)


def test_viewers_that_did_not_connect_are_a_problem() -> None:
    short = replace(OPENED, ready=99, error="refused")
    assert ["99 of 100 viewers were connected (refused)"] == opened_problems(short, 100)


def test_one_missing_message_is_a_problem() -> None:
    short = replace(COUNTED, received=299, least=2)
    assert ["299 of 300 messages were received, 2 to 3 by a viewer instead of 3"] == counted_problems(short, 100, 3)


def test_one_viewers_surplus_does_not_make_up_for_anothers_lack() -> None:
    assert counted_problems(replace(COUNTED, least=2, most=4), 100, 3)


def test_viewers_that_were_lost_meanwhile_are_a_problem() -> None:
    lost = replace(COUNTED, ready=98, ended=2, error="the server closed")
    assert ["98 of 100 viewers were still connected at the end (the server closed)"] == counted_problems(lost, 100, 3)


def test_messages_that_come_late_or_twice_are_a_problem() -> None:
    assert ["2 messages came late or twice"] == counted_problems(replace(COUNTED, repeated=1, backwards=1), 100, 3)


def test_a_load_that_used_its_core_up_was_what_was_measured() -> None:
    assert ["the load used 95% of its core: it was measured, not the server"] == load_problems(0.95, 1.0)
    assert [] == load_problems(0.85, 1.0)


def test_servers_that_send_other_messages_are_not_compared_in_silence() -> None:
    runs = [Run("fan-out", "windsock", 10, 1, {"bytes": 391}), Run("fan-out", "node", 10, 1, {"bytes": 370})]
    assert ["messages differ in length: windsock 391 bytes, node 370 bytes"] == size_problems(runs)


def test_a_version_of_one_digit_more_is_no_other_message() -> None:
    runs = [Run("fan-out", "windsock", 10, 1, {"bytes": 391}), Run("fan-out", "node", 10, 1, {"bytes": 392})]
    assert [] == size_problems(runs)
