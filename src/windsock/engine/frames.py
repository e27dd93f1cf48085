"""Outgoing packets, encoded once for all viewers that get the same."""

from __future__ import annotations

from windsock.engine.protocol.websocket import encode_binary, encode_text


class Frame:
    """One Engine.IO packet. ``packet`` is how polling carries it, ``wire`` is the WebSocket frame.

    A ``packet`` of bytes is a binary message, which each transport writes in a way of its own.
    """

    __slots__ = ("packet", "wire")

    def __init__(self, packet: str | bytes) -> None:
        self.packet = packet
        self.wire = encode_text(packet) if isinstance(packet, str) else encode_binary(packet)


def message(data: str | bytes) -> Frame:
    """An Engine.IO message: a Socket.IO packet, or one of its binary attachments."""
    return Frame(f"4{data}" if isinstance(data, str) else data)


PING = Frame("2")
NOOP = Frame("6")
CLOSE = Frame("1")
PROBE_ANSWER = Frame("3probe")
