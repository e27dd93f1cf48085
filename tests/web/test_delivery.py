"""What only the delivery over Flask-SocketIO can meet, for it shares its engine with the application."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from engineio.exceptions import SocketIsClosedError

from tests.delivery.flask_socketio import carry, open_sessions
from tests.delivery.harness import Site, build, served
from tests.delivery.viewers import open_raw, viewing
from tests.waiting import eventually


@pytest.fixture
def site() -> Iterator[Site]:
    with served(carry, build()) as started:
        yield started


def engine(site: Site) -> Any:
    return site.socketio.server.eio


def test_a_session_that_ends_while_it_is_sent_to_costs_nobody_else_the_news(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with viewing(site.port) as first, viewing(site.port) as second:
        eventually(lambda: first.newest("kiln") and second.newest("kiln"))
        ending, send = open_sessions(engine(site))[0].sid, engine(site).send

        def send_or_fail(eio_sid: str, data: Any) -> None:
            if eio_sid == ending:
                raise SocketIsClosedError
            send(eio_sid, data)

        monkeypatch.setattr(engine(site), "send", send_or_fail)
        for number in range(5):
            site.report("kiln", f"S{number}")
        second.sees("kiln", "S4")


def test_a_viewer_found_dead_while_it_is_sent_to_is_put_out_without_harm(site: Site) -> None:
    def report(_reason: str) -> None:
        site.report("cloud", "PUNCHING")

    site.socketio.on("disconnect")(report)
    dead = open_raw(site.port)
    dead.send("40")
    dead.send("40/windsock,")
    eventually(site.carried.held)
    with viewing(site.port) as viewer:
        eventually(lambda: viewer.newest("kiln"))
        open_sessions(engine(site))[0].last_ping = time.time() - 3600
        site.report("kiln", "HOT")
        viewer.sees("kiln", "HOT")
        viewer.sees("cloud", "PUNCHING")
        assert 1 == site.carried.held()
    dead.close()


def test_a_viewer_that_the_application_puts_out_is_forgotten(site: Site) -> None:
    with viewing(site.port) as viewer:
        eventually(lambda: viewer.newest("kiln"))
        site.socketio.server.disconnect(viewer.sid, namespace="/windsock")
        eventually(lambda: not site.carried.held())


def test_an_application_that_answers_connects_early_changes_nothing() -> None:
    site = build()
    site.socketio.server.always_connect = True
    with served(carry, site):
        session = open_raw(site.port)
        session.send('40/windsock,{"things":["kiln"]}')
        assert session.receive().startswith("40/windsock,")
        assert session.receive().startswith('42/windsock,["state"')
        session.close()


def test_a_handler_that_takes_its_time_holds_no_news_up(site: Site) -> None:
    site.socketio.on("think")(lambda: time.sleep(0.5))
    thinking = open_raw(site.port)
    thinking.send("40")
    assert thinking.receive().startswith("40{")
    with viewing(site.port) as viewer:
        thinking.send('421["think"]')
        began = time.monotonic()
        site.report("kiln", "HOT")
        viewer.sees("kiln", "HOT")
        assert time.monotonic() - began < 0.3
    assert "431[]" == thinking.receive()
    thinking.close()


def test_who_was_connected_before_a_stop_gets_the_state_after_the_next_start(site: Site) -> None:
    with viewing(site.port) as viewer:
        site.report("kiln", "HOT")
        before = viewer.sees("kiln", "HOT")
        site.windsock.stop()
        site.windsock.start()
        eventually(lambda: (viewer.newest("kiln") or before)["epoch"] != before["epoch"])
