from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.apps import make_app
from windsock import Windsock
from windsock.errors import BadReading, Denied, NotReportable, UnknownThing
from windsock.runtime import Runtime
from windsock.web import requests
from windsock.wire import BadRequest


@pytest.fixture
def windsock() -> Iterator[Windsock]:
    """One with ``kiln``, which takes reports, and ``clock``, which has a source."""
    app, made = make_app()
    made.thing("kiln")
    made.thing("clock", source="clock:?every=1h")
    made.start(app)
    yield made
    made.stop(app)


@pytest.fixture
def runtime(windsock: Windsock) -> Runtime:
    return windsock.site().runtime


def report(runtime: Runtime, state: str, **data: Any) -> None:
    requests.report(runtime, {"thing": "kiln", "state": state, "data": data}, allowed=True)


def versions(runtime: Runtime, **asked: Any) -> tuple[list[int], bool]:
    answer = requests.history(runtime, {"thing": "kiln"} | asked)
    return [change["version"] for change in answer["changes"]], answer["complete"]


# -------------------------------------------------------------------------------------------------- report


def test_a_report_is_recorded_and_answered_with_its_position(runtime: Runtime) -> None:
    first = requests.report(runtime, {"thing": "kiln", "state": "HOT", "data": {"degrees": 900}}, allowed=True)
    again = requests.report(runtime, {"thing": "kiln", "state": "HOT", "data": {"degrees": 900}}, allowed=True)
    assert [("changed", 1), ("same", 1)] == [(answer["result"], answer["version"]) for answer in (first, again)]
    assert first["epoch"] == again["epoch"] == runtime.state("kiln").position.epoch


@pytest.mark.parametrize(
    ("value", "allowed", "error"),
    [
        ({"thing": "kiln", "state": "HOT"}, False, Denied),
        ({"thing": "fog", "state": "HOT"}, False, Denied),
        ({"thing": "fog", "state": "HOT"}, True, UnknownThing),
        ({"thing": "clock", "state": "HOT"}, True, NotReportable),
        ({"thing": "kiln"}, True, BadReading),
        ({"thing": 5, "state": "HOT"}, True, BadRequest),
        (None, False, BadRequest),
    ],
)
def test_what_cannot_be_recorded_is_refused(runtime: Runtime, value: object, allowed: bool, error: type) -> None:
    with pytest.raises(error):
        requests.report(runtime, value, allowed)
    assert ([], True) == versions(runtime)


# ------------------------------------------------------------------------------------------------- history


def test_history_tells_the_changes_since_a_version(runtime: Runtime) -> None:
    for number in range(5):
        report(runtime, f"S{number}")
    epoch = runtime.state("kiln").position.epoch
    assert ([3, 4, 5], True) == versions(runtime, epoch=epoch, since=2)
    assert ([4, 5], False) == versions(runtime, limit=2)


@pytest.mark.parametrize(("value", "error"), [({"thing": "fog"}, UnknownThing), ({}, BadRequest), ([], BadRequest)])
def test_a_history_that_there_is_not_is_refused(runtime: Runtime, value: object, error: type) -> None:
    with pytest.raises(error):
        requests.history(runtime, value)


@pytest.fixture
def large(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """Ten changes of which three fit into one answer."""
    monkeypatch.setattr(requests, "MAX_ANSWER", 3100)
    for number in range(10):
        report(runtime, f"S{number}", blob="x" * 1000)
    return runtime


def test_an_answer_that_would_be_too_large_holds_the_first_ones_and_says_so(large: Runtime) -> None:
    epoch = large.state("kiln").position.epoch
    assert [([1, 2, 3], False), ([4, 5, 6], False), ([7, 8, 9], False), ([10], True)] == [
        versions(large, epoch=epoch, since=since) for since in (0, 3, 6, 9)
    ]


def test_who_asks_for_the_newest_gets_the_newest_that_fit(large: Runtime) -> None:
    assert ([8, 9, 10], False) == versions(large)


def test_one_change_always_fits(large: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "MAX_ANSWER", 10)
    assert ([10], False) == versions(large)
    assert ([1], False) == versions(large, epoch=large.state("kiln").position.epoch, since=0)
