"""Delivery by the engine: what the namespace ``/windsock`` in its loop needs to know of one application."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flask import Flask
from flask_socketio import SocketIO
from socketio import WSGIApp
from werkzeug.middleware.proxy_fix import ProxyFix

from windsock import wire
from windsock.engine import Engine, Refused, Session
from windsock.engine.frames import Frame, message
from windsock.engine.protocol.request import parse_head
from windsock.engine.protocol.socketio import encode_event
from windsock.errors import WindsockError
from windsock.runtime import Runtime
from windsock.tally import Traffic
from windsock.web import requests
from windsock.web.access import Caller, may_publish
from windsock.web.carrier.environ import make_environ, through_middleware
from windsock.web.entrance import SocketEntrance
from windsock.web.problems import UNAVAILABLE
from windsock.web.proxies import TrustedProxies
from windsock.web.views import Views

if TYPE_CHECKING:
    from windsock.web.site import Site

_PLAIN = SocketEntrance | WSGIApp
"""Middleware that passes requests on as they are: Windsock's own, and Flask-SocketIO's."""


class EngineDelivery:
    """Carries the namespace ``/windsock`` of one application. `changed` and `heard` are called from any thread."""

    def __init__(self, site: Site, engine: Engine) -> None:
        self._site = site
        self._engine = engine
        self._states = engine.carry_states(self)
        self._runtime: Runtime | None = None
        self._views: Views | None = None
        self._lock = threading.Lock()
        # Per thing that changed, when the first of those changes was committed, and how many there were.
        self._changed: dict[str, tuple[float, int]] = {}
        self._heard: set[str] = set()
        self._told = False
        # Per thing how often there was news. Written under the hub's lock, read anywhere.
        self.marks: defaultdict[str, int] = defaultdict(int)
        self.inline = False
        self._root: str | None = None

    # ------------------------------------------------------------------------------ for the site: start and stop

    @property
    def path(self) -> str:
        """See `Delivery.path`."""
        return self._engine.options.path.strip("/")

    def attach(self, socketio: SocketIO) -> None:
        """The application's own server is the carrier's business."""

    def find_server(self, app: Flask, allowed_origins: Sequence[str]) -> None:
        """The engine is there; only the way in has to be looked at, now that everything has wrapped the application."""
        around = list(middleware(app))
        self.inline = all(isinstance(step, TrustedProxies | ProxyFix | _PLAIN) for step in around)
        # What passes requests on as they are leaves them where they came in.
        self._root = "" if all(isinstance(step, _PLAIN) for step in around) else None

    def start(self, runtime: Runtime, views: Views) -> None:
        """Begin to let viewers in, and to send them what ``runtime`` publishes."""
        self._runtime, self._views = runtime, views
        runtime.hub.subscribe(self)
        self._engine.call(self._states.renew)

    def stop(self) -> None:
        """Send no more, and put all viewers out. A second call does nothing."""
        runtime, self._runtime = self._runtime, None  # first: who comes from here on would miss the news
        if runtime is None:
            return
        runtime.hub.unsubscribe(self)
        self._engine.call(self._states.put_out)

    @property
    def traffic(self) -> Traffic:
        """See `Delivery.traffic`. The bytes are all that the engine sends, of the application's own events too."""
        return self._engine.traffic

    def viewers(self) -> int:
        """See `Delivery.viewers`."""
        return len(self._states)

    def watching(self, thing: str) -> int:
        """See `Delivery.watching`."""
        return self._states.watching(thing)

    def recount(self, things: Collection[str]) -> None:
        """See `Delivery.recount`."""
        self._engine.call(lambda: self._states.recount(things))

    # ------------------------------------------------------------------------------------------------ for the hub

    def changed(self, thing: str) -> None:
        """See `Listener.changed`."""
        now = time.monotonic()
        with self._lock:
            at, times = self._changed.get(thing, (now, 0))
            self._changed[thing] = (at, times + 1)
            told = self._note(thing)
        if not told:
            self._engine.call(self._tell)

    def heard(self, thing: str) -> None:
        """See `Listener.heard`."""
        with self._lock:
            self._heard.add(thing)
            told = self._note(thing)
        if not told:
            self._engine.call(self._tell)

    def _note(self, thing: str) -> bool:
        """What was encoded of a thing is old; whether the loop has been told already that there is news."""
        self.marks[thing] += 1
        told, self._told = self._told, True
        return told

    def _tell(self) -> None:
        with self._lock:
            changed, heard = self._changed, self._heard - self._changed.keys()
            self._changed, self._heard, self._told = {}, set(), False
        for thing, (at, times) in changed.items():
            self._states.changed(thing, at, times)
        for thing in heard:
            self._states.heard(thing)

    # --------------------------------------------------------------------------------------- for the engine's loop

    @property
    def started(self) -> bool:
        """See `StateSite.started`."""
        return self._runtime is not None and self._site.started

    def start_for_viewer(self) -> None:
        """See `StateSite.start_for_viewer`."""
        self._site.start_with_request()

    def enter(self, session: Session) -> str:
        """See `StateSite.enter`."""
        root = self._root if self._root is not None else self._environ(session).get("SCRIPT_NAME", "").rstrip("/")
        return f"{root}{self._site.prefix}"

    def may_publish(self, session: Session, token: str | None) -> bool:
        """See `StateSite.may_publish`. Raises Refused."""
        return may_publish(Caller.from_environ(self._environ(session), token), self._site.publisher_key)

    def _environ(self, session: Session) -> dict[str, Any]:
        parsed = parse_head(session.head)
        assert parsed is not None, "the engine keeps only heads that it could read"
        environ = make_environ(parsed[0], session.client, session.server, session.scheme)
        found = through_middleware(self._site.app.wsgi_app, environ)
        if not isinstance(found, dict):
            raise Refused(f"the application refused the request: {found.status} {found.reason}")
        return found

    def things(self) -> Collection[str]:
        """See `StateSite.things`."""
        return self._site.runtime.specs

    def others(self, thing: str) -> int:
        """See `StateSite.others`."""
        return self._site.feed.watching(thing)

    def encoder(self, thing: str, base: str) -> ThingEncoder:
        """See `StateSite.encoder`."""
        return ThingEncoder(self._site, self.marks, thing, base)

    def history(self, value: object) -> wire.Payload:
        """See `StateSite.history`."""
        return requests.history(self._site.runtime, value)

    def report(self, value: object, allowed: bool) -> wire.Payload:
        """See `StateSite.report`."""
        return requests.report(self._site.runtime, value, allowed)

    def words(self, error: WindsockError, publisher: bool) -> str:
        """See `StateSite.words`: of what is wrong within, only somebody who may publish learns more."""
        within = wire.error_code(error) == "unavailable" and not isinstance(error, Refused)
        return UNAVAILABLE if within and not publisher else str(error)


class ThingEncoder:
    """Frames of one thing, with the addresses of one mount."""

    def __init__(self, site: Site, marks: Mapping[str, int], thing: str, base: str) -> None:
        self._site = site
        self._marks = marks
        self._thing = thing
        self._base = base

    def mark(self) -> int:
        """See `Encoder.mark`."""
        return self._marks[self._thing]

    def state(self) -> Frame:
        """See `Encoder.state`."""
        return _frame("state", self._site.views.state(self._thing, self._base))

    def heard(self) -> Frame:
        """See `Encoder.heard`."""
        return _frame("heard", self._site.views.heard(self._thing))


def middleware(app: Flask) -> Iterator[object]:
    """Everything around an application, from the outside in; what is not known ends it."""
    step: object = app.wsgi_app
    while getattr(step, "__self__", None) is not app:
        yield step
        if step is None:
            return
        step = getattr(step, "inner", None) or getattr(step, "wsgi_app", None) or getattr(step, "app", None)


def _frame(event: str, payload: wire.Payload) -> Frame:
    return message(encode_event(wire.NAMESPACE, event, payload))
