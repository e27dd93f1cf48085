from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, redirect
from flask import json as flask_json
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge
from werkzeug.routing import RequestRedirect

from windsock import wire
from windsock.errors import (
    BadReading,
    ConfigError,
    Denied,
    NotReportable,
    NotStarted,
    ReadingTooLarge,
    StoreError,
    StoreInUse,
    UnknownState,
    UnknownThing,
    WindsockError,
)
from windsock.web import problems

TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    413: "Request Entity Too Large",
    422: "Unprocessable Entity",
    503: "Service Unavailable",
}


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (UnknownThing("x"), 404, "unknown_thing"),
        (NotReportable("x"), 409, "not_reportable"),
        (ReadingTooLarge("x"), 413, "too_large"),
        (UnknownState("x"), 422, "unknown_state"),
        (BadReading("x"), 400, "bad_reading"),
        (wire.BadRequest("x"), 400, "bad_request"),
        (Denied("x", 401), 401, "forbidden"),
        (Denied("x"), 403, "forbidden"),
        (StoreError("x"), 503, "unavailable"),
        (StoreInUse("x"), 503, "unavailable"),
        (NotStarted("x"), 503, "unavailable"),
        (ConfigError("x"), 503, "unavailable"),
        (WindsockError("x"), 503, "unavailable"),
    ],
)
def test_every_error_has_its_status_and_its_code(error: WindsockError, status: int, code: str) -> None:
    response = problems.from_windsock(error, insider=True)
    wanted = {"type": "about:blank", "title": TITLES[status], "status": status, "detail": "x", "code": code}
    assert wanted == document(response)
    assert (status, "application/problem+json") == (response.status_code, response.content_type)


@pytest.mark.parametrize("error", [StoreError("/home/ada/w.db"), StoreInUse("held by cmd --pw"), ConfigError("x")])
def test_a_stranger_is_not_told_what_is_wrong_within(error: WindsockError) -> None:
    found = document(problems.from_windsock(error, insider=False))
    assert (503, "unavailable", problems.UNAVAILABLE) == tuple(found[key] for key in ("status", "code", "detail"))


def test_a_stranger_is_told_of_his_own_mistakes() -> None:
    assert "no such" == document(problems.from_windsock(UnknownThing("no such"), insider=False))["detail"]


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("q: OperationalError: no way to postgres://admin:pw@db", "q: OperationalError"),
        ("q: TimeoutError: ", "q: TimeoutError"),
        (
            "q: the service cannot be reached (https://a.example/q)",
            "q: the service cannot be reached (https://a.example/q)",
        ),
        (
            "q: no answer for 30 seconds; it is still being waited for",
            "q: no answer for 30 seconds; it is still being waited for",
        ),
        ("q: /home/ada/w.db: the store failed: locked", "q: the log says why"),
        ("q: No module named 'x'; modules are looked for in /home/ada", "q: the log says why"),
        ("/home/ada/w.db: the store failed: locked", problems.UNAVAILABLE),
    ],
)
def test_a_stranger_is_told_which_source_fails_but_no_exceptions_text_and_no_path(reason: str, told: str) -> None:
    assert told == problems.reason_for_strangers(reason, ["p", "q"])


def document(response: Any) -> dict[str, Any]:
    found: dict[str, Any] = flask_json.loads(response.get_data())
    return found


def test_who_has_no_key_is_told_which_kind_is_wanted() -> None:
    assert "Bearer" == problems.from_windsock(Denied("x", 401), insider=False).headers["WWW-Authenticate"]
    assert "WWW-Authenticate" not in problems.from_windsock(Denied("x", 403), insider=False).headers


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotFound(), 404, "not_found"),
        (RequestEntityTooLarge(), 413, "too_large"),
        (HTTPException("odd"), 500, "unavailable"),
    ],
)
def test_errors_of_flask_become_problems_too(error: HTTPException, status: int, code: str) -> None:
    assert (status, code) == tuple(document(problems.from_http(error))[key] for key in ("status", "code"))


def test_a_method_that_there_is_not_comes_with_those_that_there_are() -> None:
    response = problems.from_http(MethodNotAllowed(["GET", "PUT"]))
    assert (405, "GET, PUT") == (response.status_code, response.headers["Allow"])


def test_a_redirect_is_no_problem() -> None:
    with Flask("app").test_request_context("/a"):
        response = problems.from_http(RequestRedirect("/b"))
        assert (308, redirect("/b").location) == (response.status_code, response.location)
