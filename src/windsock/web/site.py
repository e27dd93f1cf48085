"""Everything of Windsock in one Flask application: made by `init_app`, started by the first request."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, current_app, request
from flask_socketio import SocketIO

from windsock.config import Config, make_spec, missing_images
from windsock.errors import ConfigError, NotStarted, WindsockError
from windsock.model import ThingSpec
from windsock.runtime import Runtime
from windsock.sources import Source
from windsock.web.delivery import Delivery
from windsock.web.views import Views

if TYPE_CHECKING:
    from windsock.web.extension import Windsock

log = logging.getLogger("windsock")


class Site:
    """One application's Windsock. ``socketio`` is the server that carries it, once that is known."""

    def __init__(self, windsock: Windsock, app: Flask, config: Config, prefix: str, socketio: SocketIO | None) -> None:
        self.windsock = windsock
        self.app = app
        self.config = config
        self.prefix = prefix
        self.publisher_key = config.server.publisher_key
        self._lock = threading.Lock()
        self._runtime: Runtime | None = None
        self._views: Views | None = None
        self._start_error: WindsockError | None = None
        self.delivery = Delivery(self)
        if socketio is not None:
            self.delivery.attach(socketio)

    @property
    def runtime(self) -> Runtime:
        """What runs behind the pages. Raises NotStarted, or why it could not start."""
        if self._runtime is None or not self._runtime.started:
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

    def base(self) -> str:
        """What the addresses in an answer to this request begin with."""
        return request.root_path.rstrip("/") + self.prefix

    def start(self) -> None:
        """Start watching and delivering, once per process; a second call does nothing.

        Raises ConfigError, StoreError or StoreInUse, and leaves nothing open or running then.
        """
        with self._lock:
            if self._runtime is not None and self._runtime.started:
                return
            try:
                self._start()
            except WindsockError as error:
                self._start_error = error
                raise
            self._start_error = None

    def start_with_request(self) -> None:
        """`start` for a request that is being served: the application's own pages go on if it fails."""
        if (self._runtime is not None and self._runtime.started) or self.app.testing:
            return
        known = str(self._start_error)
        try:
            self.start()
        except WindsockError as error:
            if str(error) != known:
                log.critical("Windsock did not start: %s", error)

    def stop(self) -> None:
        """Stop delivering and watching. A second call does nothing."""
        with self._lock:
            self.delivery.stop()
            if self._runtime is not None:
                self._runtime.stop()

    def _start(self) -> None:
        self.delivery.find_server(self.app, self.config.server.allowed_origins)
        specs, sources = self._things()
        base, url = self.config.base, self.config.store.url
        if self.config.path is None:
            base.mkdir(parents=True, exist_ok=True)
        runtime = Runtime(specs, url, base, sources)
        runtime.start()
        self._runtime, self._views = runtime, Views(runtime)
        self.delivery.start(runtime, self._views)

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
        return specs, sources


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
