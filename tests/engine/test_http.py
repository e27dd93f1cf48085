from __future__ import annotations

import logging
import select
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import psutil
import pytest
from flask import Flask, Response, request

from tests.engine.hosted import FINE, Hosted, hosted
from tests.engine.raw import UPGRADE, Wire, accepted, handshake, head, poller
from tests.waiting import WITHIN, eventually
from windsock.engine.http import HttpProtocol

TOO_OLD = "This page loads a Socket.IO client that is too old: version 4 is needed"
QUICK = 0.5
"""Seconds for a head."""


def app_that_reads() -> Flask:
    """Says how much it was sent."""
    app = Flask("reading")
    app.add_url_rule("/", "read", lambda: str(len(request.get_data())), methods=["GET", "POST"])
    app.add_url_rule("/slow", "slow", slow)
    return app


def slow() -> str:
    time.sleep(0.8)
    return "done"


@pytest.fixture(scope="module")
def reading() -> Iterator[Hosted]:
    """One whose heads have to come soon."""
    with hosted(app_that_reads(), **FINE) as running:
        running.start_threads()  # with time: these are as many connections at once
        running.engine.limits = replace(running.engine.limits, handshake_timeout=QUICK)
        yield running


# ------------------------------------------------------------------------------------------- time for a head


@pytest.mark.parametrize("first", [b"\r\n", b"\r\n\r\n\r\n", b"G", b"GET / HTTP/1.1\r\nHost:"])
def test_on_a_kept_connection_a_head_has_to_come_in_time_too(reading: Hosted, first: bytes) -> None:
    with Wire(reading.port) as wire:
        answered = reading.answered
        assert 200 == wire.request("GET", "/").status
        eventually(lambda: reading.answered > answered)
        wire.send(first)
        assert 408 == wire.response().status
        assert wire.ended()
    eventually(lambda: not reading.books)


def test_a_head_that_comes_byte_by_byte_gets_no_more_time(reading: Hosted) -> None:
    with Wire(reading.port) as wire:
        for byte in head("GET", "/", {"X-Long": "x" * 300}):
            wire.send(bytes([byte]))
            if select.select([wire.socket], [], [], 0.01)[0]:
                break
        assert 408 == wire.response().status


def test_a_request_may_take_longer_than_its_head(reading: Hosted) -> None:
    with Wire(reading.port) as wire:
        assert b"done" == wire.request("GET", "/slow").body


def test_a_body_may_take_longer_than_its_head(reading: Hosted) -> None:
    with Wire(reading.port) as wire:
        wire.send(head("POST", "/", length=10))
        for _ in range(10):
            wire.send(b"x")
            time.sleep(0.1)  # longer, all together, than a head may take
        assert b"10" == wire.response().body


def test_a_body_that_does_not_go_on_is_given_up_and_keeps_no_page_waiting(reading: Hosted) -> None:
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(Wire(reading.port)).send(head("POST", "/", length=10) + b"x")
        with Wire(reading.port) as wire:
            assert b"0" == wire.request("GET", "/").body


def test_a_body_may_take_longer_behind_another_request_too(reading: Hosted) -> None:
    with Wire(reading.port) as wire:
        wire.send(head("GET", "/") + head("POST", "/", length=10))
        assert b"0" == wire.response().body
        for _ in range(10):
            wire.send(b"x")
            time.sleep(0.1)
        assert b"10" == wire.response().body


def test_a_poll_may_wait_longer_than_a_head(reading: Hosted) -> None:
    with poller(reading.port) as polls:
        polls.ask()
        time.sleep(0.8)
        reading.engine.send(polls.sid, ["2[1]"])
        assert b"42[1]" == polls.wire.response().body
        polls.post("1")


# ------------------------------------------------------------------------------------------- size of a head


def test_a_head_has_an_end(idle: Hosted) -> None:
    endless = b"GET / HTTP/1.1\r\nHost: localhost\r\n" + (b"X-More: " + b"x" * 60_000 + b"\r\n") * 500
    before = psutil.Process().memory_info().rss
    with Wire(idle.port) as wire, pytest.raises((BrokenPipeError, ConnectionResetError)):
        wire.send(endless)
    assert psutil.Process().memory_info().rss - before < 15_000_000


def test_a_head_may_be_as_large_as_browsers_make_them(reading: Hosted) -> None:
    with Wire(reading.port) as wire:
        assert 200 == wire.request("GET", "/", {f"X-{number}": "x" * 1000 for number in range(30)}).status


# -------------------------------------------------------------------------------------------- too old clients


@pytest.mark.parametrize("version", ["EIO=3", "EIO=2", "", "EIO=3&b64=1"])
def test_a_client_that_is_too_old_is_told_in_words_that_a_console_shows(idle: Hosted, version: str) -> None:
    with Wire(idle.port) as wire:
        answer = wire.request(
            "GET", f"/socket.io/?{version}&transport=polling", {"Origin": "https://elsewhere.example"}
        )
        assert (400, TOO_OLD, 5) == (answer.status, answer.phrase, answer.json["code"])
        assert "https://elsewhere.example" == answer.headers["access-control-allow-origin"]
        assert wire.ended()


def test_a_client_that_is_too_old_is_told_of_in_the_log_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), hosted() as running:
        for transport in ("polling", "polling", "websocket"):
            with Wire(running.port) as wire:
                old = head(
                    "GET", f"/socket.io/?EIO=3&transport={transport}", UPGRADE if transport == "websocket" else {}
                )
                wire.send(old)
                assert 400 == wire.response().status
    (said,) = [record.message for record in caplog.records if record.name == "windsock.engine"]
    assert "version" in said


def test_a_websocket_of_a_browsers_client_that_is_too_old_is_broken_off_with_words_that_a_console_shows(
    idle: Hosted,
) -> None:
    with Wire(idle.port) as wire:
        page = {"Origin": "https://elsewhere.example"}
        wire.send(head("GET", "/socket.io/?EIO=3&transport=websocket", UPGRADE | page))
        answer = wire.response()
        # Nobody asked for a protocol: a browser may not go on with this (RFC 6455, 4.1).
        assert (101, TOO_OLD) == (answer.status, answer.headers["sec-websocket-protocol"])
        assert wire.ended()


def test_a_post_of_a_client_that_is_too_old_is_refused_without_its_body(idle: Hosted) -> None:
    with Wire(idle.port) as wire:
        wire.send(head("POST", "/socket.io/?EIO=3&transport=polling", length=1000) + b"x" * 500)
        assert TOO_OLD == wire.response().phrase


# ------------------------------------------------------------------------------------------------- all else


@pytest.mark.parametrize("target", ["/socket.io", "/", "/socket.iox?EIO=3", "/?EIO=3&transport=polling"])
def test_other_addresses_are_for_the_application(reading: Hosted, target: str) -> None:
    with Wire(reading.port) as wire:
        assert wire.request("GET", target).status in (200, 404)


def test_a_websocket_waits_until_the_page_before_it_has_gone_out() -> None:
    with hosted() as running, Wire(running.port, buffer=2048) as wire:
        running.app.add_url_rule("/large", "large", lambda: "x" * 3_000_000)
        wire.send(head("GET", "/large"))
        eventually(lambda: running.host._server._front._requests)
        wire.send(handshake())
        assert 3_000_000 == len(wire.response().body)
        found = accepted(wire)
        found.hear()
        found.connect("cloud")


def test_a_page_is_not_waited_for_by_a_websocket_that_has_gone() -> None:
    with hosted() as running:
        running.app.add_url_rule("/large", "large", lambda: "x" * 3_000_000)
        with Wire(running.port, buffer=2048) as wire:
            wire.send(head("GET", "/large"))
            eventually(lambda: running.host._server._front._requests)
            wire.send(handshake())
        eventually(lambda: not running.host._server._front._requests)
        assert not running.books


def test_a_page_whose_end_is_told_late_does_not_end_the_websocket_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()

    def slow_end() -> Iterator[bytes]:
        yield b"page"
        go_on.wait(WITHIN)

    app = Flask("slow")
    app.add_url_rule("/", "page", lambda: Response(slow_end(), headers={"Content-Length": "4"}))
    with hosted(app) as running:
        monkeypatch.setattr(running.host._server._server.config, "timeout_keep_alive", 0.1)
        with Wire(running.port) as wire:
            assert b"page" == wire.request("GET", "/").body
            wire.send(handshake())
            (protocol,) = running.host._server._server.server_state.connections
            assert isinstance(protocol, HttpProtocol)
            eventually(lambda: protocol._upgrading)
            go_on.set()
            found = accepted(wire)
            found.hear()
            found.connect("cloud")
            time.sleep(0.4)  # longer than a connection for pages is kept
            assert running.change("cloud") == found.state()["version"]


def test_what_is_no_http_is_refused_in_the_middle_of_a_connection_too(reading: Hosted) -> None:
    with Wire(reading.port) as wire:
        assert 200 == wire.request("GET", "/").status
        wire.send(b"\x00\x01\x02\r\n\r\n")
        assert 400 == wire.response().status
        assert wire.ended()


def test_another_upgrade_is_not_made(reading: Hosted) -> None:
    with Wire(reading.port) as wire:
        assert 200 == wire.request("GET", "/", {"Connection": "Upgrade", "Upgrade": "h2c"}).status
