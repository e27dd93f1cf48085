from __future__ import annotations

import json
from typing import Any

import pytest

from tests.builders import EPOCH, NOW, anything, at, change, cloud, state, unknown
from windsock.errors import (
    BadReading,
    ConfigError,
    Denied,
    NotReportable,
    NotStarted,
    ReadingTooLarge,
    SourceError,
    StoreError,
    StoreInUse,
    UnknownState,
    UnknownThing,
    WindsockError,
)
from windsock.model import Position
from windsock.wire import (
    MAX_HISTORY,
    NAMESPACE,
    USUAL_HISTORY,
    BadRequest,
    Hello,
    HistoryRequest,
    accepted,
    change_message,
    error_code,
    heard_message,
    history_message,
    read_hello,
    read_history_request,
    read_report,
    read_things,
    refused,
    state_message,
)

LARGEST = 2**63 - 1


def as_sent(message: dict[str, Any]) -> str:
    return json.dumps(message)


# ----------------------------------------------------------------------------------- server → viewer


def test_the_namespace_is_windsock() -> None:
    assert "/windsock" == NAMESPACE


def test_a_state_is_sent_with_all_its_fields_in_order() -> None:
    now = state("NEUTRAL", 41, at(-60), data={"force": 3}, updated_at=at(-5), heard_at=at(-0.25))
    expected = {
        "thing": "cloud",
        "epoch": EPOCH,
        "version": 41,
        "state": "NEUTRAL",
        "label": "The cloud floats",
        "image": "/windsock/things/cloud/image",
        "color": "#8fb8de",
        "data": {"force": 3},
        "changed_at": "2026-11-22T19:59:00.000Z",
        "updated_at": "2026-11-22T19:59:55.000Z",
        "heard_at": "2026-11-22T19:59:59.750Z",
        "now": "2026-11-22T20:00:00.000Z",
        "stale": False,
        "source": "ok",
    }
    assert as_sent(expected) == as_sent(state_message(cloud(), now, "/windsock/things/cloud/image", NOW))


def test_a_thing_of_which_nothing_is_known_is_sent_with_nulls() -> None:
    message = state_message(cloud(), unknown(), None, NOW)
    empty = ["state", "label", "image", "color", "changed_at", "updated_at", "heard_at"]
    assert empty == [key for key, value in message.items() if value is None]
    assert (0, {}) == (message["version"], message["data"])


def test_a_state_without_a_look_is_labelled_with_its_name() -> None:
    message = state_message(anything("cloud"), state("<b>"), None, NOW)
    assert ("<b>", None) == (message["label"], message["color"])


def test_a_stale_state_of_a_failing_source_says_so() -> None:
    message = state_message(cloud(), state(stale=True, source="failing"), None, NOW)
    assert (True, "failing") == (message["stale"], message["source"])


def test_heard_is_sent_with_all_its_fields_in_order() -> None:
    expected = {
        "thing": "cloud",
        "epoch": EPOCH,
        "version": 41,
        "heard_at": "2026-11-22T19:59:55.000Z",
        "now": "2026-11-22T20:00:00.000Z",
        "stale": True,
        "source": "failing",
    }
    heard = state("NEUTRAL", 41, at(-5), stale=True, source="failing")
    assert as_sent(expected) == as_sent(heard_message(heard, NOW))


def test_heard_of_a_thing_that_never_was_is_null() -> None:
    assert heard_message(unknown(), NOW)["heard_at"] is None


def test_a_history_is_sent_with_all_its_fields_in_order() -> None:
    expected = {
        "epoch": EPOCH,
        "changes": [
            {
                "version": 41,
                "state": "HUGGING",
                "data": {"force": 3},
                "at": "2026-11-22T20:00:00.000Z",
                "cause": "reported",
            }
        ],
        "complete": True,
    }
    assert as_sent(expected) == as_sent(history_message(EPOCH, [change(41, force=3)], complete=True))


def test_a_change_is_sent_as_it_stands_in_a_history() -> None:
    assert [change_message(change())] == history_message(EPOCH, [change()], complete=False)["changes"]


# ------------------------------------------------------------------------------------ acknowledgements


def test_what_was_done_is_acknowledged_with_ok_first() -> None:
    assert '{"ok": true, "epoch": "e1"}' == as_sent(accepted(epoch="e1"))


def test_what_was_not_done_is_acknowledged_with_a_code_and_a_text() -> None:
    expected = '{"ok": false, "code": "unknown_thing", "error": "there is no thing \'sun\'"}'
    assert expected == as_sent(refused(UnknownThing("there is no thing 'sun'")))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadRequest(""), "bad_request"),
        (UnknownThing(""), "unknown_thing"),
        (UnknownState(""), "unknown_state"),
        (ReadingTooLarge(""), "too_large"),
        (BadReading(""), "bad_reading"),
        (NotReportable(""), "not_reportable"),
        (Denied("", 401), "forbidden"),
        (StoreError(""), "unavailable"),
        (StoreInUse(""), "unavailable"),
        (SourceError(""), "unavailable"),
        (NotStarted(""), "unavailable"),
        (ConfigError(""), "unavailable"),
        (WindsockError(""), "unavailable"),
    ],
)
def test_every_error_has_a_code(error: WindsockError, code: str) -> None:
    assert code == error_code(error)


# ------------------------------------------------------------------------------------ viewer → server


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        (None, Hello()),
        ({}, Hello(None, None, False)),
        ({"things": None}, Hello()),
        ({"things": []}, Hello({})),
        ({"things": ["cloud", "door"]}, Hello({"cloud": None, "door": None})),
        ({"things": ["cloud", "cloud"]}, Hello({"cloud": None})),
        ({"things": {}}, Hello({})),
        ({"things": {"cloud": {"epoch": EPOCH, "version": 41}}}, Hello({"cloud": Position(EPOCH, 41)})),
        ({"things": {"cloud": {"epoch": "", "version": 0}}}, Hello({"cloud": Position("", 0)})),
        ({"things": {"cloud": None}}, Hello({"cloud": None})),
        ({"things": {"cloud": {"epoch": EPOCH, "version": LARGEST}}}, Hello({"cloud": Position(EPOCH, LARGEST)})),
        ({"token": "t"}, Hello(None, "t", False)),
        ({"token": None, "viewers": True}, Hello(None, None, True)),
        ({"things": ["cloud"], "token": "t", "viewers": False, "more": 1}, Hello({"cloud": None}, "t", False)),
    ],
)
def test_a_viewer_says_what_it_wants_when_it_connects(auth: object, expected: Hello) -> None:
    assert expected == read_hello(auth)


THINGS_EXPECTED = '"things" must be a list of names or an object of positions, found '
BAD_THINGS = [
    ({"things": "cloud"}, THINGS_EXPECTED + "a text"),
    ({"things": 1}, THINGS_EXPECTED + "a number"),
    ({"things": [1]}, THINGS_EXPECTED + "a list"),
    ({"things": ["cloud", None]}, THINGS_EXPECTED + "a list"),
    ({"things": {"cloud": 41}}, "a position must be an object, found a number"),
    ({"things": {"cloud": {"version": 41}}}, 'a position\'s "epoch" must be a text, found null'),
    ({"things": {"cloud": {"epoch": 1, "version": 41}}}, 'a position\'s "epoch" must be a text, found a number'),
    ({"things": {"cloud": {"epoch": EPOCH}}}, '"version" must be a whole number, 0 or more, found None'),
    ({"things": {"cloud": {"epoch": EPOCH, "version": -1}}}, '"version" must be a whole number, 0 or more, found -1'),
    ({"things": {"cloud": {"epoch": EPOCH, "version": 1.5}}}, '"version" must be a whole number'),
    ({"things": {"cloud": {"epoch": EPOCH, "version": True}}}, '"version" must be a whole number'),
    ({"things": {"cloud": {"epoch": EPOCH, "version": 2**63}}}, '"version" must be a whole number'),
]


@pytest.mark.parametrize(
    ("auth", "reason"),
    [
        ([], "auth must be an object, found a list"),
        ("token", "auth must be an object, found a text"),
        ({"token": 5}, '"token" must be a text, found a number'),
        ({"viewers": 1}, '"viewers" must be true or false, found a number'),
        ({"viewers": None}, '"viewers" must be true or false, found null'),
        *BAD_THINGS,
    ],
)
def test_a_hello_of_another_form_is_refused(auth: object, reason: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_hello(auth)
    assert reason in str(caught.value)


def test_a_refused_token_is_not_repeated() -> None:
    with pytest.raises(BadRequest) as caught:
        read_hello({"token": ["s3cret"]})
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"things": ["cloud", "door"]}, ["cloud", "door"]),
        ({"things": {"cloud": {"epoch": EPOCH, "version": 41}}}, ["cloud"]),
        ({"things": []}, []),
    ],
)
def test_a_viewer_names_the_things_that_it_watches(request_: object, expected: list[str]) -> None:
    assert expected == list(read_things(request_))


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (None, "the request must be an object, found null"),
        (["cloud"], "the request must be an object, found a list"),
        ({}, '"things" is missing'),
        ({"things": None}, '"things" is missing'),
        *BAD_THINGS,
    ],
)
def test_a_watch_of_another_form_is_refused(request_: object, reason: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_things(request_)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"thing": "cloud"}, HistoryRequest("cloud", None, None, USUAL_HISTORY)),
        ({"thing": "cloud", "epoch": None, "since": None}, HistoryRequest("cloud")),
        ({"thing": "cloud", "epoch": EPOCH, "since": 0, "limit": 1}, HistoryRequest("cloud", EPOCH, 0, 1)),
        ({"thing": "cloud", "since": LARGEST}, HistoryRequest("cloud", None, LARGEST)),
        ({"thing": "cloud", "limit": MAX_HISTORY}, HistoryRequest("cloud", limit=MAX_HISTORY)),
        ({"thing": "cloud", "limit": LARGEST}, HistoryRequest("cloud", limit=MAX_HISTORY)),
    ],
)
def test_a_viewer_asks_for_history(request_: object, expected: HistoryRequest) -> None:
    assert expected == read_history_request(request_)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (None, "the request must be an object, found null"),
        ({}, '"thing" must be a name, found null'),
        ({"thing": ["cloud"]}, '"thing" must be a name, found a list'),
        ({"thing": "cloud", "epoch": 1}, '"epoch" must be a text, found a number'),
        ({"thing": "cloud", "since": -1}, '"since" must be a whole number, 0 or more, found -1'),
        ({"thing": "cloud", "since": "1"}, "\"since\" must be a whole number, 0 or more, found '1'"),
        ({"thing": "cloud", "since": 2**63}, '"since" must be a whole number'),
        ({"thing": "cloud", "limit": 0}, '"limit" must be a whole number, 1 or more, found 0'),
        ({"thing": "cloud", "limit": None}, '"limit" must be a whole number, 1 or more, found None'),
        ({"thing": "cloud", "limit": False}, '"limit" must be a whole number, 1 or more, found False'),
    ],
)
def test_a_history_request_of_another_form_is_refused(request_: object, reason: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_history_request(request_)
    assert reason in str(caught.value)


def test_a_refusal_does_not_repeat_a_value_of_any_length() -> None:
    with pytest.raises(BadRequest) as caught:
        read_history_request({"thing": "cloud", "since": "1" * 60_000})
    assert len(str(caught.value)) < 200


def test_a_report_names_its_thing_and_is_a_reading() -> None:
    report = {"thing": "cloud", "state": "HUGGING", "data": {"force": 3}}
    assert ("cloud", report) == read_report(report)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ("HUGGING", "the request must be an object, found a text"),
        ({"state": "HUGGING"}, '"thing" must be a name, found null'),
        ({"thing": 1, "state": "HUGGING"}, '"thing" must be a name, found a number'),
    ],
)
def test_a_report_of_another_form_is_refused(request_: object, reason: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_report(request_)
    assert reason in str(caught.value)
