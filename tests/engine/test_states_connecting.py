from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from tests.engine.fakes import Link, Polls
from tests.engine.namespace import KEY, THINGS, Namespace, refusal, states_of
from windsock.engine.protocol.errors import ProtocolError
from windsock.engine.state_site import Refused
from windsock.engine.states import LONGEST


@pytest.fixture
def namespace() -> Namespace:
    return Namespace()


def test_a_viewer_gets_connect_and_its_states_in_one_write(namespace: Namespace) -> None:
    viewer = namespace.session()
    viewer.connect()
    assert 1 == len(viewer.link.wrote)
    assert ["connected", *states_of(*THINGS)] == viewer.answers()
    assert [viewer.session] == namespace.machine.greeted


@pytest.mark.parametrize("link", [Polls, lambda: Link(room=0)])
def test_a_viewer_that_cannot_be_sent_to_is_owed_the_same(namespace: Namespace, link: Callable[[], Link]) -> None:
    viewer = namespace.session(link())
    viewer.connect({"things": ["cloud"]})
    namespace.change("cloud")
    if not isinstance(viewer.link, Polls):
        viewer.link.drain()
    assert ["connected", "state 1"] == viewer.answers()


@pytest.mark.parametrize(("auth", "things"), [({"things": ["kiln", "kiln"]}, ["kiln"]), ({"things": []}, [])])
def test_a_viewer_gets_what_it_names(namespace: Namespace, auth: object, things: list[str]) -> None:
    viewer = namespace.session()
    viewer.connect(auth)
    assert ["connected", *states_of(*things)] == viewer.answers()


@pytest.mark.parametrize(
    ("auth", "answer"),
    [
        ({"things": ["fog"]}, refusal("there is no thing 'fog'", "unknown_thing")),
        ({"things": ["fog"], "token": KEY}, refusal("there is no thing 'fog' (for a publisher)", "unknown_thing")),
        ({"token": 5}, refusal('"token" must be a text, found a number', "bad_request")),
        ("x", refusal("auth must be an object, found a text", "bad_request")),
    ],
)
@pytest.mark.parametrize("inline", [True, False])
def test_a_viewer_that_asks_wrongly_is_refused(namespace: Namespace, auth: object, answer: str, inline: bool) -> None:
    namespace.site.inline = inline
    viewer = namespace.session()
    viewer.connect(auth)
    namespace.machine.run_threads()
    assert ([answer], [], 0) == (viewer.answers(), namespace.machine.greeted, len(namespace.states))
    viewer.connect()
    namespace.machine.run_threads()
    assert "connected" == viewer.answers()[0]


@pytest.mark.parametrize("inline", [True, False])
def test_a_viewer_whose_request_does_not_get_through_is_refused(namespace: Namespace, inline: bool) -> None:
    namespace.site.inline = inline
    namespace.site.refuses = Refused("the application refused the request: 403 FORBIDDEN")
    viewer = namespace.session()
    viewer.connect()
    namespace.machine.run_threads()
    assert [refusal(str(namespace.site.refuses), "unavailable")] == viewer.answers()


def test_a_site_that_does_not_start_refuses_in_its_words(namespace: Namespace) -> None:
    namespace.site.started = False
    viewer = namespace.session()
    viewer.connect()
    namespace.machine.run_threads()
    assert (1, [refusal("the oven is cold", "unavailable")]) == (namespace.site.starts, viewer.answers())


def test_more_things_than_a_viewer_may_watch_are_refused_at_the_door() -> None:
    namespace = Namespace(most_things=2)
    viewer = namespace.session()
    viewer.connect()
    assert [refusal("a viewer watches at most 2 things", "bad_request")] == viewer.answers()
    namespace.change("cloud")
    assert ([], 0) == (viewer.answers(), len(namespace.states))


def test_who_is_in_already_is_refused_and_stays(namespace: Namespace) -> None:
    viewer = namespace.viewer("cloud")
    viewer.connect({"things": ["kiln"]})
    assert [refusal("this connection is in the namespace already", "bad_request")] == viewer.answers()
    namespace.change("cloud")
    namespace.change("kiln")
    assert ["state 1"] == viewer.answers()


# ------------------------------------------------------------------------------------- through a thread


def test_what_may_block_is_asked_in_a_thread_one_viewer_after_itself(namespace: Namespace) -> None:
    namespace.site.inline = False
    viewer = namespace.session()
    viewer.connect()
    assert [viewer.session] == [key for key, _, _ in namespace.machine.waiting]
    assert [] == viewer.answers()
    namespace.machine.run_threads()
    assert "connected" == viewer.answers()[0]


def test_who_is_being_let_in_cannot_come_twice(namespace: Namespace) -> None:
    namespace.site.inline = False
    viewer = namespace.session()
    viewer.connect()
    viewer.connect()
    namespace.machine.run_threads()
    assert [refusal("this connection is in the namespace already", "bad_request"), "connected"] == viewer.answers()[:2]
    assert 1 == len(namespace.states)


@pytest.mark.parametrize("leave", ["1/windsock,", None])
def test_who_goes_while_being_let_in_is_not_let_in(namespace: Namespace, leave: str | None) -> None:
    namespace.site.inline = False
    viewer = namespace.session()
    viewer.connect()
    viewer.say(leave) if leave else namespace.states.leave(viewer.session)
    namespace.machine.run_threads()
    assert ([], 0, []) == (viewer.answers(), len(namespace.states), namespace.machine.greeted)


def test_who_leaves_and_comes_anew_at_once_gets_what_it_named_last(namespace: Namespace) -> None:
    namespace.site.inline = False
    viewer = namespace.session()
    viewer.connect({"things": ["cloud"]})
    viewer.say("1/windsock,")
    viewer.connect({"things": ["kiln"]})
    namespace.machine.run_threads()
    assert viewer.session.viewer is not None
    assert ["kiln"] == list(viewer.session.viewer.things)
    assert 1 == viewer.answers().count("connected")


def test_a_message_that_would_keep_the_loop_long_is_not_read(namespace: Namespace) -> None:
    viewer = namespace.viewer("cloud")
    with pytest.raises(ProtocolError, match="at most 200,000 characters"):
        viewer.ask("watch", {"things": ["x" * LONGEST]})


def test_who_goes_while_a_refusal_is_worded_is_told_nothing(namespace: Namespace) -> None:
    namespace.site.inline = False
    viewer = namespace.session()
    viewer.connect({"things": ["fog"]})
    _, work, then = namespace.machine.waiting.pop()
    then(work())
    namespace.states.leave(viewer.session)
    namespace.machine.run_threads()
    assert [] == viewer.answers()


@pytest.mark.parametrize("inline", [True, False])
def test_an_application_that_fails_when_it_is_asked_refuses(
    namespace: Namespace, inline: bool, caplog: pytest.LogCaptureFixture
) -> None:
    namespace.site.inline = inline
    namespace.site.refuses = RuntimeError("the middleware is broken")
    viewer = namespace.session()
    with caplog.at_level(logging.ERROR):
        viewer.connect()
        namespace.machine.run_threads()
    assert 1 == len(viewer.answers())
    assert "the middleware is broken" in caplog.text
    namespace.site.refuses = None
    viewer.connect()
    namespace.machine.run_threads()
    assert "connected" == viewer.answers()[0]
