from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.web.apps import API, clouds, problem, put
from windsock.times import format_time, parse_time, utc_now

TIMELINE = f"{API}/things/cloud/timeline"


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    with clouds() as started:
        yield started


def timeline(client: FlaskClient, **query: Any) -> dict[str, Any]:
    found: Any = client.get(TIMELINE, query_string=query).json
    assert isinstance(found, dict)
    return found


def test_a_timeline_tells_what_the_thing_was_and_for_how_long(client: FlaskClient) -> None:
    for state, force in (("HUGGING", 1), ("PUNCHING", 2)):
        put(client, body={"state": state, "data": {"force": force}})
    found = timeline(client)
    assert [("HUGGING", 1), ("PUNCHING", 2)] == [(one["state"], one["version"]) for one in found["segments"]]
    assert ({"HUGGING", "PUNCHING"}, {"force": [1, 2]}) == (set(found["spent"]), found["fields"])
    assert (True, found["segments"][0]["at"]) == (found["exact"], found["oldest"])


def test_it_is_an_hour_up_to_now_if_nothing_is_said(client: FlaskClient) -> None:
    found = timeline(client)
    begin, end, now = (parse_time(found[name]) for name in ("begin", "end", "now"))
    assert (timedelta(hours=1), now) == (end - begin, end)
    assert abs(utc_now() - now) < timedelta(seconds=10)


def test_another_time_may_be_asked_for(client: FlaskClient) -> None:
    put(client)
    yesterday = utc_now() - timedelta(days=1)
    found = timeline(client, end=format_time(yesterday), span="1d")
    assert (format_time(yesterday), []) == (found["end"], found["segments"])
    assert format_time(yesterday - timedelta(days=1)) == found["begin"]


def test_the_future_is_not_told(client: FlaskClient) -> None:
    found = timeline(client, end="2999-01-01T00:00:00Z")
    assert found["now"] == found["end"]


def test_a_time_long_before_all_clocks_is_answered_too(client: FlaskClient) -> None:
    found = timeline(client, end="0001-01-01T00:00:00Z", span="36525d")
    assert ([], "1970-01-01T00:00:00.000Z") == (found["segments"], found["begin"])


def test_a_time_that_begins_before_1970_begins_with_1970(client: FlaskClient) -> None:
    put(client)
    found = timeline(client, span="36525d")
    assert (1, "1970-01-01T00:00:00.000Z") == (len(found["segments"]), found["begin"])


def test_so_many_segments_are_told_as_are_asked_for(client: FlaskClient) -> None:
    for number in range(40):
        put(client, body={"state": "HUGGING", "data": {"n": number}})
    assert len(timeline(client, slices=10)["segments"]) <= 10


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ({"end": "yesterday"}, "end: 'yesterday' is not an RFC 3339 time such as 2026-11-22T20:00:00Z"),
        ({"span": "soon"}, "span: 'soon' is not a duration such as 500ms, 5s, 1m30s or 2h"),
        ({"span": "0s"}, "span must be a duration longer than nothing, found '0s'"),
        ({"slices": "0"}, "slices must be a whole number, 1 or more, found 0"),
        ({"slices": "many"}, "slices must be a whole number, found 'many'"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(client: FlaskClient, query: dict[str, str], detail: str) -> None:
    assert (400, "bad_request", detail) == problem(client.get(TIMELINE, query_string=query))


def test_a_thing_that_is_not_there_has_no_timeline(client: FlaskClient) -> None:
    assert 404 == client.get(f"{API}/things/door/timeline").status_code
