"""WebSocket frames (RFC 6455), on the server's side, without extensions.

A viewer that sends nothing costs its decoder's two slots: what is needed only while a frame or a message is
incomplete is dropped when it is complete.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha1
from typing import NamedTuple

from windsock.engine.protocol.errors import WebSocketError

NORMAL, GOING_AWAY, PROTOCOL_ERROR, INVALID_DATA, POLICY, TOO_BIG = 1000, 1001, 1002, 1007, 1008, 1009
"""Close codes (RFC 6455, 7.4.1)."""
SERVICE_RESTART = 1012
"""The server goes, and clients may come again; registered with IANA (RFC 6455, 11.7)."""

_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_OPCODES = frozenset((_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG))
_FIN, _RESERVED, _CONTROL = 0x80, 0x70, 0x8
_WHOLE_TEXT = _FIN | _TEXT
_MASKED = 0x80
_KEY_SIZE = 4
_SHORT_SIZE = 125
"""The greatest payload whose size stands in the header's second byte, and the greatest of a control frame (5.5)."""
_BLOCK = 1 << 15
"""Bytes that are unmasked at once: numbers that outgrow the processor's cache take more than twice as long."""
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
# Those of the RFC, and those registered with IANA since (RFC 6455, 11.7), that may stand in a frame.
_CLOSE_CODES = frozenset((*range(1000, 1004), *range(1007, 1015)))


class Message(NamedTuple):
    """A whole message: a str from text frames, bytes from binary ones."""

    data: str | bytes


class Ping(NamedTuple):
    """A ping, to be answered with `encode_pong` of the same payload."""

    payload: bytes


class Pong(NamedTuple):
    """An answer to a ping, or one that nobody asked for."""

    payload: bytes


class Close(NamedTuple):
    """The viewer closes, and nothing that follows counts. Without a code none was given."""

    code: int | None
    reason: str


Event = Message | Ping | Pong | Close


class _Unfinished:
    """What is kept while a frame or a message is incomplete."""

    __slots__ = ("buffer", "message", "needed", "opcode")

    def __init__(self) -> None:
        self.buffer: bytes | bytearray = b""  # the beginning of a frame
        self.needed = 2  # how long it must at least become before it is worth another look
        self.opcode = _CONTINUATION  # of the message whose fragments are being collected, if not _CONTINUATION
        self.message = bytearray()


_CLOSED = _Unfinished()
"""Stands for a decoder that has seen the end. Never changed."""


class FrameDecoder:
    """Takes in what a viewer sends, in pieces of any size, and gives what it means.

    ``max_size`` is the greatest message, in bytes, its fragments together; a greater one is refused when a header
    tells of it, so no more than that is ever kept.
    """

    __slots__ = ("_max_size", "_unfinished")

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._unfinished: _Unfinished | None = None

    def feed(self, data: bytes) -> list[Event]:
        """What these bytes complete, in order. After a Close or an error: nothing, for ever.

        Raises WebSocketError, which carries the events that came before the mistake.
        """
        size = len(data) - 6
        # Nearly everything that viewers send: one short text, in one frame, which arrives at once.
        if (
            self._unfinished is None
            and 0 <= size <= _SHORT_SIZE
            and data[0] == _WHOLE_TEXT
            and data[1] == size | _MASKED
            and size <= self._max_size
        ):
            try:
                return [Message(str(_unmask(data[2:6], data[6:]), "utf-8"))]
            except UnicodeDecodeError:
                pass  # refused below, as everything else is
        return self._feed(data)

    def _feed(self, data: bytes | bytearray) -> list[Event]:
        unfinished = self._unfinished
        if unfinished is _CLOSED:
            return []
        if unfinished is None:
            unfinished = _Unfinished()
        elif unfinished.buffer:
            unfinished.buffer += data
            if len(unfinished.buffer) < unfinished.needed:
                return []
            data = unfinished.buffer
        events: list[Event] = []
        try:
            end = self._decode(data, unfinished, events)
        except WebSocketError as error:
            self._unfinished = _CLOSED
            error.events = events
            raise
        if events and isinstance(events[-1], Close):
            self._unfinished = _CLOSED
        elif end < len(data) or unfinished.opcode:
            # A bytearray grows without being copied each time: a frame in many pieces takes linear time.
            unfinished.buffer = bytearray(data[end:]) if end < len(data) else b""
            self._unfinished = unfinished
        else:
            self._unfinished = None
        return events

    def _decode(self, data: bytes | bytearray, unfinished: _Unfinished, events: list[Event]) -> int:
        """Add what the whole frames in ``data`` mean to ``events``; return where they end."""
        start = 0
        while len(data) - start >= 2:
            first = data[start]
            _check_start(first, data[start + 1], unfinished.opcode)
            header = _header_size(data[start + 1])
            unfinished.needed = header - _KEY_SIZE
            if len(data) - start < unfinished.needed:
                break
            size = _payload_size(data, start, header)
            if not first & _CONTROL and len(unfinished.message) + size > self._max_size:
                raise WebSocketError(TOO_BIG, f"more than {self._max_size:,} bytes (the limit message_size)")
            unfinished.needed = header + size
            if len(data) - start < unfinished.needed:
                break
            payload = start + header
            start, unfinished.needed = payload + size, 2
            event = _take(first, _unmask(data[payload - _KEY_SIZE : payload], data[payload:start]), unfinished)
            if event is not None:
                events.append(event)
                if isinstance(event, Close):
                    break
        return start


def encode_text(text: str) -> bytes:
    """A text message in one frame. The same bytes can be written to every viewer."""
    payload = text.encode()
    return _header(_TEXT, len(payload)) + payload


def encode_binary(data: bytes) -> bytes:
    """A binary message in one frame."""
    return _header(_BINARY, len(data)) + data


def encode_pong(payload: bytes) -> bytes:
    """The answer to a ping, with the ping's payload."""
    return _header(_PONG, len(payload)) + payload


def encode_close(code: int, reason: str = "") -> bytes:
    """A close frame. The reason is cut, between characters, to the bytes that there is room for (5.5)."""
    room = _SHORT_SIZE - 2
    text = reason.encode(errors="replace")[:room].decode(errors="ignore").encode()
    return _header(_CLOSE, 2 + len(text)) + code.to_bytes(2) + text


def accept_key(key: str) -> str:
    """What Sec-WebSocket-Accept says to a Sec-WebSocket-Key (4.2.2)."""
    return b64encode(sha1(key.encode("ascii") + _GUID, usedforsecurity=False).digest()).decode("ascii")


def _header(opcode: int, size: int) -> bytes:
    if size <= _SHORT_SIZE:
        return bytes((_FIN | opcode, size))
    if size < 1 << 16:
        return bytes((_FIN | opcode, 126)) + size.to_bytes(2)
    return bytes((_FIN | opcode, 127)) + size.to_bytes(8)


def _unmask(key: bytes | bytearray, payload: bytes | bytearray) -> bytes:
    """The payload as it was before it was masked (5.3). As numbers, for that is a single XOR."""
    size = len(payload)
    if size > _BLOCK:
        return b"".join([_unmask(key, payload[start : start + _BLOCK]) for start in range(0, size, _BLOCK)])
    return (int.from_bytes(payload) ^ int.from_bytes((key * (size // _KEY_SIZE + 1))[:size])).to_bytes(size)


def _check_start(first: int, second: int, collecting: int) -> None:
    """Refuse what a frame's first two bytes show to be wrong (5.2, 5.4, 5.5)."""
    opcode = first & 0xF
    if first & _RESERVED:
        raise WebSocketError(PROTOCOL_ERROR, "a frame with reserved bits")
    if opcode not in _OPCODES:
        raise WebSocketError(PROTOCOL_ERROR, f"a frame of the unknown kind {opcode}")
    if not second & _MASKED:
        raise WebSocketError(PROTOCOL_ERROR, "a frame that is not masked")
    if opcode & _CONTROL:
        if not first & _FIN:
            raise WebSocketError(PROTOCOL_ERROR, "a control frame in fragments")
        if second & ~_MASKED > _SHORT_SIZE:
            raise WebSocketError(PROTOCOL_ERROR, "a control frame that is too long")
    elif opcode == _CONTINUATION and not collecting:
        raise WebSocketError(PROTOCOL_ERROR, "a continuation of nothing")
    elif opcode != _CONTINUATION and collecting:
        raise WebSocketError(PROTOCOL_ERROR, "a new message within a fragmented one")


def _header_size(second: int) -> int:
    """Bytes from a frame's start to its payload."""
    size = second & ~_MASKED
    return 2 + (0 if size <= _SHORT_SIZE else 2 if size == 126 else 8) + _KEY_SIZE


def _payload_size(data: bytes | bytearray, start: int, header: int) -> int:
    """The size that a header tells, which must be told in as few bytes as it can be (5.2)."""
    if header == 2 + _KEY_SIZE:
        return data[start + 1] & ~_MASKED
    size = int.from_bytes(data[start + 2 : start + header - _KEY_SIZE])
    if size >> 63:
        raise WebSocketError(PROTOCOL_ERROR, "a frame whose size has its highest bit set")
    if size <= _SHORT_SIZE or (size < 1 << 16 and header == 2 + 8 + _KEY_SIZE):
        raise WebSocketError(PROTOCOL_ERROR, "a frame whose size is not written in the shortest form")
    return size


def _take(first: int, payload: bytes, unfinished: _Unfinished) -> Event | None:
    """What a whole frame means; None if its message goes on."""
    opcode = first & 0xF
    if opcode & _CONTROL:
        return _close(payload) if opcode == _CLOSE else Ping(payload) if opcode == _PING else Pong(payload)
    if opcode == _CONTINUATION or not first & _FIN:
        unfinished.opcode = opcode or unfinished.opcode
        unfinished.message += payload
        if not first & _FIN:
            return None
        opcode, payload = unfinished.opcode, bytes(unfinished.message)
        unfinished.opcode, unfinished.message = _CONTINUATION, bytearray()
    return Message(_text(payload) if opcode == _TEXT else payload)


def _close(payload: bytes) -> Close:
    if not payload:
        return Close(None, "")
    code = int.from_bytes(payload[:2])  # half a code is less than any
    if code not in _CLOSE_CODES and not 3000 <= code <= 4999:
        raise WebSocketError(PROTOCOL_ERROR, f"a close frame with the code {code}, which is none")
    return Close(code, _text(payload[2:]))


def _text(payload: bytes) -> str:
    try:
        return str(payload, "utf-8")
    except UnicodeDecodeError:
        raise WebSocketError(INVALID_DATA, "a text that is not UTF-8") from None
