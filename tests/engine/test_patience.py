from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from flask import Response, request

from tests.engine.hosted import Hosted, hosted
from tests.engine.raw import Wire, head
from tests.waiting import eventually
from windsock.engine import front, patience


def length() -> str:
    return str(len(request.get_data()))


def parts() -> Response:
    return Response(bytes(50_000) for _ in range(200))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hosted]:
    """One that works at two pages at a time."""
    monkeypatch.setattr(front, "PAGE_THREADS", 2)
    with hosted() as running:
        running.app.add_url_rule("/length", "length", length, methods=["POST"])
        running.app.add_url_rule("/parts", "parts", parts)
        running.app.add_url_rule("/quick", "quick", lambda: "quick")
        yield running


def answers(server: Hosted) -> bool:
    with Wire(server.port) as wire:
        return wire.request("GET", "/quick").body == b"quick"


def test_bodies_that_come_slowly_leave_the_threads_to_others(server: Hosted) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(Wire(server.port)) for _ in range(5)]
        for wire in slow:
            wire.send(head("POST", "/length", length=10) + b"first")
        eventually(lambda: sum(expiring.finishing for expiring in server.engine._expected) == 5)
        assert answers(server)
        for wire in slow:
            wire.send(b"later")
            assert b"10" == wire.response().body


@pytest.mark.parametrize("size", [1, patience.READ_AHEAD, patience.READ_AHEAD + 1, 300_000])
def test_bodies_of_every_size_arrive_whole(server: Hosted, size: int) -> None:
    with Wire(server.port) as wire:
        for _ in range(2):  # on the same connection
            wire.send(head("POST", "/length", length=size) + bytes(size))
            assert str(size).encode() == wire.response().body


def test_a_client_that_goes_before_its_body_has_come_is_forgotten(
    server: Hosted, caplog: pytest.LogCaptureFixture
) -> None:
    with Wire(server.port) as wire:
        wire.send(head("POST", "/length", length=10) + b"first")
        eventually(lambda: any(expiring.finishing for expiring in server.engine._expected))
    eventually(lambda: not server.engine.connections)
    assert answers(server)
    assert [] == caplog.records


def test_who_does_not_read_a_response_is_cut_off(server: Hosted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "SEND_WITHIN", 3.0)
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(Wire(server.port, buffer=2048)).send(head("GET", "/parts"))
        eventually(lambda: server.host._server._front._requests == 2)
        assert answers(server)
        eventually(lambda: server.engine.connections <= 1)
