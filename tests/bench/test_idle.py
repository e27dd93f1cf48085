from __future__ import annotations

from bench.scenarios.idle import heartbeat_problems


def test_a_server_that_sends_no_heartbeats_is_not_idle_but_idling() -> None:
    assert ["0 heartbeats came, at least 200 were due"] == heartbeat_problems(0, 100, 60.0)
    assert [] == heartbeat_problems(200, 100, 60.0)


def test_before_the_first_heartbeat_none_is_due() -> None:
    assert [] == heartbeat_problems(0, 100, 20.0)
