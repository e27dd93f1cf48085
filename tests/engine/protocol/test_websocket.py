from __future__ import annotations

import sys
import time
import tracemalloc
from collections.abc import Iterable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import unhurried
from tests.engine.protocol.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    FIN,
    KEY,
    PING,
    PONG,
    TEXT,
    fragments,
    masked,
    text,
    xor,
)
from windsock.engine.protocol.errors import ProtocolError, WebSocketError
from windsock.engine.protocol.websocket import (
    Close,
    Event,
    FrameDecoder,
    Message,
    Ping,
    Pong,
    accept_key,
    encode_binary,
    encode_close,
    encode_pong,
    encode_text,
)

LIMIT = 1000


def decode(*pieces: bytes, limit: int = LIMIT) -> list[Event]:
    """The events of these pieces, fed one by one."""
    decoder = FrameDecoder(limit)
    return [event for piece in pieces for event in decoder.feed(piece)]


def outcome(pieces: Iterable[bytes], limit: int = LIMIT) -> tuple[Sequence[Event], str | None]:
    """The events up to a mistake, and that mistake, if there is one."""
    decoder = FrameDecoder(limit)
    events: list[Event] = []
    for piece in pieces:
        try:
            events += decoder.feed(piece)
        except WebSocketError as error:
            return [*events, *error.events], f"{error.code} {error}"
    return events, None


def refusal(*pieces: bytes, limit: int = LIMIT) -> int:
    """The close code that these pieces deserve, and nothing else happens."""
    with pytest.raises(WebSocketError) as caught:
        decode(*pieces, limit=limit)
    assert str(caught.value)
    return caught.value.code


def in_bytes(stream: bytes) -> list[bytes]:
    return [stream[place : place + 1] for place in range(len(stream))]


# ------------------------------------------------------------------------------------------- messages


def test_the_example_of_the_rfc_is_read() -> None:
    assert [Message("Hello")] == decode(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 124, 125, 126, 127, 128, 32767, 32768, 32769, 65535, 65536, 70000])
@pytest.mark.parametrize("whole", [True, False])
def test_a_message_of_any_size_comes_as_it_was_sent(size: int, whole: bool) -> None:
    data = bytes(place * 7 % 256 for place in range(size))
    letters = "".join(chr(97 + place % 26) for place in range(size))
    for frame, expected in ((masked(FIN | BINARY, data), data), (text(letters), letters)):
        pieces = [frame] if whole else [frame[:9], frame[9:]]
        assert [Message(expected)] == decode(*pieces, limit=size)


@pytest.mark.parametrize("key", [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\1", b"\x80\0\0\0"])
def test_any_key_masks(key: bytes) -> None:
    for message in ("", "a", "\0\0\0\0", "42[]"):
        assert [Message(message)] == decode(text(message, key))


def test_characters_of_several_bytes_are_read_whole_even_from_two_fragments() -> None:
    whole = "🌬 wind ü"
    split = fragments(TEXT, whole.encode()[:2], whole.encode()[2:])
    assert [Message(whole)] == decode(text(whole))
    assert [Message(whole)] == decode(*split)


def test_frames_that_arrive_together_are_all_read() -> None:
    assert [Message("2probe"), Message("5")] == decode(text("2probe") + text("5"))


def test_fragments_become_one_message() -> None:
    assert [Message(b"abc")] == decode(*fragments(BINARY, b"a", b"", b"b", b"c"))
    assert [Message("")] == decode(*fragments(TEXT, b"", b""))


def test_control_frames_between_fragments_come_at_once() -> None:
    first, last = fragments(TEXT, b"a", b"b")
    assert [Ping(b"p"), Pong(b"q"), Message("ab")] == decode(
        first, masked(FIN | PING, b"p"), masked(FIN | PONG, b"q"), last
    )


def test_after_a_fragmented_message_another_can_follow() -> None:
    assert [Message("ab"), Message("c"), Message(b"de")] == decode(
        *fragments(TEXT, b"a", b"b"), text("c"), *fragments(BINARY, b"d", b"e")
    )


@pytest.mark.parametrize("payload", [b"", b"x", b"x" * 125])
def test_a_ping_and_a_pong_carry_up_to_125_bytes(payload: bytes) -> None:
    assert [Ping(payload), Pong(payload)] == decode(masked(FIN | PING, payload), masked(FIN | PONG, payload))


# ------------------------------------------------------------------------------------------- closing


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"", Close(None, "")),
        (b"\x03\xe8", Close(1000, "")),
        (b"\x03\xe9gone \xc3\xbc", Close(1001, "gone ü")),
        (b"\x0b\xb8" + b"x" * 123, Close(3000, "x" * 123)),
    ],
)
def test_a_close_frame_has_a_code_and_a_reason_or_neither(payload: bytes, expected: Close) -> None:
    assert [expected] == decode(masked(FIN | CLOSE, payload))


CODES = [*range(1000, 1004), *range(1007, 1015), 3000, 3999, 4000, 4999]
NO_CODES = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]


@pytest.mark.parametrize("code", CODES)
def test_a_close_code_that_may_be_sent_is_taken(code: int) -> None:
    assert [Close(code, "")] == decode(masked(FIN | CLOSE, code.to_bytes(2)))


@pytest.mark.parametrize("code", NO_CODES)
def test_a_close_code_that_may_not_be_sent_is_refused(code: int) -> None:
    assert 1002 == refusal(masked(FIN | CLOSE, code.to_bytes(2)))


def test_what_follows_a_close_frame_does_not_count() -> None:
    close = masked(FIN | CLOSE, b"\x03\xe8")
    expected = [Message("a"), Close(1000, "")]
    assert expected == decode(text("a") + close + text("b"))
    assert expected == decode(text("a"), close, text("b"), b"\xff\xff rubbish")


def test_a_close_frame_ends_even_an_unfinished_message() -> None:
    first, last = fragments(TEXT, b"a", b"b")
    assert [Close(None, "")] == decode(first, masked(FIN | CLOSE, b""), last)


# ------------------------------------------------------------------------------------------- mistakes

CONTROL = (CLOSE, PING, PONG)
FIRST, LAST = fragments(TEXT, b"a", b"b")
MISTAKES = {
    "no mask": (1002, b"\x81\x05Hello"),
    "no mask, nothing in it": (1002, b"\x81\x00"),
    **{f"reserved bit {bit:#x}": (1002, masked(FIN | bit | TEXT, b"a")) for bit in (0x40, 0x20, 0x10)},
    **{f"opcode {opcode}": (1002, masked(FIN | opcode, b"")) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    **{f"fragmented control frame {opcode}": (1002, masked(opcode, b"")) for opcode in CONTROL},
    **{f"long control frame {opcode}": (1002, masked(FIN | opcode, b"x" * 126)) for opcode in CONTROL},
    "continuation of nothing": (1002, LAST),
    "continuation of nothing that goes on": (1002, masked(CONTINUATION, b"")),
    "continuation of a message that was whole": (1002, FIRST + LAST + LAST),
    "message within a message": (1002, FIRST + text("b")),
    "first fragment within a message": (1002, FIRST + FIRST),
    "size with its highest bit set": (1002, b"\x82\xff\x80" + bytes(7) + KEY),
    "highest size of all": (1002, b"\x82\xff" + b"\xff" * 8 + KEY),
    "short size in two bytes": (1002, b"\x82\xfe\x00\x7d" + KEY + bytes(125)),
    "no size in two bytes": (1002, b"\x82\xfe\x00\x00" + KEY),
    "short size in eight bytes": (1002, b"\x82\xff" + (65535).to_bytes(8) + KEY),
    "text that is not UTF-8": (1007, masked(FIN | TEXT, b"\xff")),
    "text with a surrogate": (1007, masked(FIN | TEXT, b"\xed\xa0\x80")),
    "text in an overlong form": (1007, masked(FIN | TEXT, b"\xc0\xaf")),
    "text that breaks off within a character": (1007, masked(FIN | TEXT, b"\xc3")),
    "long text that is not UTF-8": (1007, masked(FIN | TEXT, b"x" * 200 + b"\xff")),
    "fragments that are no UTF-8 together": (1007, b"".join(fragments(TEXT, b"\xc3", b"a"))),
    "close with half a code": (1002, masked(FIN | CLOSE, b"\x03")),
    "close with a reason that is not UTF-8": (1007, masked(FIN | CLOSE, b"\x03\xe8\xff")),
}


@pytest.mark.parametrize("name", MISTAKES)
@pytest.mark.parametrize("in_one", [True, False])
def test_a_mistake_is_refused_with_its_close_code_in_one_piece_and_in_many(name: str, in_one: bool) -> None:
    code, stream = MISTAKES[name]
    assert code == refusal(*[stream] if in_one else in_bytes(stream))


def test_a_mistake_is_a_protocol_error_with_a_reason_for_people() -> None:
    with pytest.raises(ProtocolError, match=r"^a frame that is not masked$"):
        decode(b"\x81\x05Hello")


def test_what_came_before_a_mistake_still_counts() -> None:
    with pytest.raises(WebSocketError) as caught:
        decode(text("a") + text("b") + b"\x81\x00" + text("c"))
    assert [Message("a"), Message("b")] == caught.value.events


def test_after_a_mistake_nothing_is_read_any_more() -> None:
    decoder = FrameDecoder(LIMIT)
    with pytest.raises(WebSocketError):
        decoder.feed(b"\x81\x05Hello")
    assert [] == decoder.feed(text("a"))
    assert [] == decoder.feed(b"\x81\x05Hello")


# ----------------------------------------------------------------------------------------------- size


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("limit", [0, 5, 125, 126, 65535, 65536])
def test_the_limit_is_the_greatest_message_that_is_taken(opcode: int, limit: int) -> None:
    assert 1 == len(decode(masked(FIN | opcode, bytes(limit)), limit=limit))
    assert 1009 == refusal(masked(FIN | opcode, bytes(limit + 1)), limit=limit)


@pytest.mark.parametrize("sizes", [(4, 7), (0, 11), (10, 1), (5, 5, 1)])
def test_the_limit_is_for_the_fragments_together(sizes: tuple[int, ...]) -> None:
    parts = [bytes(size) for size in sizes]
    assert [Message(bytes(11))] == decode(*fragments(BINARY, *parts), limit=11)
    assert 1009 == refusal(*fragments(BINARY, *parts), limit=10)


def test_control_frames_do_not_count_towards_the_limit() -> None:
    first, last = fragments(BINARY, b"a", b"b")
    ping = masked(FIN | PING, bytes(125))
    assert [Ping(bytes(125)), Message(b"ab")] == decode(first, ping, last, limit=2)


@pytest.mark.parametrize("header", [b"\x82\x8b", b"\x82\xfe\x00\x7e", b"\x82\xff" + (1 << 62).to_bytes(8)])
def test_a_message_that_is_too_large_is_refused_before_any_of_it_is_kept(header: bytes) -> None:
    assert 1009 == refusal(header, limit=10)


def test_a_header_that_promises_much_takes_no_memory_for_it() -> None:
    tracemalloc.start()
    try:
        decoder = FrameDecoder(1 << 30)
        decoder.feed(b"\x82\xff" + (1 << 30).to_bytes(8) + KEY + b"abc")
        assert tracemalloc.get_traced_memory()[1] < 10_000
    finally:
        tracemalloc.stop()


def own_size(decoder: FrameDecoder) -> int:
    """Bytes of what the decoder is and refers to alone."""
    kept = decoder._unfinished
    return sys.getsizeof(decoder) + (0 if kept is None else sys.getsizeof(kept))


@pytest.mark.parametrize(
    "pieces",
    [[], [text("a")], [text("a" * 500)], [FIRST, LAST], in_bytes(text("a") + text("b")), [FIRST + LAST[:3], LAST[3:]]],
)
def test_a_decoder_that_waits_for_nothing_keeps_nothing(pieces: list[bytes]) -> None:
    decoder = FrameDecoder(LIMIT)
    for piece in pieces:
        decoder.feed(piece)
    assert not hasattr(decoder, "__dict__")
    assert own_size(decoder) <= 64


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_message_in_very_many_pieces_takes_time_in_proportion(opcode: int) -> None:
    def seconds(size: int) -> float:
        pieces = in_bytes(masked(FIN | opcode, bytes(size)))
        fed = time.process_time()
        assert 1 == len(decode(*pieces, limit=size))
        return time.process_time() - fed

    # Quadratic it would take 100 times as long, and be over a minute for a megabyte.
    assert seconds(1_000_000) < 40 * max(seconds(100_000), 0.01)


def test_very_many_frames_in_one_piece_take_time_in_proportion() -> None:
    def seconds(count: int) -> float:
        piece = text("2") * count
        fed = time.process_time()
        assert count == len(decode(piece))
        return time.process_time() - fed

    assert seconds(100_000) < 40 * max(seconds(10_000), 0.01)


# ------------------------------------------------------------------------------------------ any stream

payloads = st.binary(max_size=300)
frames = st.one_of(
    st.text(max_size=300).map(text),
    payloads.map(lambda data: masked(FIN | BINARY, data)),
    st.lists(st.binary(max_size=90), min_size=2, max_size=5).map(lambda parts: b"".join(fragments(BINARY, *parts))),
    st.binary(max_size=125).map(lambda data: masked(FIN | PING, data)),
    st.binary(max_size=125).map(lambda data: masked(FIN | PONG, data)),
)
mistakes = st.sampled_from([stream for _, stream in MISTAKES.values()])
rubbish = st.binary(max_size=40)
streams = st.tuples(st.lists(frames, max_size=6).map(b"".join), st.just(b"") | mistakes | rubbish).map(b"".join)
cuts = st.lists(st.integers(min_value=0, max_value=3000), max_size=12)


def split(stream: bytes, places: list[int]) -> list[bytes]:
    borders = [0, *sorted(min(place, len(stream)) for place in places), len(stream)]
    return [stream[start:end] for start, end in pairwise(borders)]


ALL_KINDS = b"".join(
    [
        text("x" * 130),
        text("ü"),
        FIRST,
        masked(FIN | PING, b"p"),
        LAST,
        *fragments(BINARY, bytes(140), b"", b"b"),
        text(""),
    ]
)


@pytest.mark.parametrize("end", [b"", masked(FIN | CLOSE, b"\x03\xe8bye"), b"\x82\xff\x80" + bytes(7), b"\x81\x05"])
def test_wherever_a_stream_is_cut_in_two_or_three_it_means_the_same(end: bytes) -> None:
    stream = ALL_KINDS + end
    whole = outcome([stream])
    assert 6 <= len(whole[0])
    for place in range(len(stream)):
        assert whole == outcome(split(stream, [place]))
        assert whole == outcome(split(stream, [place, place + 1]))
        assert whole == outcome(split(stream, list(range(place + 1, len(stream), place + 1))))


@unhurried
@given(streams, cuts)
def test_however_a_stream_is_split_it_means_the_same(stream: bytes, places: list[int]) -> None:
    assert outcome([stream]) == outcome(split(stream, places)) == outcome(in_bytes(stream))


@unhurried
@given(st.lists(st.binary(max_size=60), max_size=5))
def test_any_bytes_are_events_or_a_websocket_error(pieces: list[bytes]) -> None:
    outcome(pieces)


@unhurried
@given(st.text(max_size=200) | payloads, st.binary(min_size=4, max_size=4))
def test_what_the_server_sends_reads_back_once_it_is_masked(message: str | bytes, key: bytes) -> None:
    sent = encode_text(message) if isinstance(message, str) else encode_binary(message)
    payload = message.encode() if isinstance(message, str) else message
    header = len(sent) - len(payload)
    assert [Message(message)] == decode(
        sent[:1] + bytes((sent[1] | 0x80,)) + sent[2:header] + key + xor(sent[header:], key)
    )


# -------------------------------------------------------------------------------------------- sending


@pytest.mark.parametrize(
    ("size", "header"),
    [
        (0, b"\x82\x00"),
        (125, b"\x82\x7d"),
        (126, b"\x82\x7e\x00\x7e"),
        (65535, b"\x82\x7e\xff\xff"),
        (65536, b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_a_size_is_told_in_the_shortest_form(size: int, header: bytes) -> None:
    assert header + bytes(size) == encode_binary(bytes(size))


def test_a_text_is_sent_as_utf_8_with_its_size_in_bytes() -> None:
    assert b"\x81\x02\xc3\xbc" == encode_text("ü")


def test_a_ping_is_answered_with_its_payload() -> None:
    assert b"\x8a\x03abc" == encode_pong(b"abc")


def test_a_close_frame_says_why() -> None:
    assert b"\x88\x02\x03\xe8" == encode_close(1000)
    assert b"\x88\x06\x03\xf1size" == encode_close(1009, "size")


@pytest.mark.parametrize(
    ("reason", "kept"), [("x" * 124, "x" * 123), ("ü" * 62, "ü" * 61), ("🌬" * 31, "🌬" * 30), ("a\ud800", "a?")]
)
def test_a_reason_is_cut_between_characters_to_what_a_control_frame_holds(reason: str, kept: str) -> None:
    frame = encode_close(1008, reason)
    assert len(frame) == 2 + frame[1] <= 2 + 125
    assert kept == frame[4:].decode()


def test_a_handshake_is_accepted_as_in_the_example_of_the_rfc() -> None:
    assert "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" == accept_key("dGhlIHNhbXBsZSBub25jZQ==")
