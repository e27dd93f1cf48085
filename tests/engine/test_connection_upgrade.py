from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.engine.hosted import FINE, Hosted, hosted
from tests.engine.protocol.frames import CLOSE, FIN, text
from tests.engine.raw import Poller, Response, Socket, Wire, accepted, handshake, poller
from tests.waiting import eventually
from windsock.engine.polling import PollingLink

ONLY_CLOUD = '40/windsock,{"things":["cloud"]}'
UPGRADED = {"sessions": 1, "addresses": 1, "beats": 1, "viewers": 1, "watching": 1}


@contextmanager
def upgrading(server: Hosted, polls: Poller, buffer: int | None = None) -> Iterator[Socket]:
    """A WebSocket that may take over from a session on polling."""
    with Wire(server.port, buffer) as wire:
        wire.send(handshake(polls.sid))
        yield accepted(wire)


@contextmanager
def joined(server: Hosted) -> Iterator[Poller]:
    """A session on polling that watches the cloud, and has seen all that there is to see."""
    with poller(server.port) as polls:
        polls.post(ONLY_CLOUD)
        assert 2 == len(polls.packets())
        try:
            yield polls
        finally:
            server.engine.close(polls.sid)
    eventually(lambda: not server.books)


def wait(server: Hosted, polls: Poller) -> None:
    """Have a poll wait at the server."""
    polls.ask()
    link = server.engine.sessions[polls.sid].link
    assert isinstance(link, PollingLink)
    eventually(lambda: link._waiter is not None)


def upgrade(found: Socket) -> None:
    found.say("2probe")
    assert "3probe" == found.hear()
    found.say("5")


def refused(answer: Response) -> tuple[int, int]:
    return answer.status, answer.json["code"]


def test_a_session_on_polling_goes_over_to_a_websocket(idle: Hosted) -> None:
    with joined(idle) as polls, upgrading(idle, polls) as found:
        upgrade(found)
        version = idle.change("cloud")
        assert version == found.state()["version"]
        assert UPGRADED == idle.books


def test_the_poll_that_waits_is_released_and_what_comes_meanwhile_comes_after(idle: Hosted) -> None:
    with joined(idle) as polls, upgrading(idle, polls) as found:
        wait(idle, polls)
        found.say("2probe")
        assert "3probe" == found.hear()
        assert b"6" == polls.wire.response().body
        version = idle.change("cloud")
        assert b"6" == polls.get().body
        found.say("5")
        assert version == found.state()["version"]


def test_probe_and_upgrade_may_arrive_together(idle: Hosted) -> None:
    with joined(idle) as polls, upgrading(idle, polls) as found:
        wait(idle, polls)
        found.wire.send(text("2probe") + text("5"))
        assert "3probe" == found.hear()
        assert b"6" == polls.wire.response().body
        version = idle.change("cloud")
        assert version == found.state()["version"]


@pytest.mark.parametrize("words", ["5", "4hello", "2", "x", "2probe2"])
def test_who_does_not_probe_is_sent_away_and_the_polls_go_on(idle: Hosted, words: str) -> None:
    with joined(idle) as polls:
        with upgrading(idle, polls) as found:
            found.say(words)
            assert 1002 == found.closing()[0]
        version = idle.change("cloud")
        assert f'"version":{version},' in polls.packets()[0]


def test_a_websocket_that_goes_after_its_probe_leaves_everything_to_the_polls(idle: Hosted) -> None:
    with joined(idle) as polls:
        with upgrading(idle, polls) as found:
            found.say("2probe")
            found.hear()
            version = idle.change("cloud")
        eventually(lambda: "expected" not in idle.books)
        assert f'"version":{version},' in polls.packets()[0]
        with upgrading(idle, polls) as found:
            upgrade(found)
            assert idle.change("cloud") == found.state()["version"]


@pytest.mark.parametrize("words", ["", "2probe"])
def test_a_websocket_that_does_not_go_on_is_given_up_and_the_polls_go_on(words: str) -> None:
    with hosted(limits={"handshake_timeout": 1.0}, **FINE) as running, joined(running) as polls:
        with upgrading(running, polls) as found:
            if words:
                found.say(words)
                found.hear()
            assert found.wire.ended()
        version = running.change("cloud")
        assert f'"version":{version},' in polls.packets()[0]


def test_after_an_upgrade_polls_are_refused_and_the_websocket_goes_on(idle: Hosted) -> None:
    with joined(idle) as polls, upgrading(idle, polls) as found:
        upgrade(found)
        eventually(lambda: idle.books == UPGRADED)
        assert [(400, 3)] * 2 == [refused(polls.get()), refused(polls.post("3"))]
        assert idle.change("cloud") == found.state()["version"]


def test_a_second_websocket_for_an_upgraded_session_is_refused_and_the_first_goes_on(idle: Hosted) -> None:
    with joined(idle) as polls, upgrading(idle, polls) as found:
        upgrade(found)
        eventually(lambda: idle.books == UPGRADED)
        with upgrading(idle, polls) as second:
            assert (1008, "the session cannot be upgraded now") == second.closing()
        assert idle.change("cloud") == found.state()["version"]


def test_of_two_websockets_for_a_session_only_one_takes_over(idle: Hosted) -> None:
    with joined(idle) as polls, upgrading(idle, polls) as first, upgrading(idle, polls) as second:
        upgrade(first)
        eventually(lambda: "polling" not in idle.books)
        second.wire.send(text("2probe") + text("5"))
        assert FIN | CLOSE == second.frame()[0]
        assert idle.change("cloud") == first.state()["version"]
        assert 0 == idle.engine.polling


def test_one_of_two_websockets_that_goes_does_not_spoil_the_other(idle: Hosted) -> None:
    with joined(idle) as polls, upgrading(idle, polls) as first:
        with upgrading(idle, polls):
            first.say("2probe")
            first.hear()
        eventually(lambda: idle.books["expected"] == 1)
        first.say("5")
        assert idle.change("cloud") == first.state()["version"]


def test_a_session_that_ends_while_it_is_upgraded_takes_the_websocket_with_it(idle: Hosted) -> None:
    with joined(idle) as polls, upgrading(idle, polls) as found:
        found.say("2probe")
        found.hear()
        assert b"ok" == polls.post("1").body
        found.say("5")
        assert (1002, "the session has ended") == found.closing()


def test_a_failed_probe_does_not_hold_up_the_end_of_the_server() -> None:
    with hosted() as running, joined(running) as polls:
        with upgrading(running, polls) as found:
            found.say("nonsense")
            found.closing()
            assert found.wire.ended()
        assert "expected" not in running.books


@pytest.mark.parametrize("query", ["&allowed=no", ""])
def test_a_session_that_is_not_there_cannot_be_upgraded(idle: Hosted, query: str) -> None:
    with Wire(idle.port) as wire:
        wire.send(handshake("no-such-sid", query=query))
        assert (400, 1) == refused(wire.response())
        assert wire.ended()


def test_a_websocket_that_takes_over_holds_no_more_than_any_other(idle: Hosted) -> None:
    with joined(idle) as polls, upgrading(idle, polls, buffer=2048) as found:
        idle.engine.send(polls.sid, ["2" + json.dumps(["x", "y" * 15_000])] * 50)
        session = idle.engine.sessions[polls.sid]
        upgrade(found)
        eventually(lambda: session.transport == "websocket" and session.write is None)
        for _ in range(20):
            idle.change("cloud", blob="z" * 15_000)
        transport = session.link._transport  # type: ignore[attr-defined]
        assert transport.get_write_buffer_size() < 64_000
        assert [f'2["x", "{"y" * 15_000}"]'] * 50 == [found.hear()[1:] for _ in range(50)]
        version = idle.change("cloud")
        while found.state()["version"] < version:
            pass
