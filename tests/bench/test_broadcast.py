from __future__ import annotations

from bench.broadcast import FEWEST, SHORTEST, how_many, pace


def test_a_server_is_given_twice_the_time_that_a_broadcast_takes_it() -> None:
    assert 200 == pace(0.1)
    assert 210 == pace(0.101)


def test_no_server_is_hurried_more_than_others() -> None:
    assert SHORTEST == pace(0.001)


def test_broadcasts_fill_the_window() -> None:
    assert 60 == how_many(3.0, 50)
    assert FEWEST == how_many(3.0, 5000)
