from __future__ import annotations

from typing import cast

import pytest

from tests.engine.fakes import HandClock, Link, make_session, said
from windsock.engine.protocol.errors import ProtocolError
from windsock.engine.protocol.socketio import Header, SioType
from windsock.engine.router import Router
from windsock.engine.session import Session
from windsock.engine.states import States

RATE = 100
EVENT = '2/app,["hello"]'
WITH_TWO = '52-/app,["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'


class App:
    """Has the namespaces ``/`` and ``/app``, and notes what comes for them."""

    def __init__(self) -> None:
        self.got: list[str | bytes] = []
        self.over: list[str] = []

    def accepts(self, namespace: str) -> bool:
        return namespace in ("/", "/app")

    def receive(self, session: Session, message: str | bytes) -> None:
        self.got.append(message)

    def ended(self, session: Session, reason: str) -> None:
        self.over.append(reason)


class Noting:
    """Stands for the namespace ``/windsock``."""

    def __init__(self) -> None:
        self.got: list[Header] = []
        self.left = 0

    def receive(self, session: Session, header: Header) -> None:
        self.got.append(header)

    def leave(self, session: Session) -> None:
        self.left += 1


class Switchboard:
    """A router, and a session that it serves. ``greeted`` counts how often a namespace took the session in."""

    def __init__(self, app: bool = True, states: bool = True) -> None:
        self.clock = HandClock()
        self.greeted = 0
        self.router = Router(self.clock, RATE, self._greet)
        self.app, self.states = App(), Noting()
        if app:
            self.router.application = self.app
        if states:
            self.router.states = cast("States", self.states)
        self.link = Link()
        self.session = make_session(self.link)
        # It has sent a CONNECT before, for another namespace.
        self.session.introduced = True

    def _greet(self, session: Session) -> None:
        self.greeted += 1

    def say(self, *messages: str | bytes) -> None:
        for message in messages:
            self.router.dispatch(self.session, message)

    def answers(self) -> list[str]:
        return said(self.link.new())


@pytest.fixture
def board() -> Switchboard:
    return Switchboard()


@pytest.fixture
def joined() -> Switchboard:
    """One whose session is in the namespace ``/app``."""
    board = Switchboard()
    board.say("0/app,")
    board.app.got.clear()
    return board


# ------------------------------------------------------------------------------------------------- windsock


@pytest.mark.parametrize(
    ("text", "kind"),
    [("0/windsock,", SioType.CONNECT), ('2/windsock,7["watch",{}]', SioType.EVENT), ("1/windsock", SioType.DISCONNECT)],
)
def test_what_is_for_windsock_never_reaches_the_application(board: Switchboard, text: str, kind: SioType) -> None:
    board.say(text)
    assert ([kind], []) == ([header.type for header in board.states.got], board.app.got)


def test_attachments_for_windsock_are_let_pass_and_dropped(board: Switchboard) -> None:
    board.say('52-/windsock,["watch",{}]', b"\x01", b"\x02")
    board.say("0/app,")
    assert (1, ["0/app,"]) == (len(board.states.got), board.app.got)
    with pytest.raises(ProtocolError, match="belongs to no packet"):
        board.say(b"\x03")


def test_an_engine_without_windsock_treats_it_like_any_other_namespace() -> None:
    board = Switchboard(states=False)
    board.say("0/windsock,")
    assert ['4/windsock,{"message":"Invalid namespace"}'] == board.answers()


# ---------------------------------------------------------------------------------------------- application


def test_the_application_gets_its_packets_as_they_came_and_in_order(joined: Switchboard) -> None:
    joined.say("0", EVENT, "3/app,1[]", "1/app,")
    assert ["0", EVENT, "3/app,1[]", "1/app,"] == joined.app.got


def test_attachments_follow_their_packet(joined: Switchboard) -> None:
    joined.say(WITH_TWO, b"\x01", b"\x02", EVENT)
    assert [WITH_TWO, b"\x01", b"\x02", EVENT] == joined.app.got


def test_an_attachment_that_was_not_told_of_is_refused(joined: Switchboard) -> None:
    joined.say(WITH_TWO, b"\x01", b"\x02")
    with pytest.raises(ProtocolError, match="belongs to no packet"):
        joined.say(b"\x03")


def test_an_attachment_that_does_not_come_is_noticed(joined: Switchboard) -> None:
    joined.say(WITH_TWO, b"\x01")
    with pytest.raises(ProtocolError, match="attachment of the one before was due"):
        joined.say(EVENT)


def test_whoever_connects_to_a_namespace_of_the_application_is_taken_in(board: Switchboard) -> None:
    board.say("0")
    assert (1, ["0"], True) == (board.greeted, board.app.got, board.session.carried)


@pytest.mark.parametrize("text", [EVENT, "1/app,", "3/app,1[]", '2/windsock,["watch",{}]', WITH_TWO])
def test_a_session_begins_with_a_connect(board: Switchboard, text: str) -> None:
    board.session.introduced = False
    with pytest.raises(ProtocolError, match="begins with a CONNECT"):
        board.say(text)
    assert [] == board.app.got


def test_what_comes_before_a_namespaces_connect_is_dropped(board: Switchboard) -> None:
    board.say(EVENT, "1/app,", "3/app,1[]")
    assert ([], 0, False) == (board.app.got, board.greeted, board.session.carried)


@pytest.mark.parametrize("namespace", ["app", "other"])
def test_attachments_that_nobody_could_take_are_refused(board: Switchboard, namespace: str) -> None:
    with pytest.raises(ProtocolError, match="attachments for a namespace"):
        board.say(WITH_TWO.replace("/app", f"/{namespace}"))


# ------------------------------------------------------------------------------------------ other namespaces


@pytest.mark.parametrize(
    ("connect", "answer"),
    [
        ("0/other,", '4/other,{"message":"Invalid namespace"}'),
        ('0/other?token=1,{"a":1}', '4/other,{"message":"Invalid namespace"}'),
        ("0/app/,", '4/app/,{"message":"Invalid namespace"}'),
        ("0/Windsock,", '4/Windsock,{"message":"Invalid namespace"}'),
    ],
)
def test_a_namespace_that_there_is_not_is_refused(board: Switchboard, connect: str, answer: str) -> None:
    board.say(connect)
    assert ([answer], 0, []) == (board.answers(), board.greeted, board.app.got)


def test_without_an_application_there_is_no_main_namespace() -> None:
    board = Switchboard(app=False)
    board.say("0")
    assert ['4{"message":"Invalid namespace"}'] == board.answers()


def test_what_else_comes_for_a_namespace_that_there_is_not_is_dropped(board: Switchboard) -> None:
    board.say('2/other,["hello"]', "1/other,")
    assert ([], []) == (board.answers(), board.app.got)


@pytest.mark.parametrize(
    "text", ["", "9", "x", '2/app,{"a":1}', "2/app,[]", '2/app,["connect"]', "4/app,{}", "5/app,[]"]
)
def test_what_is_no_packet_of_a_viewer_is_refused(joined: Switchboard, text: str) -> None:
    with pytest.raises(ProtocolError):
        joined.say(text)
    assert [] == joined.app.got


# ---------------------------------------------------------------------------------------------------- pace


def test_too_many_events_are_refused_with_the_name_of_the_limit(joined: Switchboard) -> None:
    joined.say(*[EVENT] * (2 * RATE - 1))
    with pytest.raises(ProtocolError, match=r"more than 100 events a second \(the limit events_per_second\)"):
        joined.say(EVENT)


@pytest.mark.parametrize("text", [EVENT, '2/windsock,["watch",{}]', "0/other,"])
def test_whatever_it_is_for_it_counts(board: Switchboard, text: str) -> None:
    board.say(*[text] * 2 * RATE)
    with pytest.raises(ProtocolError, match="events a second"):
        board.say(text)


def test_a_pace_that_is_allowed_may_go_on_for_ever(joined: Switchboard) -> None:
    for _ in range(20):
        joined.say(*[EVENT] * (RATE // 2))
        joined.clock.turn(0.5)
    assert 10 * RATE == len(joined.app.got)


# ---------------------------------------------------------------------------------------------------- end


def test_the_application_hears_of_the_end_of_a_session_that_it_heard_of(joined: Switchboard) -> None:
    joined.router.forget(joined.session, "ping timeout")
    assert (["ping timeout"], 1) == (joined.app.over, joined.states.left)


def test_the_application_does_not_hear_of_the_end_of_others(board: Switchboard) -> None:
    board.say("0/windsock,", EVENT)
    board.router.forget(board.session, "ping timeout")
    assert ([], 1) == (board.app.over, board.states.left)
