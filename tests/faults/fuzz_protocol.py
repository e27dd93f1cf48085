"""Spoilt input for everything that reads what a viewer sent: it is understood or refused, and nothing else happens.

As a command, for as long as the documentation quotes:

    .venv/bin/python -m tests.faults.fuzz_protocol --seconds 600 --seed 1

Inputs are right ones, spoilt in several places. For each is checked that only the named errors are raised, that what
was understood means the same once it is written and read again, that a stream means the same however it is split,
that no input takes long, and that no more is kept than the limit allows; for all together, that memory does not grow.
"""

from __future__ import annotations

import argparse
import gc
import random
import sys
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psutil

from tests.engine.protocol.frames import BINARY, CLOSE, FIN, PING, PONG, masked, text
from tests.engine.protocol.samples import FRAMES, HEADS, PACKETS, PAYLOADS
from windsock.engine.protocol.errors import ProtocolError, WebSocketError
from windsock.engine.protocol.handshake import Refusal, allows_origin, check_method, check_websocket, read_query
from windsock.engine.protocol.packets import PacketType, decode_packet, decode_payload, encode_payload
from windsock.engine.protocol.request import encode_head, parse_head
from windsock.engine.protocol.socketio import (
    Header,
    SioType,
    encode_ack,
    encode_connect,
    encode_disconnect,
    encode_event,
    read_array,
    read_body,
    read_header,
    validate,
)
from windsock.engine.protocol.websocket import Close, Event, FrameDecoder, Message, Ping, encode_close

LIMIT = 20_000
"""Bytes of a message, for the decoders under test."""
LARGEST = 30_000
"""Bytes of an input."""
SLOW = 1.0
"""Seconds of CPU that one input may take; it should be milliseconds."""
BLOCKS = 1_000
"""How many of Python's small blocks more there may be at the end: caches of `re`, and what the interpreter keeps."""
RSS = 16 * 1024 * 1024
"""How many bytes more the process may hold at the end: the allocator leaves holes."""
WARM_UP = 0.2
"""The part of the time after which memory is first looked at."""
TOKENS = [
    *(bytes((byte,)) for byte in b"\0\1\x1e \"'%+,-./0:;=?[\\]b{}\x7f\x80\x81\x82\x88\x89\xc3\xed\xfe\xff"),
    *(b"\r\n", b"\r\n\r\n", b"Host: a\r\n", b"%FF", b"\xed\xa0\x80", b"\xd9\xa3", b"\\u", b"\\ud800"),
    *(b"NaN", b"1e999", b"null", b"51-", b"/a,", b"connect", b"[" * 200, b"9" * 20),
]
"""What has a meaning somewhere, and so is likelier than chance to do harm."""


class Wrong(Exception):
    """Something was understood that should not have been, or differently."""


def require(condition: bool, what: str) -> None:
    if not condition:
        raise Wrong(what)


# What is checked. Each takes an input, tells whether it was understood, and raises whatever must not be.


def frames(data: bytes) -> bool:
    chance = random.Random(zlib.crc32(data))
    cuts = sorted(chance.choices(range(len(data) + 1), k=chance.randrange(1, 9)))
    pieces = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    events, mistake = _events([data])
    require((events, mistake) == _events(pieces), f"split at {cuts} it means something else")
    if len(data) < 300:
        require((events, mistake) == _events([data[place : place + 1] for place in range(len(data))]), "byte by byte")
    require(not mistake or mistake[0] in {1002, 1007, 1009}, f"a close code {mistake} that says nothing")
    for event in events:
        if not (isinstance(event, Close) and event.code is None):
            require(_events([_written(event)]) == ([event], None), f"{event!r} does not read back")
    return mistake is None


def _events(pieces: Sequence[bytes]) -> tuple[list[Event], tuple[int, str] | None]:
    decoder = FrameDecoder(LIMIT)
    events: list[Event] = []
    for piece in pieces:
        try:
            events += decoder.feed(piece)
        except WebSocketError as error:
            return [*events, *error.events], (error.code, str(error))
        if kept := decoder._unfinished:
            require(len(kept.message) <= LIMIT, "more is collected than the limit")
            require(len(kept.buffer) < LIMIT + 14, "more is kept than a frame")
    return events, None


def _written(event: Event) -> bytes:
    """The frame that a viewer would send for it."""
    if isinstance(event, Message):
        return text(event.data) if isinstance(event.data, str) else masked(FIN | BINARY, event.data)
    if isinstance(event, Close):
        return masked(FIN | CLOSE, encode_close(event.code or 0, event.reason)[2:])
    return masked(FIN | (PING if isinstance(event, Ping) else PONG), event.payload)


def payload(data: bytes) -> bool:
    try:
        packets = decode_payload(data, LIMIT)
    except ProtocolError:
        return False
    require(0 < len(packets) <= len(data), "packets out of nothing")
    written = [item.data if isinstance(item.data, bytes) else f"{item.type.value}{item.data}" for item in packets]
    require(decode_payload(encode_payload(written), 2 * LIMIT) == packets, "does not read back")
    for item, encoded in zip(packets, written, strict=True):
        require(decode_packet(encoded) == item, "a packet alone is another")
        require(isinstance(item.data, str) or item.type == PacketType.MESSAGE, "binary that is no message")
    return True


def packet(data: bytes) -> bool:
    # Texts come out of frames and payloads, so they are UTF-8.
    try:
        header = read_header(data.decode(errors="replace"))
        validate(header)
        written = _rewritten(header)
    except ProtocolError:
        return False
    again = read_header(written)
    validate(again)
    require(_rewritten(again) == written, "written once more it is another")
    require((again.namespace, again.id) == (header.namespace, header.id), "does not read back")
    return True


def _rewritten(header: Header) -> str:
    """What was read of it, written anew, without attachments and without further arguments."""
    if header.type == SioType.CONNECT:
        return encode_connect(header.namespace, read_body(header) or {})
    if header.type == SioType.DISCONNECT:
        return encode_disconnect(header.namespace)
    values = read_array(header._replace(attachments=0))
    require(len(read_array(header)) == len(values), "attachments take the place of something else")
    try:
        if header.type in (SioType.ACK, SioType.BINARY_ACK):
            return encode_ack(header.namespace, header.id or 0, values)
        return encode_event(header.namespace, values[0], values[1] if len(values) > 1 else None, header.id)
    except ValueError as error:
        # NaN and infinities may come in, as they may on Flask-SocketIO, but never go out.
        require("not JSON compliant" in str(error), f"what was read cannot be written: {error}")
        raise ProtocolError("no JSON") from None


def head(data: bytes) -> bool:
    found = parse_head(data)
    if found is None:
        return False
    request, size = found
    headers = [(name.encode(), value.encode("latin-1")) for name, value in request.headers]
    again = parse_head(encode_head(request.method, request.target, headers))
    require(again is not None and again[0] == request, "does not read back")
    require(parse_head(data[: size - 1]) is None, "half a head is understood")
    for allowed in (None, "https://example.com", ["https://a.org"]):
        allows_origin(request, "http", allowed)
    try:
        check_method(request.method, read_query(request.query, ("polling", "websocket")))
        check_websocket(request)
    except Refusal as refusal:
        require(refusal.status in {400, 426} and refusal.message.isprintable(), "a refusal nobody can read")
        refusal.body().decode("ascii")
    return True


CHECKS: dict[str, tuple[Callable[[bytes], bool], list[bytes]]] = {
    "frames": (frames, FRAMES),
    "payload": (payload, [item.encode() for item in PAYLOADS]),
    "packet": (packet, [item.encode() for item in PACKETS]),
    "head": (head, HEADS),
}
JOINTS = {"frames": b"", "payload": b"\x1e", "packet": b"", "head": b""}


def spoilt(chance: random.Random, name: str) -> bytes:
    """One to three right inputs in a row, spoilt in up to six places; sometimes not at all."""
    right = CHECKS[name][1]
    data = bytearray(JOINTS[name].join(chance.choices(right, k=chance.choice((1, 1, 2, 3)))))
    for _ in range(chance.choice((0, 1, 1, 2, 3, 6))):
        _spoil(chance, data, right)
    return bytes(data[:LARGEST])


def _spoil(chance: random.Random, data: bytearray, right: list[bytes]) -> None:
    start = chance.randrange(len(data) + 1)
    end = min(len(data), start + chance.choice((1, 1, 2, 4, 8, 64)))
    token = chance.choice(TOKENS)
    match chance.randrange(8):
        case 0:
            data[start:end] = bytes(byte ^ 1 << chance.randrange(8) for byte in data[start:end])
        case 1:
            data[start:end] = chance.randbytes(end - start)
        case 2:
            data[start:start] = token
        case 3:
            data[start:end] = token
        case 4:
            del data[start:end]
        case 5:
            data[start:start] = data[start:end] * chance.choice((1, 2, 10, 1000))
        case 6:
            data[start:] = chance.choice(right)[chance.randrange(4) :]
        case _:
            del data[start:]


@dataclass
class Report:
    """What a run found; ``understood`` and ``refused`` show that it met both."""

    seed: int
    seconds: float = 0.0
    inputs: int = 0
    understood: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    blocks: int = 0
    rss: int = 0
    finding: str = ""

    def clean(self) -> bool:
        """Nothing was found, and nothing has grown."""
        return not self.finding and self.blocks <= BLOCKS and self.rss <= RSS


def fuzz(seconds: float, seed: int) -> Report:
    """Try spoilt inputs for so long, or until something is found."""
    chance = random.Random(seed)
    report = Report(seed)
    began = time.monotonic()
    before: tuple[int, int] | None = None
    while not report.finding and report.seconds < seconds:
        if before is None and report.seconds > seconds * WARM_UP:
            before = _memory()
        for name in CHECKS:
            _try(name, spoilt(chance, name), report)
        report.seconds = time.monotonic() - began
    after = _memory()
    if before is not None:
        report.blocks, report.rss = after[0] - before[0], after[1] - before[1]
    return report


def _try(name: str, data: bytes, report: Report) -> None:
    began = time.process_time()
    try:
        understood = CHECKS[name][0](data)
    except Exception:  # noqa: BLE001 whatever it is, it must not be
        report.finding = f"{name}, seed {report.seed}, input {data.hex()}\n{traceback.format_exc()}"
        return
    took = time.process_time() - began
    if took > SLOW:
        report.finding = f"{name}, seed {report.seed}, took {took:.1f} s, input {data.hex()}"
    report.slowest = max(report.slowest, took)
    report.inputs += 1
    (report.understood if understood else report.refused)[name] += 1


def _memory() -> tuple[int, int]:
    """Python's small blocks, and the process's bytes."""
    gc.collect()
    return sys.getallocatedblocks(), psutil.Process().memory_info().rss


def main() -> int:
    """Run and print; 1 if there is anything to mend."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    given = parser.parse_args()
    report = fuzz(given.seconds, given.seed)
    speed = report.inputs / max(report.seconds, 1e-9)
    print(f"seed {report.seed}: {report.inputs:,} inputs in {report.seconds:.0f} s, {speed:,.0f} per second")
    for name in CHECKS:
        print(f"  {name:10}{report.understood[name]:>12,} understood{report.refused[name]:>12,} refused")
    print(f"slowest: {report.slowest * 1000:.1f} ms; memory: {report.blocks:+,} blocks, {report.rss / 1024:+,.0f} kB")
    print("clean" if report.clean() else f"FOUND: {report.finding or 'memory grows'}")
    return not report.clean()


if __name__ == "__main__":
    sys.exit(main())
