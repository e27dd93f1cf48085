"""Answers that wait for news: in the loop, without a thread."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from flask import Flask, Response, request

from tests.engine.hosted import FINE, Hosted, config, hosted
from tests.engine.raw import Wire, head
from tests.waiting import WITHIN, eventually, run_apart
from windsock.engine import waiting
from windsock.engine.front import PAGE_THREADS
from windsock.web.hosting import Host
from windsock.web.serving import listen
from windsock.web.site import site_of

STREAM = "/windsock/api/v1/things/cloud/events"
THING = "/windsock/api/v1/things/cloud"
MANY = 500


def app_with(page: Callable[[], Any]) -> Flask:
    app = Flask("pages")
    app.add_url_rule("/page", "page", page)
    return app


def waiters(running: Hosted) -> int:
    return len(site_of(running.app).feed)


def open_stream(stack: ExitStack, running: Hosted, buffer: int | None = None) -> Wire:
    wire = stack.enter_context(Wire(running.port, buffer=buffer))
    wire.send(head("GET", STREAM))
    wire.read_until(b"event: state")
    return wire


def delay(stack: ExitStack, running: Hosted, tag: str) -> Wire:
    wire = stack.enter_context(Wire(running.port))
    wire.send(head("GET", THING, {"If-None-Match": tag, "Prefer": "wait=30"}))
    return wire


def tag_of(running: Hosted) -> str:
    with Wire(running.port) as wire:
        return wire.request("GET", THING).headers["etag"]


def median_of_pages(running: Hosted) -> float:
    """Seconds that a page takes."""
    took = []
    with Wire(running.port) as wire:
        for _ in range(50):
            start = time.perf_counter()
            assert b"a page" == wire.request("GET", "/page").body
            took.append(time.perf_counter() - start)
    return sorted(took)[len(took) // 2]


def test_those_who_wait_hold_no_thread_and_pages_are_as_quick_as_before() -> None:
    with hosted(app_with(lambda: "a page")) as running, ExitStack() as stack:
        running.start_threads()
        before, threads = median_of_pages(running), threading.active_count()
        tag = tag_of(running)
        streams = [open_stream(stack, running) for _ in range(MANY // 2)]
        delays = [delay(stack, running, tag) for _ in range(MANY // 2)]
        eventually(lambda: waiters(running) == MANY)
        assert threads >= threading.active_count()
        assert 0 == running.host._server._front._requests
        # More than once, for the machine may have become busy between the two.
        eventually(lambda: median_of_pages(running) < 3 * before + 0.01)
        version = running.change("cloud")
        for wire in streams:
            assert f'"version":{version}'.encode() in wire.read_until(f'"version":{version},'.encode())
        assert {version} == {wire.response().json["version"] for wire in delays}
        eventually(lambda: waiters(running) == MANY // 2)


def test_who_waits_is_no_request_that_counts() -> None:
    with hosted(limits={"page_requests": 2}) as running, ExitStack() as stack:
        for _ in range(5):
            open_stream(stack, running)
        tag = tag_of(running)
        waits = []
        for count in range(5):
            waits.append(delay(stack, running, tag))
            eventually(lambda count=count: waiters(running) == 6 + count)  # type: ignore[misc]
        running.change("cloud")
        assert [200] * 5 == [wire.response().status for wire in waits]


def test_a_server_that_stops_waits_for_nobody() -> None:
    with ExitStack() as stack:
        with hosted(drain=10.0) as running:
            stream, late = open_stream(stack, running), delay(stack, running, tag_of(running))
            eventually(lambda: waiters(running) == 2)
            start = time.monotonic()
        assert time.monotonic() - start < 9  # it would wait for ten seconds
        assert stream.read_until(b"\r\n0\r\n\r\n").endswith(b"\r\n0\r\n\r\n")
        assert stream.ended()
        assert 304 == late.response().status


def test_a_server_that_stops_waits_for_no_reader_that_does_not_read() -> None:
    with ExitStack() as stack:
        with hosted(drain=10.0) as running:
            open_stream(stack, running, buffer=4096)
            fine = open_stream(stack, running)
            for _ in range(30):
                fill(running, fine)
            eventually(lambda: any(watch._sending for watch in watches(running)))
            start = time.monotonic()
        assert time.monotonic() - start < 9  # it would wait for ten seconds


def fill(running: Hosted, reader: Wire) -> None:
    """A change that is sent to all, for one has read it."""
    version = running.change("cloud", filling="x" * 15_000)
    assert reader.read_until(f'"version":{version},'.encode())


def watches(running: Hosted) -> list[waiting._Watch]:
    return [found for found in list(running.engine._expected) if isinstance(found, waiting._Watch)]


def test_a_reader_that_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "STUCK", 0.3)
    with hosted(**FINE) as running, ExitStack() as stack:
        stuck = open_stream(stack, running, buffer=4096)
        fine = open_stream(stack, running)
        for _ in range(30):
            fill(running, fine)
        eventually(lambda: waiters(running) == 1)
        with suppress(ConnectionResetError):
            assert b"never" not in stuck.read_until(b"never")


def test_a_slow_reader_holds_little_and_gets_the_newest() -> None:
    with hosted() as running, ExitStack() as stack:
        slow, fine = open_stream(stack, running, buffer=4096), open_stream(stack, running)
        for _ in range(60):
            fill(running, fine)
        version = running.change("cloud")
        assert slow.read_until(f'"version":{version},'.encode()).count(b"event: state") < 10


class Noted:
    """Something that waits, and notes when it is asked; it is over when it has been asked three times."""

    def __init__(self) -> None:
        self.asked = 0

    def begin(self, wake: Callable[[], None]) -> None:
        wake()

    def take(self) -> bytes | None:
        self.asked += 1
        return None if self.asked == 3 else b"news"

    def patience(self) -> float:
        return WITHIN

    def close(self) -> None:
        pass


def test_what_is_newest_is_asked_for_when_it_can_be_sent_and_not_before() -> None:
    noted, asked_at, sent = Noted(), list[int](), list[bytes]()

    async def send(message: Any) -> None:
        asked_at.append(noted.asked)
        await asyncio.sleep(0)
        sent.append(message["body"])

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def run() -> bool:
        with listen("127.0.0.1", 0) as listener:
            engine = Host(Flask("app"), config({}, {}), listener).engine
        engine.begin()
        return await waiting.carry_on(engine, noted, {}, receive, send)

    assert run_apart(run)
    # Each time, all that was sent before has left first.
    assert ([b"", b"news", b"", b"news", b""], [0, 1, 1, 2, 2]) == (sent, asked_at)


def test_a_reader_that_vanishes_without_a_word_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    tended: list[int] = []
    monkeypatch.setattr(waiting, "limit_silence", lambda kept: tended.append(kept.getpeername()[1]))
    with hosted() as running, ExitStack() as stack:
        assert [open_stream(stack, running).socket.getsockname()[1]] == tended


def test_the_kernel_ends_what_is_not_acknowledged() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as kept:
        waiting.limit_silence(kept)
        assert 1000 * waiting.STUCK == kept.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)


def test_a_reader_that_goes_is_forgotten_at_once() -> None:
    with hosted() as running:
        with ExitStack() as stack:
            open_stream(stack, running)
            delay(stack, running, tag_of(running))
            eventually(lambda: waiters(running) == 2)
        eventually(lambda: not waiters(running), within=5)


class Wrapped:
    """What an application's own middleware may put around a response."""

    def __init__(self, body: Iterable[bytes]) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        self._body.close()  # type: ignore[attr-defined]


def test_what_is_around_a_stream_makes_it_short_and_not_hold_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_with(lambda: "a page")
    with hosted(app) as running:
        outer = app.wsgi_app
        monkeypatch.setattr(app, "wsgi_app", lambda environ, start: Wrapped(outer(environ, start)))
        with ExitStack() as stack:
            for _ in range(2 * PAGE_THREADS):
                wire = stack.enter_context(Wire(running.port))
                answer = wire.request("GET", STREAM)
                assert answer.body.startswith(b"retry: ")
                assert 1 == answer.body.count(b"event: state")
        assert 0 == waiters(running)


def test_what_an_application_adds_to_an_answer_is_there_once_it_has_waited() -> None:
    app = Flask("app")

    def add(response: Response) -> Response:
        response.headers["X-Added"] = "yes"
        return response

    app.after_request(add)
    with hosted(app) as running, ExitStack() as stack:
        late, stream = delay(stack, running, tag_of(running)), stack.enter_context(Wire(running.port))
        stream.send(head("GET", STREAM))
        assert b"x-added: yes" in stream.read_until(b"\r\n\r\n").lower()
        eventually(lambda: waiters(running) == 2)
        running.change("cloud")
        assert "yes" == late.response().headers["x-added"]


def test_an_application_that_reads_what_a_request_brings_may_do_so_again() -> None:
    app = Flask("app")
    app.before_request(lambda: request.environ["wsgi.input"].read() or None)
    with hosted(app) as running, ExitStack() as stack:
        wire = delay(stack, running, tag_of(running))
        eventually(lambda: waiters(running) == 1)
        running.change("cloud")
        assert 200 == wire.response().status


def test_who_has_gone_is_not_answered_any_more() -> None:
    app, served = Flask("app"), list[str]()
    app.before_request(lambda: served.append(request.path))
    with hosted(app) as running:
        with ExitStack() as stack:
            delay(stack, running, tag_of(running))
            eventually(lambda: waiters(running) == 1)
        eventually(lambda: not waiters(running))
        with Wire(running.port) as wire:
            wire.request("GET", "/none")
        assert [THING, THING, "/none"] == served


def test_the_connection_of_a_delayed_answer_goes_on() -> None:
    with hosted() as running, ExitStack() as stack:
        wire = delay(stack, running, tag_of(running))
        for _ in range(3):
            eventually(lambda: waiters(running) == 1)
            running.change("cloud")
            tag = wire.response().headers["etag"]
            wire.send(head("GET", THING, {"If-None-Match": tag, "Prefer": "wait=30"}))
