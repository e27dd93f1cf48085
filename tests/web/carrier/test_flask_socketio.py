"""What applications do with Flask-SocketIO, and what comes of it on the engine."""

from __future__ import annotations

import threading
from typing import Any

import flask
import flask_socketio
import pytest
from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface
from flask_socketio import Namespace, SocketIO, emit, join_room, leave_room, rooms, send

from tests.waiting import WITHIN, eventually
from tests.web.carrier.carrying import HEAD, Carrier, Viewer, carried, make_app, packet


@pytest.fixture
def app() -> Flask:
    return make_app()[0]


@pytest.fixture
def socketio(app: Flask) -> SocketIO:
    found: SocketIO = app.extensions["socketio"]
    return found


def echo(*values: Any) -> Any:
    return values


# ----------------------------------------------------------------------------------------------------- connect handlers


def test_what_a_connect_handler_emits_follows_connect(app: Flask, socketio: SocketIO) -> None:
    def on_connect() -> None:
        emit("first", 1)
        socketio.emit("second", 2, to=request.sid)  # type: ignore[attr-defined]
        send("third")

    socketio.on("connect")(on_connect)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.connect()
        assert ['2["first",1]', '2["second",2]', '2["message","third"]'] == viewer.all(3)


def test_a_room_that_a_connect_handler_joins_is_joined_from_its_answer_on(app: Flask, socketio: SocketIO) -> None:
    seen: list[Any] = []

    def on_connect() -> None:
        join_room("fans")
        seen.append(rooms())
        emit("count", len(socketio.server.manager.rooms["/"]["fans"]), to="fans")

    socketio.on("connect")(on_connect)
    with carried(app) as carrier:
        first, second = carrier.viewer(), carrier.viewer()
        sid = first.connect()
        assert '2["count",1]' == first.next()
        second.connect()
        assert '2["count",2]' == first.next() == second.next()
        assert [sid, "fans"] == seen[0]
        socketio.emit("to all fans", to="fans")
        assert '2["to all fans"]' == first.next() == second.next()


def test_a_broadcast_of_a_connect_handler_reaches_also_who_connects(app: Flask, socketio: SocketIO) -> None:
    socketio.on("connect")(lambda: emit("somebody came", broadcast=True))
    with carried(app) as carrier:
        first, second = carrier.viewer(), carrier.viewer()
        for viewer in (first, second):
            viewer.connect()
            assert '2["somebody came"]' == viewer.next()
        assert '2["somebody came"]' == first.next()


def test_a_refusal_carries_the_arguments_of_its_error(app: Flask, socketio: SocketIO) -> None:
    def on_connect(auth: Any) -> None:
        raise flask_socketio.ConnectionRefusedError("no seat left", {"seats": auth["seats"]})

    socketio.on("connect")(on_connect)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.send(packet("0", payload={"seats": 0}))
        assert '4{"message":"no seat left","data":{"seats":0}}' == viewer.next()


def test_a_connect_handler_that_returns_false_refuses(app: Flask, socketio: SocketIO) -> None:
    def refuse() -> bool:
        join_room("fans")
        emit("never", broadcast=True)
        return False

    socketio.on("connect")(refuse)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.send("0")
        assert '4{"message":"Connection rejected by server"}' == viewer.next()
        assert {} == socketio.server.manager.rooms
        assert viewer.got.empty()


def test_python_s_own_refusal_counts_too(app: Flask, socketio: SocketIO) -> None:
    def refuse() -> None:
        raise ConnectionRefusedError("whatever")

    socketio.on("connect")(refuse)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.send("0")
        assert '4{"message":"Connection refused by server"}' == viewer.next()


def test_with_always_connect_the_answer_comes_before_the_handler_runs() -> None:
    app, socketio = make_app(always_connect=True)
    asked = threading.Event()

    def on_connect() -> bool:
        emit("hello")
        assert asked.wait(WITHIN)
        return False

    socketio.on("connect")(on_connect)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.connect()
        assert '2["hello"]' == viewer.next()
        asked.set()
        assert '1{"message":"Connection rejected by server"}' == viewer.next()


# ------------------------------------------------------------------------------------------------------- event handlers


@pytest.mark.parametrize(
    ("returned", "acknowledged"),
    [(None, []), ("x", ["x"]), ((1, {"a": 2}), [1, {"a": 2}]), ([1, 2], [[1, 2]]), (False, [False])],
)
def test_what_a_handler_returns_is_its_acknowledgement(
    app: Flask, socketio: SocketIO, returned: Any, acknowledged: list[Any]
) -> None:
    socketio.on("ask")(lambda: returned)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.connect()
        assert acknowledged == viewer.ask("ask")


def test_handlers_know_who_asks_and_what(app: Flask, socketio: SocketIO) -> None:
    def who(*values: Any) -> Any:
        known: Any = request
        return known.sid, known.namespace, known.event["message"], list(known.event["args"]), known.remote_addr

    socketio.on("who", namespace="/desk")(who)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        sid = viewer.connect("/desk")
        asked = viewer.ask("who", 1, "x", namespace="/desk")
        assert [sid, "/desk", "who", [1, "x"], "192.0.2.7"] == asked


@pytest.mark.parametrize("async_handlers", [True, False])
def test_catch_all_handlers_get_what_no_other_takes(async_handlers: bool) -> None:
    app, socketio = make_app(async_handlers=async_handlers, namespaces="*")
    socketio.on("*")(lambda event, *values: ["/", event, *values])
    socketio.on("ask", namespace="*")(lambda *values: [request.namespace, *values])  # type: ignore[attr-defined]
    socketio.on("known")(lambda: "known")
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.connect()
        viewer.connect("/other")
        assert ["known"] == viewer.ask("known")
        assert [["/", "unknown", 1]] == viewer.ask("unknown", 1)
        assert [["/other", 2]] == viewer.ask("ask", 2, namespace="/other")


def test_class_based_namespaces_are_kept_as_they_are(app: Flask, socketio: SocketIO) -> None:
    left = threading.Event()

    class Desk(Namespace):  # type: ignore[misc]
        def on_connect(self) -> None:
            join_room("desk")
            self.emit("opened", room="desk")

        def on_ask(self, value: int) -> int:
            self.send("asked", room=request.sid)  # type: ignore[attr-defined]
            return value + 1

        def on_disconnect(self, reason: str) -> None:
            assert "client disconnect" == reason
            left.set()

    socketio.on_namespace(Desk("/desk"))
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.connect("/desk")
        assert '2/desk,["opened"]' == viewer.next()
        viewer.send(packet("2", "/desk", ["ask", 1], 3))
        assert ['2/desk,["message","asked"]', "3/desk,3[2]"] == viewer.all(2)
        viewer.send(packet("1", "/desk"))
        assert left.wait(WITHIN)


def test_error_handlers_get_what_handlers_raise(app: Flask, socketio: SocketIO) -> None:
    def fail() -> None:
        raise ValueError("broken")

    socketio.on("fail")(fail)
    socketio.on("fail", namespace="/other")(fail)
    socketio.on_error()(lambda error: f"here: {error}")
    socketio.on_error_default(lambda error: f"default: {error}")
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.connect()
        viewer.connect("/other")
        assert ["here: broken"] == viewer.ask("fail")
        assert ["default: broken"] == viewer.ask("fail", namespace="/other")


def test_legacy_handlers_of_disconnect_take_no_reason(app: Flask, socketio: SocketIO) -> None:
    left = threading.Event()

    def on_disconnect() -> None:
        left.set()

    socketio.on("disconnect")(on_disconnect)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.connect()
        viewer.end()
        assert left.wait(WITHIN)


def test_binary_data_goes_both_ways(app: Flask, socketio: SocketIO) -> None:
    socketio.on("double")(lambda data: {"twice": data["bytes"] * 2, "and": [bytearray(b"!")]})
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.connect()
        viewer.send('51-5["double",{"bytes":{"_placeholder":true,"num":0}}]', b"ab")
        expected = '62-5[{"twice":{"_placeholder":true,"num":0},"and":[{"_placeholder":true,"num":1}]}]'
        assert [expected, b"abab", b"!"] == viewer.all(3)


def test_a_binary_packet_without_attachments_is_an_event(app: Flask, socketio: SocketIO) -> None:
    socketio.on("echo")(echo)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.connect()
        viewer.send('50-5["echo",1]', '26["echo",2]')
        assert {"35[1]", "36[2]"} == set(viewer.all(2))


# -------------------------------------------------------------------------------------------------------------- sending


@pytest.fixture
def crowd(app: Flask) -> Any:
    """Three viewers: the first two are in the room "a", the last two in "b"."""
    with carried(app) as carrier:
        viewers = [carrier.viewer() for _ in range(3)]
        sids = [viewer.connect() for viewer in viewers]
        for sid, room in zip([sids[0], sids[1], sids[1], sids[2]], "aabb", strict=True):
            carrier.server.enter_room(sid, room)
        yield carrier, viewers, sids


@pytest.mark.parametrize(
    ("options", "reached"),
    [
        ({}, "012"),
        ({"to": "a"}, "01"),
        ({"room": "b"}, "12"),
        ({"to": ["a", "b"]}, "012"),
        ({"to": "nobody"}, ""),
        ({"to": lambda sids: sids[1]}, "1"),
        ({"to": lambda sids: [sids[0], "b"]}, "012"),
        ({"skip_sid": lambda sids: sids[1]}, "02"),
        ({"skip_sid": lambda sids: sids[:2]}, "2"),
        ({"to": "a", "skip_sid": lambda sids: sids[0]}, "1"),
        ({"namespace": "/nobody"}, ""),
    ],
)
def test_an_event_reaches_whom_it_is_for_once(
    crowd: tuple[Carrier, list[Viewer], list[str]], socketio: SocketIO, options: dict[str, Any], reached: str
) -> None:
    _, viewers, sids = crowd
    socketio.emit("news", 1, **{key: value(sids) if callable(value) else value for key, value in options.items()})
    socketio.emit("end")
    for number, viewer in enumerate(viewers):
        expected = ['2["news",1]'] if str(number) in reached else []
        assert [*expected, '2["end"]'] == viewer.all(len(expected) + 1)


def test_the_sender_can_be_left_out(app: Flask, socketio: SocketIO) -> None:
    socketio.on("say")(lambda what: emit("said", what, broadcast=True, include_self=False))
    with carried(app) as carrier:
        first, second = carrier.viewer(), carrier.viewer()
        first.connect(), second.connect()
        assert [] == first.ask("say", "hello")
        assert '2["said","hello"]' == second.next()


def test_a_broadcast_is_encoded_and_handed_over_once(
    crowd: tuple[Carrier, list[Viewer], list[str]], socketio: SocketIO
) -> None:
    carrier, viewers, _ = crowd
    socketio.emit("picture", b"\x00\x01")
    expected = ['51-["picture",{"_placeholder":true,"num":0}]', b"\x00\x01"]
    assert [([viewer.sid for viewer in viewers], expected)] == carrier.engine.broadcasts
    assert expected == viewers[2].all(2)


def test_what_is_emitted_is_what_it_was_then(app: Flask, socketio: SocketIO) -> None:
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.connect()
        data = bytearray(b"before")
        socketio.emit("picture", data)
        data[:] = b"after!"
        assert b"before" == viewer.all(2)[1]


def test_a_closed_room_is_empty_and_left_rooms_are_left(
    crowd: tuple[Carrier, list[Viewer], list[str]], socketio: SocketIO
) -> None:
    carrier, viewers, sids = crowd
    socketio.close_room("a")
    assert [sids[1], "b"] == carrier.server.rooms(sids[1])
    carrier.server.leave_room(sids[1], "b")
    socketio.emit("news", to=["a", "b"])
    assert '2["news"]' == viewers[2].next()
    assert viewers[0].got.empty()
    assert viewers[1].got.empty()


def test_handlers_join_and_leave_rooms(app: Flask, socketio: SocketIO) -> None:
    def join(name: str) -> list[str]:
        join_room(name)
        return sorted(rooms()[1:])

    def leave(name: str) -> list[str]:
        leave_room(name)
        return sorted(rooms()[1:])

    socketio.on("join")(join)
    socketio.on("leave")(leave)
    socketio.on("close")(flask_socketio.close_room)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        sid = viewer.connect()
        assert [["a"]] == viewer.ask("join", "a")
        assert [["a", "b"]] == viewer.ask("join", "b")
        assert [["b"]] == viewer.ask("leave", "a")
        assert [] == viewer.ask("close", "b")
        assert [sid] == carrier.server.rooms(sid)


def test_a_callback_gets_the_acknowledgement(app: Flask, socketio: SocketIO) -> None:
    answers: list[Any] = []
    with carried(app) as carrier:
        viewer = carrier.viewer()
        sid = viewer.connect()
        socketio.emit("question", {"n": 1}, to=sid, callback=lambda *values: answers.append(values))
        assert '21["question",{"n":1}]' == viewer.next()
        viewer.send('31["yes",2]', '31["again"]', "39[]")
        eventually(lambda: answers)
        assert [("yes", 2)] == answers


def test_a_callback_of_a_handler_has_its_context(app: Flask, socketio: SocketIO) -> None:
    answers: list[Any] = []

    def on_ask() -> None:
        emit("question", callback=lambda value: answers.append((request.sid, value)))  # type: ignore[attr-defined]

    socketio.on("ask")(on_ask)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        sid = viewer.connect()
        viewer.send('2["ask"]')
        assert '21["question"]' == viewer.next()
        viewer.send('31["yes"]')
        eventually(lambda: answers)
        assert [(sid, "yes")] == answers


def test_a_handler_may_call_its_client_and_wait(app: Flask, socketio: SocketIO) -> None:
    socketio.on("ask")(lambda: flask_socketio.call("really", timeout=WITHIN))
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.connect()
        viewer.send('27["ask"]')
        assert '21["really"]' == viewer.next()
        viewer.send('31["yes",{"sure":true}]')
        assert '37["yes",{"sure":true}]' == viewer.next()


def test_any_thread_may_emit(app: Flask, socketio: SocketIO) -> None:
    done = threading.Event()

    def count() -> None:
        for number in range(100):
            socketio.emit("count", number)
            socketio.sleep(0)
        done.set()

    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.connect()
        task = socketio.start_background_task(count)
        assert [f'2["count",{number}]' for number in range(100)] == viewer.all(100)
        task.join(WITHIN)
        assert done.is_set()


# ------------------------------------------------------------------------------------------------------------- sessions


def cookie(app: Flask, **values: Any) -> bytes:
    """The head of a request with a signed session."""
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer
    return HEAD + b"Cookie: session=" + signer.dumps(values).encode() + b"\r\n"


def remember(socketio: SocketIO) -> None:
    def put(key: str, value: str) -> None:
        flask.session[key] = value

    socketio.on("put")(put)
    socketio.on("get")(lambda key: flask.session.get(key))


def test_a_managed_session_begins_as_the_page_s_and_is_kept(app: Flask, socketio: SocketIO) -> None:
    remember(socketio)
    with carried(app) as carrier:
        viewer, other = carrier.viewer(cookie(app, name="Ada")), carrier.viewer(cookie(app, name="Ada"))
        viewer.connect(), other.connect()
        assert ["Ada"] == viewer.ask("get", "name")
        assert [] == viewer.ask("put", "name", "Grace")
        assert ["Grace"] == viewer.ask("get", "name")
        assert ["Ada"] == other.ask("get", "name")


def test_an_unmanaged_session_is_flask_s_own() -> None:
    app, socketio = make_app(manage_session=False)
    remember(socketio)
    with carried(app) as carrier:
        viewer = carrier.viewer(cookie(app, name="Ada"))
        viewer.connect()
        assert ["Ada"] == viewer.ask("get", "name")
        assert [] == viewer.ask("put", "name", "Grace")
        assert ["Ada"] == viewer.ask("get", "name")


def test_python_socketio_s_own_sessions_are_kept_to_the_disconnect_handler(app: Flask, socketio: SocketIO) -> None:
    names: list[str] = []

    def on_connect() -> None:
        with socketio.server.session(request.sid) as kept:  # type: ignore[attr-defined]
            kept["name"] = "Ada"

    def on_disconnect(_reason: str) -> None:
        names.append(socketio.server.get_session(request.sid)["name"])  # type: ignore[attr-defined]

    socketio.on("connect")(on_connect)
    socketio.on("disconnect")(on_disconnect)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.connect()
        viewer.end()
        eventually(lambda: names)
    assert ["Ada"] == names


def test_the_environ_is_one_and_the_same_for_the_whole_connection(app: Flask, socketio: SocketIO) -> None:
    socketio.on("echo", namespace="/other")(echo)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        first, second = viewer.connect(), viewer.connect("/other")
        environ = carrier.server.get_environ(first)
        assert environ is carrier.server.get_environ(first) is carrier.server.get_environ(second, "/other")
        assert app is environ["flask.app"]
        assert ("192.0.2.7", "wind.example") == (environ["REMOTE_ADDR"], environ["HTTP_HOST"])


# -------------------------------------------------------------------------------------------------------- disconnecting


def leavers(socketio: SocketIO) -> list[tuple[str, str, list[str]]]:
    left: list[tuple[str, str, list[str]]] = []

    def on_disconnect(reason: str) -> None:
        left.append((request.sid, reason, rooms()))  # type: ignore[attr-defined]

    socketio.on("disconnect")(on_disconnect)
    return left


@pytest.mark.parametrize("reason", ["transport close", "ping timeout", "client disconnect", "server disconnect"])
def test_the_disconnect_handler_is_told_why(app: Flask, socketio: SocketIO, reason: str) -> None:
    left = leavers(socketio)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        sid = viewer.connect()
        carrier.server.enter_room(sid, "a")
        viewer.end(reason)
    assert [(sid, reason, [sid, "a"])] == left


def test_a_handler_may_disconnect_its_client(app: Flask, socketio: SocketIO) -> None:
    left = leavers(socketio)
    socketio.on("leave")(lambda: flask_socketio.disconnect())
    with carried(app) as carrier:
        viewer = carrier.viewer()
        sid = viewer.connect()
        viewer.send('2["leave"]')
        assert "1" == viewer.next()
        eventually(lambda: not carrier.server.manager.rooms)
        assert [(sid, "server disconnect", [sid])] == left
        viewer.send('21["echo"]')  # too late, and no reason to end its session
        assert sid != viewer.connect()
    assert 2 == len(left)


def test_any_thread_may_disconnect_a_client(app: Flask, socketio: SocketIO) -> None:
    left = leavers(socketio)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        sid = viewer.connect()
        carrier.server.disconnect(sid)
        assert "1" == viewer.next()
        carrier.server.disconnect(sid)
    assert [(sid, "server disconnect", [sid])] == left


def test_one_namespace_may_be_left_while_others_go_on(app: Flask, socketio: SocketIO) -> None:
    socketio.on("echo", namespace="/other")(echo)
    with carried(app) as carrier:
        viewer = carrier.viewer()
        viewer.connect()
        viewer.connect("/other")
        viewer.send("1")
        assert [1] == viewer.ask("echo", 1, namespace="/other")
        assert ["/other"] == list(socketio.server.manager.rooms)


# --------------------------------------------------------------------------------------------------------- surroundings


def test_the_test_clients_go_on_working(app: Flask, socketio: SocketIO) -> None:
    app.add_url_rule("/page", view_func=lambda: "a page")
    socketio.on("connect")(lambda: emit("hello", broadcast=True))
    socketio.on("echo")(echo)
    socketio.on("ask")(lambda: emit("question", callback=lambda: None))
    Carrier(app)
    client = socketio.test_client(app, flask_test_client=app.test_client())
    assert client.is_connected()
    assert ["hello"] == [event["name"] for event in client.get_received()]
    assert [1, 2] == client.emit("echo", 1, 2, callback=True)
    assert b"x" == client.emit("echo", b"x", callback=True)
    client.emit("ask")
    socketio.emit("picture", b"123")
    received = [(event["name"], event["args"]) for event in client.get_received()]
    assert [("question", []), ("picture", [b"123"])] == received
    client.disconnect()
    assert not client.is_connected()
    assert b"a page" == app.test_client().get("/page").data


def test_a_request_to_the_old_endpoint_is_told_where_socket_io_is(app: Flask) -> None:
    Carrier(app)
    response = app.test_client().get("/socket.io/?EIO=4&transport=polling")
    assert 400 == response.status_code
    assert "served by Windsock's engine" in response.get_json()["message"]


def test_what_the_server_says_of_sessions_is_right(app: Flask, socketio: SocketIO) -> None:
    with carried(app) as carrier:
        viewer = carrier.viewer()
        sid = viewer.connect()
        assert "websocket" == carrier.server.transport(sid)
        assert ["threading", "threading"] == [socketio.async_mode, carrier.server.async_mode]
        sockets = carrier.server.eio.sockets
        assert [viewer.sid] == list(sockets)
        assert sockets[viewer.sid].upgraded
