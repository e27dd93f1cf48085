"""Delivery over Flask-SocketIO, in its ``threading`` mode.

One thread of its own sends all news: a watcher only notes that there is some, under the thing's lock, and never
waits for a viewer, nor runs a handler of the application.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from engineio.exceptions import SocketIsClosedError
from flask import Flask
from flask_socketio import SocketIO
from socketio import packet

from windsock import wire
from windsock.errors import ConfigError, Denied, UnknownThing
from windsock.model import Position
from windsock.runtime import Runtime
from windsock.web.access import Caller, require_publisher
from windsock.web.namespace import WindsockNamespace
from windsock.web.viewer import Frame, Viewer
from windsock.web.views import Views

if TYPE_CHECKING:
    from windsock.web.site import Site

log = logging.getLogger("windsock.delivery")

DRAIN_EVERY = 0.02
"""Seconds between two looks at the queues of slow viewers."""
OWN_SERVER: dict[str, Any] = {"async_mode": "threading", "ping_interval": 10, "ping_timeout": 10}
"""How the server is that Windsock makes. A dead link is noticed within the sum of the two, in seconds."""
COUNT_EVERY = 1.0
"""Seconds between two messages of how many are watching."""


class Delivery:
    """Carries the namespace ``/windsock`` of one application. Safe from any thread."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._socketio: SocketIO | None = None
        self._runtime: Runtime | None = None
        self._views: Views | None = None
        self._lock = threading.Lock()
        # By Engine.IO session: those whose CONNECT is not answered yet, and those who are in.
        self._arriving: dict[str, tuple[Viewer, Sequence[str]]] = {}
        self._viewers: dict[str, Viewer] = {}
        self._watching: dict[str, set[Viewer]] = defaultdict(set)
        self._slow: set[Viewer] = set()
        self._news = threading.Condition()
        self._changed: set[str] = set()
        self._heard: set[str] = set()
        self._recounted: set[str] = set()
        self._counted_at = 0.0
        self._stopping = False
        self._thread: threading.Thread | None = None

    @property
    def path(self) -> str:
        """Where the Socket.IO endpoint lies, below the script root, without the first slash."""
        middleware = getattr(self._socketio, "sockio_mw", None)
        return str(getattr(middleware, "engineio_path", "/socket.io/")).strip("/")

    def attach(self, socketio: SocketIO) -> None:
        """Take ``socketio`` to carry the namespace, as soon as that has a server. Opens nothing."""
        self._socketio = socketio
        socketio.on_namespace(WindsockNamespace(wire.NAMESPACE, self))

    def find_server(self, app: Flask, allowed_origins: Sequence[str]) -> None:
        """Make sure that there is a server: the application's own, or a new one.

        Raises ConfigError if the application's is in another mode than ``threading``.
        """
        if self._socketio is None:
            own = app.extensions.get("socketio")
            origins = "*" if "*" in allowed_origins else [*allowed_origins] or None
            self.attach(own or SocketIO(app, cors_allowed_origins=origins, **OWN_SERVER))
        assert self._socketio is not None
        if self._socketio.server is None:
            raise ConfigError("the SocketIO that Windsock was given has no application: call socketio.init_app(app)")
        if self._socketio.async_mode != "threading":
            raise ConfigError(
                f'the application\'s SocketIO is in the mode "{self._socketio.async_mode}", where news from native '
                'threads is lost; make it SocketIO(app, async_mode="threading"), or serve the application with '
                "`windsock run`"
            )

    def start(self, runtime: Runtime, views: Views) -> None:
        """Begin to send what ``runtime`` publishes."""
        self._runtime, self._views, self._stopping = runtime, views, False
        self._thread = threading.Thread(target=self._run, name="windsock-delivery", daemon=True)
        self._thread.start()
        runtime.hub.subscribe(self)
        for thing in runtime.specs:  # there may be viewers from before a stop
            self.changed(thing)

    def stop(self) -> None:
        """Send no more. A second call does nothing."""
        if self._thread is None or self._runtime is None:
            return
        self._runtime.hub.unsubscribe(self)
        with self._news:
            self._stopping = True
            self._news.notify()
        self._thread.join()
        self._thread = None

    def changed(self, thing: str) -> None:
        """See `Listener.changed`."""
        with self._news:
            self._changed.add(thing)
            self._news.notify()

    def heard(self, thing: str) -> None:
        """See `Listener.heard`."""
        with self._news:
            self._heard.add(thing)
            self._news.notify()

    def connect(self, eio_sid: str, environ: dict[str, Any], auth: object) -> None:
        """Let a viewer in; its states follow as soon as its CONNECT is answered.

        Raises BadRequest or UnknownThing, or why Windsock could not start.
        """
        self._site.start_with_request()
        hello = wire.read_hello(auth)
        things = list(self._site.runtime.specs) if hello.things is None else self._known(hello.things)
        base = environ.get("SCRIPT_NAME", "").rstrip("/") + self._site.prefix
        eio = self._server.eio
        viewer = Viewer(
            base,
            send=partial(_send, eio, eio_sid),
            idle=partial(_is_idle, eio, eio_sid),
            counts=hello.viewers,
            publisher=self._may_report(environ, hello.token),
        )
        with self._lock:
            self._arriving[eio_sid] = (viewer, things)

    def disconnect(self, eio_sid: str) -> None:
        """Forget a viewer."""
        with self._lock:
            self._arriving.pop(eio_sid, None)
            viewer = self._viewers.pop(eio_sid, None)
            if viewer:
                # From here on nothing takes it in again: neither a request of its own that is still being carried
                # out, nor news that is on its way to it.
                viewer.close()
                self._slow.discard(viewer)
        if viewer:
            self._forget(viewer, viewer.things)

    def watch(self, eio_sid: str, things: Collection[str]) -> None:
        """Send the states of things to a viewer, and their news from then on. Raises UnknownThing."""
        self._admit(self._viewer(eio_sid), self._known(things))

    def unwatch(self, eio_sid: str, things: Collection[str]) -> None:
        """Send a viewer no more news of things."""
        viewer = self._viewer(eio_sid)
        watched = set(things).intersection(viewer.things)
        viewer.unwatch(watched)
        self._forget(viewer, watched)

    def may_report(self, eio_sid: str) -> bool:
        """Whether a viewer may report states."""
        return self._viewer(eio_sid).publisher

    @property
    def runtime(self) -> Runtime:
        """What it delivers for. Raises as `Site.runtime` does."""
        return self._site.runtime

    @property
    def _server(self) -> Any:
        assert self._socketio is not None
        return self._socketio.server

    def listen(self, eio: Any) -> None:
        """Have every Engine.IO message pass by `_answer`, from the first on: that may be what starts Windsock."""
        eio.on("message", partial(self._answer, eio.handlers["message"]))

    def _answer(self, answer: Callable[[str, Any], object], eio_sid: str, data: Any) -> None:
        """Handle one Engine.IO message as ever. If it was an accepted CONNECT, its answer is in the queue now.

        Inside the connect handler it is not, so a state sent there would come before CONNECT.
        """
        answer(eio_sid, data)
        with self._lock:
            arriving = self._arriving.pop(eio_sid, None)
            if arriving is None:
                return
            viewer, things = arriving
            self._viewers[eio_sid] = viewer
        self._admit(viewer, things)

    def _admit(self, viewer: Viewer, things: Iterable[str]) -> None:
        # Registered before the state is sent: news in between is sent twice rather than lost.
        things = list(things)
        with self._lock:
            if viewer.closed:
                return
            for thing in things:
                self._watching[thing].add(viewer)
        viewer.watch(things, lambda thing: self._state_frame(thing, viewer.base))
        self._recount(things)

    def _forget(self, viewer: Viewer, things: Collection[str]) -> None:
        with self._lock:
            for thing in things:
                self._watching[thing].discard(viewer)
        self._recount(things)

    def _recount(self, things: Collection[str]) -> None:
        with self._news:
            self._recounted.update(things)
            self._news.notify()

    def _known(self, things: Iterable[str]) -> list[str]:
        names = list(things)
        for name in names:
            self.runtime.spec(name)
        return names

    def _viewer(self, eio_sid: str) -> Viewer:
        with self._lock:
            viewer = self._viewers.get(eio_sid)
        if viewer is None:
            raise UnknownThing("this connection has ended")
        return viewer

    def _may_report(self, environ: dict[str, Any], token: str | None) -> bool:
        try:
            require_publisher(Caller.from_environ(environ, token), self._site.publisher_key)
        except Denied:
            return False
        return True

    def _run(self) -> None:
        while True:
            with self._news:
                if not self._anything():
                    self._news.wait(self._patience())
                if self._stopping:
                    return
                changed, heard = self._changed, self._heard - self._changed
                self._changed, self._heard = set(), set()
            try:
                self._send_news(changed, heard)
            except Exception:  # whatever one round meets, the next one must come
                log.exception("a round of deliveries failed")

    def _anything(self) -> bool:
        return bool(self._changed or self._heard or self._stopping)

    def _patience(self) -> float | None:
        if self._slow:
            return DRAIN_EVERY
        return COUNT_EVERY if self._recounted else None

    def _send_news(self, changed: Collection[str], heard: Collection[str]) -> None:
        for thing in changed:
            self._broadcast(thing, lambda base, thing=thing: self._state_frame(thing, base))  # type: ignore[misc]
        for thing in heard:
            self._broadcast(thing, lambda _base, thing=thing: self._heard_frame(thing))  # type: ignore[misc]
        self._send_counts()
        for viewer in list(self._slow):
            viewer.drain(lambda thing, viewer=viewer: self._state_frame(thing, viewer.base))  # type: ignore[misc]
            self._note_slow(viewer)

    def _broadcast(self, thing: str, make: Callable[[str], Frame]) -> None:
        frames: dict[str, Frame] = {}
        with self._lock:
            viewers = list(self._watching[thing])
        for viewer in viewers:
            if viewer.base not in frames:
                frames[viewer.base] = make(viewer.base)
            viewer.offer(thing, frames[viewer.base])
            self._note_slow(viewer)

    def _note_slow(self, viewer: Viewer) -> None:
        with self._lock:
            if viewer.slow:
                self._slow.add(viewer)
            else:
                self._slow.discard(viewer)

    def _send_counts(self) -> None:
        now = time.monotonic()
        if not self._recounted or now - self._counted_at < COUNT_EVERY:
            return
        self._counted_at = now
        with self._news:
            things, self._recounted = self._recounted, set()
        for thing in things:
            with self._lock:
                viewers = list(self._watching[thing])
            encoded = self._encode("viewers", {"thing": thing, "count": len(viewers)})
            for viewer in viewers:
                if viewer.counts:
                    viewer.note(thing, encoded)
                    self._note_slow(viewer)

    def _state_frame(self, thing: str, base: str) -> Frame:
        assert self._views is not None
        return self._frame("state", self._views.state(thing, base))

    def _heard_frame(self, thing: str) -> Frame:
        assert self._views is not None
        return self._frame("heard", self._views.heard(thing))

    def _frame(self, event: str, payload: wire.Payload) -> Frame:
        return Frame(self._encode(event, payload), Position(payload["epoch"], payload["version"]))

    def _encode(self, event: str, payload: wire.Payload) -> Any:
        kind = self._server.packet_class
        return kind(packet.EVENT, data=[event, payload], namespace=wire.NAMESPACE).encode()


def _send(eio: Any, eio_sid: str, encoded: Any) -> None:
    # A session may end while it is sent to: that is no reason for the others to miss anything.
    with suppress(SocketIsClosedError):
        eio.send(eio_sid, encoded)


def _is_idle(eio: Any, eio_sid: str) -> bool:
    session = eio.sockets.get(eio_sid)
    return session is not None and bool(session.queue.empty())
