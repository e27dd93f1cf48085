"""Engine.IO packets, version 4 of the protocol ("Packet encoding" in its document).

A packet is a digit and its data. A binary message is a WebSocket binary frame as it is; where only text can
pass, in a polling payload, it is "b" and base64.
"""

from __future__ import annotations

import binascii
import json
from base64 import b64encode
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from windsock.engine.protocol.errors import ProtocolError

SEPARATOR = "\x1e"
"""Stands between the packets of a polling payload."""
MESSAGE = "4"
"""What a text message begins with."""


class PacketType(IntEnum):
    """What a packet is for."""

    OPEN = 0
    CLOSE = 1
    PING = 2
    PONG = 3
    MESSAGE = 4
    UPGRADE = 5
    NOOP = 6


class Packet(NamedTuple):
    """One packet. ``data`` is bytes only in a binary message."""

    type: PacketType
    data: str | bytes


_TYPES = {str(kind.value): kind for kind in PacketType}
# Packets without data are shared: a payload of a megabyte can hold half a million of them.
_BARE = {digit: Packet(kind, "") for digit, kind in _TYPES.items()}


def decode_packet(encoded: str | bytes) -> Packet:
    """The packet in one WebSocket message: a str from a text frame, bytes from a binary one.

    A text may hold a binary message in base64, as clients send it that are told to. Raises ProtocolError.
    """
    if isinstance(encoded, bytes):
        return Packet(PacketType.MESSAGE, encoded)
    kind = _TYPES.get(encoded[:1])
    if kind is None:
        return _decode_rare(encoded)
    return Packet(kind, encoded[1:])


def decode_payload(body: bytes, limit: int) -> list[Packet]:
    """The packets in the body of a polling request, of which there is at least one.

    Raises ProtocolError, for the body as a whole: too many bytes, no UTF-8, or any packet that is none.
    """
    if len(body) > limit:
        raise ProtocolError(f"a payload of {len(body):,} bytes; the limit is {limit:,}")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise ProtocolError("a payload that is not UTF-8") from None
    return [_BARE.get(encoded) or decode_packet(encoded) for encoded in text.split(SEPARATOR)]


def encode_payload(packets: Iterable[str | bytes]) -> bytes:
    """The body of a polling response: a str is an encoded packet ("4hi", "2"), bytes are a binary message."""
    return SEPARATOR.join(packet if isinstance(packet, str) else encode_base64(packet) for packet in packets).encode()


def encode_base64(message: bytes) -> str:
    """A binary message where only text can pass: in a payload, or to a client that asked for it with ``b64=1``."""
    return "b" + b64encode(message).decode("ascii")


def open_packet(sid: str, upgrades: Sequence[str], ping_interval: float, ping_timeout: float, max_payload: int) -> str:
    """The first packet of a session ("Handshake"). Times are in seconds, and go out as whole milliseconds."""
    handshake = {
        "sid": sid,
        "upgrades": list(upgrades),
        "pingInterval": round(ping_interval * 1000),
        "pingTimeout": round(ping_timeout * 1000),
        "maxPayload": max_payload,
    }
    return "0" + json.dumps(handshake, separators=(",", ":"))


def _decode_rare(encoded: str) -> Packet:
    if not encoded:
        raise ProtocolError("an empty packet")
    if encoded[0] != "b":
        raise ProtocolError(f"a packet of the unknown type {encoded[0]!r}")
    # Python 3.11 takes more padding than base64 has (RFC 4648, 4).
    if len(encoded) % 4 != 1 or encoded.endswith("==="):
        raise ProtocolError("a binary message that is not base64")
    try:
        return Packet(PacketType.MESSAGE, binascii.a2b_base64(encoded[1:], strict_mode=True))
    except ValueError:  # binascii.Error is one, and so is what is no ASCII
        raise ProtocolError("a binary message that is not base64") from None
