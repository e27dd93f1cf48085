from __future__ import annotations

from typing import Any

import pytest
import socketio
from flask import Flask
from flask_socketio import Namespace, SocketIO
from socketio.admin import InstrumentedServer
from socketio.packet import Packet

from tests.web.apps import make_app as make_windsock_app
from tests.web.carrier.carrying import RecordingEngine, carried, make_app
from windsock.errors import ConfigError
from windsock.web.carrier import install, options_of
from windsock.web.carrier.eio import EngineIO
from windsock.web.carrier.manager import EngineManager
from windsock.web.delivery import Delivery


def test_an_application_without_a_socketio_has_nothing_to_be_carried() -> None:
    app = Flask("plain")
    assert install(app, RecordingEngine()) is None
    assert options_of(app) is None


def test_the_server_stays_the_same_object_with_its_handlers() -> None:
    app, sio = make_app()
    server, namespace = sio.server, Namespace("/desk")
    sio.on("echo")(lambda value: value)
    sio.on_namespace(namespace)
    handlers = dict(server.handlers["/"])
    application = install(app, RecordingEngine())
    assert application
    assert server is sio.server is application.server is namespace.server
    assert isinstance(server, socketio.Server)
    assert handlers == server.handlers["/"]
    assert isinstance(server.eio, EngineIO)
    assert isinstance(server.manager, EngineManager)


def test_it_starts_nothing() -> None:
    install(make_app()[0], RecordingEngine())  # what is left behind fails the test


def test_the_options_are_those_of_the_application() -> None:
    app, _ = make_app(path="/sockets", ping_interval=7)
    application = install(app, RecordingEngine())
    assert application
    assert ("/sockets/", 7.0) == (application.options.path, application.options.ping_interval)


def test_the_options_can_be_known_before() -> None:
    app, sio = make_app(ping_timeout=9)
    found = options_of(app)
    assert found
    assert 9.0 == found.ping_timeout
    assert not isinstance(sio.server.eio, EngineIO)


def test_what_cannot_be_carried_is_refused_all_at_once() -> None:
    class OtherPacket(Packet):  # type: ignore[misc]
        pass

    app, sio = make_app(client_manager=socketio.PubSubManager(), serializer=OtherPacket)
    sio.server.on("connect", InstrumentedServer.__new__(InstrumentedServer).admin_connect, namespace="/admin")
    with pytest.raises(ConfigError) as error:
        install(app, RecordingEngine())
    begins = ["SocketIO(…, client_manager=…)", "SocketIO(…, serializer=…)", "the application instruments"]
    assert begins == [problem[: len(begin)] for problem, begin in zip(error.value.problems, begins, strict=True)]
    assert not isinstance(sio.server.eio, EngineIO)


def test_a_message_queue_is_called_so() -> None:
    app, sio = make_app()
    sio.server_options["message_queue"] = "redis://"
    sio.server.manager = socketio.PubSubManager()
    with pytest.raises(ConfigError, match="message_queue=…"):
        install(app, RecordingEngine())


def test_an_application_is_carried_by_one_engine() -> None:
    app, _ = make_app()
    install(app, RecordingEngine())
    with pytest.raises(ConfigError, match="carried by an engine already"):
        install(app, RecordingEngine())


def test_another_mode_is_made_threading_with_a_word(caplog: pytest.LogCaptureFixture) -> None:
    app, sio = make_app()
    sio.server.async_mode = sio.async_mode = "gevent"
    install(app, RecordingEngine())
    assert "threading" == sio.async_mode == sio.server.async_mode
    assert 'made for "gevent"' in caplog.text


def test_windsock_s_own_namespace_is_not_disturbed_before_or_after() -> None:
    app, windsock = make_windsock_app()
    sio = SocketIO(app, async_mode="threading")
    delivery = windsock.site(app).delivery
    assert isinstance(delivery, Delivery)
    delivery.attach(sio)
    sio.on("echo")(lambda value: value)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.connect()
        delivery.listen(sio.server.eio)
        assert [1] == viewer.ask("echo", 1)


def test_handlers_of_engine_io_that_an_application_put_around_are_kept() -> None:
    app, sio = make_app()
    seen: list[Any] = []
    inner = sio.server.eio.handlers["message"]

    def look(sid: str, data: Any) -> None:
        seen.append(data)
        inner(sid, data)

    sio.server.eio.on("message", look)
    with carried(app) as carrier:
        carrier.viewer().connect()
    assert ["0"] == seen
