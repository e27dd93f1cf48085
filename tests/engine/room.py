"""A topic with viewers, whose clock and whose links a test holds in its hands."""

from __future__ import annotations

from tests.engine.fakes import Link, Owner, Versions, make_session, said
from windsock.engine.session import Session
from windsock.engine.topics import Topic


class Room:
    """A topic, and viewers on a link each. ``versions`` is what they are to see."""

    def __init__(self, viewers: int = 0) -> None:
        self.versions = Versions()
        self.topic = Topic("cloud", self.versions)
        self.owner = Owner()
        self.clock = self.owner.clock
        self.links: list[Link] = []
        for _ in range(viewers):
            self.enter()

    def enter(self, room: int | None = None) -> Session:
        """A viewer joins, as the namespace has it join."""
        link = Link(room)
        self.links.append(link)
        session = make_session(link, self.owner)
        self.greet(session)
        return session

    def greet(self, session: Session) -> None:
        """Have a session join, and send it the state as it is now."""
        self.topic.join(session)
        if session.write is None:
            session.pend(self.topic)
        else:
            session.write(self.topic.newest(self.clock()).wire)

    def change(self) -> None:
        self.versions.version += 1
        self.topic.changed()

    def work(self, batches: float = float("inf")) -> bool:
        """Sweep for so many batches; whether there is more to do."""
        self.clock.step = 1e-9
        return self.topic.work(self.clock, self.clock.time + (batches + 0.5) * self.clock.step)

    def new(self) -> list[list[str]]:
        """What each viewer got since the last look."""
        return [said(link.new()) for link in self.links]
