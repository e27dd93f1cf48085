from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW, unhurried
from windsock.times import (
    format_time,
    from_milliseconds,
    parse_duration,
    parse_time,
    to_milliseconds,
    utc_now,
    whole_milliseconds,
)

A_DAY_INSIDE = timedelta(days=1)  # so that no time zone leads beyond the calendar
times = st.datetimes(
    datetime.min + A_DAY_INSIDE,  # noqa: DTZ901 -- hypothesis wants naive bounds
    datetime.max - A_DAY_INSIDE,  # noqa: DTZ901
    timezones=st.timezones(),
)


def test_now_is_in_utc_and_whole_milliseconds() -> None:
    now = utc_now()
    assert now == whole_milliseconds(now)
    assert timedelta(0) == now.utcoffset()
    assert abs(datetime.now(UTC) - now) < timedelta(minutes=1)


def test_a_time_is_cut_to_milliseconds_not_rounded() -> None:
    assert NOW == whole_milliseconds(NOW.replace(microsecond=999))


def test_a_time_of_another_zone_becomes_utc() -> None:
    berlin = NOW.astimezone(timezone(timedelta(hours=1)))
    assert NOW.isoformat() == whole_milliseconds(berlin).isoformat()


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="2026-11-22T20:00:00 has no time zone"):
        whole_milliseconds(NOW.replace(tzinfo=None))


def test_milliseconds_are_counted_from_1970() -> None:
    assert to_milliseconds(datetime(1970, 1, 1, 0, 0, 1, 2999, tzinfo=UTC)) == 1002
    assert from_milliseconds(1002) == datetime(1970, 1, 1, 0, 0, 1, 2000, tzinfo=UTC)


@unhurried
@given(times)
def test_milliseconds_and_back_is_the_same_time(time: datetime) -> None:
    assert whole_milliseconds(time) == from_milliseconds(to_milliseconds(time))


def test_a_time_is_written_in_utc_with_milliseconds() -> None:
    assert format_time(NOW.replace(microsecond=7999)) == "2026-11-22T20:00:00.007Z"
    assert format_time(NOW.astimezone(timezone(timedelta(hours=-3)))) == "2026-11-22T20:00:00.000Z"


def test_a_year_is_written_with_four_digits() -> None:
    assert format_time(datetime(476, 9, 4, tzinfo=UTC)) == "0476-09-04T00:00:00.000Z"


@unhurried
@given(times)
def test_a_time_is_read_as_it_was_written(time: datetime) -> None:
    assert whole_milliseconds(time) == parse_time(format_time(time))


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T20:00:00Z",
        "2026-11-22t20:00:00z",
        "2026-11-22 20:00:00Z",
        "2026-11-22T20:00:00.000Z",
        "2026-11-22T20:00:00.0009999999999Z",
        "2026-11-22T21:30:00+01:30",
        "2026-11-22T19:00:00-01:00",
        "2026-11-22T20:00:00-00:00",
    ],
)
def test_every_form_of_rfc_3339_is_read(text: str) -> None:
    assert NOW == parse_time(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-11-22",
        "20261122T200000Z",
        "2026-W47-7T20:00:00Z",
        "2026-11-22T20Z",
        "2026-11-22T20:00Z",
        "2026-11-22T20:00:00",
        "2026-11-22T20:00:00+0100",
        "2026-11-22T20:00:00,5Z",
        "２026-11-22T20:00:00Z",
        " 2026-11-22T20:00:00Z",
        "2026-11-22T20:00:00Z\n",
    ],
)
def test_what_is_not_rfc_3339_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an RFC 3339 time such as"):
        parse_time(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-01T00:61:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2026-11-22T20:00:00+99:99",
    ],
)
def test_a_time_that_no_calendar_has_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time: "):
        parse_time(text)


def test_a_refusal_does_not_repeat_a_text_of_any_length() -> None:
    with pytest.raises(ValueError, match="not an RFC 3339 time") as caught:
        parse_time("x" * 60_000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500ms", timedelta(milliseconds=500)),
        ("5s", timedelta(seconds=5)),
        ("1.5s", timedelta(milliseconds=1500)),
        ("1m30s", timedelta(seconds=90)),
        ("2h", timedelta(hours=2)),
        ("8d", timedelta(days=8)),
        ("0s", timedelta(0)),
        ("36525d", timedelta(days=36525)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, expected: timedelta) -> None:
    assert expected == parse_duration(text)


@pytest.mark.parametrize("text", ["", "5", "s", "5 s", " 5s", "-5s", "+5s", "5S", ".5s", "1e3s", "5s!", "٥s", "5w"])
def test_what_is_not_a_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration such as 500ms, 5s, 1m30s or 2h"):
        parse_duration(text)


def test_a_text_that_is_far_too_long_for_a_duration_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="not a duration such as"):
        parse_duration("1" * 100_000)


@pytest.mark.parametrize("text", ["36525d1ms", "999999999999d", "9" * 400 + "s"])
def test_a_duration_has_an_end(text: str) -> None:
    with pytest.raises(ValueError, match="longer than a hundred years"):
        parse_duration(text)
