from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from flask import Flask, request
from flask_socketio import SocketIO, emit, join_room

from tests.waiting import WITHIN, eventually
from tests.web.carrier.carrying import Carrier, Viewer, carried, make_app, packet
from windsock.web.carrier import books
from windsock.web.carrier.manager import EngineManager


class Connecting:
    """A viewer whose connect handler has joined the room "fans" and runs until it is told what to return."""

    def __init__(self, carrier: Carrier, socketio: SocketIO) -> None:
        self.sid = ""
        self._running, self._told = threading.Event(), threading.Event()
        self._accepted = True
        socketio.on("connect", namespace="/slow")(self._connect)
        self.viewer = carrier.viewer()
        self.viewer.send("0/slow,")
        assert self._running.wait(WITHIN)

    def finish(self, accepted: bool) -> None:
        self._accepted = accepted
        self._told.set()

    def _connect(self) -> bool:
        self.sid = request.sid  # type: ignore[attr-defined]
        join_room("fans")
        self._running.set()
        assert self._told.wait(WITHIN)
        return self._accepted


@pytest.fixture
def app() -> Flask:
    return make_app()[0]


@pytest.fixture
def socketio(app: Flask) -> SocketIO:
    found: SocketIO = app.extensions["socketio"]
    return found


@pytest.fixture
def carrier(app: Flask) -> Iterator[Carrier]:
    with carried(app) as running:
        yield running


@pytest.fixture
def connecting(carrier: Carrier, socketio: SocketIO) -> Iterator[Connecting]:
    made = Connecting(carrier, socketio)
    yield made
    made.finish(accepted=False)


def manager(carrier: Carrier) -> EngineManager:
    found: EngineManager = carrier.server.manager
    return found


def emit_to_all_kinds(socketio: SocketIO, sid: str) -> None:
    socketio.emit("all", namespace="/slow")
    socketio.emit("fans", to="fans", namespace="/slow")
    socketio.emit("own", to=sid, namespace="/slow")
    socketio.emit("other", to="others", namespace="/slow")
    socketio.emit("several", to=["others", "fans"], namespace="/slow")
    socketio.emit("skipped", skip_sid=sid, namespace="/slow")
    socketio.emit("asked", to=sid, callback=print, namespace="/slow")


def test_whoever_is_accepted_has_missed_nothing_since_its_handler_began(
    connecting: Connecting, socketio: SocketIO
) -> None:
    emit_to_all_kinds(socketio, connecting.sid)
    assert connecting.viewer.got.empty()
    connecting.finish(accepted=True)
    answer, *events = connecting.viewer.all(6)
    assert str(answer).startswith('0/slow,{"sid"')
    assert [f"2/slow,{what}" for what in ('["all"]', '["fans"]', '["own"]', '["several"]', '1["asked"]')] == events


def test_whoever_is_refused_gets_nothing_and_was_in_no_room(
    connecting: Connecting, socketio: SocketIO, carrier: Carrier
) -> None:
    emit_to_all_kinds(socketio, connecting.sid)
    assert {} == manager(carrier).rooms
    assert [] == list(manager(carrier).get_participants("/slow", None))
    assert [] == list(manager(carrier).get_participants("/slow", "fans"))
    connecting.finish(accepted=False)
    assert '4/slow,{"message":"Connection rejected by server"}' == connecting.viewer.next()
    eventually(lambda: not manager(carrier).get_namespaces())
    assert connecting.viewer.got.empty()


def test_what_is_sent_while_the_held_back_is_sent_still_comes_after_it(
    connecting: Connecting, socketio: SocketIO, carrier: Carrier
) -> None:
    deliver, sent = carrier.engine._deliver, iter(range(3))

    def deliver_and_emit(sid: str, messages: Any) -> None:
        if str(messages[0]).startswith('2/slow,["held'):
            number = next(sent, None)
            if number is not None:
                thread = threading.Thread(target=lambda: socketio.emit(f"held {number}", namespace="/slow"))
                thread.start()
                thread.join()
        deliver(sid, messages)

    carrier.engine._deliver = deliver_and_emit  # type: ignore[method-assign]
    socketio.emit("held back", namespace="/slow")
    connecting.finish(accepted=True)
    events = [str(found)[8:-1] for found in connecting.viewer.all(5)[1:]]
    assert ['"held back"', '"held 0"', '"held 1"', '"held 2"'] == events


def test_what_is_held_back_is_what_it_was_when_it_was_sent(connecting: Connecting, socketio: SocketIO) -> None:
    data = bytearray(b"before")
    socketio.emit("picture", data, namespace="/slow")
    data[:] = b"after!"
    connecting.finish(accepted=True)
    assert b"before" == connecting.viewer.all(3)[2]


def test_one_to_whom_too_much_is_sent_while_it_connects_is_ended(
    connecting: Connecting, socketio: SocketIO, carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books, "MOST_HELD", 1000)
    for _ in range(20):
        socketio.emit("much", "x" * 100, namespace="/slow")
    assert [connecting.viewer.sid] == carrier.engine.closed


def test_states_of_a_client(connecting: Connecting, carrier: Carrier) -> None:
    known, sid = manager(carrier), connecting.sid
    assert (True, False) == (known.is_pre_connected(sid, "/slow"), known.is_connected(sid, "/slow"))
    assert connecting.viewer.sid == known.eio_sid_from_sid(sid, "/slow")
    assert sid == known.sid_from_eio_sid(connecting.viewer.sid, "/slow")
    assert known.pre_disconnect(sid, "/slow") is None
    connecting.finish(accepted=True)
    eventually(lambda: known.is_connected(sid, "/slow"))
    assert not known.is_pre_connected(sid, "/slow")
    assert {"/slow": {name: {sid: connecting.viewer.sid} for name in (None, "fans", sid)}} == known.rooms
    assert connecting.viewer.sid == known.pre_disconnect(sid, "/slow")
    assert known.pre_disconnect(sid, "/slow") is None
    assert not known.is_connected(sid, "/slow")
    assert known.sid_from_eio_sid(connecting.viewer.sid, "/slow") is None
    assert connecting.viewer.sid == known.eio_sid_from_sid(sid, "/slow")
    assert [sid, "fans"] == known.get_rooms(sid, "/slow")
    known.disconnect(sid, "/slow")
    assert known.eio_sid_from_sid(sid, "/slow") is None
    known.disconnect(sid, "/slow")


def test_who_is_leaving_may_connect_anew_and_gets_nothing_meant_for_the_old(
    carrier: Carrier, socketio: SocketIO
) -> None:
    leaving, told = threading.Event(), threading.Event()

    def on_disconnect(_reason: str) -> None:
        leaving.set()
        assert told.wait(WITHIN)

    socketio.on("disconnect")(on_disconnect)
    viewer = carrier.viewer()
    old = viewer.connect()
    thread = threading.Thread(target=carrier.server.disconnect, args=(old,))
    thread.start()
    assert leaving.wait(WITHIN)
    assert "1" == viewer.next()
    new = viewer.connect()
    socketio.emit("to the old", to=old)
    socketio.emit("to the old", to=old, callback=print)
    socketio.emit("to the new", to=new)
    assert '2["to the new"]' == viewer.next()
    told.set()
    thread.join()
    assert [new] == [sid for sid, _ in manager(carrier).get_participants("/", None)]


@pytest.fixture
def pair(carrier: Carrier) -> tuple[tuple[Viewer, str], tuple[Viewer, str]]:
    one, two = carrier.viewer(), carrier.viewer()
    return (one, one.connect()), (two, two.connect())


def test_a_client_s_own_room_is_nobody_else_s(
    carrier: Carrier, pair: tuple[tuple[Viewer, str], tuple[Viewer, str]]
) -> None:
    (_, one), (_, two) = pair
    known = manager(carrier)
    with pytest.raises(ValueError, match="cannot enter a sid room"):
        known.enter_room(one, "/", two)
    with pytest.raises(ValueError, match="cannot close a sid room"):
        known.close_room(two, "/")
    known.enter_room(one, "/", one)
    assert [one] == known.get_rooms(one, "/")
    known.leave_room(one, "/", one)
    assert [one] == known.get_rooms(one, "/")
    assert known.is_sid_room("/", one)
    assert not known.is_sid_room("/", "room")


def test_rooms_of_somebody_unknown(carrier: Carrier, pair: tuple[tuple[Viewer, str], tuple[Viewer, str]]) -> None:
    known = manager(carrier)
    with pytest.raises(ValueError, match="sid is not connected to requested namespace"):
        known.enter_room("unknown", "/empty", "room")
    with pytest.raises(KeyError):
        known.enter_room("unknown", "/", "room")
    known.leave_room("unknown", "/", "room")
    known.close_room("unknown", "/empty")
    assert [] == known.get_rooms("unknown", "/")
    assert known.connect("unknown", "/") is None


def test_rooms_may_have_any_name_that_can_be_looked_up(
    carrier: Carrier, socketio: SocketIO, pair: tuple[tuple[Viewer, str], tuple[Viewer, str]]
) -> None:
    (viewer, one), _ = pair
    carrier.server.enter_room(one, 7)
    socketio.emit("seven", to=7)
    assert '2["seven"]' == viewer.next()
    assert {one} == manager(carrier).rooms["/"][7].keys()


def test_an_empty_room_is_none(carrier: Carrier, pair: tuple[tuple[Viewer, str], tuple[Viewer, str]]) -> None:
    (_, one), (_, two) = pair
    for sid in (one, two):
        carrier.server.enter_room(sid, "room")
    carrier.server.leave_room(one, "room")
    assert {two} == manager(carrier).rooms["/"]["room"].keys()
    carrier.server.leave_room(two, "room")
    carrier.server.leave_room(two, "room")
    assert "room" not in manager(carrier).rooms["/"]


def test_its_lock_is_free_while_it_encodes_and_sends_and_while_callbacks_run(
    carrier: Carrier, socketio: SocketIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, deliver = manager(carrier)._lock, carrier.engine._deliver
    looked: list[str] = []

    def look(where: str) -> None:
        assert lock.acquire(blocking=False), where
        lock.release()
        looked.append(where)

    class Watched(carrier.server.packet_class):  # type: ignore[name-defined, misc]
        def encode(self) -> Any:
            look("encode")
            return super().encode()

    def look_and_deliver(*arguments: Any) -> None:
        look("send")
        deliver(*arguments)

    def on_connect() -> None:
        look("handler")
        emit("hello", callback=lambda: look("callback"))

    monkeypatch.setattr(carrier.engine, "_deliver", look_and_deliver)
    monkeypatch.setattr(carrier.server, "packet_class", Watched)
    socketio.on("connect")(on_connect)
    viewer = carrier.viewer()
    viewer.connect()
    socketio.emit("all")
    viewer.send("31[]")
    eventually(lambda: "callback" in looked)
    assert {"encode", "send", "handler", "callback"} == set(looked)


class Repeated:
    """Does things again and again, each in a thread, until the end of the context, and notes what they raise."""

    def __init__(self, *things: Callable[[], object]) -> None:
        self.errors: list[BaseException] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(thing,)) for thing in things]

    def __enter__(self) -> Repeated:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(WITHIN)

    def _run(self, thing: Callable[[], object]) -> None:
        try:
            while not self._stop.is_set():
                thing()
        except BaseException as error:
            self.errors.append(error)
            raise


def test_many_threads_at_once_leave_the_books_in_order(carrier: Carrier, socketio: SocketIO) -> None:
    """Joins, leaves, broadcasts, connects and disconnects, all at once: nobody is lost, nothing remains."""
    known = manager(carrier)

    def move() -> None:
        for sid, _ in known.get_participants("/", "room"):
            with suppress(KeyError, ValueError):  # it has just left
                known.enter_room(sid, "/", "other")
                known.leave_room(sid, "/", "room")

    def put_out() -> None:
        for sid, _ in list(known.get_participants("/", "other"))[:2]:
            carrier.server.disconnect(sid)

    socketio.on("connect")(lambda: join_room("room"))
    with Repeated(move, put_out, lambda: socketio.emit("x", to=["room", "other"]), lambda: known.rooms) as repeated:
        for _ in range(300):
            viewer = carrier.viewer()
            viewer.send("0", packet("2", payload=["x"]))
            viewer.end()
    assert [] == repeated.errors
    eventually(lambda: carrier.empty)
