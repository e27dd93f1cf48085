"""What a viewer sees of a Windsock that is being stopped."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask_socketio import SocketIO

from tests.delivery.viewers import TRANSPORTS, event, raw
from tests.faults.hosts import HOSTS, Host
from tests.waiting import eventually
from windsock import Windsock, runtime


class Stage:
    """A served application whose only source can be held up, so that a stop takes a while."""

    def __init__(self, delivery: str) -> None:
        self.held, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()
        self.app = Flask("stopping")
        self.app.config["WINDSOCK_STORE_URL"] = "memory:"
        socketio = SocketIO(self.app, async_mode="threading")
        self.windsock = Windsock(self.app)
        self.windsock.thing("kiln").watch(every="10ms")(self._read)
        self.host: Host = HOSTS[delivery](self.app, self.windsock, socketio)
        self.windsock.start(self.app)

    def _read(self) -> str:
        if not self.go_on.is_set():
            self.held.set()
            self.go_on.wait(30)
        return "HOT"


@pytest.fixture(params=HOSTS)
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    stage = Stage(request.param)
    try:
        yield stage
    finally:
        stage.go_on.set()
        stage.windsock.stop(stage.app)
        stage.host.stop()


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_who_comes_while_windsock_is_being_stopped_is_refused(
    stage: Stage, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "STOP_WITHIN", 30.0)
    with raw(stage.host.port, transport) as early:
        assert ["connect", "state"] == [event(early.receive())[0] for _ in range(2)]
        stage.go_on.clear()
        assert stage.held.wait(10)
        with ThreadPoolExecutor(1) as stopper:
            stopped = stopper.submit(stage.windsock.stop, stage.app)
            eventually(lambda: early.receive() == "41/windsock,")
            with raw(stage.host.port, transport) as late:
                assert not stopped.done()
                name, answer = event(late.receive())
            assert ("refused", {"code": "unavailable"}) == (name, answer.get("data"))
            stage.go_on.set()
