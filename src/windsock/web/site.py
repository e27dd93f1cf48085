"""Everything of Windsock in one Flask application: made by `init_app`, started by the first request."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, current_app, request
from flask_socketio import SocketIO

from windsock.config import Config, make_spec, missing_images
from windsock.engine import Engine
from windsock.errors import ConfigError, NotStarted, StoreError, StoreInUse, WindsockError
from windsock.model import ThingSpec
from windsock.runtime import Runtime
from windsock.sources import Source
from windsock.times import Clock, utc_now
from windsock.web.conditional import tag_of_thing
from windsock.web.delivery import Delivery
from windsock.web.engine_delivery import EngineDelivery
from windsock.web.event_stream import EventTexts
from windsock.web.feed import Feed, Shared
from windsock.web.metrics import make_registry
from windsock.web.views import Views

if TYPE_CHECKING:
    from windsock.web.extension import Windsock

log = logging.getLogger("windsock")

MakeRuntime = Callable[[Mapping[str, ThingSpec], str, Path, Mapping[str, Source], Clock], Runtime]
"""Makes a runtime of things, the store's URL, the configuration's folder, sources in code and a clock."""


class Site:
    """One application's Windsock. ``socketio`` is the server that carries it, once that is known."""

    def __init__(self, windsock: Windsock, app: Flask, config: Config, prefix: str, socketio: SocketIO | None) -> None:
        self.windsock = windsock
        self.app = app
        self.config = config
        self.prefix = prefix
        self.publisher_key = config.server.publisher_key
        # What tells the time, and what makes the runtime, from the next start on: tests put their own here.
        self.clock: Clock = utc_now
        self.make_runtime: MakeRuntime = Runtime
        self._lock = threading.Lock()
        self._runtime: Runtime | None = None
        self._views: Views | None = None
        self._start_error: WindsockError | None = None
        self._logged = ""
        self._stopped = False
        # Those who wait for news over plain HTTP, and what is made once for all of them.
        self.feed = Feed()
        self.event_texts = EventTexts(self.feed, lambda: self.views)
        self.tags = Shared(self.feed, lambda thing, base: tag_of_thing(self.views.described(thing, base)))
        self.delivery: Delivery | EngineDelivery = Delivery(self)
        self.feed.recount = self._recount
        # What is read at `/metrics`; an application may register metrics of its own.
        self.metrics = make_registry(self)
        if socketio is not None:
            self.delivery.attach(socketio)

    @property
    def started(self) -> bool:
        """Whether it watches and delivers, in this process."""
        return self._runtime is not None and self._runtime.started

    @property
    def runtime(self) -> Runtime:
        """What runs behind the pages. Raises NotStarted, or why it could not start."""
        if self._runtime is None or not self.started:
            if self._stopped:
                raise NotStarted("Windsock has been stopped; windsock.start() starts it again")
            raise self._start_error or NotStarted(
                "Windsock has not been started in this process. The first request starts it, except under "
                "app.testing: call windsock.start() there"
            )
        return self._runtime

    @property
    def views(self) -> Views:
        """What pages and REST say of things. Raises as `runtime` does."""
        self.runtime  # noqa: B018  # for what it raises
        assert self._views is not None
        return self._views

    def deliver_by(self, engine: Engine) -> None:
        """Have the engine carry the namespace, from the next start on."""
        self.delivery = EngineDelivery(self, engine)

    def base(self) -> str:
        """What the addresses in an answer to this request begin with."""
        return request.root_path.rstrip("/") + self.prefix

    def start(self) -> None:
        """Start watching and delivering, once per process; a second call does nothing.

        Raises ConfigError, StoreError or StoreInUse, and leaves nothing open or running then.
        """
        with self._lock:
            self._start_once()
            self._stopped = False

    def start_with_request(self) -> None:
        """`start` for a request that is being served: the application's own pages go on if it fails."""
        if self.started or self.app.testing:
            return
        with self._lock:
            if self._stopped:  # asked here, for a stop may just have been going on
                return
            try:
                self._start_once()
            except Exception as error:  # noqa: BLE001  # whatever it is, it is Windsock's, not this page's
                self._log_once(error)

    def stop(self) -> None:
        """Stop delivering and watching, until `start`: requests do not start it again. A second call does nothing."""
        with self._lock:
            self._stopped = True
            self.delivery.stop()
            if self._runtime is not None:
                self._runtime.stop()
            # Last: whoever waits is answered then, and is to be told that it has stopped.
            self.feed.stop()

    def _recount(self, things: Collection[str]) -> None:
        self.delivery.recount(things)

    def _start_once(self) -> None:
        if self.started:
            return
        try:
            self._start()
        except WindsockError as error:
            self._start_error = error
            raise
        except Exception:
            self._start_error = NotStarted("Windsock could not start; its log says why")
            raise
        self._start_error, self._logged = None, ""

    def _log_once(self, error: Exception) -> None:
        """Every request tries again, but says nothing new then."""
        text = f"{type(error).__name__}: {error}"
        if text != self._logged:
            self._logged = text
            unforeseen = None if isinstance(error, WindsockError) else error
            log.critical("Windsock did not start: %s", error, exc_info=unforeseen)

    def _start(self) -> None:
        self.delivery.find_server(self.app, self.config.server.allowed_origins)
        specs, sources = self._things()
        self._make_folder()
        runtime = self.make_runtime(specs, self.config.store.url, self.config.base, sources, self.clock)
        _start(runtime)
        try:
            views = Views(runtime, self.clock)
            self.delivery.start(runtime, views)
        except BaseException:
            self.delivery.stop()
            runtime.stop()
            raise
        # Last, for other requests go on as soon as these are there.
        self._runtime, self._views = runtime, views
        self.feed.start(runtime)

    def _make_folder(self) -> None:
        """Flask names an instance folder, but leaves it to the application to make it."""
        kind, _, name = self.config.store.url.partition(":///")
        if self.config.path is None and kind == "sqlite" and not name.startswith("/"):
            try:
                self.config.base.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(f"{self.config.base}: the store's folder cannot be made: {error.strerror}") from None

    def _things(self) -> tuple[dict[str, ThingSpec], Mapping[str, Source]]:
        """The things of the file and those of the code, and the sources that are code."""
        specs, sources = dict(self.config.things), {}
        for thing in self.windsock.things:
            if thing.options and thing.name in specs:
                raise ConfigError(f"thing({thing.name!r}): described in code and in the file; keep one of them")
            spec = make_spec(thing.name, thing.options, Path(self.app.root_path))
            spec = specs.get(thing.name, spec)
            missing = missing_images(spec, f"thing({thing.name!r})")
            if missing:
                raise ConfigError(missing)
            watched = thing.watched(spec)
            if watched is not None:
                spec, source = watched
                sources[spec.source] = source
            specs[thing.name] = spec
        keep = self.config.store.keep
        return {name: replace(spec, keep=spec.keep or keep) for name, spec in specs.items()}, sources


def _start(runtime: Runtime) -> None:
    try:
        runtime.start()
    except StoreInUse as error:
        # The reloader runs the program twice: in the parent, which serves nothing, and in the child.
        if os.environ.get("WERKZEUG_RUN_MAIN") and f"held by process {os.getppid()} " in str(error):
            advice = "That is the reloader, which runs this module too: leave windsock.start() to the first request"
            raise StoreInUse(f"{error}. {advice}") from None
        raise


def site_of(app: Flask) -> Site:
    """The Windsock of an application. Raises ConfigError if it has none."""
    site = app.extensions.get("windsock")
    if site is None:
        raise ConfigError(f"the application {app.name!r} has no Windsock: call windsock.init_app(app)")
    assert isinstance(site, Site)
    return site


def current_site() -> Site:
    """The Windsock of the application that serves this request."""
    return site_of(current_app)
