from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import EPOCH, unhurried
from windsock.model import Position
from windsock.web.frames import Frame
from windsock.web.viewer import Viewer


class Session:
    """A viewer, and the queue of its session. ``idle`` tells whether that has drained."""

    def __init__(self, *things: str) -> None:
        self.idle = True
        self.alive = True
        self.sent: list[Any] = []
        self.newest = dict.fromkeys(things, 0)
        self.viewer = Viewer("", self._send, lambda: self.idle, counts=False, publisher=False)
        self.viewer.watch(things, self.frame)
        self.sent.clear()

    def frame(self, thing: str) -> Frame:
        version = self.newest[thing]
        return Frame((thing, version), Position(EPOCH, version))

    def change(self, thing: str = "cloud") -> None:
        self.newest[thing] += 1
        self.viewer.offer(thing, self.frame(thing))

    def drain(self) -> None:
        self.viewer.drain(self.frame)

    def watch(self, *things: str) -> None:
        self.viewer.watch(things, self.frame)

    def _send(self, encoded: Any) -> bool:
        if self.alive:
            self.sent.append(encoded)
            self.idle = False
        return self.alive


def test_watching_sends_the_states_at_once() -> None:
    session = Session("cloud", "kiln")
    session.idle = True
    session.watch("cloud", "kiln")
    assert [("cloud", 0), ("kiln", 0)] == session.sent


def test_news_is_sent_while_the_queue_is_empty() -> None:
    session = Session("cloud")
    for _ in range(3):
        session.idle = True
        session.change()
    assert [("cloud", 1), ("cloud", 2), ("cloud", 3)] == session.sent


def test_a_slow_viewer_gets_the_newest_when_its_queue_has_drained() -> None:
    session = Session("cloud")
    for _ in range(5):
        session.change()
    assert ([], True) == (session.sent, session.viewer.slow)
    session.drain()
    assert [] == session.sent
    session.idle = True
    session.drain()
    assert ([("cloud", 5)], False) == (session.sent, session.viewer.slow)


def test_one_slow_thing_holds_no_other_back() -> None:
    session = Session("cloud", "kiln")
    session.idle = True
    session.change("cloud")
    session.change("cloud")
    session.change("kiln")
    assert [("cloud", 1), ("kiln", 1)] == session.sent


def test_what_is_older_than_what_was_sent_is_dropped() -> None:
    session = Session("cloud")
    session.newest["cloud"] = 7
    session.idle = True
    session.watch("cloud")
    session.idle = True
    session.viewer.offer("cloud", Frame("late", Position(EPOCH, 6)))
    assert [("cloud", 7)] == session.sent


def test_an_equal_version_is_sent_for_its_clocks() -> None:
    session = Session("cloud")
    session.idle = True
    session.viewer.offer("cloud", session.frame("cloud"))
    assert [("cloud", 0)] == session.sent


def test_a_new_epoch_is_never_older() -> None:
    session = Session("cloud")
    session.newest["cloud"] = 7
    session.idle = True
    session.watch("cloud")
    session.idle = True
    session.viewer.offer("cloud", Frame("anew", Position("e2", 1)))
    assert "anew" == session.sent[-1]


def test_what_is_not_watched_is_not_sent() -> None:
    session = Session("cloud", "kiln")
    session.change("kiln")
    session.viewer.unwatch(["kiln", "fog"])
    session.idle = True
    session.drain()
    session.viewer.offer("kiln", Frame("news", Position(EPOCH, 9)))
    session.viewer.note("kiln", "note")
    assert ([], ["cloud"], False) == (session.sent, session.viewer.things, session.viewer.slow)


def test_watching_again_sends_the_state_whatever_was_sent() -> None:
    session = Session("cloud")
    session.newest["cloud"] = 7
    session.idle = True
    session.watch("cloud")
    session.newest["cloud"] = 3
    session.idle = True
    session.watch("cloud")
    assert [("cloud", 7), ("cloud", 3)] == session.sent


def test_watching_again_and_again_without_reading_takes_no_more_memory() -> None:
    session = Session("cloud")
    for _ in range(100):
        session.newest["cloud"] += 1
        session.watch("cloud")
    assert ([], True) == (session.sent, session.viewer.slow)
    session.idle = True
    session.drain()
    assert [("cloud", 100)] == session.sent


def test_clocks_in_the_queue_do_not_pass_for_the_state_that_a_watch_asks_for() -> None:
    session = Session("cloud")
    session.idle = True
    session.viewer.offer("cloud", Frame("clocks", Position(EPOCH, 0), whole=False))
    session.watch("cloud")
    assert ["clocks", ("cloud", 0)] == session.sent


def test_what_cannot_be_sent_now_is_sent_when_it_can_be() -> None:
    session = Session("cloud")
    session.idle, session.alive = True, False
    session.change()
    session.viewer.note("cloud", "1 viewer")
    session.drain()
    assert ([], True) == (session.sent, session.viewer.slow)
    session.alive = True
    session.drain()
    assert ([("cloud", 1), "1 viewer"], False) == (session.sent, session.viewer.slow)


def test_a_state_that_cannot_be_made_keeps_no_other_waiting_for_ever() -> None:
    session = Session("cloud", "kiln")
    session.change("cloud")
    session.change("kiln")
    session.idle = True

    def make(thing: str) -> Frame:
        if thing == "cloud":
            raise ValueError(thing)
        return session.frame(thing)

    for _ in range(2):
        with suppress(ValueError):
            session.viewer.drain(make)
    assert [("kiln", 1)] == session.sent


def test_a_note_waits_for_the_queue_and_a_later_one_replaces_it() -> None:
    session = Session("cloud")
    session.viewer.note("cloud", "1 viewer")
    session.viewer.note("cloud", "2 viewers")
    assert ([], True) == (session.sent, session.viewer.slow)
    session.idle = True
    session.drain()
    assert (["2 viewers"], False) == (session.sent, session.viewer.slow)


def test_a_note_that_can_be_sent_replaces_the_one_that_waits() -> None:
    session = Session("cloud")
    session.viewer.note("cloud", "1 viewer")
    session.idle = True
    session.viewer.note("cloud", "2 viewers")
    session.idle = True
    session.drain()
    assert ["2 viewers"] == session.sent


def test_a_viewer_that_is_gone_waits_for_nothing_and_gets_nothing() -> None:
    session = Session("cloud")
    session.change()
    session.viewer.note("cloud", "1 viewer")
    session.viewer.close()
    session.idle = True
    session.change()
    session.drain()
    session.viewer.note("cloud", "2 viewers")
    assert ([], False) == (session.sent, session.viewer.slow)


actions = st.lists(
    st.one_of(
        st.tuples(st.just("change"), st.sampled_from(["cloud", "kiln"])),
        st.tuples(st.just("late"), st.sampled_from(["cloud", "kiln"])),
        st.just(("drain", "")),
        st.tuples(st.just("watch"), st.sampled_from(["cloud", "kiln"])),
        st.just(("idle", "")),
    ),
    max_size=60,
)


@unhurried
@given(actions)
def test_whatever_happens_versions_go_forward_and_the_newest_comes_last(actions: list[tuple[str, str]]) -> None:
    session = Session("cloud", "kiln")
    since_idle: list[Any] = []
    for name, thing in actions:
        before = len(session.sent)
        if name == "idle":
            session.idle = True
        elif name == "drain":
            session.drain()
        elif name == "watch":
            session.watch(thing)
        elif name == "change":
            session.change(thing)
        else:
            session.viewer.offer(thing, Frame((thing, 0), Position(EPOCH, 0)))
        since_idle = ([] if name == "idle" else since_idle) + session.sent[before:]
        assert len(since_idle) == len({thing for thing, _ in since_idle})
    session.idle = True
    session.drain()
    for thing, newest in session.newest.items():
        versions = [version for name, version in session.sent if name == thing]
        assert sorted(versions) == versions
        assert not newest or newest == versions[-1]
