from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask_socketio import SocketIO
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

from windsock.engine.protocol.request import Request
from windsock.web.carrier.environ import make_environ, through_middleware
from windsock.web.entrance import SocketEntrance


def make_app() -> Flask:
    app = Flask("app")
    app.add_url_rule("/", "page", lambda: "a page")
    app.add_url_rule("/socket.io/", "view", lambda: "a view")
    app.wsgi_app = SocketEntrance(app)  # type: ignore[method-assign]
    return app


def environ(**headers: str) -> dict[str, Any]:
    fields = {"host": "localhost"} | {name.replace("_", "-"): value for name, value in headers.items()}
    request = Request("GET", "/socket.io/?EIO=4", tuple(fields.items()))
    return make_environ(request, ("192.0.2.7", 51234), ("127.0.0.1", 5000), "http")


def test_a_request_is_passed_on() -> None:
    client = Client(make_app())
    assert ["a page", "a view"] == [client.get(path).text for path in ("/", "/socket.io/")]


def test_whoever_asks_what_becomes_of_a_request_is_told_and_no_view_is_called() -> None:
    found = through_middleware(make_app().wsgi_app, environ())
    assert isinstance(found, dict)
    assert ("192.0.2.7", "/socket.io/") == (found["REMOTE_ADDR"], found["PATH_INFO"])


def test_what_the_middleware_around_it_makes_of_it_is_told() -> None:
    app = make_app()
    app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1)  # type: ignore[method-assign]
    found = through_middleware(app.wsgi_app, environ(x_forwarded_for="203.0.113.5", x_forwarded_prefix="/mounted"))
    assert isinstance(found, dict)
    assert ("203.0.113.5", "/mounted") == (found["REMOTE_ADDR"], found["SCRIPT_NAME"])


@pytest.mark.parametrize("first", [True, False])
def test_where_there_is_a_socketio_that_is_asked(first: bool) -> None:
    app = Flask("app")
    if first:
        SocketIO(app, async_mode="threading")
    app.wsgi_app = SocketEntrance(app)  # type: ignore[method-assign]
    if not first:
        SocketIO(app, async_mode="threading")
    calls: list[dict[str, Any]] = []

    def answer(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        calls.append(environ)
        start_response("200 OK", [])
        return []

    app.extensions["socketio"].server.eio.handle_request = answer
    through_middleware(app.wsgi_app, environ())
    assert 1 == len(calls)
