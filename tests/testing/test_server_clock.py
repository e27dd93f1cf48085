from __future__ import annotations

import re
import sys
from datetime import datetime

import pytest
import requests
from flask import Flask, render_template_string
from playwright.sync_api import expect

from tests.browser import OpenPage
from tests.testing.apps import create_app
from tests.waiting import eventually
from windsock import Windsock, runtime
from windsock.testing import LiveServer, Serve, TurnableClock
from windsock.testing.carriers import CARRIERS, ServerName
from windsock.times import utc_now

every_server = pytest.mark.parametrize("server", CARRIERS)


@every_server
def test_rest_and_offline_come_when_the_clock_is_turned(windsock_server: Serve, server: ServerName) -> None:
    live = windsock_server(create_app(), server)
    with live.viewer("cloud") as viewer:
        live.source("cloud").say("HUGGING")
        viewer.sees("HUGGING")
        live.clock.forward("6s")
        viewer.sees("NEUTRAL")
        live.clock.forward("1m")
        viewer.sees("NOTCONNECTED")


@every_server
def test_what_takes_reports_goes_stale_when_the_clock_is_turned(windsock_server: Serve, server: ServerName) -> None:
    live = windsock_server(create_app(), server)
    with live.viewer("door") as viewer:
        live.report("door", "OPEN")
        assert viewer.sees("OPEN").live
        live.clock.forward("61s")
        assert not viewer.sees(stale=True).live
        live.report("door", "OPEN")
        viewer.sees("OPEN", stale=False)


@every_server
def test_a_page_in_a_browser_stops_being_live_when_the_clock_is_turned(
    windsock_server: Serve, open_page: OpenPage, server: ServerName
) -> None:
    app = create_app()
    page = '<p data-windsock="door"></p> {{ windsock.scripts() }}'
    app.add_url_rule("/", view_func=lambda: render_template_string(page))
    live = windsock_server(app, server)
    live.report("door", "OPEN")
    shown = open_page(live.url).locator("p")

    expect(shown).to_have_attribute("data-windsock-liveness", "live")
    live.clock.forward("61s")
    expect(shown).to_have_attribute("data-windsock-liveness", "silent")


def test_silence_of_what_takes_reports_is_noticed_at_the_turn(windsock_server: Serve) -> None:
    app = Flask("resting")
    Windsock(app).thing("bell", rest="QUIET", rest_after="1h")
    asked_for: list[str] = []

    def real() -> datetime:
        asked_for.append(sys._getframe(2).f_code.co_name)
        return utc_now()

    live = windsock_server(app, clock=TurnableClock(real))
    with live.viewer("bell") as viewer:
        live.report("bell", "RINGING")
        eventually(lambda: "_patience" in asked_for)  # the watcher wants to sleep for an hour
        live.clock.forward("1h")
        viewer.sees("QUIET")


def test_a_turn_is_told_at_once_and_not_at_the_next_look_at_the_clocks(
    windsock_server: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "TICK", 3600)
    live = windsock_server(create_app())
    live.report("door", "OPEN")
    with live.viewer("door") as viewer:
        viewer.sees("OPEN")
        live.clock.forward("61s")
        viewer.sees(stale=True)


def test_a_clock_that_is_turned_back_makes_nothing_look_younger(windsock_server: Serve) -> None:
    clock = TurnableClock()
    clock.stop()
    live = windsock_server(create_app(), clock=clock)
    live.report("door", "OPEN")
    live.clock.back("1h")

    eventually(lambda: live.state("door").heard_at == clock())
    live.clock.forward("61s")
    assert live.state("door").stale


@every_server
def test_the_words_of_a_page_go_by_the_clock_that_is_turned(windsock_server: Serve, server: ServerName) -> None:
    live = windsock_server(create_app(), server)
    live.clock.stop()
    live.report("door", "OPEN")
    live.clock.forward("50s")
    assert re.search(r"Changed 5\d s ago · heard 5\d s ago", page_of(live, "/windsock/"))
    live.clock.forward("2h")
    assert "2 h ago</time>" in page_of(live, "/windsock/things/door")


def page_of(live: LiveServer, path: str) -> str:
    """What the server wrote, before any script has a say."""
    return requests.get(live.url + path, timeout=10).text
