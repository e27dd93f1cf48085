from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.engine.conftest import Certificate
from tests.engine.hosted import FINE, Hosted, hosted
from tests.engine.protocol.frames import text
from tests.engine.raw import ENDPOINT, UPGRADE, Wire, accepted, handshake, head
from tests.waiting import eventually

CONNECT = '40/windsock,{"things":["cloud"]}'
SMALL = 64 * 1024


def at_once(server: Hosted, wire: Wire, data: bytes) -> None:
    wire.send(data)


def in_pieces(server: Hosted, wire: Wire, data: bytes) -> None:
    """A byte at a time: what has gone once round through the server's loop has been read there."""
    with Wire(server.port, tls=_trust(wire)) as other:
        for byte in data:
            wire.send(bytes([byte]))
            other.request("GET", ENDPOINT)


def on_a_kept_connection(server: Hosted, wire: Wire, data: bytes) -> None:
    assert 400 == wire.request("GET", ENDPOINT).status
    wire.send(data)


def kept_and_in_pieces(server: Hosted, wire: Wire, data: bytes) -> None:
    assert 400 == wire.request("GET", ENDPOINT).status
    in_pieces(server, wire, data)


def _trust(wire: Wire) -> ssl.SSLContext | None:
    return wire.socket.context if isinstance(wire.socket, ssl.SSLSocket) else None


WAYS = [at_once, in_pieces, on_a_kept_connection, kept_and_in_pieces]
Way = Callable[[Hosted, Wire, bytes], None]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    """How a handshake arrives."""
    found: Way = request.param
    return found


@pytest.fixture(params=[False, True], ids=["plain", "tls"], scope="module")
def server(request: pytest.FixtureRequest, certificate: Certificate) -> Iterator[tuple[Hosted, ssl.SSLContext | None]]:
    """A server, and who its clients trust."""
    if request.param:
        with hosted(**certificate.server) as running:
            yield running, certificate.trusted()
    else:
        with hosted() as running:
            yield running, None


def send_buffer(server: Hosted, sid: str) -> int:
    """What the kernel may hold for a viewer, in bytes."""
    transport = server.engine.sessions[sid].link._transport  # type: ignore[attr-defined]
    size: int = transport.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
    return size


def sid_of(opened: str) -> str:
    return opened.split('"')[3]


def test_a_handshake_is_understood_however_it_arrives(server: tuple[Hosted, ssl.SSLContext | None], way: Way) -> None:
    running, trusted = server
    with Wire(running.port, tls=trusted) as wire:
        way(running, wire, handshake())
        viewer = accepted(wire)
        assert viewer.hear().startswith("0{")
        viewer.connect("cloud")
        version = running.change("cloud")
        assert version == viewer.state()["version"]


def test_a_viewer_has_small_buffers_however_it_came(server: tuple[Hosted, ssl.SSLContext | None], way: Way) -> None:
    running, trusted = server
    with Wire(running.port, tls=trusted) as wire:
        way(running, wire, handshake())
        sid = sid_of(accepted(wire).hear())
        assert send_buffer(running, sid) <= SMALL


def test_what_comes_with_the_handshake_is_read_too(idle: Hosted) -> None:
    with Wire(idle.port) as wire:
        wire.send(handshake() + text(CONNECT))
        viewer = accepted(wire)
        assert ["0{", "40"] == [viewer.hear()[:2] for _ in range(2)]


@pytest.mark.parametrize(
    "target", ["/", "/socket.io", "/socket.iox/", "/windsock/", "/other/?EIO=4&transport=websocket"]
)
@pytest.mark.parametrize("way", WAYS[:3])
def test_there_is_no_websocket_anywhere_else(idle: Hosted, target: str, way: Way) -> None:
    with Wire(idle.port) as wire:
        way(idle, wire, head("GET", target, UPGRADE))
        assert 404 == wire.response().status
        assert wire.ended()


def test_pages_are_served_on_the_same_port_and_a_viewer_may_follow_them() -> None:
    with hosted() as running, Wire(running.port) as wire:
        assert [200, 404, 200] == [wire.request("GET", f"/windsock/{path}").status for path in ("", "fog", "healthz")]
        wire.send(handshake())
        accepted(wire).hear()


def test_who_says_nothing_or_only_half_is_sent_away() -> None:
    firsts = [b"", b"G", b"GET /socket.io/?EIO=4", handshake()[:-2]]
    with hosted(limits={"handshake_timeout": 1.0}, **FINE) as running, ExitStack() as stack:
        wires: list[Wire] = []
        for first in firsts:
            wires.append(stack.enter_context(Wire(running.port)))
            wires[-1].send(first)  # at once: it has to come in time
        rests = [wire.read_until(b"\r\n\r\n")[:13] for wire in wires]
        assert [b"", *[b"HTTP/1.1 408 "] * 3] == rests
        assert all(wire.ended() for wire in wires)
        eventually(lambda: not running.books)


def test_who_says_nothing_is_sent_away_with_tls_too(certificate: Certificate) -> None:
    with (
        hosted(limits={"handshake_timeout": 1.0}, **FINE, **certificate.server) as running,
        Wire(running.port, tls=certificate.trusted()) as wire,
    ):
        assert wire.ended()


def test_who_goes_without_a_word_leaves_nothing_behind(idle: Hosted) -> None:
    for first in (b"", b"GET /"):
        with Wire(idle.port) as wire:
            wire.send(first)
            eventually(lambda: idle.books == {"expected": 1})
        eventually(lambda: not idle.books)


def test_a_byte_that_is_no_http_is_answered_and_sent_away(idle: Hosted) -> None:
    with Wire(idle.port) as wire:
        wire.send(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")
        assert 400 == wire.response().status
        assert wire.ended()
