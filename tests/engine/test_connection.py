from __future__ import annotations

import pytest

from tests.engine.hosted import FINE, Hosted, hosted
from tests.engine.protocol.frames import BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, fragments, masked, text
from tests.engine.raw import Socket, Wire, viewer
from tests.waiting import eventually

NORMAL, GOING_AWAY, PROTOCOL_ERROR, INVALID, POLICY, TOO_BIG = 1000, 1001, 1002, 1007, 1008, 1009
PACKET = '42/windsock,7["unwatch",{"things":[]}]'
ACK = '43/windsock,7[{"ok":true}]'


def answered(found: Socket) -> None:
    """See that the viewer is still served."""
    found.say(PACKET)
    assert ACK == found.hear()


# ------------------------------------------------------------------------------------------------- frames


def test_a_message_may_come_in_fragments_with_control_frames_between_them(idle: Hosted) -> None:
    with viewer(idle.port) as found:
        found.connect()
        first, second, third = fragments(TEXT, *(PACKET[a:b].encode() for a, b in ((0, 3), (3, 9), (9, None))))
        found.wire.send(first + masked(FIN | PING, b"are you there") + second + masked(FIN | PONG, b"") + third)
        assert (FIN | PONG, b"are you there") == found.frame()
        assert ACK == found.hear()


def test_several_messages_may_come_at_once_and_one_in_many_pieces(idle: Hosted) -> None:
    with viewer(idle.port) as found:
        found.connect()
        found.wire.send(text(PACKET) * 3 + text(PACKET)[:7])
        found.wire.send(text(PACKET)[7:])
        assert [ACK] * 4 == [found.hear() for _ in range(4)]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (bytes((FIN | TEXT, 1)) + b"3", PROTOCOL_ERROR),
        (masked(FIN | 0x40 | TEXT, b"3"), PROTOCOL_ERROR),
        (masked(FIN | 0x3, b""), PROTOCOL_ERROR),
        (masked(FIN | PING, b"x" * 126), PROTOCOL_ERROR),
        (masked(PING, b""), PROTOCOL_ERROR),
        (masked(FIN | CONTINUATION, b""), PROTOCOL_ERROR),
        (masked(TEXT, b"4") + masked(FIN | TEXT, b"4"), PROTOCOL_ERROR),
        (masked(FIN | CLOSE, b"\x03\xec"), PROTOCOL_ERROR),
        (masked(FIN | CLOSE, b"\x03"), PROTOCOL_ERROR),
        (masked(FIN | TEXT, b"4\xff"), INVALID),
        (text("4nonsense"), PROTOCOL_ERROR),
        (text("7"), PROTOCOL_ERROR),
        (masked(FIN | BINARY, b"\x00"), PROTOCOL_ERROR),
    ],
)
def test_what_breaks_the_protocol_is_closed_with_the_code_for_it(idle: Hosted, frame: bytes, code: int) -> None:
    with viewer(idle.port) as found:
        found.connect("cloud")
        found.wire.send(frame)
        closed, words = found.closing()
        assert (code, True) == (closed, bool(words))
        eventually(lambda: not idle.engine.sessions)
    eventually(lambda: not idle.books)


def test_what_came_before_a_mistake_in_the_same_bytes_still_counts(idle: Hosted) -> None:
    with viewer(idle.port) as found:
        found.connect()
        found.wire.send(text(PACKET) + masked(FIN | 0x3, b"") + text(PACKET))
        assert ACK == found.hear()
        assert PROTOCOL_ERROR == found.closing()[0]


@pytest.mark.parametrize("parts", [1, 3])
def test_a_message_that_is_too_big_is_refused_before_it_has_come(parts: int) -> None:
    with hosted(limits={"message_size": 1000}) as running, viewer(running.port) as found:
        found.connect()
        answered(found)
        whole = b"".join(fragments(TEXT, *[b"x" * (1002 // parts)] * parts))
        found.wire.send(whole[:-10])
        closed, words = found.closing()
        assert (TOO_BIG, "more than 1,000 bytes (the limit message_size)") == (closed, words)


# ------------------------------------------------------------------------------------------------- closing


@pytest.mark.parametrize(
    ("payload", "answer"), [(b"", b"\x03\xe8"), (b"\x03\xe9bye", b"\x03\xe9"), (b"\x0f\xa0", b"\x0f\xa0")]
)
def test_a_close_is_answered_and_ends_the_session(idle: Hosted, payload: bytes, answer: bytes) -> None:
    with viewer(idle.port) as found:
        found.connect("cloud")
        found.wire.send(masked(FIN | CLOSE, payload) + text(PACKET))
        assert (FIN | CLOSE, answer) == found.frame()
        assert found.wire.ended()
        eventually(lambda: not idle.books)


def test_a_packet_that_closes_the_session_closes_the_socket(idle: Hosted) -> None:
    with viewer(idle.port) as found:
        found.say("1")
        assert (NORMAL, "") == found.closing()
        assert found.wire.ended()
        eventually(lambda: not idle.books)


def test_who_answers_the_close_after_a_mistake_is_let_go_at_once(idle: Hosted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("windsock.engine.connection.LINGER", 60.0)
    with viewer(idle.port) as found:
        found.wire.send(masked(FIN | 0x3, b""))
        found.closing()
        assert found.wire.ended()
    eventually(lambda: not idle.books)


@pytest.mark.parametrize("frame", [masked(FIN | 0x3, b""), text("1")])
def test_who_does_not_answer_the_close_is_cut_off_in_the_end(
    idle: Hosted, frame: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("windsock.engine.connection.LINGER", 2.0)
    with viewer(idle.port) as found:
        found.wire.send(frame)
        assert FIN | CLOSE == found.frame()[0]
        eventually(lambda: idle.books == {"expected": 1})
        assert found.wire.ended()
        eventually(lambda: not idle.books)


def test_half_a_connection_is_none(idle: Hosted) -> None:
    with viewer(idle.port) as found:
        found.connect("cloud")
        found.wire.socket.shutdown(1)
        assert found.wire.ended()
        eventually(lambda: not idle.books)


def test_a_connection_that_breaks_leaves_nothing_behind(idle: Hosted) -> None:
    for _ in range(5):
        with viewer(idle.port) as found:
            found.connect("cloud", "kiln")
            assert {"sessions": 1, "addresses": 1, "beats": 1, "viewers": 1, "watching": 2} == idle.books
        eventually(lambda: not idle.books)


# ----------------------------------------------------------------------------------------------- timeouts


def test_a_viewer_that_does_not_answer_pings_is_ended() -> None:
    with hosted(ping_interval=0.1, ping_timeout=2.0) as running, viewer(running.port) as found:
        found.connect("cloud")
        assert (FIN | TEXT, b"2") == found.frame()
        assert (GOING_AWAY, "no answer to a ping") == found.closing()
        eventually(lambda: not running.books)


def test_a_viewer_that_answers_pings_stays() -> None:
    with hosted(ping_interval=0.1, ping_timeout=10.0) as running, viewer(running.port) as found:
        found.connect("cloud")
        for _ in range(4):
            assert (FIN | TEXT, b"2") == found.frame()
            found.say("3")
        answered(found)


def test_who_joins_no_namespace_in_time_is_ended() -> None:
    with (
        hosted(limits={"connect_timeout": 2.0}, **FINE) as running,
        viewer(running.port) as late,
        viewer(running.port) as refused,
        viewer(running.port) as joined,
    ):
        refused.say("40/fog,")
        assert "44/fog," in refused.hear()
        joined.connect()
        words = (POLICY, "it connected to no namespace in time (the limit connect_timeout)")
        assert [words] * 2 == [late.closing(), refused.closing()]
        answered(joined)


# -------------------------------------------------------------------------------------------------- limits


def test_who_asks_too_often_is_ended_with_the_name_of_the_limit() -> None:
    with hosted(limits={"events_per_second": 5}) as running, viewer(running.port) as found:
        found.connect()
        found.wire.send(text(PACKET) * 30)
        assert [ACK] * 9 == [found.hear() for _ in range(9)]
        assert (PROTOCOL_ERROR, "more than 5 events a second (the limit events_per_second)") == found.closing()


@pytest.mark.parametrize("frame", [text("3"), masked(FIN | PING, b""), masked(FIN | PONG, b"")])
def test_a_flood_of_what_is_no_event_is_ended_too(frame: bytes) -> None:
    with hosted(limits={"events_per_second": 5}) as running, viewer(running.port) as found:
        found.connect()
        found.wire.send(frame * 1000)
        assert found.closing()[0] in (PROTOCOL_ERROR, POLICY)


def test_a_viewer_watches_no_more_things_than_it_may() -> None:
    with hosted(limits={"things_per_viewer": 1}) as running, viewer(running.port) as found:
        found.say("40/windsock,")
        assert "a viewer watches at most 1 things" in found.hear()
        found.connect("cloud")
        found.say('42/windsock,7["watch",{"things":["kiln"]}]')
        assert '"code":"bad_request"' in found.hear()


def test_a_handshake_that_goes_nowhere_is_no_session(idle: Hosted) -> None:
    with Wire(idle.port) as wire:
        wire.send(b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n")
        assert 400 == wire.response().status
    eventually(lambda: not idle.books)
