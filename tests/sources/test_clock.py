from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.sources.waits import TurnableTime, Waits
from windsock.errors import ConfigError
from windsock.model import Reading
from windsock.sources import clock, create_source
from windsock.sources.clock import ClockSource

NOON = 12 * 3600.0
ONE_SECOND = timedelta(seconds=1)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> TurnableTime:
    stand_in = TurnableTime(NOON + 0.25)
    monkeypatch.setattr(clock, "time", stand_in)
    return stand_in


def _told(source: ClockSource, time: TurnableTime, timeout: float = 60.0) -> list[str]:
    bodies = [message.body for message in source.receive(time.wait, timeout)]
    return [body.state for body in bodies if isinstance(body, Reading)]


def test_a_clock_tells_the_time_at_its_start(time: TurnableTime) -> None:
    assert ["12:00:00"] == _told(ClockSource("clock:", ONE_SECOND), time)
    assert NOON + 0.25 == time.now


def test_a_clock_tells_the_time_on_the_beat(time: TurnableTime) -> None:
    source = ClockSource("clock:", ONE_SECOND)
    _told(source, time)

    assert [["12:00:01"], ["12:00:02"]] == [_told(source, time), _told(source, time)]
    assert NOON + 2 == time.now


def test_a_beat_is_a_multiple_of_the_wall_clocks_time(time: TurnableTime) -> None:
    source = ClockSource("clock:", timedelta(seconds=10))
    time.now = NOON + 7
    _told(source, time)

    assert ["12:00:10"] == _told(source, time)


def test_a_clock_has_nothing_between_two_beats(time: TurnableTime) -> None:
    source = ClockSource("clock:", ONE_SECOND)
    _told(source, time)

    assert [] == _told(source, time, timeout=0.5)
    assert ["12:00:01"] == _told(source, time)


def test_a_clock_that_is_woken_early_has_nothing(time: TurnableTime) -> None:
    source = ClockSource("clock:", ONE_SECOND)
    _told(source, time)

    assert [] == list(source.receive(Waits(), 60))


def test_a_beat_that_was_slept_through_is_not_made_up_for(time: TurnableTime) -> None:
    source = ClockSource("clock:", ONE_SECOND)
    _told(source, time)
    time.now += 5

    assert [["12:00:05"], ["12:00:06"]] == [_told(source, time), _told(source, time)]


def test_a_wall_clock_that_is_set_back_is_told_at_once(time: TurnableTime) -> None:
    source = ClockSource("clock:", ONE_SECOND)
    _told(source, time)
    time.now -= 3600

    assert ["11:00:00"] == _told(source, time)
    assert ["11:00:01"] == _told(source, time)


def test_every_second_is_the_usual_beat(time: TurnableTime) -> None:
    source = create_source("clock:", Path())
    waits = Waits()
    source.receive(waits, 60)
    source.receive(waits, 60)

    assert [0.75] == waits.asked


def test_the_url_says_how_often(time: TurnableTime) -> None:
    source = create_source("clock:?every=500ms", Path())
    waits = Waits()
    source.receive(waits, 60)
    source.receive(waits, 60)

    assert [0.25] == waits.asked


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("clock:noon", 'found "clock:noon", expected "clock:" or "clock:?every=1s"'),
        ("clock:?evry=1s", "has the unknown option \"evry\"; did you mean 'every'?"),
        ("clock:?every=1ms", "every is wrong: 1ms is not between 0:00:00.010000 and 1 day, 0:00:00"),
        ("clock:?every=2d", "every is wrong: 2d is not between"),
        ("clock:?every=1", "every is wrong: '1' is not a duration such as 500ms, 5s, 1m30s or 2h"),
    ],
)
def test_a_wrong_clock_is_refused(url: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        create_source(url, Path())

    assert reason in str(caught.value)
