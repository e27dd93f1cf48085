from __future__ import annotations

from tests.engine.fakes import HandClock
from windsock.engine.limits import TokenBucket


def passed(bucket: TokenBucket, clock: HandClock, tries: int, rate: float = 10) -> int:
    """How many of so many events, all at once, may pass."""
    return sum(bucket.take(rate, clock()) for _ in range(tries))


def test_twice_the_rate_passes_in_one_burst() -> None:
    clock = HandClock()
    assert 20 == passed(TokenBucket(10, clock()), clock, 100)


def test_after_a_burst_only_the_rate_passes() -> None:
    clock = HandClock()
    bucket = TokenBucket(10, clock())
    passed(bucket, clock, 100)
    clock.turn(1)
    assert 10 == passed(bucket, clock, 100)
    clock.turn(0.5)
    assert 5 == passed(bucket, clock, 100)


def test_a_steady_rate_passes_for_ever() -> None:
    clock = HandClock(0.101)
    bucket = TokenBucket(10, clock())
    assert 1000 == passed(bucket, clock, 1000)


def test_silence_does_not_save_up_more_than_a_burst() -> None:
    clock = HandClock()
    bucket = TokenBucket(10, clock())
    clock.turn(3600)
    assert 20 == passed(bucket, clock, 100)


def test_trying_too_often_does_not_cost_what_comes_later() -> None:
    clock = HandClock()
    bucket = TokenBucket(1, clock())
    passed(bucket, clock, 1000, rate=1)
    clock.turn(1)
    assert bucket.take(1, clock())
