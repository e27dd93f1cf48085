from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import unhurried
from windsock.engine.protocol.errors import ProtocolError
from windsock.engine.protocol.packets import (
    Packet,
    PacketType,
    decode_packet,
    decode_payload,
    encode_base64,
    encode_payload,
    open_packet,
)

LIMIT = 1000
MESSAGE, PING, PONG = PacketType.MESSAGE, PacketType.PING, PacketType.PONG


@pytest.mark.parametrize(
    ("encoded", "packet"),
    [
        ('0{"sid":"x"}', Packet(PacketType.OPEN, '{"sid":"x"}')),
        ("1", Packet(PacketType.CLOSE, "")),
        ("2", Packet(PING, "")),
        ("2probe", Packet(PING, "probe")),
        ("3probe", Packet(PONG, "probe")),
        ("4", Packet(MESSAGE, "")),
        ("4hellö", Packet(MESSAGE, "hellö")),
        ("4b", Packet(MESSAGE, "b")),
        ("5", Packet(PacketType.UPGRADE, "")),
        ("6", Packet(PacketType.NOOP, "")),
        (b"", Packet(MESSAGE, b"")),
        (b"4\0\xff", Packet(MESSAGE, b"4\0\xff")),
        ("bBP8=", Packet(MESSAGE, b"\x04\xff")),
        ("b", Packet(MESSAGE, b"")),
    ],
)
def test_a_packet_is_its_type_and_its_data(encoded: str | bytes, packet: Packet) -> None:
    assert packet == decode_packet(encoded)


@pytest.mark.parametrize("encoded", ["", "7", "9x", "abc", " 4", "-1", "٤hi", "²", "\x1e", "b4", "é"])
def test_a_packet_of_an_unknown_type_is_refused(encoded: str) -> None:
    with pytest.raises(ProtocolError):
        decode_packet(encoded)


@pytest.mark.parametrize(
    "encoded",
    [
        "bA",
        "bAQ",
        "bAQ=",
        "bAQID=",
        "bAQID====",
        "bAQ======",
        "bAQ=ID",
        "bAQ==AQID",
        "bA===",
        "b====",
        "bA QI",
        "bAQI\n",
        "b-_-_",
        "bÄQID",
    ],
)
def test_a_binary_message_that_is_not_strictly_base64_is_refused(encoded: str) -> None:
    with pytest.raises(ProtocolError, match="not base64"):
        decode_packet(encoded)


@pytest.mark.parametrize(
    ("body", "packets"),
    [
        (b"4hello", [Packet(MESSAGE, "hello")]),
        (b"4a\x1e2\x1e4\xc3\xbc", [Packet(MESSAGE, "a"), Packet(PING, ""), Packet(MESSAGE, "ü")]),
        (b"4hello\x1ebAQIDBA==", [Packet(MESSAGE, "hello"), Packet(MESSAGE, b"\1\2\3\4")]),
        (b"4\x1e4", [Packet(MESSAGE, ""), Packet(MESSAGE, "")]),
    ],
)
def test_a_payload_is_its_packets(body: bytes, packets: list[Packet]) -> None:
    assert packets == decode_payload(body, LIMIT)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty packet"),
        (b"\x1e", "empty packet"),
        (b"4a\x1e", "empty packet"),
        (b"\x1e4a", "empty packet"),
        (b"4a\x1e\x1e4b", "empty packet"),
        (b"abc", "unknown type 'a'"),
        (b"4a\x1e8", "unknown type '8'"),
        (b"4a\x1ebA", "not base64"),
        (b"4\xff", "not UTF-8"),
        (b"4\xed\xa0\x80", "not UTF-8"),
        (b"6:4hello", "unknown type|NOOP"),
    ],
)
def test_a_payload_with_anything_wrong_is_refused_as_a_whole(body: bytes, reason: str) -> None:
    if body == b"6:4hello":
        # The lengths of version 3 look like data of a packet that has none; the session decides what that means.
        assert [Packet(PacketType.NOOP, ":4hello")] == decode_payload(body, LIMIT)
        return
    with pytest.raises(ProtocolError, match=reason):
        decode_payload(body, LIMIT)


def test_a_payload_may_be_as_large_as_the_limit_and_no_larger() -> None:
    assert [Packet(MESSAGE, "a" * 9)] == decode_payload(b"4" + b"a" * 9, 10)
    with pytest.raises(ProtocolError, match=r"11 bytes; the limit is 10"):
        decode_payload(b"4" + b"a" * 10, 10)


def test_a_payload_of_very_many_packets_takes_little_memory() -> None:
    body = b"\x1e".join([b"2"] * 100_000)
    tracemalloc.start()
    try:
        packets = decode_payload(body, len(body))
        assert 100_000 == len(packets)
        assert tracemalloc.get_traced_memory()[1] < 30 * len(body)
    finally:
        tracemalloc.stop()


def test_a_payload_is_written_with_separators_and_binary_as_base64() -> None:
    assert b"4hell\xc3\xb6\x1ebAQIDBA==\x1e2" == encode_payload(["4hellö", b"\1\2\3\4", "2"])


def test_an_open_packet_has_what_the_protocol_names_with_times_in_milliseconds() -> None:
    encoded = open_packet("abc", ["websocket"], 25, 20, 1_000_000)
    assert (
        '0{"sid":"abc","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'
        == encoded
    )


@pytest.mark.parametrize(("seconds", "milliseconds"), [(0.3, 300), (0.0004, 0), (1.001, 1001), (1e-3, 1)])
def test_a_time_below_a_second_is_told_in_whole_milliseconds(seconds: float, milliseconds: int) -> None:
    told = json.loads(open_packet("abc", (), seconds, seconds, 1)[1:])
    assert [milliseconds, milliseconds] == [told["pingInterval"], told["pingTimeout"]]
    assert isinstance(told["pingInterval"], int)
    assert [] == told["upgrades"]


without_separators = st.text(alphabet=st.characters(exclude_characters="\x1e", exclude_categories=["Cs"]))
messages = st.lists(without_separators | st.binary(), min_size=1)


@unhurried
@given(messages)
def test_a_payload_that_was_written_reads_back(data: list[str | bytes]) -> None:
    body = encode_payload(["4" + item if isinstance(item, str) else item for item in data])
    assert [Packet(MESSAGE, item) for item in data] == decode_payload(body, len(body))


@unhurried
@given(st.binary())
def test_a_binary_message_in_text_reads_back(message: bytes) -> None:
    assert Packet(MESSAGE, message) == decode_packet(encode_base64(message))


@unhurried
@given(st.binary() | st.lists(st.sampled_from([b"4", b"b", b"\x1e", b"AQID", b"=", b"\xff", b"2probe"])).map(b"".join))
def test_any_body_is_packets_or_a_protocol_error(body: bytes) -> None:
    try:
        packets = decode_payload(body, LIMIT)
    except ProtocolError:
        return
    assert packets
    assert all(isinstance(packet.data, str) or packet.type == MESSAGE for packet in packets)
