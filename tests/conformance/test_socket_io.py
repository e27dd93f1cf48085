"""Socket.IO v5, as its protocol document has it, spoken over bare sockets: to a Flask-SocketIO application, and to
``/windsock``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.builders import ROOT
from tests.conformance.peers import Place, Poller
from tests.conformance.sockets import PEERS, Closed, Peer, Socket, frame, received
from tests.servers import Server, serving
from tests.waiting import eventually

NAMESPACES = ["/", "/custom"]
PLACEHOLDERS = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}'


@contextmanager
def answering(folder: Path, *options: str) -> Iterator[Server]:
    """The application, on the engine."""
    application = ("tests.conformance.answering:app", *options)
    with serving(folder, None, {"PYTHONPATH": str(ROOT)}, "run", application) as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with answering(tmp_path_factory.mktemp("answering")) as running:
        yield running


@pytest.fixture(scope="module")
def place(server: Server) -> Place:
    return place_of(server)


def place_of(server: Server) -> Place:
    return Place(server.port, "/socket.io/")


@pytest.fixture(params=PEERS, ids=["polling", "websocket"])
def peer(request: pytest.FixtureRequest, place: Place) -> Iterator[Peer]:
    """A session in which nothing was said yet."""
    with request.param(place) as opened:
        yield opened


def prefix(namespace: str) -> str:
    return "" if namespace == "/" else f"{namespace},"


def connect(peer: Peer, namespace: str = "/") -> str:
    """Connect, and take in the answer and the greeting; the client's id."""
    where = prefix(namespace)
    peer.send(f"0{where}" + ('{"things":[]}' if namespace == "/windsock" else ""))
    answer = str(peer.receive())
    assert answer.startswith(f"0{where}{{"), answer
    if namespace != "/windsock":
        assert f'2{where}["hello",{{"auth":null}}]' == peer.receive()
    return str(json.loads(answer.removeprefix(f"0{where}"))["sid"])


def is_closed(peer: Peer) -> bool:
    """Whether the session has ended; polls that still bring something are passed over."""
    if isinstance(peer, Socket):
        return peer.is_closed
    return bool(eventually(lambda: peer.post("3").status == 400))


# -------------------------------------------------------------------------------------------------------------- connect


@pytest.mark.parametrize("auth", [None, {}, {"token": "123", "ü": [1, None]}])
@pytest.mark.parametrize("namespace", NAMESPACES)
def test_connect_is_answered_with_an_id_and_nothing_else_and_comes_first(
    peer: Peer, namespace: str, auth: dict[str, Any] | None
) -> None:
    where = prefix(namespace)
    peer.send(f"0{where}" + ("" if auth is None else json.dumps(auth)))
    answer, hello = map(str, received(peer, 2))
    assert answer.startswith(f"0{where}")
    assert ["sid"] == list(json.loads(answer.removeprefix(f"0{where}")))
    # python-socketio hands an empty object on as none.
    assert ["hello", {"auth": auth or None}] == json.loads(hello.removeprefix(f"2{where}"))


@pytest.mark.parametrize("written", ["0/custom", "0/custom,", "0/custom?token=abc", "0/custom?token=abc,"])
def test_a_namespace_may_stand_without_its_comma_and_with_a_query(peer: Peer, written: str) -> None:
    peer.send(written)
    assert str(peer.receive()).startswith('0/custom,{"sid":')


@pytest.mark.parametrize("written", ["0/random", "0/random,", '0/random,{"token":1}'])
def test_an_unknown_namespace_is_refused_and_another_may_be_tried(peer: Peer, written: str) -> None:
    peer.send(written)
    assert '4/random,{"message":"Invalid namespace"}' == peer.receive()
    connect(peer)


def test_whoever_is_refused_is_told_why_and_may_try_another(peer: Peer) -> None:
    peer.send("0/closed,")
    assert '4/closed,{"message":"members only","data":{"ask":"at the door"}}' == peer.receive()
    connect(peer, "/custom")


def test_namespaces_share_a_session_and_have_ids_of_their_own(peer: Peer) -> None:
    sids = {connect(peer, namespace) for namespace in (*NAMESPACES, "/windsock")}
    assert 3 == len(sids)
    peer.send('2/custom,["echo",1]', '2["echo",2]')
    assert {'2/custom,["echo",1]', '2["echo",2]'} == set(received(peer, 2))


@pytest.mark.parametrize("namespace", [*NAMESPACES, "/windsock"])
def test_what_comes_before_a_connect_closes_the_session(peer: Peer, namespace: str) -> None:
    peer.put(f'42{prefix(namespace)}["echo",1]')
    assert is_closed(peer)


def test_whoever_connects_to_nothing_in_time_is_closed(tmp_path: Path) -> None:
    (tmp_path / "windsock.toml").write_text('[limits]\nconnect_timeout = "300ms"\n')
    with answering(tmp_path, "--config", "windsock.toml") as server:
        place = place_of(server)
        joining = Socket(place, along=frame("40"))  # with the handshake, so that it is in time
        with Socket(place) as slow, Poller(place) as other, Socket(place) as wrong, joining as right:
            wrong.send("0/random,")
            assert str(right.receive()).startswith("0{")
            assert '2["hello",{"auth":null}]' == right.receive()
            assert is_closed(slow)
            assert is_closed(other)
            assert is_closed(wrong)
            right.send('2["echo",1]')
            assert '2["echo",1]' == right.receive()


# ----------------------------------------------------------------------------------------------------------- disconnect


@pytest.mark.parametrize("left", [*NAMESPACES, "/windsock"])
def test_after_a_disconnect_the_other_namespaces_live_on(peer: Peer, left: str) -> None:
    for namespace in (*NAMESPACES, "/windsock"):
        connect(peer, namespace)
    other = "/custom" if left == "/" else "/"
    peer.send(f"1{prefix(left)}", f'2{prefix(left)}["echo","gone"]', f'2{prefix(other)}["echo","here"]')
    assert f'2{prefix(other)}["echo","here"]' == peer.receive()
    if left != "/windsock":
        peer.send(f'2{prefix(other)}1["left"]')
        assert f'3{prefix(other)}1["client disconnect"]' == peer.receive()
    connect(peer, left)


def test_the_server_may_disconnect_a_namespace_and_the_session_lives_on(peer: Peer) -> None:
    connect(peer)
    connect(peer, "/custom")
    peer.send('2/custom,["leave"]')
    assert "1/custom," == peer.receive()
    peer.send('2["echo",1]')
    assert '2["echo",1]' == peer.receive()


def test_the_server_may_end_the_session(peer: Peer) -> None:
    connect(peer)
    peer.send('2["end"]')
    assert is_closed(peer)


# ----------------------------------------------------------------------------------------------------- events and acks


@pytest.mark.parametrize("namespace", NAMESPACES)
@pytest.mark.parametrize(
    "values", ['1,"2",{"3":[true]}', '"ü€😀"', "null", "[[],{}]", "-0.5,1e+21", '"a,b/c?d"', '{"_placeholder":false}']
)
def test_an_event_comes_back_as_it_was(peer: Peer, namespace: str, values: str) -> None:
    connect(peer, namespace)
    peer.send(f'2{prefix(namespace)}["echo",{values}]')
    packet = str(peer.receive())
    assert packet.startswith(f"2{prefix(namespace)}[")
    assert json.loads(f'["echo",{values}]') == json.loads(packet.removeprefix(f"2{prefix(namespace)}"))


def test_white_space_within_json_means_nothing(peer: Peer) -> None:
    connect(peer)
    peer.send('2 [ "echo" , 1 ]\n'.replace("2 ", "2"))
    assert '2["echo",1]' == peer.receive()


@pytest.mark.parametrize("number", [0, 456, 2**53 - 1])
@pytest.mark.parametrize("namespace", NAMESPACES)
def test_an_acknowledgement_has_the_id_of_its_event(peer: Peer, namespace: str, number: int) -> None:
    connect(peer, namespace)
    peer.send(f'2{prefix(namespace)}{number}["ack",1,"2",{{"3":[false]}}]')
    assert f'3{prefix(namespace)}{number}[1,"2",{{"3":[false]}}]' == peer.receive()


def test_a_handler_that_says_nothing_acknowledges_with_nothing(peer: Peer) -> None:
    connect(peer)
    peer.send('27["quiet"]')
    assert "37[]" == peer.receive()


def test_the_server_asks_and_is_answered(peer: Peer) -> None:
    connect(peer, "/custom")
    peer.send('2/custom,["ask",1]')
    question = str(peer.receive())
    head, _, body = question.partition("[")
    assert ("2/custom,", '"question",1]') == (head.rstrip("0123456789"), body)
    number = head.removeprefix("2/custom,")
    peer.send(f'3/custom,{number}["yes"]')
    assert '2/custom,["answered","yes"]' == peer.receive()


# --------------------------------------------------------------------------------------------------------------- binary


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_attachments_come_back_after_their_event(peer: Peer, namespace: str) -> None:
    connect(peer, namespace)
    event = f'52-{prefix(namespace)}["echo",{PLACEHOLDERS}]'
    peer.send(event, b"\x01\x02\x03", bytes(range(256)))
    assert [event, b"\x01\x02\x03", bytes(range(256))] == received(peer, 3)


def test_attachments_may_lie_deep_and_in_any_order(peer: Peer) -> None:
    connect(peer)
    nested = '{"a":[{"b":{"_placeholder":true,"num":1}}],"c":{"_placeholder":true,"num":0}}'
    peer.send(f'52-["echo",{nested}]', b"zero", b"one")
    event, *attachments = received(peer, 3)
    value = json.loads(str(event).removeprefix("52-"))[1]
    assert b"one" == attachments[value["a"][0]["b"]["num"]]
    assert b"zero" == attachments[value["c"]["num"]]


def test_attachments_may_be_empty(peer: Peer) -> None:
    connect(peer)
    peer.send('51-["echo",{"_placeholder":true,"num":0}]', b"")
    assert ['51-["echo",{"_placeholder":true,"num":0}]', b""] == received(peer, 2)


def test_a_binary_event_is_acknowledged_in_kind(peer: Peer) -> None:
    connect(peer)
    peer.send(f'52-789["ack",{PLACEHOLDERS}]', b"\x01", b"\x02")
    assert [f"62-789[{PLACEHOLDERS}]", b"\x01", b"\x02"] == received(peer, 3)


def test_the_server_asks_with_bytes_and_is_answered_with_bytes(peer: Peer) -> None:
    connect(peer)
    peer.send('51-["ask",{"_placeholder":true,"num":0}]', b"ping")
    question, attachment = received(peer, 2)
    number = str(question).removeprefix("51-").partition("[")[0]
    assert b"ping" == attachment
    peer.send(f'61-{number}[{{"_placeholder":true,"num":0}}]', b"pong")
    assert ['51-["answered",{"_placeholder":true,"num":0}]', b"pong"] == received(peer, 2)


# ------------------------------------------------------------------------------------------------- what makes no sense

MALFORMED = [
    "",
    "abc",
    "7",
    "2",
    "2{}",
    "2[]",
    '2"echo"',
    "2null",
    '2["echo"',
    '2["echo",}',
    '2abc["ack",1]',
    '2-1["ack",1]',
    '21.5["ack",1]',
    f'2{2**53}["ack",1]',
    "2[{}]",
    "2[null]",
    '2["connect"]',
    '2["disconnect","forged"]',
    "3[]",
    "3abc[]",
    "31{}",
    '4{"message":"no"}',
    '5["echo",1]',
    '5-["echo",1]',
    '5a-["echo",1]',
    '51-["echo"',
    "61-[]",
]


@pytest.mark.parametrize("packet", MALFORMED)
def test_what_is_no_packet_closes_the_session(peer: Peer, packet: str) -> None:
    connect(peer)
    peer.put(f"4{packet}")
    assert is_closed(peer)


@pytest.mark.parametrize("body", ["{}", "[]", '"watch"', '["watch"', "nonsense"])
def test_what_is_no_packet_closes_the_session_in_windsocks_namespace_too(peer: Peer, body: str) -> None:
    connect(peer, "/windsock")
    peer.put(f"42/windsock,{body}")
    assert is_closed(peer)


@pytest.mark.parametrize(
    "packets",
    [
        ["4451-x"],
        ['451-["echo",{"_placeholder":true,"num":0}]', '42["echo",1]'],
        ['451-["echo",{"_placeholder":true,"num":7}]', "bAQID"],
        ['451-["echo",{"_placeholder":true,"num":"0"}]', "bAQID"],
        ["bAQID"],
    ],
)
def test_attachments_that_do_not_fit_close_the_session(place: Place, packets: list[str]) -> None:
    with Poller(place) as peer:
        connect(peer)
        for packet in packets:
            peer.post(packet)
        assert is_closed(peer)


def test_a_session_that_is_closed_for_nonsense_costs_no_other(peer: Peer, place: Place) -> None:
    connect(peer)
    with Socket(place) as bad:
        connect(bad)
        bad.send("2{}")
        assert Closed(1002) == bad.end()
    peer.send('2["echo",1]')
    assert '2["echo",1]' == peer.receive()


# ------------------------------------------------------------------------------------------------- windsock's namespace


def test_the_state_follows_connect(server: Server, peer: Peer) -> None:
    reading = {"state": "HOT", "data": {"degrees": 1200}}
    path, headers = "/windsock/api/v1/things/kiln/state", {"Content-Type": "application/json"}
    assert 200 == server.request("PUT", path, json.dumps(reading).encode(), headers).status
    peer.send('0/windsock,{"things":["kiln"]}')
    answer, state = map(str, received(peer, 2))
    assert answer.startswith('0/windsock,{"sid":')
    event, payload = json.loads(state.removeprefix("2/windsock,"))
    assert ("state", "kiln", {"degrees": 1200}) == (event, payload["thing"], payload["data"])


def test_an_acknowledgement_in_windsocks_namespace_has_the_id_of_its_event(peer: Peer) -> None:
    connect(peer, "/windsock")
    peer.send('2/windsock,0["unwatch",{"things":["kiln"]}]')
    assert '3/windsock,0[{"ok":true}]' == peer.receive()


def test_attachments_in_windsocks_namespace_are_passed_over(peer: Peer) -> None:
    connect(peer, "/windsock")
    peer.send('51-/windsock,7["unwatch",{"_placeholder":true,"num":0}]', b"nothing")
    assert str(peer.receive()).startswith('3/windsock,7[{"ok":false,')
