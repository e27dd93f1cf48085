from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator
from functools import partial

import pytest

from tests.engine.conftest import Certificate
from tests.engine.hosted import Hosted, hosted
from tests.engine.protocol.frames import CLOSE, FIN, masked, text
from tests.engine.raw import Socket, Wire, accepted, handshake, head, poller, viewer
from tests.waiting import eventually
from windsock.engine import server as engine_server
from windsock.engine.connection import Connection
from windsock.engine.http import HttpProtocol
from windsock.engine.session import Session

LARGE = "x" * 15_000
TINY = 2048
"""Bytes that the kernel of a viewer takes, so that it is full soon."""


@pytest.fixture(params=["uvloop", "asyncio", "tls"], scope="module")
def server(request: pytest.FixtureRequest, certificate: Certificate) -> Iterator[tuple[Hosted, ssl.SSLContext | None]]:
    """A server on either loop, or with TLS, and who its clients trust."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "asyncio":
            patch.setattr(engine_server, "loop_factory", lambda: None)
        with hosted(**certificate.server if request.param == "tls" else {}) as running:
            yield running, certificate.trusted() if request.param == "tls" else None


def only(running: Hosted) -> Session:
    """The session that there is."""
    (session,) = running.engine.sessions.values()
    return session


def connection(session: Session) -> Connection:
    assert isinstance(session.link, Connection)
    return session.link


def held(session: Session) -> int:
    """Bytes that wait in this process, beneath the session."""
    transport = connection(session)._transport
    return transport.get_write_buffer_size() if transport else 0


def fill(running: Hosted, session: Session) -> None:
    """Change the cloud until the viewer can be sent nothing more."""
    while session.write is not None:
        running.change("cloud", blob=LARGE)
        if session.write is None:
            time.sleep(0.05)  # full for a moment is not full: what the kernel takes later is not there yet


def test_a_viewer_that_does_not_read_holds_one_state_per_thing_and_slows_nobody(
    server: tuple[Hosted, ssl.SSLContext | None],
) -> None:
    running, trusted = server
    eventually(lambda: not running.engine.sessions)  # those of another test linger
    with viewer(running.port, buffer=TINY, tls=trusted) as slow, viewer(running.port, tls=trusted) as quick:
        slow.connect("cloud", "kiln")
        quick.connect("cloud")
        session = next(iter(running.engine.sessions.values()))
        for _ in range(100):
            version = running.change("cloud", blob=LARGE)
            running.change("kiln", blob=LARGE)
            assert version == newest(quick, version)
        eventually(lambda: session.write is None)
        assert session.backlog is not None
        assert len(session.backlog) <= 2
        assert held(session) < 2 * len(LARGE)


def newest(found: Socket, version: int) -> int:
    """The version that it sees next that is not lower than this one; what is between is left out."""
    while (seen := int(found.state()["version"])) < version:
        pass
    return seen


def test_who_reads_again_gets_what_was_on_its_way_and_then_the_newest(
    server: tuple[Hosted, ssl.SSLContext | None],
) -> None:
    running, trusted = server
    eventually(lambda: not running.engine.sessions)  # those of another test linger
    with viewer(running.port, buffer=TINY, tls=trusted) as slow:
        slow.connect("cloud")
        session = only(running)
        fill(running, session)
        last = [running.change("cloud", blob=LARGE) for _ in range(30)][-1]
        versions = [slow.state()["version"]]
        while versions[-1] < last:
            versions.append(slow.state()["version"])
        assert versions == sorted(versions)
        assert versions[-1] - versions[-2] >= 20
        eventually(lambda: session.backlog is None)
        version = running.change("cloud")
        assert version == newest(slow, version)


def test_events_that_wait_are_bounded_and_who_does_not_read_them_is_put_out() -> None:
    with hosted(limits={"waiting_size": 100_000}) as running, viewer(running.port, buffer=TINY) as slow:
        slow.connect("cloud")
        session = only(running)
        running.engine.send(session.sid, ["2" + json.dumps(["x", LARGE])] * 40)
        eventually(lambda: session.closed)
        with pytest.raises((AssertionError, ConnectionResetError)):
            slow.closing()
        eventually(lambda: not running.books)


def test_an_event_and_a_state_that_wait_come_in_their_order() -> None:
    with hosted() as running, viewer(running.port, buffer=TINY) as slow:
        slow.connect("cloud")
        session = only(running)
        fill(running, session)
        running.change("cloud", blob=LARGE)
        slow.say('42/windsock,7["watch",{"things":["kiln"]}]')
        eventually(lambda: session.backlog is not None and len(session.backlog) == 3)
        version = running.change("kiln")
        packets = [slow.hear()]
        while not packets[-1].startswith("43/windsock,7"):
            packets.append(slow.hear())
        *_, cloud, kiln, _ = packets
        assert '"thing":"cloud"' in cloud
        assert all(word in kiln for word in ('"thing":"kiln"', f'"version":{version},'))


def test_a_viewer_that_does_not_read_is_dead_when_it_does_not_answer_pings() -> None:
    with hosted(ping_interval=0.2, ping_timeout=2.0) as running, viewer(running.port, buffer=TINY) as slow:
        slow.connect("cloud")
        session = only(running)
        link = connection(session)
        fill(running, session)
        eventually(lambda: session.closed)
        eventually(lambda: link._transport is None)


def test_a_viewer_that_closes_and_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("windsock.engine.connection.LINGER", 0.1)
    with hosted() as running, viewer(running.port, buffer=TINY) as slow:
        slow.connect("cloud")
        session = only(running)
        link = connection(session)
        fill(running, session)
        slow.wire.send(masked(FIN | CLOSE, b"\x03\xe8"))
        eventually(lambda: link._transport is None)
        eventually(lambda: not running.books)


def test_what_a_page_left_unread_counts_as_full() -> None:
    with hosted() as running:
        running.app.add_url_rule("/page", "page", lambda: "x" * 50_000)
        with Wire(running.port, buffer=TINY) as wire:
            pages = ask_until_full(running, wire)
            see_that_it_is_full(running, wire)
            assert [200] * pages == [wire.response().status for _ in range(pages)]
            see_that_it_drains(wire)


def test_what_a_poll_left_unread_counts_as_full() -> None:
    with hosted() as running, poller(running.port) as polls, Wire(running.port, buffer=TINY) as wire:
        running.engine.send(polls.sid, ["2" + "x" * 900_000])
        eventually(lambda: running.engine.sessions[polls.sid].backlog)
        wire.send(head("GET", polls.target))
        eventually(partial(has_answered, running, 2))
        see_that_it_is_full(running, wire)
        assert 900_002 == len(wire.response().body)
        see_that_it_drains(wire)


def see_that_it_is_full(running: Hosted, wire: Wire) -> None:
    """Open a WebSocket on a connection with much that is unread, and see that not even more is put there."""
    before = len(running.engine.sessions)
    wire.send(handshake())
    eventually(lambda: len(running.engine.sessions) > before)
    session = list(running.engine.sessions.values())[-1]
    size = held(session)
    wire.send(text('40/windsock,{"things":["cloud"]}'))
    eventually(lambda: session.viewer)
    for _ in range(20):
        running.change("cloud", blob=LARGE)
    assert (None, True) == (session.write, held(session) <= size + 1000)


def see_that_it_drains(wire: Wire) -> None:
    found = accepted(wire)
    assert ["0{", "40"] == [found.hear()[:2] for _ in range(2)]
    assert 20 == found.state()["version"]


def has_answered(running: Hosted, pages: int) -> bool:
    return running.answered >= pages


def ask_until_full(running: Hosted, wire: Wire) -> int:
    """Ask for whole pages until one is left in the server; how many."""
    state = running.host._server._server.server_state
    while True:
        asked = running.answered
        wire.send(head("GET", "/page"))
        eventually(partial(has_answered, running, asked + 1))
        (http,) = state.connections
        assert isinstance(http, HttpProtocol)
        if http.transport.get_write_buffer_size():
            return asked + 1
