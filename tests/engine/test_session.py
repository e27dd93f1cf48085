from __future__ import annotations

import pytest

from tests.engine.fakes import Link, Owner, Polls, Versions, make_session, said
from windsock.engine.frames import Frame, message
from windsock.engine.session import (
    CLIENT_DISCONNECT,
    PING_TIMEOUT,
    SERVER_DISCONNECT,
    TRANSPORT_CLOSE,
    TRANSPORT_ERROR,
    Session,
)
from windsock.engine.topics import Topic

A, B, C = message("a"), message("b"), message("c")


@pytest.fixture
def owner() -> Owner:
    return Owner()


@pytest.fixture
def cloud() -> Topic:
    return Topic("cloud", Versions())


def frame_of(size: int) -> Frame:
    """A frame of so many bytes, with its header."""
    return message("x" * (size - 3))


def packets(session: Session) -> list[str | bytes]:
    """What a poll gets."""
    return session.drain()


# ------------------------------------------------------------------------------------------------ sending


def test_what_can_be_sent_is_sent_at_once() -> None:
    link = Link()
    session = make_session(link)
    for frame in (A, B):
        session.send(frame)
    assert ([A.wire, B.wire], None) == (link.wrote, session.backlog)


def test_what_cannot_be_sent_waits_in_its_order_and_goes_out_later(cloud: Topic) -> None:
    link = Link(room=1)
    session = make_session(link)
    session.send(A)
    session.send(B)
    session.pend(cloud)
    session.note(cloud, message("2 watch"))
    session.send(C)
    assert ["a"] == said(link.new())
    link.drain()
    assert ["b", "state 0", "2 watch", "c"] == said(link.new())
    assert session.backlog is None


def test_what_does_not_fit_when_it_drains_goes_on_waiting() -> None:
    link = Link(room=0)
    session = make_session(link)
    for frame in (A, B, C):
        session.send(frame)
    link.drain(room=2)
    assert ["a", "b"] == said(link.new())
    session.send(A)
    link.drain()
    assert ["c", "a"] == said(link.new())


def test_a_link_that_is_still_full_loses_nothing_when_it_is_said_to_drain() -> None:
    link = Link(room=0)
    session = make_session(link)
    session.send(A)
    session.flush()
    link.drain()
    assert ["a"] == said(link.new())


def test_a_note_goes_out_at_once_or_is_replaced_while_it_waits(cloud: Topic) -> None:
    link = Link(room=1)
    session = make_session(link)
    for count in range(3):
        session.note(cloud, message(f"{count} watch"))
    link.drain()
    assert ["0 watch", "2 watch"] == said(link.new())


def test_who_does_not_read_and_is_owed_too_much_is_ended_with_words(owner: Owner) -> None:
    owner.waiting_size = 100
    link = Link(room=0)
    session = make_session(link, owner)
    session.send(frame_of(60))
    session.send(frame_of(40))
    assert not session.closed
    session.send(frame_of(6))
    assert (True, (1008, "it does not read what it is sent (the limit waiting_size)")) == (session.closed, link.closed)
    assert [SERVER_DISCONNECT] == owner.forgotten


def test_one_frame_may_be_larger_than_all_that_may_wait(owner: Owner) -> None:
    owner.waiting_size = 100
    link = Link(room=0)
    make_session(link, owner).send(frame_of(120))
    link.drain()
    assert 1 == len(link.new())


def test_states_never_are_too_much(owner: Owner, cloud: Topic) -> None:
    owner.waiting_size = 10
    session = make_session(Link(room=0), owner)
    for _ in range(1000):
        session.pend(cloud)
        session.note(cloud, frame_of(50))
    assert not session.closed


def test_what_was_sent_does_not_count_any_more(owner: Owner) -> None:
    owner.waiting_size = 100
    link = Link(room=0)
    session = make_session(link, owner)
    for _ in range(10):
        session.send(frame_of(60))
        link.drain(room=1)
    assert (False, 10) == (session.closed, len(link.new()))


# ------------------------------------------------------------------------------------------------ polling


def test_what_waits_for_a_poll_wakes_it(cloud: Topic) -> None:
    polls = Polls()
    session = make_session(polls)
    session.send(A)
    session.pend(cloud)
    session.note(cloud, message("2 watch"))
    assert 3 == polls.wakes
    assert ["4a", "4state 0", "42 watch"] == packets(session)
    assert [] == packets(session)


def test_binary_data_wait_as_they_are() -> None:
    session = make_session(Polls())
    session.send(message(b"\x01\x02"))
    assert [b"\x01\x02"] == packets(session)


# ----------------------------------------------------------------------------------------------- receiving


@pytest.mark.parametrize(
    ("encoded", "heard"), [("4hello", "hello"), (b"\x00\x01", b"\x00\x01"), ("bAAE=", b"\x00\x01")]
)
def test_a_message_is_handed_on(owner: Owner, encoded: str | bytes, heard: str | bytes) -> None:
    make_session(owner=owner).receive(encoded)
    assert [heard] == owner.heard


@pytest.mark.parametrize("encoded", ["", "7", "x", "bA", "0{}", "2", "2probe", "5", "6", "4nonsense"])
def test_what_a_viewer_does_not_send_ends_the_session(owner: Owner, encoded: str) -> None:
    link = Link()
    make_session(link, owner).receive(encoded)
    assert link.closed is not None
    assert (1002, True) == (link.closed[0], bool(link.closed[1]))
    assert [TRANSPORT_ERROR] == owner.forgotten


def test_a_viewer_may_close(owner: Owner) -> None:
    link = Link()
    make_session(link, owner).receive("1")
    assert ((1000, ""), [CLIENT_DISCONNECT]) == (link.closed, owner.forgotten)


def test_after_the_end_nothing_is_taken_any_more(owner: Owner) -> None:
    session = make_session(owner=owner)
    session.end(TRANSPORT_CLOSE)
    session.receive("4hello")
    assert [] == owner.heard


# ---------------------------------------------------------------------------------------------- heartbeats


def test_a_session_is_pinged_when_it_is_due(owner: Owner) -> None:
    link = Link()
    session = make_session(link, owner)
    session.due()
    assert (["2"], [True]) == (said(link.new()), owner.beats)
    session.receive("3")
    assert [True, False] == owner.beats
    session.due()
    assert ["2"] == said(link.new())


def test_without_a_pong_it_is_dead_when_it_is_due_again(owner: Owner) -> None:
    link = Link()
    session = make_session(link, owner)
    session.due()
    session.due()
    assert ((1001, "no answer to a ping"), [PING_TIMEOUT]) == (link.closed, owner.forgotten)
    session.due()
    assert [PING_TIMEOUT] == owner.forgotten


def test_a_pong_that_was_not_asked_for_changes_nothing(owner: Owner) -> None:
    session = make_session(owner=owner)
    session.receive("3")
    assert [] == owner.beats
    session.due()
    session.receive("3")
    session.receive("3")
    assert [True, False] == owner.beats


def test_a_message_is_no_pong(owner: Owner) -> None:
    session = make_session(owner=owner)
    session.due()
    session.receive("4hello")
    session.due()
    assert session.closed


def test_a_ping_waits_like_all_else(owner: Owner) -> None:
    link = Link(room=0)
    session = make_session(link, owner)
    session.send(A)
    session.due()
    link.drain()
    assert ["a", "2"] == said(link.new())


# ----------------------------------------------------------------------------------------------------- end


def test_a_session_ends_once(owner: Owner) -> None:
    link = Link()
    session = make_session(link, owner)
    session.end(PING_TIMEOUT, 1001, "no answer")
    session.end(CLIENT_DISCONNECT, 1000, "bye")
    assert ((1001, "no answer"), [PING_TIMEOUT]) == (link.closed, owner.forgotten)


def test_after_the_end_nothing_is_sent_and_nothing_kept(owner: Owner, cloud: Topic) -> None:
    link = Link(room=0)
    session = make_session(link, owner)
    session.send(A)
    session.end(TRANSPORT_CLOSE)
    session.send(B)
    session.pend(cloud)
    session.note(cloud, C)
    session.flush()
    assert ([], None, None) == (link.wrote, session.backlog, session.write)


def test_a_session_tells_where_it_comes_from() -> None:
    session = make_session()
    assert (("192.0.2.7", 51234), ("127.0.0.1", 5000), "http") == (session.client, session.server, session.scheme)
    assert "<Session a-sid websocket 192.0.2.7>" == repr(session)
