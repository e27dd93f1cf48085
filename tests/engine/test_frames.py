from __future__ import annotations

import pytest

from windsock.engine.frames import CLOSE, NOOP, PING, PROBE_ANSWER, Frame, message


@pytest.mark.parametrize(
    ("frame", "packet", "wire"),
    [
        (message("2[1]"), "42[1]", b"\x81\x0542[1]"),
        (message("ü"), "4ü", b"\x81\x034\xc3\xbc"),
        (message(b"\x00\xff"), b"\x00\xff", b"\x82\x02\x00\xff"),
        (message(b""), b"", b"\x82\x00"),
        (PING, "2", b"\x81\x012"),
        (NOOP, "6", b"\x81\x016"),
        (CLOSE, "1", b"\x81\x011"),
        (PROBE_ANSWER, "3probe", b"\x81\x063probe"),
    ],
)
def test_a_packet_is_written_for_either_transport(frame: Frame, packet: str | bytes, wire: bytes) -> None:
    assert (packet, wire) == (frame.packet, frame.wire)
