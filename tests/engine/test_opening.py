from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import pytest

from tests.engine.hosted import Hosted, hosted
from tests.engine.raw import ENDPOINT, UPGRADE, Response, Wire, handshake, head, poller, viewer
from tests.waiting import eventually
from windsock.engine import Options
from windsock.engine.engine import Engine
from windsock.engine.limits import Limits
from windsock.engine.opening import check, is_allowed, is_endpoint
from windsock.engine.protocol.handshake import Refusal
from windsock.engine.protocol.request import Request

ELSEWHERE = "https://elsewhere.example"


def engine(**options: Any) -> Engine:
    return Engine(Options(**options), Limits(), 10)


def request(target: str = f"{ENDPOINT}&transport=polling", **headers: str) -> Request:
    fields = {"host": "localhost"} | headers
    return Request("GET", target, tuple(fields.items()))


def open_by_polling(port: int, headers: Mapping[str, str] | None = None) -> Response:
    with Wire(port) as wire:
        return wire.request("GET", f"{ENDPOINT}&transport=polling", headers)


def open_by_websocket(port: int, headers: Mapping[str, str] | None = None) -> Response:
    with Wire(port) as wire:
        wire.send(handshake(headers=headers))
        return wire.response()


WAYS = [open_by_polling, open_by_websocket]
LET_IN = (101, 200)


# -------------------------------------------------------------------------------------------------- asking


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("/socket.io/?EIO=4", True),
        ("/socket.io/", True),
        ("/socket.io/more", True),
        ("/socket.io", False),
        ("/?/socket.io/", False),
        ("/socket.io2/", False),
    ],
)
def test_the_endpoint_lies_under_its_path(target: str, found: bool) -> None:
    assert found == is_endpoint(request(target), engine())


def test_the_path_can_be_another() -> None:
    other = engine(path="/live/")
    assert (True, False) == (is_endpoint(request("/live/"), other), is_endpoint(request("/socket.io/"), other))


def test_a_transport_can_be_left_out() -> None:
    with pytest.raises(Refusal, match="Transport unknown"):
        check(request(), engine(transports=["websocket"]), "http")


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        (None, "http://localhost", True),
        (None, "https://localhost", False),
        (None, ELSEWHERE, False),
        ((ELSEWHERE,), ELSEWHERE, True),
        ((ELSEWHERE,), "http://localhost", True),
        ((ELSEWHERE,), "null", False),
        ("*", "null", True),
        (lambda request, scheme: scheme == "http", ELSEWHERE, True),
        (lambda request, scheme: False, "http://localhost", False),
    ],
)
def test_which_pages_may_connect(origins: Any, origin: str, allowed: bool) -> None:
    assert allowed == is_allowed(request(origin=origin), engine(origins=origins), "http")


def test_what_is_no_page_may_always_connect() -> None:
    assert is_allowed(request(), engine(origins=lambda request, scheme: False), "http")


# ----------------------------------------------------------------------------------------------- on the wire


def test_a_page_from_elsewhere_is_refused_and_the_log_says_what_to_change(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), hosted() as running:
        answers = [way(running.port, {"Origin": ELSEWHERE}) for way in (*WAYS, *WAYS)]
        assert [(403, 4)] * 4 == [(answer.status, answer.json["code"]) for answer in answers]
        assert not running.books
    (said,) = [record.message for record in caplog.records if record.name == "windsock.engine"]
    assert all(word in said for word in (ELSEWHERE, "allowed_origins"))


def test_a_page_that_is_named_may_come_from_elsewhere() -> None:
    with hosted(allowed_origins=[ELSEWHERE]) as running:
        for way in WAYS:
            assert way(running.port, {"Origin": ELSEWHERE}).status in LET_IN
            assert 403 == way(running.port, {"Origin": "https://evil.example"}).status


def test_a_page_behind_a_proxy_with_tls_is_of_the_same_origin() -> None:
    headers = {"Origin": "https://live.example", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "live.example"}
    with hosted() as running:
        assert all(way(running.port, headers).status in LET_IN for way in WAYS)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Sec-WebSocket-Version": "8"}, 426),
        ({"Sec-WebSocket-Version": ""}, 426),
        ({"Sec-WebSocket-Key": "short"}, 400),
        ({"Sec-WebSocket-Key": ""}, 400),
        ({"Upgrade": "h2c"}, 400),
        ({"Connection": "close"}, 400),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_a_handshake_that_is_wrong_is_refused(idle: Hosted, changed: dict[str, str], status: int, whole: bool) -> None:
    with Wire(idle.port) as wire:
        if not whole:
            assert 400 == wire.request("GET", ENDPOINT).status
        wire.send(head("GET", f"{ENDPOINT}&transport=websocket", UPGRADE | changed))
        answer = wire.response()
        assert status == answer.status
        assert ("13" if status == 426 else None) == answer.headers.get("sec-websocket-version")


def test_a_websocket_that_asks_for_polling_is_refused(idle: Hosted) -> None:
    with Wire(idle.port) as wire:
        wire.send(head("GET", f"{ENDPOINT}&transport=polling", UPGRADE))
        assert 400 == wire.response().status


def test_a_head_with_a_strange_byte_opens_nothing(idle: Hosted) -> None:
    for target in ("/socket.io/?EIO=4&transport=polling&a=\xe9", "/socket.io/?EIO=4&transport=websocket&a=\xe9"):
        with Wire(idle.port) as wire:
            wire.send(head("GET", target, UPGRADE if "websocket" in target else {}))
            assert 400 == wire.response().status
    eventually(lambda: not idle.books)


# -------------------------------------------------------------------------------------------------- limits


def test_when_it_is_full_nobody_more_is_let_in(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with hosted(limits={"connections": 1}) as running:
        with viewer(running.port):
            refused = [way(running.port) for way in WAYS]
        eventually(lambda: not running.engine.sessions)
        with poller(running.port):
            refused += [way(running.port) for way in WAYS]
    assert [(503, "too many viewers at the moment")] * 4 == [(a.status, a.json["message"]) for a in refused]
    said = [record.message for record in caplog.records if record.name == "windsock.engine"]
    assert ["viewers are refused, for the limit connections (1) is reached"] == said


def test_one_address_may_not_take_all_the_room() -> None:
    with hosted(limits={"connections_per_address": 1}, trusted_proxies=["127.0.0.1"]) as running:
        here, there = {"X-Forwarded-For": "192.0.2.7"}, {"X-Forwarded-For": "192.0.2.8"}
        with viewer(running.port, here):
            assert [503, 503] == [way(running.port, here).status for way in WAYS]
            with viewer(running.port, there):
                pass
        eventually(lambda: not running.engine.sessions)
        assert open_by_polling(running.port, here).status in LET_IN


def test_a_header_from_somebody_else_makes_no_other_address() -> None:
    with hosted(trusted_proxies=["192.0.2.1"]) as running, poller(running.port, {"X-Forwarded-For": "192.0.2.7"}):
        assert {"127.0.0.1"} == set(running.engine._addresses)


def test_this_machine_may_take_all_the_room() -> None:
    with hosted(limits={"connections_per_address": 1}) as running, viewer(running.port), viewer(running.port):
        assert all(way(running.port).status in LET_IN for way in WAYS)


def test_only_so_many_may_poll_and_others_are_let_in() -> None:
    with hosted(limits={"polling_sessions": 1}) as running, poller(running.port) as polls:
        assert 503 == open_by_polling(running.port).status
        with viewer(running.port):
            pass
        polls.post("1")
        assert 200 == open_by_polling(running.port).status


def test_who_goes_over_to_a_websocket_makes_room_for_others_that_poll() -> None:
    with hosted(limits={"polling_sessions": 1}) as running, poller(running.port) as polls, Wire(running.port) as wire:
        wire.send(handshake(polls.sid))
        wire.response()
        for words in (b"\x81\x86\x00\x00\x00\x002probe", b"\x81\x81\x00\x00\x00\x005"):
            wire.send(words)
        eventually(lambda: not running.engine.polling)
        assert 200 == open_by_polling(running.port).status
