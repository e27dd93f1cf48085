from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import socketio.exceptions
from flask import Flask
from flask_socketio import SocketIO

from tests.waiting import WITHIN, eventually
from tests.web.carrier.carrying import Carrier, carried, make_app
from windsock.errors import ConfigError
from windsock.web.carrier.server import CarriedServer, carried_class


@pytest.fixture
def app() -> Flask:
    return make_app()[0]


@pytest.fixture
def sio(app: Flask) -> SocketIO:
    found: SocketIO = app.extensions["socketio"]
    return found


@pytest.fixture
def carrier(app: Flask) -> Iterator[Carrier]:
    with carried(app) as running:
        yield running


@pytest.mark.parametrize("error", [ValueError("broken"), SystemExit(1)])
def test_a_connect_handler_that_fails_refuses_and_leaves_nothing(
    carrier: Carrier, sio: SocketIO, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise error

    sio.on("connect")(fail)
    viewer = carrier.viewer()
    viewer.send("0")
    assert '4{"message":"the server failed; its log says why"}' == viewer.next()
    eventually(lambda: not carrier.server.manager.get_namespaces())
    assert ["a connect handler of the application failed"] == [record.message for record in caplog.records]


def test_with_always_connect_one_whose_handler_fails_stays_connected(caplog: pytest.LogCaptureFixture) -> None:
    app, sio = make_app(always_connect=True)

    def fail() -> None:
        raise ValueError("broken")

    sio.on("connect")(fail)
    sio.on("echo")(lambda value: value)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.connect()
        assert [1] == viewer.ask("echo", 1)


def test_with_always_connect_one_that_is_refused_gets_nothing_any_more() -> None:
    app, sio = make_app(always_connect=True)
    sio.on("connect")(lambda: False)
    with carried(app) as carrier:
        deliver = carrier.engine._deliver

        def deliver_and_emit(sid: str, messages: Any) -> None:
            deliver(sid, messages)
            if str(messages[0]).startswith("1"):
                sio.emit("too late")

        carrier.engine._deliver = deliver_and_emit  # type: ignore[method-assign]
        viewer = carrier.viewer()
        viewer.connect()
        assert '1{"message":"Connection rejected by server"}' == viewer.next()
        eventually(lambda: not carrier.server.manager.get_namespaces())
        assert viewer.got.empty()


def test_a_call_that_nobody_answers_times_out_and_is_forgotten(carrier: Carrier) -> None:
    viewer = carrier.viewer()
    sid = viewer.connect()
    with pytest.raises(socketio.exceptions.TimeoutError):
        carrier.server.call("question", to=sid, timeout=0.01)
    assert {} == carrier.server.manager._books.find(sid, "/").callbacks
    assert '21["question"]' == viewer.next()


def test_a_call_forgets_nothing_but_its_own(carrier: Carrier, sio: SocketIO) -> None:
    viewer = carrier.viewer()
    sid = viewer.connect()
    answers: list[Any] = []
    sio.emit("first", to=sid, callback=lambda *values: answers.append(values))
    with pytest.raises(socketio.exceptions.TimeoutError):
        carrier.server.call("question", to=sid, timeout=0.01)
    viewer.send("31[1]")
    eventually(lambda: answers)


def test_what_disconnect_handlers_raise_reaches_whoever_disconnects_and_nothing_remains(
    carrier: Carrier, sio: SocketIO
) -> None:
    def fail(_reason: str) -> None:
        raise ValueError("broken")

    sio.on("disconnect")(fail)
    sid = carrier.viewer().connect()
    with pytest.raises(ValueError, match="broken"):
        carrier.server.disconnect(sid)
    assert {} == carrier.server.manager.rooms


def test_nobody_else_s_packets_come_between_a_packet_and_its_attachments(carrier: Carrier, sio: SocketIO) -> None:
    viewer = carrier.viewer()
    sid = viewer.connect()

    def send() -> None:
        for _ in range(200):
            sio.emit("picture", [b"a", b"b"], to=sid)
            carrier.server.send(b"c", to=sid)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WITHIN)
    viewer.send('51-7["ack",{"_placeholder":true,"num":0}]', b"x")
    due: list[bytes] = []
    for message in viewer.all(4 * 200 * (3 + 2)):
        if isinstance(message, bytes):
            assert message == due.pop(0)
        else:
            assert not due
            due = [b"a", b"b"] if "picture" in message else [b"c"]


def test_an_acknowledgement_with_binary_data_is_handed_over_in_one_piece(carrier: Carrier, sio: SocketIO) -> None:
    sio.on("ask")(lambda: (b"a", b"b"))
    viewer = carrier.viewer()
    viewer.connect()
    viewer.send('27["ask"]')
    assert ["a", "b"] == [part.decode() for part in viewer.all(3)[1:] if isinstance(part, bytes)]
    assert 3 == len(carrier.engine.sends[-1][1])


def test_the_admin_page_is_refused(carrier: Carrier) -> None:
    with pytest.raises(ConfigError, match="admin page"):
        carrier.server.instrument(auth=False)


def test_a_server_of_a_class_of_its_own_keeps_that() -> None:
    class Own(socketio.Server):  # type: ignore[misc]
        def rooms(self, sid: str, namespace: str | None = None) -> list[str]:
            return ["own"]

    server = Own(async_mode="threading")
    server.__class__ = carried_class(Own)
    assert isinstance(server, Own)
    assert isinstance(server, CarriedServer)
    assert ["own"] == server.rooms("x")
