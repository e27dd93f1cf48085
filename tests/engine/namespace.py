"""The namespace ``/windsock`` without an engine: its site, threads and turns are in a test's hands."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Hashable
from typing import Any, cast

from tests.engine.fakes import HandClock, Link, Owner, Polls, Versions, make_session, said
from windsock import wire
from windsock.engine.engine import Engine
from windsock.engine.limits import Limits
from windsock.engine.protocol.socketio import read_header
from windsock.engine.session import Session
from windsock.engine.states import COUNT_EVERY, States
from windsock.engine.turns import Turns, Work
from windsock.errors import NotStarted, WindsockError
from windsock.tally import Traffic

THINGS = ("cloud", "kiln", "door")
KEY = "a-publisher-key"


class Site:
    """What the states are taken from. ``refuses`` and ``fails`` are raised where a viewer comes in."""

    def __init__(self) -> None:
        self.started = True
        self.inline = True
        self.starts = 0
        self.refuses: Exception | None = None
        self.fails: Exception | None = None
        self.base = ""
        self.versions = {thing: Versions() for thing in THINGS}
        self.bases: list[str] = []

    def start_for_viewer(self) -> None:
        self.starts += 1

    def enter(self, session: Session) -> str:
        if self.refuses:
            raise self.refuses
        return self.base

    def may_publish(self, session: Session, token: str | None) -> bool:
        if self.refuses:
            raise self.refuses
        return token == KEY

    def things(self) -> Collection[str]:
        if not self.started:
            raise NotStarted("the oven is cold")
        return THINGS

    def others(self, thing: str) -> int:
        return 0

    def encoder(self, thing: str, base: str) -> Versions:
        self.bases.append(base)
        return self.versions[thing]

    def history(self, value: object) -> wire.Payload:
        if self.fails:
            raise self.fails
        return {"changes": [value]}

    def report(self, value: object, allowed: bool) -> wire.Payload:
        if self.fails:
            raise self.fails
        return {"result": "changed" if allowed else "refused"}

    def words(self, error: WindsockError, publisher: bool) -> str:
        return f"{error} (for a publisher)" if publisher else str(error)


class Machine:
    """Stands for the engine: its threads work, and its turns are taken, when a test says so."""

    def __init__(self, most_things: int = 1000) -> None:
        self.limits = Limits(things_per_viewer=most_things)
        self.owner = Owner()
        self.clock: HandClock = self.owner.clock
        self.soon: list[Callable[[], None]] = []
        self.turns = Turns(self.clock, self.soon.append)
        self.traffic = Traffic()
        self.waiting: list[tuple[Hashable, Callable[[], Any], Callable[[Any], None]]] = []
        self.greeted: list[Session] = []
        self.added: list[Work] = []

    def now(self) -> float:
        return self.clock()

    def greet(self, session: Session) -> None:
        self.greeted.append(session)

    def in_thread(self, key: Hashable, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        self.waiting.append((key, work, then))

    def run_threads(self) -> None:
        while self.waiting:
            _, work, then = self.waiting.pop(0)
            then(work())

    def take_turns(self) -> None:
        while self.soon:
            self.soon.pop(0)()


class Namespace:
    """The namespace, and viewers of it."""

    def __init__(self, most_things: int = 1000) -> None:
        self.machine = Machine(most_things)
        self.site = Site()
        self.states = States(cast("Engine", self.machine), self.site)

    def session(self, link: Link | None = None) -> Viewer:
        return Viewer(self, link or Link())

    def viewer(self, *things: str, link: Link | None = None, **auth: Any) -> Viewer:
        """One that is connected, and has looked at all that it was told."""
        viewer = self.session(link)
        viewer.connect({"things": list(things)} | auth)
        assert viewer.session.viewer is not None
        viewer.answers()
        return viewer

    def change(self, thing: str) -> None:
        self.site.versions[thing].version += 1
        self.states.changed(thing)
        self.machine.take_turns()

    def tick(self) -> None:
        self.machine.clock.turn(COUNT_EVERY)
        self.states.tick(self.machine.now())


class Viewer:
    """A session that talks to the namespace."""

    def __init__(self, namespace: Namespace, link: Link) -> None:
        self.namespace = namespace
        self.link = link
        self.session = make_session(link, namespace.machine.owner)

    def say(self, text: str) -> None:
        self.namespace.states.receive(self.session, read_header(text))

    def connect(self, auth: Any = None) -> None:
        self.say("0/windsock," + ("" if auth is None else json.dumps(auth)))

    def ask(self, *event: Any) -> list[str]:
        """What comes in answer to a request."""
        self.say(f"2/windsock,7{json.dumps(event)}")
        self.namespace.machine.run_threads()
        return self.answers()

    def answers(self) -> list[str]:
        """What it was sent since the last look; namespace and session ids are left out."""
        packets = self.session.drain() if isinstance(self.link, Polls) else said(self.link.new())
        found = [str(packet).removeprefix("4") for packet in packets] if isinstance(self.link, Polls) else packets
        return ["connected" if str(text).startswith('0/windsock,{"sid":') else str(text) for text in found]


def ack(**fields: Any) -> str:
    return "3/windsock,7" + json.dumps([fields], separators=(",", ":"))


def refusal(message: str, code: str) -> str:
    return "4/windsock," + json.dumps({"message": message, "data": {"code": code}}, separators=(",", ":"))


def states_of(*things: str, version: int = 0) -> list[str]:
    return [f"state {version}" for _ in things]
