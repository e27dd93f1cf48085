from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest
from flask import Flask, request

from tests.engine.conftest import Certificate
from tests.engine.hosted import FINE, hosted
from tests.engine.protocol.frames import CLOSE, FIN
from tests.engine.raw import ENDPOINT, Wire, accepted, handshake, head, poller, viewer
from tests.waiting import WITHIN, eventually
from windsock.engine import Engine, EngineServer, Limits, Options, Tls
from windsock.engine import server as engine_server
from windsock.engine.polling import PollingLink
from windsock.errors import ConfigError
from windsock.web.serving import listen


def took(began: float) -> float:
    return time.monotonic() - began


def engine() -> Engine:
    return Engine(Options(), Limits(), 10)


# --------------------------------------------------------------------------------------------- the beginning


def test_many_who_come_at_once_are_not_let_in_one_in_each_turn_of_the_loop() -> None:
    many = 100
    held, go_on = threading.Event(), threading.Event()
    seen = [0]

    def hold() -> None:
        held.set()
        go_on.wait(WITHIN)

    def look() -> None:
        seen.append(running.engine.connections)
        if seen[-1] < many:
            running.engine.loop.call_soon(look)

    with hosted() as running, ExitStack() as stack:
        running.engine.loop.call_soon_threadsafe(hold)
        held.wait(WITHIN)
        for _ in range(many):
            stack.enter_context(socket.create_connection(("127.0.0.1", running.port)))
        running.engine.loop.call_soon_threadsafe(look)
        go_on.set()
        eventually(lambda: seen[-1] == many)
    assert 4 <= max(later - earlier for earlier, later in pairwise(seen))


# --------------------------------------------------------------------------------------------------- the end


def test_viewers_are_told_that_the_server_goes() -> None:
    with hosted() as running, viewer(running.port) as found:
        found.connect("cloud")
        stop = threading.Thread(target=running.host.stop)
        stop.start()
        assert (1012, "the server is stopping") == found.closing()
        assert found.wire.ended()
        stop.join()
        assert not running.books


def test_polls_are_released() -> None:
    with hosted() as running, poller(running.port) as polls:
        polls.post('40/windsock,{"things":[]}')
        polls.packets()
        polls.ask()
        link = running.engine.sessions[polls.sid].link
        assert isinstance(link, PollingLink)
        eventually(lambda: link._waiter)
        running.host.stop()
        assert b"6" == polls.wire.response().body
        assert polls.wire.ended()
        assert not running.books


def test_a_request_whose_body_is_still_arriving_is_finished() -> None:
    with hosted(drain=10.0) as running, Wire(running.port) as wire:
        running.app.add_url_rule("/length", "length", lambda: str(len(request.get_data())), methods=["POST"])
        wire.send(head("POST", "/length", length=10) + b"first")
        eventually(lambda: any(expiring.finishing for expiring in running.engine._expected))
        stop = threading.Thread(target=running.host.stop)
        stop.start()
        eventually(lambda: running.engine.stopping)
        wire.send(b"later")
        assert b"10" == wire.response().body
        stop.join()


def test_many_viewers_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("windsock.engine.connection.LINGER", 30.0)
    with hosted(drain=10.0) as running:
        wires = [Wire(running.port) for _ in range(300)]
        for wire in wires:
            wire.send(handshake())
        eventually(lambda: len(running.engine.sessions) == 300)
        began = time.monotonic()
        stop = threading.Thread(target=running.host.stop)
        stop.start()
        for wire in wires:
            assert b"the server is stopping" in wire.read_until(b"stopping")
            wire.close()
        stop.join()
        assert took(began) < 10  # who is waited for, for want of an answer, takes 15 seconds


def test_who_does_not_answer_does_not_hold_it_up_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("windsock.engine.connection.LINGER", 0.1)
    with hosted() as running, viewer(running.port) as found, Wire(running.port), Wire(running.port) as half:
        half.send(b"GET / HT")
        found.connect("cloud")
        began = time.monotonic()
        running.host.stop()
        assert took(began) < 5
        assert FIN | CLOSE == found.frame()[0]


def test_a_probe_that_failed_does_not_hold_it_up() -> None:
    with hosted() as running, poller(running.port) as polls:
        with Wire(running.port) as wire:
            wire.send(handshake(polls.sid))
            found = accepted(wire)
            found.say("nonsense")
            found.closing()
        began = time.monotonic()
        running.host.stop()
        assert took(began) < 5


def test_nobody_is_let_in_any_more() -> None:
    with hosted() as running:
        port = running.port
        with poller(port) as polls:
            running.host.stop()
            with pytest.raises(ConnectionRefusedError):
                Wire(port)
            assert polls.wire.ended()


def test_a_request_that_goes_on_is_finished() -> None:
    entered, gate = threading.Event(), threading.Event()

    def slow() -> str:
        entered.set()
        gate.wait(WITHIN)
        return "done"

    app = Flask("slow")
    app.add_url_rule("/", "slow", slow)
    with hosted(app, drain=5.0) as running, Wire(running.port) as wire, Wire(running.port) as idle:
        assert 400 == idle.request("GET", ENDPOINT).status
        wire.send(head("GET", "/"))
        assert entered.wait(WITHIN)
        stop = threading.Thread(target=running.host.stop)
        stop.start()
        assert idle.ended()
        gate.set()
        assert b"done" == wire.response().body
        stop.join()


def test_a_request_that_goes_on_too_long_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    entered, gate = threading.Event(), threading.Event()

    def endless() -> str:
        entered.set()
        gate.wait(WITHIN)
        return "done"

    app = Flask("endless")
    app.add_url_rule("/", "endless", endless)
    with hosted(app, drain=0.2) as running, Wire(running.port) as wire:
        wire.send(head("GET", "/"))
        assert entered.wait(WITHIN)
        began = time.monotonic()
        with caplog.at_level(logging.WARNING):
            running.host.stop()
        assert took(began) < 5
        gate.set()
        wire.close()
    assert "Traceback" not in caplog.text


def test_it_can_be_stopped_twice_and_without_having_been_started() -> None:
    with hosted() as running:
        running.host.stop()
        running.host.stop()
    listener = listen("127.0.0.1", 0)
    server = EngineServer(engine(), Flask("never"), listener, 1.0)
    server.stop()
    assert -1 == listener.fileno()


def test_after_a_stop_the_port_can_be_listened_at_again() -> None:
    with hosted() as running:
        port = running.port
        with viewer(port) as found:
            found.connect("cloud")
        eventually(lambda: not running.books)
    with listen("127.0.0.1", port):
        pass


# ------------------------------------------------------------------------------------------------- the rest


def test_it_listens_where_it_says() -> None:
    with listen("127.0.0.1", 0) as listener:
        made = engine()
        server = EngineServer(made, Flask("app"), listener, 1.0)
        assert listener.getsockname() == made.server
        server.start()
        with Wire(made.server[1]) as wire:
            assert 404 == wire.request("GET", "/").status
        server.stop()


@pytest.mark.parametrize("way", ["uvloop", "asyncio"])
def test_it_runs_on_either_loop(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if way == "asyncio":
        monkeypatch.setattr(engine_server, "loop_factory", lambda: None)
    with hosted() as running, viewer(running.port) as found:
        found.connect("cloud")
        assert running.change("cloud") == found.state()["version"]
        assert way in type(running.engine.loop).__module__


def test_without_uvloop_it_says_so(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setitem(__import__("sys").modules, "uvloop", None)
    with caplog.at_level(logging.INFO):
        assert engine_server.loop_factory() is None
    assert "uvloop is not installed" in caplog.text


def test_a_certificate_that_is_none_is_refused_at_once(tmp_path: Path, certificate: Certificate) -> None:
    (tmp_path / "nonsense.pem").write_text("nonsense")
    for tls in (
        Tls(tmp_path / "nonsense.pem", certificate.key),
        Tls(certificate.certificate, tmp_path / "missing.pem"),
        Tls(certificate.certificate, certificate.certificate),
    ):
        with listen("127.0.0.1", 0) as listener, pytest.raises(ConfigError, match="certificate"):
            EngineServer(engine(), Flask("app"), listener, 1.0, tls)


def test_a_client_that_speaks_no_tls_harms_nobody(certificate: Certificate) -> None:
    with hosted(**certificate.server) as running:
        with Wire(running.port) as wire:
            wire.send(handshake())
            with pytest.raises((AssertionError, ConnectionResetError, ValueError)):
                wire.response()
        with viewer(running.port, tls=certificate.trusted()) as found:
            found.connect("cloud")
        assert "https" == running.engine.scheme


def test_who_begins_no_tls_is_sent_away(certificate: Certificate) -> None:
    with hosted(limits={"handshake_timeout": 0.1}, **FINE, **certificate.server) as running, Wire(running.port) as wire:
        assert wire.ended()


def test_a_viewer_that_goes_without_a_word_of_tls_harms_nobody(certificate: Certificate) -> None:
    with hosted(**certificate.server) as running, viewer(running.port, tls=certificate.trusted()) as found:
        found.connect("cloud")
        assert isinstance(found.wire.socket, ssl.SSLSocket)
        found.wire.socket.shutdown(socket.SHUT_RDWR)
        eventually(lambda: not running.books)
