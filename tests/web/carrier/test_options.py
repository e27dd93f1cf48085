from __future__ import annotations

from typing import Any

import pytest
from engineio import Server

from windsock.engine.options import Options
from windsock.engine.protocol.request import Request
from windsock.web.carrier.options import read_options

REQUEST = Request("GET", "/socket.io/", (("host", "wind.example"), ("origin", "https://page.example")))


def read(**asked: Any) -> Options:
    return read_options(Server(async_mode="threading", **asked), "/socket.io/")


def test_what_is_not_asked_for_is_as_flask_socketio_has_it() -> None:
    assert Options(path="/socket.io/", ping_interval=25, ping_timeout=20, max_payload=1_000_000) == read()


def test_what_is_asked_for_is_read() -> None:
    found = read(
        ping_interval=7,
        ping_timeout=3,
        max_http_buffer_size=5000,
        allow_upgrades=False,
        transports="websocket",
        cors_allowed_origins=["https://a.example"],
    )
    expected = Options("/socket.io/", 7.0, 3.0, 5000, ("websocket",), False, ("https://a.example",))
    assert expected == found


def test_a_grace_period_lets_the_client_wait_longer() -> None:
    found = read(ping_interval=(7, 2), ping_timeout=3)
    assert (7.0, 5.0) == (found.ping_interval, found.ping_timeout)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (None, None),
        ("*", "*"),
        (["*"], "*"),
        (["https://a.example", "*"], "*"),
        ("https://a.example", ("https://a.example",)),
        ([], "*"),
    ],
)
def test_allowed_origins(asked: Any, found: Any) -> None:
    assert found == read(cors_allowed_origins=asked).origins


def test_a_function_of_the_origin_decides() -> None:
    found = read(cors_allowed_origins=lambda origin: origin == "https://page.example").origins
    assert callable(found)
    assert found(REQUEST, "https")
    assert not found(Request("GET", "/", (("origin", "https://other.example"),)), "https")


def test_a_function_of_the_origin_and_the_environ_decides() -> None:
    found = read(cors_allowed_origins=lambda _origin, environ: environ["HTTP_HOST"] == "wind.example").origins
    assert callable(found)
    assert found(REQUEST, "https")


def test_a_function_that_fails_allows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_origin: str) -> bool:
        raise ValueError("broken")

    found = read(cors_allowed_origins=fail).origins
    assert callable(found)
    assert not found(REQUEST, "https")
    assert ["the application's cors_allowed_origins failed"] == [record.message for record in caplog.records]


@pytest.mark.parametrize(
    ("asked", "header"),
    [
        ("io", "io=abc; path=/; SameSite=Lax"),
        ({"name": "sid", "Secure": True, "Max-Age": lambda: "60"}, "sid=abc; Secure; Max-Age=60"),
        ({"path": "/"}, "io=abc; path=/"),
    ],
)
def test_a_cookie_is_made_as_asked(asked: Any, header: str) -> None:
    make = read(cookie=asked).cookie
    assert make
    assert header == make("abc")


def test_usually_there_is_no_cookie() -> None:
    assert read().cookie is None
