from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable

import pytest

from tests.engine.fakes import HEAD, Link
from tests.engine.hosted import Hosted, hosted
from tests.engine.raw import poller, viewer
from tests.waiting import WITHIN, eventually, run_apart
from windsock.engine import Engine, Limits, Options, Session
from windsock.engine.protocol.handshake import UNSUPPORTED_VERSION, Refusal


class App:
    """Has the main namespace, and notes what comes."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str | bytes]] = []
        self.over: list[tuple[str, str]] = []

    def accepts(self, namespace: str) -> bool:
        return namespace == "/"

    def receive(self, session: Session, message: str | bytes) -> None:
        self.got.append((session.sid, message))

    def ended(self, session: Session, reason: str) -> None:
        self.over.append((session.sid, reason))


class Expiring:
    lingering = False
    finishing = False

    def __init__(self) -> None:
        self.expired = threading.Event()

    def expire(self) -> None:
        self.expired.set()


def make() -> Engine:
    return Engine(Options(), Limits(), 10)


def in_loop(running: Hosted, function: Callable[[], None]) -> None:
    """Call a function in the engine's loop, and wait until that is done."""
    done = threading.Event()
    running.engine.call(function)
    running.engine.call(done.set)
    assert done.wait(WITHIN)


# -------------------------------------------------------------------------------------- from other threads


def test_what_many_threads_send_arrives_in_the_order_of_each(idle: Hosted) -> None:
    with viewer(idle.port) as found:
        found.connect()
        (sid,) = idle.engine.sessions

        def send(name: str) -> None:
            for number in range(100):
                idle.engine.send(sid, [f'2["{name}",{number}]'])

        threads = [threading.Thread(target=send, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
        got = [found.hear() for _ in range(200)]
        for thread in threads:
            thread.join()
    assert [[f'42["{name}",{number}]' for number in range(100)] for name in "ab"] == [
        [text for text in got if f'"{name}"' in text] for name in "ab"
    ]


def test_a_broadcast_reaches_those_it_is_for_on_either_transport(idle: Hosted) -> None:
    with viewer(idle.port) as one, viewer(idle.port) as other, poller(idle.port) as polls:
        sids = list(idle.engine.sessions)
        idle.engine.broadcast([sids[0], "no-such-sid", polls.sid], ["2[1]"])
        idle.engine.send(sids[1], ["2[2]"])
        assert ("42[1]", "42[2]", ["42[1]"]) == (one.hear(), other.hear(), polls.packets())
        polls.post("1")


def test_a_session_is_closed_after_what_it_was_sent(idle: Hosted) -> None:
    with viewer(idle.port) as found:
        (sid,) = idle.engine.sessions
        idle.engine.send(sid, ["41"])
        idle.engine.close(sid)
        idle.engine.send(sid, ["2[1]"])
        assert "441" == found.hear()
        assert (1000, "the application ended it") == found.closing()


def test_to_send_nothing_ends_nothing(idle: Hosted) -> None:
    with viewer(idle.port) as found:
        (sid,) = idle.engine.sessions
        idle.engine.send(sid, [])
        idle.engine.send(sid, ["2[1]"])
        assert "42[1]" == found.hear()


def test_one_can_ask_whether_and_how_a_session_is_there(idle: Hosted) -> None:
    with viewer(idle.port), poller(idle.port) as polls:
        sids = list(idle.engine.sessions)
        assert ["websocket", "polling"] == [idle.engine.transport(sid) for sid in sids]
        assert all(idle.engine.alive(sid) for sid in sids)
        polls.post("1")
        assert not idle.engine.alive(polls.sid)
        with pytest.raises(KeyError):
            idle.engine.transport(polls.sid)


def test_calls_are_made_in_their_order_and_one_that_fails_costs_the_others_nothing(
    idle: Hosted, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[int] = []
    with caplog.at_level(logging.ERROR):
        idle.engine.call(lambda: done.append(1))
        idle.engine.call(lambda: done.append(1 // 0))
        in_loop(idle, lambda: done.append(2))
    assert [1, 2] == done
    assert "the engine failed at something" in caplog.text


def test_what_is_called_before_the_beginning_is_done_then() -> None:
    engine, done = make(), list[int]()
    engine.call(lambda: done.append(1))

    async def run() -> None:
        engine.begin()
        engine.call(lambda: done.append(2))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    run_apart(run)
    assert [1, 2] == done


def test_what_is_called_after_the_end_is_dropped() -> None:
    with hosted() as running:
        pass
    running.engine.send("no-such-sid", ["2[1]"])
    running.engine.in_thread("key", lambda: 1, lambda one: None)


def test_work_is_done_in_a_thread_and_its_result_handed_to_the_loop(idle: Hosted) -> None:
    names: list[str] = []
    done = threading.Event()

    def work() -> str:
        return threading.current_thread().name

    def then(name: str) -> None:
        names.extend([name, threading.current_thread().name])
        done.set()

    with hosted() as running:
        running.engine.in_thread("key", work, then)
        assert done.wait(WITHIN)
    assert ["windsock-engine-requests-1", "windsock-engine"] == names


# ------------------------------------------------------------------------------------------------ sessions


def test_an_application_is_told_of_what_comes_and_of_the_end() -> None:
    with hosted() as running:
        app = App()
        running.engine.carry(app)
        with viewer(running.port) as found:
            (sid,) = running.engine.sessions
            found.say("40")
            found.say('42["hello"]')
            eventually(lambda: len(app.got) == 2)
        eventually(lambda: app.over)
    assert ([(sid, "0"), (sid, '2["hello"]')], [(sid, "transport close")]) == (app.got, app.over)


def test_nothing_comes_to_an_application_after_the_end() -> None:
    with hosted() as running:
        app = App()
        running.engine.carry(app)
        with viewer(running.port) as found:
            found.say("40")
            found.say("1")
            found.say('42["hello"]')
            found.closing()
    assert ["0"] == [message for _, message in app.got]
    assert ["client disconnect"] == [reason for _, reason in app.over]


def test_ids_are_long_and_never_the_same() -> None:
    engine = make()
    sids = {engine.new_sid() for _ in range(1000)}
    assert (1000, {20}) == (len(sids), {len(sid) for sid in sids})


def test_what_is_expected_expires_in_its_time_or_not_at_all(idle: Hosted) -> None:
    late, early = Expiring(), Expiring()

    def begin() -> None:
        idle.engine.expect(late, 0.05)
        idle.engine.expect_no_more(early, idle.engine.expect(early, 0.05))

    in_loop(idle, begin)
    assert late.expired.wait(WITHIN)
    assert not early.expired.is_set()
    assert not idle.books


def test_all_that_is_kept_of_a_session_goes_with_it() -> None:
    engine = make()
    session, _ = engine.open(Link(), ("192.0.2.7", 1), "192.0.2.7", HEAD)
    session.due()
    engine.greet(session)
    session.end("over")
    engine.forget(session, "again", "")
    assert ({}, 0, 0) == (engine.sessions, engine.polling, len(engine._addresses))
    assert not [*engine._beats, *engine._greetings]


# ------------------------------------------------------------------------------------------------- the log


def test_a_warning_is_said_once_and_not_too_many_of_them(caplog: pytest.LogCaptureFixture) -> None:
    engine = make()
    with caplog.at_level(logging.WARNING):
        for number in range(300):
            engine.notices.once(f"warning {number % 150}")
    assert 100 == len(caplog.records)


def test_a_refusal_is_a_warning_only_for_clients_that_are_too_old(caplog: pytest.LogCaptureFixture) -> None:
    engine = make()
    with caplog.at_level(logging.WARNING):
        engine.notices.refusal(Refusal(400, 3, "nobody cares"))
        engine.notices.refusal(Refusal(400, UNSUPPORTED_VERSION, "too old"))
    assert ["too old"] == [record.message for record in caplog.records]
