"""Engine.IO v4, as its protocol document has it, spoken over bare sockets to an engine that sends everything back."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.conformance.echo import SUITE, echoing
from tests.conformance.peers import SEPARATOR, Place, Poller, read_answer
from tests.conformance.sockets import PEERS, UPGRADE, Closed, Socket, frame, received, upgrading
from tests.engine.protocol.frames import BINARY, CLOSE, FIN, PING, TEXT, fragments, masked
from tests.waiting import WITHIN, eventually
from windsock.engine import Engine
from windsock.engine.polling import PollingLink

LARGEST = 100_000
PATIENT = replace(SUITE, ping_interval=25, ping_timeout=20, max_payload=LARGEST)
INTERVAL, TIMEOUT = 0.3, 0.2
BAD_PACKETS = ["", "abc", "7", "4hello" + SEPARATOR, SEPARATOR, "bA", "b!!!!", "0{}", "2", "5", "ü"]


def place_of(engine: Engine) -> Place:
    return Place(engine.server[1], engine.options.path)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with echoing(PATIENT) as running:
        yield running


@pytest.fixture(scope="module")
def place(engine: Engine) -> Place:
    return place_of(engine)


@pytest.fixture(scope="module")
def quick() -> Iterator[Place]:
    """One that pings every 300 ms, and waits 200 ms for the answer."""
    with echoing(replace(SUITE, ping_interval=INTERVAL, ping_timeout=TIMEOUT)) as running:
        yield place_of(running)


@pytest.fixture(scope="module")
def lenient() -> Iterator[Place]:
    """One that pings as often, and waits three seconds for the answer."""
    with echoing(replace(SUITE, ping_interval=INTERVAL, ping_timeout=3.0)) as running:
        yield place_of(running)


def polling(engine: Engine, peer: Poller) -> PollingLink:
    """What the server has of a session on long-polling."""
    link = engine.sessions[peer.sid].link
    assert isinstance(link, PollingLink)
    return link


def is_polled(engine: Engine, peer: Poller) -> bool:
    """Whether a poll has arrived, and waits."""
    return polling(engine, peer)._waiter is not None


each_transport = pytest.mark.parametrize("kind", PEERS, ids=["polling", "websocket"])

# ------------------------------------------------------------------------------------------------------------ handshake


@each_transport
def test_the_handshake_tells_exactly_what_the_protocol_names(place: Place, kind: type[Poller | Socket]) -> None:
    with kind(place) as peer:
        told = dict(peer.handshake)
        assert len(told.pop("sid")) >= 16
        assert {
            "upgrades": ["websocket"] if kind is Poller else [],
            "pingInterval": 25000,
            "pingTimeout": 20000,
            "maxPayload": LARGEST,
        } == told


def test_times_below_a_second_are_told_as_they_are(quick: Place) -> None:
    with Poller(quick) as peer:
        assert (300, 200) == (peer.handshake["pingInterval"], peer.handshake["pingTimeout"])


def test_every_session_has_an_id_of_its_own(place: Place) -> None:
    sids = set()
    for _ in range(20):
        with Poller(place) as peer:
            sids.add(peer.sid)
    assert 20 == len(sids)


@pytest.mark.parametrize("version", [None, "", "3", "5", "abc"])
def test_another_version_is_refused(place: Place, version: str | None) -> None:
    answer = place.request("GET", place.target("polling", version=version))
    assert (400, 5) == (answer.status, answer.json["code"])
    assert "version 4" in answer.json["message"]


@pytest.mark.parametrize("version", [None, "", "3", "5", "abc"])
def test_a_websocket_of_another_version_is_refused(place: Place, version: str | None) -> None:
    answer = place.request("GET", place.target("websocket", version=version), headers=UPGRADE)
    # A protocol that was not asked for makes a browser refuse the WebSocket, and show these words.
    words = answer.headers.get("sec-websocket-protocol") if answer.status == 101 else answer.json["message"]
    assert "version 4" in str(words)


@pytest.mark.parametrize("transport", [None, "", "flashsocket", "POLLING"])
@pytest.mark.parametrize("headers", [{}, UPGRADE], ids=["plain", "upgrade"])
def test_an_unknown_transport_is_refused(place: Place, transport: str | None, headers: dict[str, str]) -> None:
    answer = place.request("GET", place.target(transport), headers=headers)
    assert (400, 0) == (answer.status, answer.json["code"])


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_session_is_opened_with_get_and_nothing_else(place: Place, method: str) -> None:
    answer = place.request(method, place.target("polling"), "4hello")
    assert (400, 2) == (answer.status, answer.json["code"])


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_session_is_refused(place: Place, method: str) -> None:
    answer = place.request(method, place.target("polling", "nobody"), "4hello" if method == "POST" else None)
    assert (400, 1) == (answer.status, answer.json["code"])


def test_a_websocket_for_an_unknown_session_is_refused(place: Place) -> None:
    with Socket(place, "nobody") as peer:
        assert peer.answer.startswith("HTTP/1.1 400 ")


def test_a_websocket_that_is_asked_for_without_its_headers_is_refused(place: Place) -> None:
    assert 400 == place.request("GET", place.target("websocket")).status


def test_a_websocket_that_asks_for_polling_is_refused(place: Place) -> None:
    answer = place.request("GET", place.target("polling"), headers=UPGRADE)
    assert 400 == answer.status


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"Sec-WebSocket-Key": ""}, 400),
        ({"Sec-WebSocket-Key": "c2hvcnQ="}, 400),
        ({"Sec-WebSocket-Version": "8"}, 426),
        ({"Sec-WebSocket-Version": ""}, 426),
    ],
)
def test_a_wrong_handshake_is_refused(place: Place, change: dict[str, str], status: int) -> None:
    answer = place.request("GET", place.target("websocket"), headers=UPGRADE | change)
    assert status == answer.status
    assert (status == 426) == (answer.headers.get("sec-websocket-version") == "13")


def test_the_handshake_is_answered_as_the_rfc_computes_it(place: Place) -> None:
    with Socket(place) as peer:
        # The key and its answer of RFC 6455, section 1.3.
        assert "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in peer.answer


@pytest.mark.parametrize("pieces", [1, 7, 200])
def test_a_handshake_may_come_in_pieces(place: Place, pieces: int) -> None:
    with Socket(place, pieces=pieces) as peer:
        peer.send("hello")
        assert "hello" == peer.receive()


def test_a_handshake_may_come_on_a_connection_that_was_used_before(place: Place) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=WITHIN)
    connection.request("GET", place.target("polling"))
    read_answer(connection)
    with Socket(place, link=connection.sock) as peer:
        peer.send("hello")
        assert "hello" == peer.receive()
    connection.close()


def test_frames_may_come_with_the_handshake(place: Place) -> None:
    with Socket(place, along=frame("4one") + frame("4two")) as peer:
        assert ["one", "two"] == received(peer, 2)


# ------------------------------------------------------------------------------------------------------------- messages


@each_transport
@pytest.mark.parametrize("message", ["hello", "", "ü€😀\x00", "2probe", b"", bytes(range(256))])
def test_a_message_comes_back_as_it_was(place: Place, kind: type[Poller | Socket], message: str | bytes) -> None:
    with kind(place) as peer:
        peer.send(message)
        assert message == peer.receive()


@each_transport
def test_messages_keep_their_order(place: Place, kind: type[Poller | Socket]) -> None:
    sent = [str(number) if number % 3 else bytes([number]) for number in range(200)]
    with kind(place) as peer:
        peer.send(*sent)
        assert sent == received(peer, 200)


def test_a_payload_is_answered_with_ok(place: Place) -> None:
    with Poller(place) as peer:
        assert (200, "ok") == peer.post("4hello")[:2]


def test_packets_of_one_poll_are_separated_and_bytes_are_base64(place: Place) -> None:
    with Poller(place) as peer:
        peer.post("4one", "bAQIDBA==", "4two")
        assert "4one\x1ebAQIDBA==\x1e4two" == peer.get().text


def test_a_poll_waits_for_what_there_is_to_send(place: Place) -> None:
    with Poller(place) as peer:
        poll = peer.begin_get()
        assert not poll.is_answered
        peer.send("hello")
        assert ["4hello"] == poll.answer().packets


def test_bytes_are_a_frame_of_their_own_on_websocket(place: Place) -> None:
    with Socket(place) as peer:
        peer.put(b"\x04\x00")
        assert b"\x04\x00" == peer.next()


@each_transport
def test_the_largest_payload_passes(place: Place, kind: type[Poller | Socket]) -> None:
    message = "x" * (LARGEST - 1)
    with kind(place) as peer:
        peer.send(message)
        assert message == peer.receive()


def test_a_larger_payload_is_refused(place: Place) -> None:
    peer = Poller(place)
    assert peer.post("4" + "x" * LARGEST).status in (400, 413)


def test_a_larger_message_closes_a_websocket(place: Place) -> None:
    with Socket(place) as peer:
        peer.send("x" * LARGEST)
        assert Closed(1009) == peer.end()


@pytest.mark.parametrize("body", BAD_PACKETS)
def test_a_bad_packet_closes_a_session_on_polling(place: Place, body: str) -> None:
    peer = Poller(place)
    assert 400 == peer.post(body).status
    assert peer.is_closed


@pytest.mark.parametrize("packet", sorted({packet for packet in BAD_PACKETS if SEPARATOR not in packet}))
def test_a_bad_packet_closes_a_websocket(place: Place, packet: str) -> None:
    with Socket(place) as peer:
        peer.put(packet)
        assert Closed(1002) == peer.end()


def test_a_body_that_is_not_utf_8_closes_the_session(place: Place) -> None:
    peer = Poller(place)
    answer = place.request("POST", place.target("polling", peer.sid), b"4\xff")
    assert (400, True) == (answer.status, peer.is_closed)


def test_two_polls_at_once_close_the_session(engine: Engine, place: Place) -> None:
    peer = Poller(place)
    first = peer.begin_get()
    eventually(lambda: is_polled(engine, peer))
    assert not first.is_answered
    assert 400 == peer.get().status
    assert ["1"] == first.answer().packets
    assert peer.is_closed


def test_two_posts_at_once_close_the_session(engine: Engine, place: Place) -> None:
    peer = Poller(place)
    first = peer.begin_post(10)
    eventually(lambda: polling(engine, peer).posting)
    assert 400 == peer.post("4second").status
    first.send(b"4123456789")
    assert 400 == first.answer().status
    assert peer.is_closed


def test_a_poll_that_is_given_up_closes_the_session(engine: Engine, place: Place) -> None:
    peer = Poller(place)
    poll = peer.begin_get()
    assert not poll.is_answered
    eventually(lambda: is_polled(engine, peer))
    poll.give_up()
    eventually(lambda: not engine.alive(peer.sid))
    assert peer.is_closed


# ------------------------------------------------------------------------------------------------------------ heartbeat


@each_transport
def test_it_pings_and_who_answers_lives(lenient: Place, kind: type[Poller | Socket]) -> None:
    asked, took = time.monotonic(), []
    with kind(lenient) as peer:
        for _ in range(3):
            assert ["2"] == (peer.get().packets if isinstance(peer, Poller) else [peer.next()])
            took.append(time.monotonic() - asked)
            asked = time.monotonic()
            peer.put("3")
        # A busy machine is late now and then, and not each time; nothing is ever early.
        assert 0.8 * INTERVAL < min(took) < INTERVAL + 0.15
        peer.send("hello")
        assert "hello" == peer.receive()


def test_who_does_not_poll_is_gone_when_the_time_is_over(quick: Place) -> None:
    peer = Poller(quick)
    time.sleep(INTERVAL + TIMEOUT)
    assert peer.is_closed


def test_a_poll_is_released_when_the_time_is_over(lenient: Place) -> None:
    peer = Poller(lenient)
    assert ["2"] == peer.get().packets
    assert ["1"] == peer.get().packets
    assert peer.is_closed


def test_a_websocket_that_does_not_answer_is_closed(quick: Place) -> None:
    began = time.monotonic()
    with Socket(quick) as peer:
        assert peer.is_closed
    assert INTERVAL + 0.8 * TIMEOUT < time.monotonic() - began < WITHIN


def test_messages_are_no_answer_to_a_ping(quick: Place) -> None:
    with Socket(quick) as peer:
        began, got = time.monotonic(), []
        while time.monotonic() - began < WITHIN:
            peer.send("I am here")
            got.append(peer.next())
            if isinstance(got[-1], Closed):
                break
            time.sleep(0.02)
    assert isinstance(got[-1], Closed)
    assert 1 == got.count("2")


def test_answers_that_were_not_asked_for_change_nothing(quick: Place) -> None:
    with Socket(quick) as peer:
        for _ in range(10):
            peer.put("3")
        assert "2" == peer.next()
        assert peer.is_closed


# -------------------------------------------------------------------------------------------------------------- upgrade


def test_an_upgrade_releases_the_poll_and_goes_on_over_websocket(place: Place) -> None:
    peer = Poller(place)
    poll = peer.begin_get()
    with upgrading(peer) as link:
        link.put("2probe")
        assert "3probe" == link.next()
        assert ["6"] == poll.answer().packets
        link.put("5")
        link.send("hello", b"\x01")
        assert ["hello", b"\x01"] == received(link, 2)


def test_probe_and_upgrade_may_come_together(place: Place) -> None:
    peer = Poller(place)
    with upgrading(peer) as link:
        link.put("2probe", "5", "4hello")
        assert ["3probe", "4hello"] == [link.next(), link.next()]


@pytest.mark.parametrize("polls", [True, False])
def test_nothing_is_lost_or_doubled_by_an_upgrade(place: Place, polls: bool) -> None:
    peer = Poller(place)
    peer.send("before")
    got: list[str | bytes] = []
    if polls:
        got.append(peer.receive())
    with upgrading(peer) as link:
        link.put("2probe")
        assert "3probe" == link.next()
        peer.send("during")
        if polls:
            assert ["6"] == peer.get().packets
        link.put("5")
        link.send("after")
        got += received(link, 3 - len(got))
    assert ["before", "during", "after"] == got


def test_a_session_that_was_upgraded_is_polled_no_more(place: Place) -> None:
    peer = Poller(place)
    with upgrading(peer) as link:
        link.put("2probe", "5")
        assert "3probe" == link.next()
        link.send("hello")
        assert "hello" == link.receive()
        assert [400, 400] == [peer.get().status, peer.post("4no").status]
        link.send("still here")
        assert "still here" == link.receive()


@pytest.mark.parametrize("upgraded", [True, False])
def test_a_second_websocket_is_closed_and_the_first_goes_on(place: Place, upgraded: bool) -> None:
    peer = Poller(place)
    with upgrading(peer) as link:
        link.put("2probe")
        assert "3probe" == link.next()
        if upgraded:
            link.put("5", "4hello")
            assert "4hello" == link.next()
        with upgrading(peer) as second:
            # A client that has read the handshake can only be told by WebSocket's own means.
            assert second.answer.startswith("HTTP/1.1 101 ")
            assert Closed(1008) == second.end()
        if not upgraded:
            link.put("5")
        link.send("still here")
        assert "still here" == link.receive()


def test_a_websocket_has_nothing_to_be_upgraded_to(place: Place) -> None:
    with Socket(place) as first, Socket(place, first.handshake["sid"]) as second:
        second.put("2probe")
        assert second.is_closed
        first.send("still here")
        assert "still here" == first.receive()


@pytest.mark.parametrize("packet", ["5", "4hello", "2", "3probe", "abc", b"2probe"])
def test_without_a_probe_there_is_no_upgrade_and_polling_goes_on(place: Place, packet: str | bytes) -> None:
    with Poller(place) as peer, upgrading(peer) as link:
        link.put(packet)
        assert link.is_closed
        peer.send("hello")
        assert "hello" == peer.receive()


def test_polling_goes_on_when_the_websocket_goes_before_it_took_over(engine: Engine, place: Place) -> None:
    with Poller(place) as peer:
        with upgrading(peer) as link:
            link.put("2probe")
            assert "3probe" == link.next()
            peer.send("hello")
        eventually(lambda: engine.sessions[peer.sid].upgrading is None)
        assert "hello" == peer.receive()
        with upgrading(peer) as again:
            again.put("2probe", "5", "4over")
            assert ["3probe", "4over"] == [again.next(), again.next()]


def test_pings_go_on_after_an_upgrade(lenient: Place) -> None:
    peer = Poller(lenient)
    with upgrading(peer) as link:
        link.put("2probe", "5")
        assert "3probe" == link.next()
        for _ in range(2):
            assert "2" == link.next()
            link.put("3")
        assert "2" == link.next()
        assert link.is_closed


# ---------------------------------------------------------------------------------------------------------------- close


def test_a_close_packet_releases_the_poll_and_ends_the_session(engine: Engine, place: Place) -> None:
    peer = Poller(place)
    poll = peer.begin_get()
    eventually(lambda: is_polled(engine, peer))
    assert (200, "ok") == peer.post("1")[:2]
    assert ["6"] == poll.answer().packets
    assert peer.is_closed


def test_a_close_packet_closes_a_websocket(place: Place) -> None:
    with Socket(place) as peer:
        peer.put("1")
        assert Closed(1000) == peer.end()


@pytest.mark.parametrize("kindly", [True, False])
def test_a_websocket_that_goes_takes_its_session_along(engine: Engine, place: Place, kindly: bool) -> None:
    with Socket(place) as peer:
        sid = peer.handshake["sid"]
        if kindly:
            peer.write(masked(FIN | CLOSE, (1001).to_bytes(2)))
            assert Closed(1001) == peer.end()
    deadline = time.monotonic() + WITHIN
    while engine.alive(sid):
        assert time.monotonic() < deadline
        time.sleep(0.005)


# ------------------------------------------------------------------------------------------------------------ websocket


def test_a_message_may_come_in_fragments_with_a_ping_between(place: Place) -> None:
    with Socket(place) as peer:
        first, *rest = fragments(TEXT, b"4hel", b"lo ", "ü".encode())
        peer.write(first + masked(FIN | PING, b"are you there") + b"".join(rest))
        assert [b"are you there", "4hello ü"] == [peer.next(), peer.next()]


def test_frames_may_come_byte_by_byte(place: Place) -> None:
    with Socket(place, pieces=1) as peer:
        peer.send("hello", bytes(300))
        assert ["hello", bytes(300)] == received(peer, 2)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (bytes((FIN | TEXT, 2)) + b"4x", 1002),
        (masked(FIN | 0x40 | TEXT, b"4x"), 1002),
        (masked(FIN | 0x3, b"4x"), 1002),
        (masked(FIN | 0x0, b"4x"), 1002),
        (masked(PING, b""), 1002),
        (masked(FIN | PING, bytes(126)), 1002),
        (masked(TEXT, b"4x") + masked(FIN | TEXT, b"4y"), 1002),
        (masked(FIN | CLOSE, b"\x03"), 1002),
        (masked(FIN | CLOSE, (1005).to_bytes(2)), 1002),
        (masked(FIN | TEXT, b"4\xff"), 1007),
        (masked(TEXT, b"4\xc3") + masked(FIN | 0x0, b"("), 1007),
        (bytes((FIN | BINARY, 0xFF)) + (1 << 40).to_bytes(8) + bytes(4), 1009),
    ],
)
def test_frames_that_are_none_close_with_the_right_code(place: Place, data: bytes, code: int) -> None:
    with Socket(place) as peer:
        peer.write(data)
        assert Closed(code) == peer.end()
