from __future__ import annotations

import gc
import logging
import threading
import time
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, request
from flask_socketio import SocketIO, emit

from tests.waiting import WITHIN, eventually
from tests.web.carrier.carrying import HEAD, Carrier, carried, make_app, packet
from windsock.web.carrier import application, inbox
from windsock.web.carrier.pool import KEPT_FREE, MOST

POOL = "windsock-events"


class Gate:
    """Something that a handler waits at. Counts who is there."""

    def __init__(self) -> None:
        self.waiting = threading.Semaphore(0)
        self.inside = 0
        self._opened = threading.Event()

    def __call__(self, *_arguments: Any) -> None:
        self.inside += 1
        self.waiting.release()
        assert self._opened.wait(WITHIN)

    def reached(self, times: int = 1) -> None:
        """Wait until it has been."""
        for _ in range(times):
            assert self.waiting.acquire(timeout=WITHIN)

    def open(self) -> None:
        self._opened.set()


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open()


@pytest.fixture
def app() -> Flask:
    return make_app()[0]


@pytest.fixture
def socketio(app: Flask) -> SocketIO:
    found: SocketIO = app.extensions["socketio"]
    return found


def serial() -> tuple[Flask, SocketIO]:
    return make_app(async_handlers=False)


# ---------------------------------------------------------------------------------------------------------------- order


def test_what_comes_while_a_connect_handler_runs_is_taken_after_it_and_in_order(gate: Gate) -> None:
    app, socketio = serial()
    socketio.on("connect")(lambda: gate())
    socketio.on("echo")(lambda value: value)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.send("0")
        gate.reached()
        viewer.send('21["echo",1]', '22["echo",2]')
        viewer.send('23["echo",3]')
        gate.open()
        assert ["0{", "31[1]", "32[2]", "33[3]"] == [str(found)[:5].split('"')[0] for found in viewer.all(4)]


def test_without_async_handlers_a_session_s_events_run_one_after_the_other() -> None:
    app, socketio = serial()
    seen: list[int] = []
    busy = threading.Lock()

    def on_count(number: int) -> None:
        with busy:
            assert threading.current_thread().name.startswith(POOL)
            seen.append(number)

    socketio.on("count")(on_count)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.connect()
        for number in range(300):
            viewer.send(packet("2", payload=["count", number]))
        eventually(lambda: len(seen) == 300)
    assert list(range(300)) == seen


def test_with_async_handlers_each_event_has_a_thread_of_its_own(app: Flask, socketio: SocketIO, gate: Gate) -> None:
    socketio.on("wait")(lambda: gate())
    socketio.on("echo")(lambda value: value)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.connect()
        for _ in range(100):
            viewer.send('2["wait"]')
        gate.reached(100)
        assert [1] == viewer.ask("echo", 1)
        gate.open()


def test_a_handler_that_waits_holds_up_no_other_session(gate: Gate) -> None:
    app, socketio = serial()
    socketio.on("wait")(lambda: gate())
    socketio.on("echo")(lambda value: value)
    with carried(app) as carrier:
        waiting, other = carrier.viewer(), carrier.viewer()
        waiting.connect()
        waiting.send('2["wait"]', '21["echo",1]')
        gate.reached()
        other.connect()
        assert [2] == other.ask("echo", 2)
        gate.open()
        assert "31[1]" == waiting.next()


def test_who_comes_when_all_threads_wait_gets_its_turn_and_acknowledgements_get_through(
    app: Flask, socketio: SocketIO, gate: Gate
) -> None:
    answers: list[Any] = []
    socketio.on("connect", namespace="/slow")(lambda: gate())
    with carried(app) as carrier:
        asked = carrier.viewer()
        sid = asked.connect()
        viewers = [carrier.viewer() for _ in range(MOST + 10)]
        for viewer in viewers:
            viewer.send("0/slow,")
        gate.reached(MOST - KEPT_FREE)
        socketio.emit("question", to=sid, callback=lambda value: answers.append(value))
        assert '21["question"]' == asked.next()
        asked.send("31[5]")
        eventually(lambda: answers)
        assert MOST - KEPT_FREE == gate.inside
        gate.open()
        assert all(str(viewer.next()).startswith("0/slow,{") for viewer in viewers)
        names = [thread.name for thread in threading.enumerate() if thread.name.startswith(POOL)]
        assert len(names) <= MOST


# ------------------------------------------------------------------------------------------------------------ endings


def watch(socketio: SocketIO, namespace: str = "/") -> list[str]:
    """The reasons that the disconnect handler is told."""
    reasons: list[str] = []
    socketio.on("disconnect", namespace=namespace)(lambda reason: reasons.append(reason))
    return reasons


def test_a_session_that_ends_while_it_connects_is_disconnected_afterwards_once(
    app: Flask, socketio: SocketIO, gate: Gate
) -> None:
    reasons = watch(socketio)
    socketio.on("connect")(lambda: gate())
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.send("0")
        gate.reached()
        viewer.end()
        assert [] == reasons
        gate.open()
        eventually(lambda: carrier.empty)
    assert ["transport close"] == reasons


def test_one_that_is_refused_after_its_end_is_not_disconnected(app: Flask, socketio: SocketIO, gate: Gate) -> None:
    reasons = watch(socketio)

    def refuse() -> bool:
        gate()
        return False

    socketio.on("connect")(refuse)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.send("0")
        gate.reached()
        viewer.end()
        gate.open()
        eventually(lambda: carrier.empty)
    assert [] == reasons


def test_a_session_that_ends_in_several_namespaces_leaves_each_even_if_a_handler_fails(
    app: Flask, socketio: SocketIO, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_reason: str) -> None:
        raise ValueError("broken")

    socketio.on("disconnect")(fail)
    reasons = watch(socketio, "/b")
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.connect()
        viewer.connect("/b")
        viewer.end()
        eventually(lambda: carrier.empty)
    assert ["transport close"] == reasons
    assert ["a disconnect handler of the application failed"] == [record.message for record in caplog.records]


def test_a_session_that_ends_while_another_thread_disconnects_it_keeps_its_environ_until_then(
    app: Flask, socketio: SocketIO, gate: Gate
) -> None:
    seen: list[Any] = []

    def on_disconnect(reason: str) -> None:
        gate()
        seen.append((reason, socketio.server.get_environ(request.sid) is not None))  # type: ignore[attr-defined]

    socketio.on("disconnect")(on_disconnect)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        sid = viewer.connect()
        thread = threading.Thread(target=carrier.server.disconnect, args=(sid,))
        thread.start()
        gate.reached()
        viewer.end()
        held = carrier.application._inboxes[viewer.sid]
        eventually(lambda: held.busy and viewer.sid in carrier.server.manager._parked)
        gate.open()
        thread.join()
        eventually(lambda: carrier.empty)
    assert [("server disconnect", True)] == seen


def test_a_disconnect_handler_runs_once_however_many_disconnect(app: Flask, socketio: SocketIO) -> None:
    reasons = watch(socketio)
    with carried(app) as carrier:
        for _ in range(50):
            viewer = carrier.viewer()
            sid = viewer.connect()
            threads = [threading.Thread(target=carrier.server.disconnect, args=(sid,)) for _ in range(3)]
            for thread in threads:
                thread.start()
            viewer.send("1")
            viewer.end()
            for thread in threads:
                thread.join()
        eventually(lambda: carrier.empty)
    assert 50 == len(reasons)


def test_nothing_of_a_session_remains(app: Flask, socketio: SocketIO) -> None:
    kept: list[weakref.ref[Any]] = []

    class Luggage:
        pass

    def on_connect() -> None:
        luggage = Luggage()
        kept.append(weakref.ref(luggage))
        request.environ["luggage"] = luggage
        emit("question", callback=lambda: luggage)

    socketio.on("connect")(on_connect)
    with carried(app) as carrier:
        for _ in range(5):
            viewer = carrier.viewer()
            viewer.connect()
            viewer.send('51-["half",{"_placeholder":true,"num":0}]')
            viewer.end()
        eventually(lambda: carrier.empty)
        gc.collect()
        assert 5 == len(kept)
        assert all(ref() is None for ref in kept)


def test_stopping_runs_the_disconnect_handlers_that_are_due(app: Flask, socketio: SocketIO) -> None:
    reasons = watch(socketio)
    with carried(app) as carrier:
        for _ in range(20):
            carrier.viewer().connect()
    assert ["server disconnect"] * 20 == reasons


def test_stopping_waits_no_longer_than_it_is_told(app: Flask, socketio: SocketIO, gate: Gate) -> None:
    socketio.on("connect")(lambda: gate())
    carrier = Carrier(app)
    carrier.application.start()
    viewer = carrier.viewer()
    viewer.send("0")
    gate.reached()
    assert not carrier.application.stop(0.05)
    assert not carrier.application._inboxes
    viewer.send("0")
    viewer.end()
    assert carrier.application.stop()
    gate.open()
    eventually(lambda: carrier.empty)


def test_it_can_be_started_again(app: Flask, socketio: SocketIO) -> None:
    carrier = Carrier(app)
    for _ in range(2):
        carrier.application.start()
        viewer = carrier.viewer()
        viewer.connect()
        viewer.end()
        assert carrier.application.stop(WITHIN)
        assert carrier.empty


# -------------------------------------------------------------------------------------------------- what makes no sense


@pytest.mark.parametrize(
    "sent",
    [
        ['2["a"]]'],
        ['2["a",nul]'],
        ['51-["a",{"_placeholder":true,"num":7}]', b"x"],
        ['51-["a",{"_placeholder":true,"num":"x"}]', b"x"],
        ["2" + "[" * 100_000 + "]" * 100_000],
        ["31{"],
    ],
)
def test_a_packet_that_cannot_be_understood_ends_the_session(
    sent: list[str | bytes], caplog: pytest.LogCaptureFixture
) -> None:
    app, socketio = serial()
    socketio.on("echo")(lambda: "too late")
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.connect()
        viewer.send(*sent, '27["echo"]')
        eventually(lambda: [viewer.sid] == carrier.engine.closed)
        eventually(lambda: not carrier.application._inboxes[viewer.sid].busy)
        assert 1 == len(caplog.records)
        assert viewer.got.empty()


@pytest.mark.parametrize("async_handlers", [False, True])
def test_a_handler_that_fails_does_not_end_the_session(
    async_handlers: bool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, socketio = make_app(async_handlers=async_handlers)
    ended = threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda _arguments: ended.set())

    def fail() -> None:
        ended.set() if not async_handlers else None
        raise ValueError("broken")

    socketio.on("fail")(fail)
    socketio.on("echo")(lambda value: value)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.connect()
        viewer.send('2["fail"]')
        assert ended.wait(WITHIN)
        assert [1] == viewer.ask("echo", 1)
        assert [] == carrier.engine.closed
    assert ([] if async_handlers else ["an event handler of the application failed"]) == [
        record.message for record in caplog.records
    ]


def test_a_second_connect_is_refused_and_the_first_goes_on(app: Flask, socketio: SocketIO) -> None:
    socketio.on("echo")(lambda value: value)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        sid = viewer.connect()
        viewer.send("0")
        assert '4"Unable to connect"' == viewer.next()
        assert [1] == viewer.ask("echo", 1)
        assert sid == carrier.server.manager.sid_from_eio_sid(viewer.sid, "/")


def test_a_second_connect_while_the_first_is_pending_is_refused_after_it(
    app: Flask, socketio: SocketIO, gate: Gate
) -> None:
    socketio.on("connect")(lambda: gate())
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.send("0", "0")
        gate.reached()
        gate.open()
        answers = [str(answer)[:2] for answer in viewer.all(2)]
        assert ["0{", '4"'] == answers


def test_a_client_that_was_refused_may_try_again(app: Flask, socketio: SocketIO) -> None:
    answers = iter([False, True])
    socketio.on("connect")(lambda: next(answers))
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.send("0")
        assert str(viewer.next()).startswith("4{")
        viewer.connect()


def test_attachments_for_a_namespace_that_was_left_are_dropped(app: Flask, socketio: SocketIO) -> None:
    socketio.on("echo", namespace="/other")(lambda value: value)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.connect()
        viewer.connect("/other")
        viewer.send("1", '52-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', b"1", b"2")
        assert [3] == viewer.ask("echo", 3, namespace="/other")
        assert [] == carrier.engine.closed


def test_events_before_any_connect_are_dropped(app: Flask, socketio: SocketIO) -> None:
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.send('2["echo"]', "1", "31[]")
        viewer.connect()
        assert [] == carrier.engine.closed


def test_one_that_sends_more_than_a_slow_handler_can_take_is_ended(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(inbox, "MOST_WAITING", 10_000)
    app, socketio = serial()
    socketio.on("wait")(lambda: gate())
    socketio.on("take")(lambda _data: None)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.connect()
        for _ in range(100):  # what was taken counts no more
            viewer.send(packet("2", payload=["take", "x" * 900], number=1))
            assert "31[]" == viewer.next()
        viewer.send('2["wait"]')
        gate.reached()
        for _ in range(20):
            viewer.send(packet("2", payload=["take", "x" * 900]))
        assert [viewer.sid] == carrier.engine.closed
        assert 10 > len(carrier.application._inboxes[viewer.sid].messages)
        gate.open()
    assert ["a session is ended: too much waits for handlers that are slow"] == [
        record.message for record in caplog.records
    ]


def test_attachments_that_never_become_a_packet_count_too(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "MOST_WAITING", 10_000)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.connect()
        viewer.send('51000-["x",{"_placeholder":true,"num":0}]')
        for _ in range(8):
            viewer.send(b"x" * 900)
            eventually(lambda: not carrier.application._inboxes[viewer.sid].busy)
        assert [] == carrier.engine.closed
        viewer.send(b"x" * 900)
        assert [viewer.sid] == carrier.engine.closed


# ---------------------------------------------------------------------------------------------------------- the request


def test_the_environ_is_made_by_the_application_s_middleware(app: Flask, socketio: SocketIO) -> None:
    inner = app.wsgi_app

    def middleware(environ: dict[str, Any], start_response: Any) -> Any:
        environ["REMOTE_ADDR"], environ["SCRIPT_NAME"] = environ["HTTP_X_REAL_IP"], "/mounted"
        return inner(environ, start_response)

    app.wsgi_app = middleware  # type: ignore[method-assign]
    socketio.on("who")(lambda: [request.remote_addr, request.script_root, request.args["EIO"]])
    with carried(app) as carrier:
        viewer = carrier.viewer(HEAD + b"X-Real-IP: 198.51.100.9\r\n")
        viewer.connect()
        assert [["198.51.100.9", "/mounted", "4"]] == viewer.ask("who")
        assert b"" == carrier.application._inboxes[viewer.sid].head


def test_a_middleware_that_answers_itself_refuses_each_connect(app: Flask, socketio: SocketIO) -> None:
    def middleware(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("403 FORBIDDEN", [])
        return [b"no"]

    app.wsgi_app = middleware  # type: ignore[method-assign]
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.send("0/a,", "0")
        words = '{"message":"the application refused the request","data":{"status":403,"reason":"FORBIDDEN"}}'
        socketio.on("x", namespace="/a")(print)
        assert [f"4/a,{words}", f"4{words}"] == viewer.all(2)
        assert {} == carrier.server.environ


def test_a_middleware_that_fails_refuses_and_the_log_says_why(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    def middleware(environ: dict[str, Any], start_response: Any) -> Any:
        raise ValueError("broken")

    app.wsgi_app = middleware  # type: ignore[method-assign]
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.send("0")
        assert '"status":500' in str(viewer.next())
    assert ["the application's middleware failed"] == [record.message for record in caplog.records]


def test_an_application_may_refuse_sessions_in_engine_io_s_own_handler(app: Flask, socketio: SocketIO) -> None:
    with carried(app) as carrier:
        carrier.server.eio.on("connect", lambda _sid, _environ: False)
        viewer = carrier.viewer()
        viewer.send("0")
        eventually(lambda: [viewer.sid] == carrier.engine.closed)


@pytest.mark.parametrize(("namespaces", "accepted"), [(None, ["/", "/a", "/b"]), ("*", ["/", "/a", "/b", "/c"])])
def test_it_accepts_the_namespaces_that_have_handlers_or_are_named(namespaces: Any, accepted: list[str]) -> None:
    app, socketio = make_app(namespaces=namespaces)
    socketio.on("x", namespace="/a")(print)
    socketio.on("x", namespace="/b")(print)
    carrier = Carrier(app)
    assert accepted == [name for name in ("/", "/a", "/b", "/c") if carrier.application.accepts(name)]


def test_the_loop_never_waits_for_a_thread(app: Flask, socketio: SocketIO, gate: Gate) -> None:
    socketio.on("connect")(lambda: gate())
    with carried(app) as carrier:
        viewers = [carrier.viewer() for _ in range(MOST)]
        with carrier.server.manager._lock, carrier.application._pool._condition:  # type: ignore[union-attr]
            began = time.monotonic()
            for viewer in viewers:
                viewer.send("0")
                viewer.end()
            assert time.monotonic() - began < WITHIN / 2
        gate.open()
    assert application.log is logging.getLogger("windsock.carrier")
