from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from itertools import chain, repeat

import pytest

from tests.waiting import WITHIN
from windsock.cli import following
from windsock.cli.api import Api, ApiError
from windsock.cli.following import Following, read_events
from windsock.client.state import State


def lines(text: str) -> list[tuple[str, str]]:
    return list(read_events(iter(text.split("\n"))))


@pytest.mark.parametrize(
    ("text", "events"),
    [
        ("event: state\ndata: {}\n\n", [("state", "{}")]),
        ("event:state\ndata:{}\n\n", [("state", "{}")]),
        ("data: a\ndata: b\ndata:  c\n\n", [("message", "a\nb\n c")]),
        (": a comment\n\n:\n\nretry: 5\n\nid: e1:1\ndata: x\n\n", [("message", "x")]),
        ("event: state\n\ndata: x\n\n", [("message", "x")]),
        ("data: half", []),
        ("data\n\n", [("message", "")]),
        ("unheard: of\ndata: x: y\n\n", [("message", "x: y")]),
        ("", []),
    ],
)
def test_events_are_read_as_their_standard_says(text: str, events: list[tuple[str, str]]) -> None:
    assert events == lines(text)


@contextmanager
def saying(*answers: bytes) -> Iterator[str]:
    """A server that gives each connection its answer, and all further ones the last; one that ends in … stays open."""
    with socket.create_server(("127.0.0.1", 0)) as listener, ExitStack() as open_ones:

        def serve() -> None:
            with suppress(OSError):  # it is ended
                for answer in chain(answers, repeat(answers[-1])):
                    connection = open_ones.enter_context(listener.accept()[0])
                    connection.recv(65536)
                    connection.sendall(answer.removesuffix(b"..."))
                    if not answer.endswith(b"..."):
                        connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
STATE = (
    b'event: state\ndata: {"thing":"kiln","epoch":"e1","version":%d,"state":"HOT","label":null,"image":null,'
    b'"color":null,"data":{},"changed_at":null,"updated_at":null,"heard_at":null,"now":"2026-11-22T20:00:00.000Z",'
    b'"stale":false,"source":"ok"}\n\n'
)


def until_version(found: Following, version: int) -> list[State]:
    """All that is told, up to a version."""
    told: list[State] = []
    while not told or told[-1].version < version:
        state = found.next(WITHIN)
        assert state is not None, told
        told.append(state)
    return told


def test_a_link_that_is_lost_is_told_and_made_again() -> None:
    with saying(HEAD + STATE % 1, HEAD + STATE % 4 + b"...") as url, Following(Api(url), ["kiln"]) as found:
        told = [(state.version, state.liveness, state.gap) for state in until_version(found, 4)]
        assert [(1, "unlinked", 0), (4, "live", 2)] == told[-2:]
        assert None is found.next(0)


@pytest.mark.parametrize(
    "rubbish", [b"event: state\ndata: {}\n\n", b"event: state\ndata: [\n\n", b"event: state\ndata: 3\n\n"]
)
def test_what_cannot_be_understood_is_a_link_that_is_lost(rubbish: bytes) -> None:
    with saying(HEAD + STATE % 1 + rubbish, HEAD + STATE % 2 + b"...") as url, Following(Api(url), ["kiln"]) as found:
        told = until_version(found, 2)
        assert ["unlinked", "live"] == [state.liveness for state in told][-2:]
        assert "the server says what cannot be understood" == told[-2].reason


def test_a_server_that_has_gone_silent_is_a_link_that_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "SILENCE", 2.0)
    with saying(HEAD + STATE % 1 + b"...", HEAD + STATE % 2) as url, Following(Api(url), ["kiln"]) as found:
        found.next(10)
        state = found.next(10)
        assert state is not None
        assert ("unlinked", "the server has gone silent") == (state.liveness, state.reason)
        assert found.shown.lost is not None
        assert [2] == [state.version for state in until_version(found, 2)]


def test_what_came_before_this_machine_slept_is_not_live_from_the_first_look(monkeypatch: pytest.MonkeyPatch) -> None:
    slept = 0.0
    monkeypatch.setattr(following, "awake_or_not", lambda: time.monotonic() + slept)
    with saying(HEAD + STATE % 1 + b"...", HEAD + STATE % 2 + b"...") as url, Following(Api(url), ["kiln"]) as found:
        until_version(found, 1)
        slept = 3600.0
        state = found.next(0)
        assert state is not None
        assert ("unlinked", "the server has gone silent") == (state.liveness, state.reason)
        assert [False] == [state.live for state in found.shown.states]
        assert [2] == [state.version for state in until_version(found, 2)]
        assert found.shown.word < timedelta(seconds=WITHIN)


def test_other_events_and_comments_say_only_that_the_link_is_there() -> None:
    with (
        saying(HEAD + STATE % 1 + b":\n\nevent: viewers\ndata: 3\n\n" + STATE % 2 + b"...") as url,
        Following(Api(url), ["kiln"]) as found,
    ):
        until_version(found, 2)
        assert None is found.shown.lost


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<h1>", "not as a Windsock server that can be watched"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "there is no Windsock at"),
        (b"220 mail ready\r\n", "it is not a Windsock server"),
    ],
)
def test_what_is_no_windsock_is_said_at_once(answer: bytes, words: str) -> None:
    with saying(answer) as url, pytest.raises(ApiError, match=words), Following(Api(url), []):
        pass


def test_leaving_does_not_wait_for_the_server() -> None:
    with saying(HEAD + STATE % 1 + b"...") as url:
        with Following(Api(url), ["kiln"]) as found:
            until_version(found, 1)
            start = time.monotonic()
        assert time.monotonic() - start < following.SILENCE / 4


def test_a_thing_that_is_gone_after_a_restart_ends_it() -> None:
    document = b'{"detail": "there is no thing x", "code": "unknown_thing"}'
    gone = b"HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\n\r\n%s" % (len(document), document)
    with (
        saying(HEAD + STATE % 1, gone) as url,
        Following(Api(url), ["kiln"]) as found,
        pytest.raises(ApiError, match="there is no thing x"),
    ):
        until_version(found, 2)
