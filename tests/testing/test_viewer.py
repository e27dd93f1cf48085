from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.testing.apps import create_app
from tests.waiting import eventually
from windsock.testing import Gap, LinkLost, LiveServer, RecordingViewer, Serve
from windsock.testing.carriers import CARRIERS


@pytest.fixture(params=CARRIERS)
def live(request: pytest.FixtureRequest, windsock_server: Serve) -> LiveServer:
    """An application on each server; time passes only where a test turns the clock."""
    served = windsock_server(create_app(), request.param)
    served.clock.stop()
    return served


@pytest.fixture
def viewer(live: LiveServer) -> Iterator[RecordingViewer]:
    """A viewer of the cloud."""
    with live.viewer("cloud") as viewing:
        yield viewing


def say(live: LiveServer, *states: str, **data: Any) -> None:
    """Have the cloud's source say states, one after the other."""
    for state in states:
        live.source("cloud").say(state, **data)
        live.source("cloud").wait_until_read()


def names(viewer: RecordingViewer) -> list[str | None]:
    return [seen.state for seen in viewer.states()]


# ------------------------------------------------------------------------------------------------- what it sees


def test_it_has_every_state_as_soon_as_it_is_connected(live: LiveServer) -> None:
    say(live, "HUGGING")

    with live.viewer() as viewer:
        assert {"cloud": "HUGGING", "oven": None, "door": None, "tap": None} == {
            thing: viewer.shown(thing).state for thing in ("cloud", "oven", "door", "tap")
        }
        # Once, or twice: news of it may still have been under way.
        assert {"HUGGING"} == {seen.state for seen in viewer.states("cloud")}


def test_it_sees_states_with_their_data_in_order(live: LiveServer, viewer: RecordingViewer) -> None:
    say(live, "HUGGING", force=3)
    assert {"force": 3} == viewer.sees("HUGGING").data
    say(live, "PUNCHING")
    viewer.sees("PUNCHING")

    assert ([None, "HUGGING", "PUNCHING"], [0, 1, 2]) == (names(viewer), [seen.version for seen in viewer.states()])
    assert "PUNCHING" == viewer.shown().state


def test_what_it_saw_once_it_does_not_see_again(live: LiveServer, viewer: RecordingViewer) -> None:
    say(live, "HUGGING")
    viewer.sees("HUGGING")

    with pytest.raises(AssertionError, match=r"did not see HUGGING within 0\.05 s; nothing came"):
        viewer.sees("HUGGING", within=0.05)


def test_of_several_things_it_sees_the_one_that_is_meant(live: LiveServer) -> None:
    with live.viewer("door", "cloud") as viewer:
        say(live, "NOTCONNECTED")
        viewer.sees("NOTCONNECTED", thing="cloud")
        live.report("door", "OPEN")
        assert "OPEN" == viewer.sees(thing="door").state
        with pytest.raises(ValueError, match="this viewer watches door, cloud: name the thing"):
            viewer.shown()
        with pytest.raises(ValueError, match="told nothing of 'oven'"):
            viewer.shown("oven")


def test_it_sees_that_a_source_fails_and_recovers(live: LiveServer, viewer: RecordingViewer) -> None:
    say(live, "HUGGING")
    viewer.sees("HUGGING")
    with live.source("cloud").failing("the queue is down"):
        assert ("HUGGING", False) == ((seen := viewer.sees(source="failing")).state, seen.live)
        assert "failing" == viewer.shown().source
    assert viewer.sees(source="ok").live
    assert ["failing", "ok"] == [seen.source for seen in viewer.heard()]


def test_being_heard_is_no_state_that_it_sees(live: LiveServer, viewer: RecordingViewer) -> None:
    say(live, "HUGGING")
    viewer.sees("HUGGING")
    live.clock.forward("3s")
    say(live, "HUGGING")
    eventually(lambda: viewer.heard())

    assert 1 == viewer.heard()[-1].version
    with pytest.raises(AssertionError):
        viewer.sees("HUGGING", within=0.05)


def test_a_refresh_has_all_that_was_recorded_before(live: LiveServer, viewer: RecordingViewer) -> None:
    for number in range(20):
        live.report("door", "OPEN", number=number)
        say(live, "HUGGING", number=number)
        assert {"number": number} == viewer.refresh().data


def test_it_is_told_how_many_are_watching(live: LiveServer) -> None:
    with live.viewer("cloud", counts=True) as viewer:
        viewer.sees_viewers(1)
        with live.viewer("cloud"):
            viewer.sees_viewers(2, "cloud")
        viewer.sees_viewers(1)


def test_it_asks_for_history_and_reports(live: LiveServer) -> None:
    with live.viewer("door") as viewer:
        assert viewer.ask("report", {"thing": "door", "state": "OPEN"})["ok"]
        viewer.sees("OPEN")
        answer = viewer.ask("history", {"thing": "door"})
        assert ([1], True) == ([change["version"] for change in answer["changes"]], answer["complete"])
        assert "unknown_thing" == viewer.ask("watch", {"things": ["gate"]})["code"]


def test_one_with_the_key_may_report(windsock_server: Serve) -> None:
    live = windsock_server(create_app(WINDSOCK_PUBLISHER_KEY="a-key"))
    reading = {"thing": "door", "state": "OPEN"}

    with live.viewer("door") as stranger, live.viewer("door", token="a-key") as publisher:
        assert "forbidden" == stranger.ask("report", reading)["code"]
        assert publisher.ask("report", reading)["ok"]


# --------------------------------------------------------------------------------------------- what it goes through


def test_one_that_was_away_has_the_newest_state_and_knows_the_gap(live: LiveServer, viewer: RecordingViewer) -> None:
    say(live, "HUGGING")
    viewer.sees("HUGGING")
    with viewer.away():
        say(live, "NEUTRAL", "PUNCHING", "HUGGING")
    assert 4 == viewer.sees("HUGGING").version

    assert [Gap("cloud", 2, 3)] == viewer.gaps()
    assert ["connected", "lost", "back"] == [entry.words[:9].split(":")[0] for entry in viewer.entries if entry.words]


def test_one_that_is_put_out_comes_back_when_windsock_does(live: LiveServer, viewer: RecordingViewer) -> None:
    cloud = live.source("cloud")
    with live.down():
        viewer.sees_link("lost")
        cloud.say("HUGGING")
    viewer.sees_link("back")
    viewer.sees("HUGGING")


def test_after_a_restart_with_an_empty_store_the_lower_version_counts(
    live: LiveServer, viewer: RecordingViewer
) -> None:
    say(live, "HUGGING", "NEUTRAL")
    viewer.sees("NEUTRAL")
    with live.down():
        pass
    viewer.sees_link("back")
    say(live, "PUNCHING")

    assert (1, []) == (viewer.sees("PUNCHING").version, viewer.gaps())


def test_one_that_did_not_read_gets_the_newest_when_it_does(live: LiveServer, viewer: RecordingViewer) -> None:
    with viewer.not_reading():
        for number in range(300):
            live.source("cloud").say("HUGGING", number=number, text="x" * 4000)
        live.source("cloud").say("NEUTRAL")
        live.source("cloud").wait_until_read(within=30)
    assert 301 == viewer.sees("NEUTRAL", within=30).version

    assert viewer.gaps()
    assert len(viewer.states()) < 301


def test_one_that_vanished_leaves_the_others_alone(live: LiveServer) -> None:
    with live.viewer("cloud") as vanished, live.viewer("cloud") as viewer:
        vanished.vanish()
        say(live, "HUGGING")
        viewer.sees("HUGGING")
        assert [None] == names(vanished)


def test_it_can_be_closed_twice_and_before_it_was_opened(live: LiveServer) -> None:
    live.viewer("cloud").close()
    viewer = live.viewer("cloud").open()
    viewer.close()
    viewer.close()


def test_without_a_server_there_is_no_viewer() -> None:
    with pytest.raises(LinkLost, match="no connection: "), RecordingViewer("ws://127.0.0.1:1/socket.io/"):
        pass


# --------------------------------------------------------------------------------------------- when it waits in vain


def told(viewer: RecordingViewer, *arguments: Any, **options: Any) -> list[str]:
    """What a test is told that waits in vain, without the times."""
    with pytest.raises(AssertionError) as failure:
        viewer.sees(*arguments, **options, within=0.05)
    return [re.sub(r" *\d+\.\d{3} s  ", "", line) for line in str(failure.value).splitlines()]


def test_a_test_is_told_what_came_instead(live: LiveServer, viewer: RecordingViewer) -> None:
    say(live, "HUGGING", force=3)
    viewer.sees("HUGGING")
    say(live, "NEUTRAL")
    viewer.refresh()

    assert [
        "the viewer of cloud did not see PUNCHING within 0.05 s; it saw instead:",
        "state    cloud  version 2  NEUTRAL  {}",
    ] == told(viewer, "PUNCHING")[:2]
    assert 'state    cloud  version 1  HUGGING  {"force":3}' == told(viewer, "PUNCHING")[-1]


def test_a_test_is_told_of_messages_that_were_set_aside(live: LiveServer, viewer: RecordingViewer) -> None:
    say(live, "HUGING")

    lines = told(viewer, "HUGGING")

    assert "The server says:" in lines
    assert lines[-1].strip().startswith('scripted:cloud set aside \'{"state": "HUGING", "data": {}}\': ')


def test_a_test_is_told_of_a_source_that_fails(live: LiveServer, viewer: RecordingViewer) -> None:
    with live.source("cloud").failing("the queue is down"):
        viewer.sees(source="failing")
        assert "  scripted:cloud: the queue is down" == told(viewer, "HUGGING")[-1]


def test_a_test_is_told_that_windsock_is_not_running(live: LiveServer, viewer: RecordingViewer) -> None:
    with live.down():
        assert "  Windsock is not running" == told(viewer, "HUGGING")[-1]
        with pytest.raises(AssertionError, match="did not see an answer to 'history'"):
            viewer.ask("history", {"thing": "cloud"}, within=0.05)
