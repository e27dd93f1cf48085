from __future__ import annotations

import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask, request

from tests.waiting import eventually
from windsock.web.serving import BACKLOG, Server, ServerError


def hello() -> Flask:
    app = Flask("hello")
    app.add_url_rule("/", view_func=lambda: "hello")
    return app


@contextmanager
def serving(app: Flask, host: str = "127.0.0.1") -> Iterator[Server]:
    server = Server(app, host, 0)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  # its own server
        return str(answer.read().decode())


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "localhost"),
        ("0.0.0.0", "127.0.0.1"),  # noqa: S104  # it is closed at once
        ("::1", "[::1]"),
        ("::", "[::1]"),
    ],
)
def test_a_server_says_an_address_that_a_browser_can_open(host: str, shown: str) -> None:
    with serving(hello(), host) as server:
        assert f"http://{shown}:{server.port}/" == server.url
        assert "hello" == fetch(server.url)


def test_a_port_that_is_taken_is_said_with_another_one() -> None:
    with serving(hello()) as first, pytest.raises(ServerError) as refused:
        Server(hello(), "127.0.0.1", first.port)
    assert f"port {first.port} of 127.0.0.1 is taken" in str(refused.value)
    assert f"--port {first.port + 1}" in str(refused.value)


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_an_address_that_cannot_be_listened_at_is_said(host: str) -> None:
    with pytest.raises(ServerError, match=f"cannot listen on port 0 of {host}: "):
        Server(hello(), host, 0)


def test_a_server_that_was_never_started_lets_go_of_its_port() -> None:
    server = Server(hello(), "127.0.0.1", 0)
    server.stop()
    with socket.create_server(("127.0.0.1", server.port)):
        pass


def test_a_stopped_server_takes_no_more_connections() -> None:
    with serving(hello()) as server:
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))


def test_connections_wait_while_the_server_is_not_there_yet() -> None:
    server = Server(hello(), "127.0.0.1", 0)
    waiting = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]
    assert len(waiting) < BACKLOG
    for connection in waiting:
        connection.close()
    server.stop()


def test_requests_are_served_side_by_side() -> None:
    app, both = Flask("slow"), threading.Barrier(2)
    app.add_url_rule("/", view_func=lambda: str(both.wait(10)))
    with serving(app) as server:
        answers: list[str] = []
        threads = [threading.Thread(target=lambda: answers.append(fetch(server.url))) for _ in range(2)]
        for thread in threads:
            thread.start()
        assert ["0", "1"] == sorted(eventually(lambda: answers if len(answers) == 2 else []))
        for thread in threads:
            thread.join()


def test_small_packets_are_not_held_back() -> None:
    app = Flask("quick")
    delayed: list[bool] = []

    def index() -> str:
        connection: socket.socket = request.environ["werkzeug.socket"]
        delayed.append(not connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        return ""

    app.add_url_rule("/", view_func=index)
    with serving(app) as server:
        fetch(server.url)
    assert [False] == delayed
