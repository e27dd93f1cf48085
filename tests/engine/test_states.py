from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.fakes import Link, Polls
from tests.engine.namespace import KEY, Namespace, ack, states_of
from windsock.engine.protocol.errors import ProtocolError


@pytest.fixture
def namespace() -> Namespace:
    return Namespace()


# ------------------------------------------------------------------------------------------------ requests


def test_watch_sends_the_states_and_then_the_acknowledgement(namespace: Namespace) -> None:
    viewer = namespace.viewer("cloud")
    assert [*states_of("kiln", "door"), ack(ok=True)] == viewer.ask("watch", {"things": ["kiln", "door"]})
    namespace.change("door")
    assert ["state 1"] == viewer.answers()


@pytest.mark.parametrize("link", [Polls, lambda: Link(room=0)])
def test_watch_keeps_its_order_where_nothing_can_be_sent_at_once(
    namespace: Namespace, link: Callable[[], Link]
) -> None:
    viewer = namespace.viewer("cloud", link=link())
    viewer.say('2/windsock,7["watch",{"things":["kiln"]}]')
    namespace.change("kiln")
    if not isinstance(viewer.link, Polls):
        viewer.link.drain()
    assert ["state 1", ack(ok=True)] == viewer.answers()[-2:]


def test_to_watch_again_sends_the_state_again(namespace: Namespace) -> None:
    viewer = namespace.viewer("cloud")
    assert ["state 0", ack(ok=True)] == viewer.ask("watch", {"things": ["cloud"]})
    namespace.change("cloud")
    assert ["state 1"] == viewer.answers()


def test_unwatch_ends_it_even_for_what_is_owed_already(namespace: Namespace) -> None:
    viewer = namespace.viewer("cloud", "kiln", link=Link(room=1))
    namespace.change("cloud")
    namespace.change("kiln")
    viewer.ask("unwatch", {"things": ["cloud", "fog"]})
    namespace.change("cloud")
    viewer.link.drain()
    assert ["state 1", ack(ok=True)] == viewer.answers()


def test_a_viewer_watches_no_more_things_than_it_may() -> None:
    namespace = Namespace(most_things=2)
    viewer = namespace.viewer("cloud", "kiln")
    refused = ack(ok=False, code="bad_request", error="a viewer watches at most 2 things")
    assert [refused] == viewer.ask("watch", {"things": ["door"]})
    assert ["state 0", ack(ok=True)] == viewer.ask("watch", {"things": ["kiln"]})
    viewer.ask("unwatch", {"things": ["cloud"]})
    assert ["state 0", ack(ok=True)] == viewer.ask("watch", {"things": ["door"]})


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (["watch", {"things": ["fog"]}], "unknown_thing"),
        (["watch"], "bad_request"),
        (["watch", {"things": 5}], "bad_request"),
        (["unwatch", None], "bad_request"),
        (["dance"], "bad_request"),
        ([5, {}], "bad_request"),
        ([{"a": 1}], "bad_request"),
    ],
)
def test_a_request_that_is_wrong_is_refused_with_a_code(namespace: Namespace, event: list[Any], code: str) -> None:
    (answer,) = namespace.viewer("cloud").ask(*event)
    assert {"ok": False, "code": code} == {k: v for k, v in json.loads(answer[12:])[0].items() if k != "error"}


def test_history_and_report_are_carried_out_in_a_thread(namespace: Namespace) -> None:
    viewer, publisher = namespace.viewer("cloud"), namespace.viewer("cloud", token=KEY)
    viewer.say('2/windsock,7["history",{"thing":"cloud"}]')
    assert [] == viewer.answers()
    namespace.machine.run_threads()
    assert [ack(ok=True, changes=[{"thing": "cloud"}])] == viewer.answers()
    assert [ack(ok=True, result="refused")] == viewer.ask("report", {})
    assert [ack(ok=True, result="changed")] == publisher.ask("report", {})


def test_a_request_that_fails_is_logged_and_answered_without_details(
    namespace: Namespace, caplog: pytest.LogCaptureFixture
) -> None:
    namespace.site.fails = RuntimeError("the disk is on fire")
    with caplog.at_level(logging.ERROR):
        (answer,) = namespace.viewer("cloud").ask("history", {})
    assert "the disk is on fire" in caplog.text
    assert "fire" not in answer
    assert '"code":"unavailable"' in answer


def test_without_an_id_nothing_is_acknowledged(namespace: Namespace) -> None:
    viewer = namespace.viewer("cloud")
    viewer.say('2/windsock,["watch",{"things":["kiln"]}]')
    viewer.say('2/windsock,["history",{}]')
    namespace.machine.run_threads()
    assert ["state 0"] == viewer.answers()


def test_who_left_is_not_answered(namespace: Namespace) -> None:
    viewer = namespace.viewer("cloud")
    viewer.say('2/windsock,7["history",{}]')
    viewer.say("1/windsock,")
    namespace.machine.run_threads()
    assert [] == viewer.answers()


def test_who_is_not_in_is_not_heard(namespace: Namespace) -> None:
    assert [] == namespace.session().ask("watch", {"things": ["cloud"]})


@pytest.mark.parametrize(
    "text", ["0/windsock,{", '2/windsock,{"a":1}', "2/windsock,[]", "3/windsock,[]", "4/windsock,"]
)
def test_what_is_no_packet_of_a_viewer_is_refused(namespace: Namespace, text: str) -> None:
    viewer = namespace.viewer("cloud")
    with pytest.raises(ProtocolError):
        viewer.say(text)


def test_an_acknowledgement_that_nobody_asked_for_is_ignored(namespace: Namespace) -> None:
    viewer = namespace.viewer("cloud")
    viewer.say("3/windsock,7[]")
    assert [] == viewer.answers()


# ------------------------------------------------------------------------------------- leaving and staying


def test_who_leaves_gets_no_more_and_may_come_again(namespace: Namespace) -> None:
    viewer = namespace.viewer("cloud")
    viewer.say("1/windsock,")
    namespace.change("cloud")
    assert ([], 0) == (viewer.answers(), len(namespace.states))
    viewer.connect({"things": ["cloud"]})
    assert ["connected", "state 1"] == viewer.answers()


def test_when_the_states_stop_all_are_told_and_their_connections_live_on(namespace: Namespace) -> None:
    viewers = [namespace.viewer("cloud"), namespace.viewer("kiln")]
    namespace.states.put_out()
    assert [["1/windsock,"]] * 2 == [viewer.answers() for viewer in viewers]
    namespace.change("cloud")
    assert [[]] * 2 == [viewer.answers() for viewer in viewers]
    assert not any(viewer.session.closed for viewer in viewers)


def test_who_is_put_out_is_owed_no_states_any_more(namespace: Namespace) -> None:
    viewer = namespace.viewer("cloud", link=Link(room=1))
    namespace.change("cloud")
    namespace.states.put_out()
    viewer.link.drain()
    assert ["1/windsock,"] == viewer.answers()


def test_a_new_start_sends_everybody_everything(namespace: Namespace) -> None:
    viewer = namespace.viewer("cloud", "kiln")
    namespace.states.renew()
    namespace.machine.take_turns()
    assert ["state 0", "state 0"] == viewer.answers()


def test_what_is_only_heard_is_told_as_such(namespace: Namespace) -> None:
    viewer = namespace.viewer("cloud")
    namespace.states.heard("cloud")
    namespace.states.heard("kiln")
    namespace.machine.take_turns()
    assert ["heard 0"] == viewer.answers()


def test_viewers_of_different_mounts_get_frames_of_their_own(namespace: Namespace) -> None:
    here = namespace.viewer("cloud")
    namespace.site.base = "/mounted"
    there = namespace.viewer("cloud")
    assert ["", "/mounted"] == namespace.site.bases
    namespace.change("cloud")
    assert [["state 1"]] * 2 == [here.answers(), there.answers()]


def test_viewers_of_the_same_things_share_what_says_so(namespace: Namespace) -> None:
    one, other = namespace.viewer("cloud", "kiln"), namespace.viewer("cloud", "kiln")
    assert one.session.viewer is not None
    assert other.session.viewer is not None
    assert one.session.viewer.things is other.session.viewer.things
    one.ask("unwatch", {"things": ["kiln"]})
    namespace.change("kiln")
    assert (["state 1"], []) == (other.answers(), one.answers())


# -------------------------------------------------------------------------------------------------- counts


def count_of(thing: str, count: int) -> str:
    return f'2/windsock,["viewers",{{"thing":"{thing}","count":{count}}}]'


def test_who_asks_is_told_how_many_watch_and_nobody_else(namespace: Namespace) -> None:
    viewer, counting = namespace.viewer("cloud"), namespace.viewer("cloud", viewers=True)
    namespace.tick()
    assert ([count_of("cloud", 2)], []) == (counting.answers(), viewer.answers())


def test_counts_of_all_mounts_are_added_up(namespace: Namespace) -> None:
    counting = namespace.viewer("cloud", viewers=True)
    namespace.site.base = "/mounted"
    namespace.viewer("cloud")
    namespace.tick()
    assert [count_of("cloud", 2)] == counting.answers()


def test_counts_are_told_when_they_change_and_seldom(namespace: Namespace) -> None:
    counting = namespace.viewer("cloud", viewers=True)
    namespace.tick()
    assert [count_of("cloud", 1)] == counting.answers()
    viewer = namespace.viewer("cloud", "kiln")
    namespace.states.tick(namespace.machine.now())
    assert [] == counting.answers()
    namespace.tick()
    assert [count_of("cloud", 2)] == counting.answers()
    namespace.tick()
    assert [] == counting.answers()
    viewer.say("1/windsock,")
    namespace.tick()
    assert [count_of("cloud", 1)] == counting.answers()


def test_a_viewer_that_is_full_is_owed_only_the_last_count(namespace: Namespace) -> None:
    counting = namespace.viewer("cloud", viewers=True, link=Link(room=1))
    for _ in range(3):
        namespace.viewer("cloud")
        namespace.tick()
    counting.link.drain()
    assert [count_of("cloud", 4)] == counting.answers()


def test_who_counted_and_left_costs_nothing(namespace: Namespace) -> None:
    counting = namespace.viewer("cloud", viewers=True)
    counting.say("1/windsock,")
    namespace.viewer("cloud")
    namespace.tick()
    assert [] == counting.answers()
    assert not namespace.states._recounted
