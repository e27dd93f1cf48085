from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from flask import Flask
from flask_socketio import SocketIO

from tests.leftovers import added, present
from tests.servers import request
from tests.testing.apps import create_app
from tests.waiting import eventually
from windsock import Reading, Windsock
from windsock.errors import ConfigError, NotStarted, StoreInUse, UnknownThing
from windsock.testing import LinkLost, LiveServer, Serve, ViewerRefused
from windsock.testing.carriers import CARRIERS, ServerName

every_server = pytest.mark.parametrize("server", CARRIERS)
both_ways = pytest.mark.parametrize("own_socketio", [False, True], ids=["windsock's socketio", "own socketio"])


# -------------------------------------------------------------------------------------------------- serving


@every_server
@both_ways
def test_an_application_is_served_with_its_pages_and_its_things(
    windsock_server: Serve, server: ServerName, own_socketio: bool
) -> None:
    app = create_app(own_socketio)
    app.add_url_rule("/own", view_func=lambda: "the application's own page")
    live = windsock_server(app, server)

    assert "the application's own page" == request("GET", f"{live.url}/own").text
    assert ["cloud", "oven", "door", "tap"] == [
        thing["thing"] for thing in request("GET", f"{live.url}/windsock/api/v1/things").json["things"]
    ]
    with live.viewer("door") as viewer:
        live.report("door", "OPEN", by="Ada")
        assert {"by": "Ada"} == viewer.sees("OPEN").data


@every_server
@both_ways
def test_an_application_can_be_served_again_and_again_on_every_server(server: ServerName, own_socketio: bool) -> None:
    app = create_app(own_socketio)
    for one in (server, *CARRIERS, server):
        with LiveServer(app, one) as live, live.viewer("door") as viewer:
            live.report("door", "OPEN")
            viewer.sees("OPEN")


@every_server
def test_one_under_testing_is_served_too(windsock_server: Serve, server: ServerName) -> None:
    live = windsock_server(create_app(TESTING=True), server)

    with live.viewer("door") as viewer:
        live.report("door", "OPEN")
        viewer.sees("OPEN")


def test_several_run_side_by_side_each_with_its_own_clock_and_states(windsock_server: Serve) -> None:
    first, second = windsock_server(create_app()), windsock_server(create_app(), "flask-socketio")
    first.report("door", "OPEN")
    first.clock.forward("61s")

    assert ("OPEN", None) == (first.state("door").state, second.state("door").state)
    assert second.clock() < first.clock()


@every_server
def test_the_application_s_own_events_go_on(windsock_server: Serve, server: ServerName) -> None:
    app = create_app(own_socketio=True)
    app.extensions["socketio"].on("ask")(lambda question: f"{question}?")
    url = f"{windsock_server(app, server).url}/socket.io/?EIO=4&transport=polling"
    session = f"{url}&sid={json.loads(request('GET', url).text[1:])['sid']}"
    for packet in (b"40", b'420["ask","why"]'):
        request("POST", session, packet)

    assert '430["why?"]' in _received(session, '430["why?"]')
    request("POST", session, b"1")


def _received(session: str, wanted: str) -> str:
    got = ""
    while wanted not in got:
        got += request("GET", session).text
    return got


@every_server
def test_at_the_end_the_application_is_told_of_everybody_who_left(server: ServerName) -> None:
    app, left = create_app(own_socketio=True), []
    app.extensions["socketio"].on("disconnect")(lambda *_: left.append(1))
    with LiveServer(app, server) as live:
        url = f"{live.url}/socket.io/?EIO=4&transport=polling"
        session = f"{url}&sid={json.loads(request('GET', url).text[1:])['sid']}"
        request("POST", session, b"40")
        assert "40{" in request("GET", session).text

    assert [1] == left


# ------------------------------------------------------------------------------ the outside world stays out


def test_no_real_source_is_read_and_no_function_called(windsock_server: Serve) -> None:
    live = windsock_server(create_app())
    live.source("cloud").say("HUGGING", force=3)
    live.source("cloud").wait_until_read()

    assert (("HUGGING", {"force": 3}), None) == (
        (live.state("cloud").state, live.state("cloud").data),
        live.state("tap").state,
    )


def test_a_source_that_is_named_is_read_as_in_life(windsock_server: Serve) -> None:
    live = windsock_server(create_app(), real=["tap"])

    eventually(lambda: live.state("tap").state == "DRIPPING")
    with pytest.raises(ConfigError, match=r"tap is read as in life \(watch:tap .*\), for it is named in real="):
        live.source("tap")


def test_a_thing_that_is_not_there_cannot_be_real() -> None:
    before = present()

    with pytest.raises(ConfigError, match=r"real=\['tpa'\]: there is no thing 'tpa'"):
        LiveServer(create_app(), real=["tpa"]).start()

    eventually(lambda: [] == added(before), within=2)


def test_what_takes_reports_goes_on_taking_them(windsock_server: Serve) -> None:
    live = windsock_server(create_app())
    url = f"{live.url}/windsock/api/v1/things/door/state"

    assert 200 == request("PUT", url, b'{"state": "OPEN"}', {"Content-Type": "application/json"}).status
    with pytest.raises(ConfigError, match=re.escape("door has no source to script, it takes reports")):
        live.source("door")


def test_there_is_no_source_of_what_is_not_there(windsock_server: Serve) -> None:
    with pytest.raises(UnknownThing, match="there is no thing 'gate'; there are cloud, oven, door, tap"):
        windsock_server(create_app()).source("gate")


def test_the_application_s_store_is_not_touched(windsock_server: Serve, tmp_path: Path) -> None:
    live = windsock_server(create_app(WINDSOCK_STORE_URL=f"sqlite:///{tmp_path}/windsock.db"))
    live.report("door", "OPEN")

    assert [] == list(tmp_path.iterdir())


def test_a_store_that_is_named_keeps_states_from_one_server_to_the_next(tmp_path: Path) -> None:
    app, store = create_app(), f"sqlite:///{tmp_path}/test.db"
    versions = []
    for _ in range(2):
        with LiveServer(app, store=store) as live:
            live.source("cloud").say("HUGGING")
            live.source("cloud").say("NEUTRAL")
            live.source("cloud").wait_until_read()
            versions.append(live.state("cloud").position.version)

    assert [2, 4] == versions


# ---------------------------------------------------------------------------------------- mistakes in words


def test_an_application_without_windsock_is_refused() -> None:
    with pytest.raises(ConfigError, match="'bare' has no Windsock: call"):
        LiveServer(Flask("bare"))


def test_a_server_that_there_is_not_is_refused() -> None:
    with pytest.raises(ConfigError, match="there is no server 'gevent'; there are engine and flask-socketio"):
        LiveServer(create_app(), server="gevent")  # type: ignore[arg-type]


def test_an_application_that_runs_already_is_refused(windsock_server: Serve) -> None:
    app = create_app()
    windsock_server(app)

    with pytest.raises(ConfigError, match="runs already: a LiveServer starts it by itself"):
        LiveServer(app).start()


def test_before_the_start_and_after_the_stop_there_is_no_address() -> None:
    live = LiveServer(create_app())
    with pytest.raises(NotStarted, match="use it as a context manager, or start"):
        assert live.url
    live.start()
    live.stop()
    live.stop()
    with pytest.raises(NotStarted):
        live.viewer()


def test_a_store_that_somebody_holds_is_refused(windsock_server: Serve, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/test.db"
    windsock_server(create_app(), store=store)

    with pytest.raises(StoreInUse):
        windsock_server(create_app(), store=store)


@every_server
def test_a_viewer_that_is_refused_is_told_why(windsock_server: Serve, server: ServerName) -> None:
    live = windsock_server(create_app(), server)

    with pytest.raises(ViewerRefused, match="there is no thing 'gate'") as refused:
        live.viewer("gate").open()
    assert "unknown_thing" == refused.value.code


def test_a_viewer_of_a_server_that_has_ended_says_so() -> None:
    with LiveServer(create_app()) as live:
        viewer = live.viewer("door")
    with pytest.raises(LinkLost, match="no connection"):
        viewer.open()


def test_an_application_whose_socketio_lies_elsewhere_is_served(windsock_server: Serve) -> None:
    app = Flask("deep")
    SocketIO(app, async_mode="threading", path="/deep/live")
    Windsock(app).thing("door")
    for server in CARRIERS:
        with LiveServer(app, server) as live, live.viewer("door") as viewer:
            live.report("door", "OPEN")
            viewer.sees("OPEN")


def test_data_of_a_report_may_have_any_names(windsock_server: Serve) -> None:
    live = windsock_server(create_app())
    live.report("door", "OPEN", thing="hinge", state="SOLID", self=1)
    assert {"thing": "hinge", "state": "SOLID", "self": 1} == live.state("door").data


def test_things_of_one_queue_have_a_source_each_that_speaks_for_its_thing_alone(windsock_server: Serve) -> None:
    app = Flask("sharing")
    windsock = Windsock(app)
    for name in ("left", "right"):
        windsock.thing(name, source="azure-queue://pillows")
    live = windsock_server(app)
    left, right = live.source("left"), live.source("right")
    left.say("HUGGING")
    right.say(Reading("PUNCHING", thing="right"))
    right.say(Reading("SHAKING", thing="left"))
    for source in (left, right):
        source.wait_until_read()
    assert ("HUGGING", "PUNCHING") == (live.state("left").state, live.state("right").state)
