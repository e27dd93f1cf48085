"""A live server: a Flask application with its Windsock, served for a test, and nothing of it left afterwards."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Self

from flask import Flask

from windsock.config.model import StoreTable
from windsock.errors import ConfigError, NotStarted, UnknownThing
from windsock.model import Reading, State, ThingSpec
from windsock.recorder import Outcome
from windsock.runtime import Runtime
from windsock.sources import Source
from windsock.testing.carriers import ServerName, carrier
from windsock.testing.clock import TurnableClock
from windsock.testing.source import ScriptedSource
from windsock.testing.viewer import RecordingViewer
from windsock.times import Clock
from windsock.web.site import site_of


class LiveServer:
    """Serves ``app`` within the context, on a free port of 127.0.0.1: on the engine, or as Flask-SocketIO does.

    Nothing of the outside world is touched. No real source is read: every thing that has one gets a `ScriptedSource`
    instead, except those named in ``real`` (things that take reports keep doing so). States are kept in memory,
    unless ``store`` says where; the clock is one to turn.

    Raises ConfigError if the application has no Windsock, or it runs already.
    """

    def __init__(
        self,
        app: Flask,
        server: ServerName = "engine",
        real: Collection[str] = (),
        store: str = "memory:",
        clock: TurnableClock | None = None,
    ) -> None:
        self.app = app
        self.clock = clock or TurnableClock()
        self._site = site_of(app)
        self._carry = carrier(server)
        self._real = real
        self._store = store
        self._port: int | None = None
        self._scripted: dict[str, ScriptedSource] = {}
        self._running = ExitStack()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Serve. Raises ConfigError, StoreError or StoreInUse, and leaves nothing open or running then."""
        if self._site.started:
            raise ConfigError("the application's Windsock runs already: a LiveServer starts it by itself")
        with ExitStack() as running:
            self._prepare(running)
            port = running.enter_context(self._carry(self._site))
            # Stopped before the server, so that no request that waits for news holds that up.
            running.callback(self._site.stop)
            self._site.start()
            running.callback(self.clock.on_turn(self._look_again))
            self._port, self._running = port, running.pop_all()
        return self

    def stop(self) -> None:
        """Have all viewers leave, and end everything. A second call does nothing."""
        self._port = None
        self._running.close()

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1. Raises NotStarted."""
        if self._port is None:
            raise NotStarted("the server is not running: use it as a context manager, or start() it")
        return self._port

    @property
    def url(self) -> str:
        """Its address, without a slash at the end: ``http://127.0.0.1:49152``. Raises NotStarted."""
        return f"http://127.0.0.1:{self.port}"

    def source(self, thing: str) -> ScriptedSource:
        """What stands in for a thing's source. Raises UnknownThing, or ConfigError if nothing does."""
        if thing not in self._runtime.specs:
            raise UnknownThing(f"there is no thing {thing!r}; there are {', '.join(self._runtime.specs) or 'none'}")
        if thing not in self._scripted:
            raise ConfigError(_why_not_scripted(self._runtime.spec(thing)))
        return self._scripted[thing]

    def report(self, thing: str, state: str, /, **data: object) -> Outcome:
        """Report a state of a thing with its data, as `Thing.report` does; returns when it is recorded."""
        return self._runtime.report(thing, Reading(state, data))

    def state(self, thing: str) -> State:
        """The state of a thing now. Raises UnknownThing."""
        return self._runtime.state(thing)

    @contextmanager
    def down(self) -> Iterator[None]:
        """Within it Windsock is stopped and its viewers are put out; at the end it starts again.

        A store in memory begins a new epoch then; one in a file goes on.
        """
        self._site.stop()
        try:
            yield
        finally:
            self._site.start()

    def viewer(self, *things: str, token: str | None = None, counts: bool = False) -> RecordingViewer:
        """A viewer of things, of all if none is named; it connects as a context manager, or with `open`.

        ``token`` is the publisher key; with ``counts`` it is told how many are watching.
        """
        address = f"ws://127.0.0.1:{self.port}/{self._site.delivery.path}/"
        viewer = RecordingViewer(address, things, token, counts, self._explain)
        self._running.callback(viewer.close)
        return viewer

    # --------------------------------------------------------------------------------------------------- how it is set

    @property
    def _runtime(self) -> Runtime:
        return self._site.runtime

    def _prepare(self, running: ExitStack) -> None:
        """Put the test's own things in the place of the application's, until the end."""
        site = self._site
        for name in ("config", "clock", "make_runtime"):
            running.callback(setattr, site, name, getattr(site, name))
        site.config = replace(site.config, store=StoreTable(url=self._store))
        site.clock, site.make_runtime = self.clock, self._make_runtime

    def _make_runtime(
        self, specs: Mapping[str, ThingSpec], store: str, base: Path, sources: Mapping[str, Source], clock: Clock
    ) -> Runtime:
        unknown = sorted(set(self._real) - set(specs))
        if unknown:
            raise ConfigError(f"real={list(self._real)!r}: there is no thing {unknown[0]!r}")
        scripted = {
            thing: self._scripted.get(thing) or ScriptedSource(f"scripted:{thing}")
            for thing, spec in specs.items()
            if spec.source != "inbox:" and thing not in self._real
        }
        self._scripted = scripted
        named = {thing: replace(specs[thing], source=source.name) for thing, source in scripted.items()}
        given = {source.name: source for source in scripted.values()}
        return Runtime({**specs, **named}, store, base, {**sources, **given}, clock)

    def _look_again(self) -> None:
        """The clock was turned."""
        self._runtime.look_again()

    def _explain(self) -> list[str]:
        """What a viewer that waits in vain should know."""
        if not self._site.started:
            return ["Windsock is not running"]
        rejected = self._runtime.rejected(limit=5)
        said = [f"{r.source} set aside {r.body.decode(errors='replace')!r:.200}: {r.reason}" for r in rejected]
        return [*said, *self._runtime.problems()]


def _why_not_scripted(spec: ThingSpec) -> str:
    if spec.source == "inbox:":
        return f"{spec.name} has no source to script, it takes reports: use server.report({spec.name!r}, …)"
    return f"{spec.name} is read as in life ({spec.source}), for it is named in real=…"
