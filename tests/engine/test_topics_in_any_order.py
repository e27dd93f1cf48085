from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import unhurried
from tests.engine.fakes import Link, said
from tests.engine.room import Room
from windsock.engine import topics
from windsock.engine.session import Session
from windsock.engine.topics import FRESH

OPS = ["change", "publish", "tell", "heard", "enter", "leave", "rejoin", "work", "fill", "drain", "wait"]
steps = st.lists(st.tuples(st.sampled_from(OPS), st.integers(0, 9)), max_size=60)


class Story(Room):
    """Anything that can happen, in any order. ``seen`` is what each viewer got."""

    def __init__(self) -> None:
        super().__init__(3)
        self.sessions = self.topic.members
        self.seen: dict[Session, list[str]] = {}

    def step(self, op: str, number: int) -> None:
        session = self.sessions[number % len(self.sessions)]
        if op == "enter":
            self.sessions.append(self.enter(number % 3 or None))
        elif op in ("leave", "rejoin"):
            self.leave(session)
            if op == "rejoin":
                self.greet(session)
        elif op == "fill":
            self.link(session).room = 0
            session.full()
        elif op == "drain":
            self.link(session).drain(room=number or None)
        else:
            self.go_on(op, number)
        self.look()

    def go_on(self, op: str, number: int) -> None:
        match op:
            case "change":
                self.change()
            case "publish":
                self.versions.version += 1
            case "tell":
                self.topic.changed()
            case "heard":
                self.topic.heard()
            case "work":
                self.work(batches=number % 4)
            case "wait":
                self.clock.turn(FRESH * number / 5)

    def leave(self, session: Session) -> None:
        self.topic.leave(session)
        if session.backlog is not None:
            session.backlog.forgive(self.topic)

    def link(self, session: Session) -> Link:
        assert isinstance(session.link, Link)
        return session.link

    def look(self) -> None:
        """See that nobody who watches holds more than one state, and that versions never go down."""
        for session in self.sessions:
            assert session.backlog is None or len(session.backlog) <= 1
            self.seen.setdefault(session, []).extend(said(self.link(session).new()))

    def end(self) -> None:
        """The last change is told, the work is done, everybody reads."""
        self.change()
        for session in self.sessions:
            self.link(session).drain()
        rounds = 0
        while self.work(batches=1):
            rounds += 1
            assert rounds < 1000
        self.look()


def versions_of(got: list[str]) -> Iterator[int]:
    return (int(text.split()[1]) for text in got)


@unhurried
@given(steps, st.sampled_from([1, 2, 3]))
def test_everybody_who_stays_ends_with_the_newest_and_never_sees_an_older_one(
    story: list[tuple[str, int]], batch: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(topics, "BATCH", batch)
        told = Story()
        for op, number in story:
            told.step(op, number)
        told.end()
    for session, got in told.seen.items():
        versions = list(versions_of(got))
        assert sorted(versions) == versions
        assert session not in told.topic or f"state {told.versions.version}" == got[-1]
        assert not got or got[0].startswith("state")
