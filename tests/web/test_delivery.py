"""What only the delivery over Flask-SocketIO can meet, for it shares its engine with the application."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from engineio.exceptions import SocketIsClosedError

from tests.delivery.flask_socketio import carry, open_sessions, stock
from tests.delivery.harness import Site, build, served
from tests.delivery.viewers import RawPolling, RawWebSocket, event, open_raw, raw, viewing
from tests.waiting import WITHIN, eventually
from windsock.web.frames import Frame
from windsock.web.viewer import Viewer


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


def test_a_slow_disconnect_handler_of_a_dead_viewer_holds_nobody_up(site: Site) -> None:
    seen = threading.Event()

    def be_slow(_reason: str) -> None:
        seen.wait(3 * WITHIN)

    site.socketio.on("disconnect")(be_slow)
    dead = open_raw(site.port)
    dead.send("40")
    dead.send("40/windsock,")
    eventually(site.carried.held)
    with viewing(site.port) as viewer:
        eventually(lambda: viewer.newest("kiln"))
        open_sessions(engine(site))[0].last_ping = time.time() - 3600
        try:
            site.report("kiln", "HOT")
            viewer.sees("kiln", "HOT")
        finally:
            seen.set()
    dead.close()


def test_a_viewer_whose_answer_to_a_ping_is_late_gets_what_it_missed(site: Site) -> None:
    with raw(site.port, auth={"things": ["kiln"]}) as session:
        assert ["connect", "state"] == [event(session.receive())[0] for _ in range(2)]
        open_sessions(engine(site))[0].last_ping = time.time() - 3600
        site.report("kiln", "HOT")
        eventually(lambda: stock(site.windsock.site())._news._slow)
        session.send("3")
        assert "HOT" == event(session.receive())[1]["state"]


def test_a_viewer_found_dead_is_put_out_by_the_engine(site: Site) -> None:
    engine(site).ping_timeout = 0.2
    dead = open_raw(site.port)
    dead.send("40/windsock,")
    eventually(site.carried.held)
    open_sessions(engine(site))[0].last_ping = time.time() - 3600
    eventually(lambda: not site.carried.held())
    dead.close()


def test_a_viewer_that_asks_and_never_reads_is_put_out(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    session = RawWebSocket(site.port, buffer=4096)
    session.send('40/windsock,{"things":["kiln"]}')
    eventually(lambda: site.carried.held() == 1)
    site.report("kiln", "HOT", ballast="x" * 16000)
    try:
        for _ in range(3000):
            session.send('42/windsock,7["history",{"thing":"kiln"}]')
            if not site.carried.held():
                break
        eventually(lambda: not site.carried.held())
        while session.receive():
            pass  # what was on the way; then the end of the connection
    finally:
        session.close()
    assert 1 == caplog.text.count("a viewer was put out")


def test_a_session_that_ends_while_it_connects_leaves_nothing_behind(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = stock(site.windsock.site())
    begun, gone, done = threading.Event(), threading.Event(), threading.Event()
    known, take_in = delivery._known, delivery._take_in

    def know_late(things: Iterable[str]) -> list[str]:
        begun.set()
        assert gone.wait(WITHIN)
        return known(things)

    def take_in_and_say_so(eio_sid: str) -> None:
        take_in(eio_sid)
        done.set()

    monkeypatch.setattr(delivery, "_known", know_late)
    session = RawPolling(site.port)
    connecting = threading.Thread(target=RawPolling.send, args=(session.twin(), '40/windsock,{"things":["kiln"]}'))
    connecting.start()
    assert begun.wait(WITHIN)
    monkeypatch.setattr(delivery, "_take_in", take_in_and_say_so)
    session.close()
    eventually(lambda: not open_sessions(engine(site)))
    done.clear()
    gone.set()
    assert done.wait(WITHIN)
    connecting.join()
    assert 0 == site.carried.held()


def test_one_thing_s_fault_costs_no_other_its_news(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = stock(site.windsock.site())
    with viewing(site.port) as viewer:
        eventually(lambda: viewer.newest("kiln"))
        state = delivery._frames.state  # type: ignore[union-attr]

        def fail_for_the_cloud(thing: str, base: str) -> Frame:
            if thing == "cloud":
                raise ValueError(thing)
            return state(thing, base)

        monkeypatch.setattr(delivery._frames, "state", fail_for_the_cloud)
        with delivery._news._condition:  # so that both are in one round
            delivery._news._changed |= dict.fromkeys(("cloud", "kiln", "door", "oven"), (0.0, 1))
            before = len(viewer.got)
            delivery._news._condition.notify()
        eventually(lambda: {"kiln", "door", "oven"} <= {payload["thing"] for _, payload in viewer.got[before:]})


def test_a_request_that_ends_after_its_viewer_has_gone_brings_nobody_back(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = stock(site.windsock.site())
    begun, gone, done = threading.Event(), threading.Event(), threading.Event()
    known, admit = delivery._known, delivery._admit

    def know_late(things: Iterable[str]) -> list[str]:
        begun.set()
        assert gone.wait(WITHIN)
        return known(things)

    def admit_and_say_so(viewer: Viewer, things: Iterable[str]) -> None:
        admit(viewer, things)
        done.set()

    session = open_raw(site.port)
    session.send('40/windsock,{"things":[]}')
    eventually(lambda: site.carried.held() == 1)
    monkeypatch.setattr(delivery, "_known", know_late)
    monkeypatch.setattr(delivery, "_admit", admit_and_say_so)
    session.send('42/windsock,["watch",{"things":["kiln"]}]')
    assert begun.wait(WITHIN)
    session.close()
    eventually(lambda: not open_sessions(engine(site)))
    gone.set()
    assert done.wait(WITHIN)
    assert 0 == site.carried.held()


def test_a_viewer_that_the_application_puts_out_is_forgotten(site: Site) -> None:
    with raw(site.port, auth={"things": []}) as session:
        sid = event(session.receive())[1]["sid"]
        site.socketio.server.disconnect(sid, namespace="/windsock")
        assert "41/windsock," == session.receive()
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
    seen = threading.Event()

    def think() -> None:
        seen.wait(3 * WITHIN)

    site.socketio.on("think")(think)
    thinking = open_raw(site.port)
    thinking.send("40")
    assert thinking.receive().startswith("40{")
    with viewing(site.port) as viewer:
        thinking.send('421["think"]')
        try:
            site.report("kiln", "HOT")
            viewer.sees("kiln", "HOT")
        finally:
            seen.set()
    assert "431[]" == thinking.receive()
    thinking.close()


def test_a_stop_is_told_and_nobody_comes_in_before_the_next_start(site: Site) -> None:
    with raw(site.port, auth={"things": ["kiln"]}) as session:
        assert ["connect", "state"] == [event(session.receive())[0] for _ in range(2)]
        site.windsock.stop()
        assert "41/windsock," == session.receive()
        assert 0 == site.carried.held()
        session.send('40/windsock,{"things":[]}')
        name, answer = event(session.receive())
        assert ("refused", "unavailable") == (name, answer["data"]["code"])
        site.windsock.start()
        session.send('40/windsock,{"things":["kiln"]}')
        assert ["connect", "state"] == [event(session.receive())[0] for _ in range(2)]


def test_who_comes_while_windsock_stops_is_sent_away(site: Site) -> None:
    delivery = stock(site.windsock.site())
    delivery.stop()
    with raw(site.port, auth={"things": []}) as session:
        assert "refused" == event(session.receive())[0]
    assert 0 == site.carried.held()


def test_a_handler_that_stops_windsock_in_the_thread_of_the_news_does_not_wait_for_itself(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = threading.Event()

    def stop_from_within(_things: object, _heard: object) -> None:
        site.windsock.stop(site.app)
        stopped.set()

    news = stock(site.windsock.site())._news
    monkeypatch.setattr(news, "_send", stop_from_within)
    news.changed("kiln")
    assert stopped.wait(WITHIN)
    assert not site.windsock.site().started
