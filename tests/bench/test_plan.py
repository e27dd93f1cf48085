from __future__ import annotations

from bench.plan import Plan, seconds

FULL = Plan(sizes=(1000, 10_000, 19_000))


def servers(plan: Plan, scenario: str, viewers: int | None = None, number: int = 1) -> list[str]:
    return [
        step.kind.name
        for step in plan.steps()
        if (step.scenario, step.round) == (scenario, number) and viewers in (None, step.viewers)
    ]


def test_all_servers_take_turns_in_every_round() -> None:
    for number in range(1, 8):
        assert {"windsock", "bare", "node", "asyncio", "gevent", "threading"} == set(
            servers(FULL, "fan-out", 1000, number)
        )


def test_nobody_is_always_first() -> None:
    assert 6 == len({servers(FULL, "fan-out", 1000, number)[0] for number in range(1, 8)})


def test_servers_that_cannot_do_it_are_not_given_ten_thousand() -> None:
    assert {"windsock", "bare", "node", "asyncio"} == set(servers(FULL, "fan-out", 10_000))


def test_what_takes_very_long_has_one_round() -> None:
    assert "asyncio" not in servers(FULL, "fan-out", 10_000, 2)
    assert "asyncio" in servers(FULL, "fan-out", 1000, 2)
    assert "node" in servers(FULL, "fan-out", 10_000, 2)


def test_a_full_run_takes_less_than_25_minutes() -> None:
    assert sum(seconds(step, 3.0) for step in FULL.steps()) < 25 * 60


def test_the_greatest_size_is_for_those_close_to_the_limit() -> None:
    assert {"windsock", "bare"} == set(servers(FULL, "fan-out", 19_000))


def test_named_servers_are_run_at_every_size_that_they_can_do() -> None:
    plan = Plan(rounds=1, servers=("node", "gevent"), sizes=(1000, 10_000, 19_000))
    assert ["node"] == servers(plan, "fan-out", 19_000)


def test_a_loop_that_only_sends_takes_part_in_the_fan_out_alone() -> None:
    assert all(step.scenario == "fan-out" for step in FULL.steps() if step.kind.bare)


def test_slow_viewers_and_idling_are_watched_once() -> None:
    assert ["windsock"] == servers(FULL, "slow") == servers(FULL, "idle")
    assert [] == servers(FULL, "slow", number=2) == servers(FULL, "idle", number=2)


def test_idling_is_measured_with_ten_thousand() -> None:
    assert ["windsock"] == servers(FULL, "idle", 10_000)
