"""What a viewer's side of a WebSocket sends (RFC 6455, 5.2), built byte by byte."""

from __future__ import annotations

FIN, CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x80, 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
KEY = b"\x37\xfa\x21\x3d"


def masked(first: int, payload: bytes, key: bytes = KEY) -> bytes:
    """A whole frame whose first byte is ``first``."""
    return bytes((first,)) + size_field(len(payload)) + key + xor(payload, key)


def size_field(size: int) -> bytes:
    """The size as a masked frame tells it, in the shortest form."""
    if size <= 125:
        return bytes((0x80 | size,))
    if size <= 0xFFFF:
        return b"\xfe" + size.to_bytes(2)
    return b"\xff" + size.to_bytes(8)


def xor(payload: bytes, key: bytes) -> bytes:
    """The payload masked, or unmasked (5.3)."""
    return bytes(byte ^ key[place % 4] for place, byte in enumerate(payload))


def text(message: str, key: bytes = KEY) -> bytes:
    """A text message in one frame."""
    return masked(FIN | TEXT, message.encode(), key)


def fragments(opcode: int, *parts: bytes) -> list[bytes]:
    """A message in as many frames as there are parts."""
    last = len(parts) - 1
    return [
        masked((FIN if place == last else 0) | (CONTINUATION if place else opcode), part)
        for place, part in enumerate(parts)
    ]
