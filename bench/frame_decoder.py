"""What it costs to read a viewer's frames: our own decoder beside two libraries, those that are installed.

    .venv/bin/python -m bench.frame_decoder --rounds 7

The contenders take turns, round by round, so that whatever else the machine does meets them all. Each gets the same
masked bytes and hands out the same messages; that is checked first. Memory is what tracemalloc sees for one more
decoder that has read a message and waits for the next.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import Any, NamedTuple

from windsock.engine.protocol.websocket import FrameDecoder, Message

KEY = b"\x37\xfa\x21\x3d"
EVENT = b'42/windsock,1["watch",{"things":["cloud"]}]'
MAX_SIZE = 2_000_000
RECEIVED = 65536
"""Bytes that arrive at once, of a large message."""

Messages = list[str | bytes]


class Contender(NamedTuple):
    """``make`` gives a decoder; ``feed`` gives it what arrived, and returns the messages in it."""

    make: Callable[[], Any]
    feed: Callable[[Any, bytes], Messages]


def own() -> Contender:
    """Windsock's decoder."""

    def feed(decoder: FrameDecoder, data: bytes) -> Messages:
        return [event.data for event in decoder.feed(data) if isinstance(event, Message)]

    return Contender(lambda: FrameDecoder(MAX_SIZE), feed)


def wsproto() -> Contender:
    """The frame layer of wsproto alone, which is its quickest way in. It gives large messages piece by piece."""
    frames = importlib.import_module("wsproto.frame_protocol")

    def make() -> Any:
        protocol = frames.FrameProtocol(client=False, extensions=[])
        protocol.parts = []
        return protocol

    def feed(protocol: Any, data: bytes) -> Messages:
        protocol.receive_bytes(data)
        messages: Messages = []
        for frame in protocol.received_frames():
            if isinstance(frame.payload, str):
                messages.append(frame.payload)
                continue
            protocol.parts.append(frame.payload)
            if frame.message_finished:
                messages.append(b"".join(protocol.parts))
                protocol.parts.clear()
        return messages

    return Contender(make, feed)


def websockets() -> Contender:
    """The sans-I/O protocol of websockets, which unmasks in C where that is built."""
    protocols = importlib.import_module("websockets.protocol")
    text = importlib.import_module("websockets.frames").Opcode.TEXT

    def make() -> Any:
        return protocols.Protocol(protocols.Side.SERVER, max_size=MAX_SIZE)

    def feed(protocol: Any, data: bytes) -> Messages:
        protocol.receive_data(data)
        return [
            frame.data.decode() if frame.opcode is text else bytes(frame.data) for frame in protocol.events_received()
        ]

    return Contender(make, feed)


CONTENDERS = {"own": own, "wsproto": wsproto, "websockets": websockets}


def masked(first: int, payload: bytes) -> bytes:
    """A frame as a viewer sends it."""
    size = len(payload)
    short, middle, long = bytes((0x80 | min(size, 127),)), b"\xfe" + size.to_bytes(8)[-2:], b"\xff" + size.to_bytes(8)
    key = (KEY * (size // 4 + 1))[:size]
    told = short if size <= 125 else middle if size < 65536 else long
    return bytes((first,)) + told + KEY + (int.from_bytes(payload) ^ int.from_bytes(key)).to_bytes(size)


def pieces(frame: bytes) -> list[bytes]:
    """A frame as it arrives."""
    return [frame[start : start + RECEIVED] for start in range(0, len(frame), RECEIVED)]


LOADS: dict[str, tuple[list[bytes], int]] = {
    "pong, 1 byte": ([masked(0x81, b"3")], 20_000),
    f"event, {len(EVENT)} bytes": ([masked(0x81, EVENT)], 20_000),
    "text, 1,000 bytes": ([masked(0x81, b"x" * 1000)], 10_000),
    "ten events at once": ([masked(0x81, EVENT) * 10], 2_000),
    "1 MB in 64 kB pieces": (pieces(masked(0x82, bytes(1_000_000))), 10),
}
"""What arrives, piece by piece, and how often that is repeated in a round."""


def microseconds(contender: Contender, load: list[bytes], times: int) -> float:
    """CPU time for one load."""
    decoder, feed = contender.make(), contender.feed
    began = time.process_time()
    for _ in range(times):
        for piece in load:
            feed(decoder, piece)
    return (time.process_time() - began) / times * 1e6


def idle_bytes(contender: Contender, count: int = 1000) -> float:
    """Memory of one decoder that has read a message and waits for the next."""
    decoders: list[Any] = [None] * count
    gc.collect()
    tracemalloc.start()
    for number in range(count):
        decoders[number] = contender.make()
        contender.feed(decoders[number], masked(0x81, EVENT))
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0] / count
    tracemalloc.stop()
    return taken


def read(contender: Contender) -> list[Messages]:
    """The messages of every load."""
    decoder = contender.make()
    return [[message for piece in load for message in contender.feed(decoder, piece)] for load, _ in LOADS.values()]


def installed() -> dict[str, Contender]:
    """The contenders that are there, each of which reads the same."""
    present = {}
    for name, prepare in CONTENDERS.items():
        try:
            contender = prepare()
        except ImportError:
            print(f"{name} is not installed, and is left out")
            continue
        if read(contender) != read(own()):
            raise SystemExit(f"{name} reads something else")
        present[name if name == "own" else f"{name} {version(name)}"] = contender
    return present


def show(label: str, cells: Iterable[str]) -> None:
    """Print a row."""
    print(f"{label:26}" + "".join(f"{cell:>30}" for cell in cells))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    contenders = installed()
    print(f"CPU time in microseconds, median (least to most) of {rounds} rounds")
    show("", contenders)
    for label, (load, times) in LOADS.items():
        found: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(rounds):
            for name, contender in contenders.items():
                found[name].append(microseconds(contender, load, times))
        show(label, [f"{statistics.median(all_):.2f} ({min(all_):.2f} to {max(all_):.2f})" for all_ in found.values()])
    show("idle, bytes of memory", [f"{idle_bytes(contender):,.0f}" for contender in contenders.values()])


if __name__ == "__main__":
    main()
