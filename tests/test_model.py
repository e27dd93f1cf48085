from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.builders import NOW, anything, cloud, state
from windsock.errors import BadReading, ReadingTooLarge
from windsock.model import MAX_ID, MAX_NAME, Look, Reading, ThingSpec, check_name


@pytest.mark.parametrize("name", ["NEUTRAL", "two words", "x" * MAX_NAME, "🤗", "<b>", "Zustand: übel", "0"])
def test_a_state_name_is_any_short_text(name: str) -> None:
    assert name == check_name(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "the state name is empty"),
        (" \t", "the state name is empty"),
        ("x" * (MAX_NAME + 1), "at most 64 characters; this one has 65"),
        ("x" * 60_000, "at most 64 characters; this one has 60,000"),
        ("a\nb", "no control characters"),
        ("a\0b", "no control characters"),
        ("a\x7f", "no control characters"),
        ("\ud800", "no lone surrogates"),
        (3, "must be a text, found int"),
        (None, "must be a text, found NoneType"),
    ],
)
def test_other_state_names_are_refused(name: object, reason: str) -> None:
    with pytest.raises(BadReading, match=reason):
        check_name(name)


def test_a_reading_needs_nothing_but_a_state() -> None:
    reading = Reading("HUGGING")
    assert ("HUGGING", {}, None, None, None) == (
        reading.state,
        reading.data,
        reading.at,
        reading.id,
        reading.thing,
    )


def test_a_reading_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Reading("HUGGING").state = "NEUTRAL"  # type: ignore[misc]


@pytest.mark.parametrize("mine", [{}, {"force": 3}])
def test_changing_the_data_afterwards_does_not_change_the_reading(mine: dict[str, Any]) -> None:
    reading = Reading("HUGGING", mine)
    before = dict(mine)
    mine["more"] = 1
    assert before == reading.data


def test_a_readings_time_is_kept_in_utc_and_milliseconds() -> None:
    berlin = datetime(2026, 11, 22, 21, 0, 0, 999, tzinfo=timezone(timedelta(hours=1)))
    assert NOW == Reading("HUGGING", at=berlin).at


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"state": ""}, "the state name is empty"),
        ({"state": 5}, "a state name must be a text, found int"),
        ({"at": "now"}, "at must be a datetime, found str"),
        ({"at": NOW.date()}, "at must be a datetime, found date"),
        ({"id": 5}, "an id must be a text, found int"),
        ({"thing": 5}, "thing must be a text, found int"),
        ({"data": {"a": float("nan")}}, "no JSON form"),
        ({"data": ["a"]}, "must be a JSON object, found a list"),
        ({"data": []}, "must be a JSON object, found a list"),
        ({"data": None}, "must be a JSON object, found null"),
        ({"at": NOW.replace(tzinfo=None)}, "at: .* has no time zone"),
        ({"at": datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))}, "at: date value out of range"),
        ({"id": ""}, "an id has 1 to 256 characters; this one has 0"),
        ({"id": "x" * (MAX_ID + 1)}, "an id has 1 to 256 characters; this one has 257"),
        ({"id": "\ud800"}, "lone surrogate"),
    ],
)
def test_a_reading_that_is_wrong_cannot_be_made(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadReading, match=reason):
        Reading(**{"state": "HUGGING"} | options)


def test_data_over_the_limit_are_too_large() -> None:
    with pytest.raises(ReadingTooLarge):
        Reading("HUGGING", {"text": "x" * 16_384})


def test_the_earliest_time_can_be_read() -> None:
    assert datetime.min.replace(tzinfo=UTC) == Reading("HUGGING", at=datetime.min.replace(tzinfo=UTC)).at


def test_a_state_is_equal_to_another_of_the_same_values() -> None:
    assert state("HUGGING", 3, data={"a": 1}) == state("HUGGING", 3, data={"a": 1})


def test_a_thing_accepts_its_listed_states() -> None:
    assert ("NEUTRAL", "HUGGING", "SHAKING") == cloud().accepted


def test_a_thing_accepts_its_rest_and_offline_states_too_each_once() -> None:
    spec = cloud(rest="NEUTRAL", offline="NOTCONNECTED")
    assert ("NEUTRAL", "HUGGING", "SHAKING", "NOTCONNECTED") == spec.accepted


def test_a_thing_that_lists_no_states_accepts_any() -> None:
    assert () == anything(rest="COLD", offline="OFF").accepted


@pytest.mark.parametrize(
    ("name", "expected"),
    [("NEUTRAL", "The cloud floats"), ("HUGGING", "HUGGING"), ("ELSE", "ELSE"), (None, None)],
)
def test_a_states_label_is_its_words_or_its_name(name: str | None, expected: str | None) -> None:
    assert expected == cloud().label(name)


def test_a_thing_reports_through_rest_and_keeps_the_latest_if_nothing_else_is_said() -> None:
    spec = ThingSpec("door", "Door")
    assert ("inbox:", "latest") == (spec.source, spec.backlog)


def test_a_look_may_be_nothing_or_all() -> None:
    assert Look() == Look(None, None, None)
    assert Path("a.svg") == Look("A", Path("a.svg"), "red").image
