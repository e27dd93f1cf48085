from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, Response, request

from tests.engine.hosted import Hosted, hosted
from tests.engine.raw import ENDPOINT, Wire, head, viewer
from tests.waiting import WITHIN, eventually


class Gate:
    """Views that wait until a test lets them through. ``entered`` counts how many do."""

    def __init__(self) -> None:
        self.entered = 0
        self._open = threading.Event()

    def __call__(self) -> str:
        self.entered += 1
        self._open.wait(WITHIN)
        return "through"

    def open(self) -> None:
        self._open.set()


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open()


def app_with(**views: Callable[[], Any]) -> Flask:
    """An application whose addresses are the names of its views."""
    app = Flask("pages")
    for name, view in views.items():
        app.add_url_rule(f"/{name}", name, view, methods=["GET", "POST"])
    return app


def told() -> dict[str, str]:
    """What the application is told of a request."""
    wanted = ("REMOTE_ADDR", "HTTP_X_FORWARDED_FOR", "HTTP_X_LONG", "wsgi.url_scheme", "REQUEST_METHOD", "QUERY_STRING")
    return {key: request.environ[key] for key in wanted if key in request.environ}


def body() -> str:
    return request.get_data().decode()


def large() -> str:
    return "x" * 2_000_000


def stream() -> Response:
    return Response(part for part in ("one ", "two ", "three"))


def dated() -> Response:
    return Response("dated", headers={"Date": "Thu, 01 Jan 1970 00:00:00 GMT"})


def fail() -> str:
    raise RuntimeError("the view is broken")


def ticks() -> Response:
    return Response(ticking())


def ticking() -> Iterator[str]:
    try:
        for _ in range(int(WITHIN / 0.01)):
            yield "tick\n"
            time.sleep(0.01)
    finally:
        ENDED.set()


def errors() -> str:
    return str(request.environ["wsgi.errors"] is sys.stderr)


ENDED = threading.Event()


@pytest.fixture(scope="module")
def pages() -> Iterator[Hosted]:
    """A server of some pages."""
    views = {view.__name__: view for view in (told, body, large, stream, dated, fail, ticks, errors)}
    with hosted(app_with(**views)) as running:
        running.start_threads()
        yield running


# --------------------------------------------------------------------------------------- what pages are told


def test_a_page_is_told_of_its_request(pages: Hosted) -> None:
    with Wire(pages.port) as wire:
        assert {
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "REQUEST_METHOD": "GET",
            "QUERY_STRING": "a=b%20c",
        } == wire.request("GET", "/told?a=b%20c").json


def test_a_header_with_an_underscore_never_passes_for_one_with_a_hyphen() -> None:
    sent = {"X_Forwarded_For": "6.6.6.6", "X_Forwarded-For": "6.6.6.6", "X-Long": "yes"}
    with hosted(app_with(told=told), trusted_proxies=["127.0.0.1"]) as running, Wire(running.port) as wire:
        answer = wire.request("GET", "/told", sent).json
        assert ("127.0.0.1", None, "yes") == (
            answer["REMOTE_ADDR"],
            answer.get("HTTP_X_FORWARDED_FOR"),
            answer["HTTP_X_LONG"],
        )


def test_a_trusted_proxy_is_believed() -> None:
    sent = {"X-Forwarded-For": "192.0.2.9", "X-Forwarded-Proto": "https"}
    with hosted(app_with(told=told), trusted_proxies=["127.0.0.1"]) as running, Wire(running.port) as wire:
        answer = wire.request("GET", "/told", sent).json
        assert ("192.0.2.9", "https") == (answer["REMOTE_ADDR"], answer["wsgi.url_scheme"])


# ----------------------------------------------------------------------------------------------------- bodies


def test_a_body_reaches_the_application_whole_or_in_chunks(pages: Hosted) -> None:
    with Wire(pages.port) as wire:
        assert b"hello" == wire.request("POST", "/body", body=b"hello").body
        wire.send(head("POST", "/body", {"Transfer-Encoding": "chunked"}))
        for chunk in (b"3\r\nhel\r\n", b"2\r\nlo\r\n", b"0\r\n\r\n"):
            wire.send(chunk)
        assert b"hello" == wire.response().body
        assert b"" == wire.request("POST", "/body").body


@pytest.mark.parametrize(
    "sent",
    [
        head("POST", "/note", length=100_000) + b"half of it",
        head("POST", "/note", {"Transfer-Encoding": "chunked"}) + b"5\r\nhello\r\n",
    ],
)
def test_a_body_that_breaks_off_does_not_pass_for_a_whole_one(sent: bytes) -> None:
    began, ended, noted = threading.Event(), threading.Event(), []

    def note() -> str:
        began.set()
        try:
            noted.append(request.get_data())
        finally:
            ended.set()
        return "noted"

    with hosted(app_with(note=note)) as running:
        with Wire(running.port) as wire:
            wire.send(sent)
            assert began.wait(WITHIN)
        assert ended.wait(WITHIN)
    assert [] == noted


def test_a_response_has_the_date_of_the_server_and_no_other(pages: Hosted) -> None:
    with Wire(pages.port) as wire:
        assert "1970" not in wire.request("GET", "/dated").headers["date"]  # the last one there is


def test_a_large_response_arrives_whole(pages: Hosted) -> None:
    with Wire(pages.port) as wire:
        assert b"x" * 2_000_000 == wire.request("GET", "/large").body


def test_a_response_of_unknown_length_arrives_in_chunks(pages: Hosted) -> None:
    with Wire(pages.port) as wire:
        answer = wire.request("GET", "/stream")
        assert (b"one two three", "chunked") == (answer.body, answer.headers["transfer-encoding"])


def test_a_stream_ends_when_its_reader_has_gone(pages: Hosted) -> None:
    with Wire(pages.port) as wire:
        wire.send(head("GET", "/ticks"))
        wire.read_until(b"tick\n")
    assert ENDED.wait(WITHIN / 2)


def test_a_view_that_fails_is_answered_and_the_next_request_served(pages: Hosted) -> None:
    with Wire(pages.port) as wire:
        assert [500, 200] == [wire.request("GET", path).status for path in ("/fail", "/body")]


def test_errors_are_told_where_errors_are_told(pages: Hosted) -> None:
    with Wire(pages.port) as wire:
        assert b"True" == wire.request("GET", "/errors").body


# --------------------------------------------------------------------------------------------- side by side


def test_pages_wait_in_threads_and_viewers_do_not_wait_for_them(gate: Gate) -> None:
    with hosted(app_with(gate=gate)) as running, viewer(running.port) as found:
        wires = [Wire(running.port) for _ in range(20)]
        for wire in wires:
            wire.send(head("GET", "/gate"))
        eventually(lambda: gate.entered >= 16)
        found.connect("cloud")
        assert running.change("cloud") == found.state()["version"]
        gate.open()
        assert [b"through"] * 20 == [wire.response().body for wire in wires]
        for wire in wires:
            wire.close()


def test_more_requests_than_may_wait_are_refused_and_viewers_are_not(gate: Gate) -> None:
    with hosted(app_with(gate=gate), limits={"page_requests": 2}) as running:
        wires = [Wire(running.port) for _ in range(3)]
        for wire in wires[:2]:
            wire.send(head("GET", "/gate"))
        eventually(lambda: gate.entered == 2)
        answer = wires[2].request("GET", "/gate")
        assert (503, "1") == (answer.status, answer.headers["retry-after"])
        assert 200 == wires[2].request("GET", f"{ENDPOINT}&transport=polling").status
        gate.open()
        assert [200, 200] == [wire.response().status for wire in wires[:2]]
        eventually(lambda: wires[2].request("GET", "/gate").status == 200)
        for wire in wires:
            wire.close()


def test_who_only_watches_is_no_request(idle: Hosted) -> None:
    with viewer(idle.port) as found:
        found.connect("cloud")
        assert 0 == idle.host._server._front._requests
