"""Delivery over Flask-SocketIO, in its ``threading`` mode: lets viewers in and out, and does what they ask."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask
from flask_socketio import SocketIO

from windsock import wire
from windsock.errors import Denied, NotStarted, UnknownThing
from windsock.runtime import Runtime
from windsock.tally import Traffic
from windsock.web.access import Caller, may_publish
from windsock.web.frames import Frames
from windsock.web.namespace import WindsockNamespace
from windsock.web.news import News
from windsock.web.session import Session
from windsock.web.socket_server import check_server, make_server
from windsock.web.viewer import Viewer
from windsock.web.views import Views

if TYPE_CHECKING:
    from windsock.web.site import Site

log = logging.getLogger("windsock.delivery")

LONGEST_QUEUE = 256
"""How many messages may wait for a viewer that goes on asking; one that reads has hardly any."""


class Delivery:
    """Carries the namespace ``/windsock`` of one application. Safe from any thread."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._socketio: SocketIO | None = None
        self._runtime: Runtime | None = None
        self._frames: Frames | None = None
        self._lock = threading.Lock()
        self._open = False
        # By Engine.IO session: those whose CONNECT is not answered yet, and those who are in.
        self._arriving: dict[str, tuple[Viewer, Sequence[str]]] = {}
        self._viewers: dict[str, Viewer] = {}
        self._watching: dict[str, set[Viewer]] = defaultdict(set)
        self.traffic = Traffic()
        """What is sent of Windsock's own messages; the server sends the application's, and all answers, by itself."""
        self._news = News(self._watchers, site.feed.watching, self.traffic)

    @property
    def path(self) -> str:
        """Where the Socket.IO endpoint lies, below the script root, without the first slash."""
        middleware = getattr(self._socketio, "sockio_mw", None)
        return str(getattr(middleware, "engineio_path", "/socket.io/")).strip("/")

    # ------------------------------------------------------------------------------ for the site: start and stop

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
            if own is not None:
                log.warning(
                    "the application's SocketIO was made after Windsock(app): after a restart, pages that are open "
                    "come back only when somebody loads a page; make it before Windsock(app), or pass socketio="
                )
            self.attach(own or make_server(app, allowed_origins))
        check_server(self._socketio)

    def start(self, runtime: Runtime, views: Views) -> None:
        """Begin to let viewers in, and to send them what ``runtime`` publishes."""
        runtime.hub.subscribe(self._news)
        self._runtime, self._frames = runtime, Frames(views, self._server.packet_class)
        self._news.start(self._frames)
        with self._lock:
            self._open = True
            watched = [thing for thing, viewers in self._watching.items() if viewers]
        for thing in watched:  # what was published before `subscribe` was told to nobody
            self._news.changed(thing)

    def stop(self) -> None:
        """Send no more, and put all viewers out: their pages say so, and try again. A second call does nothing."""
        if self._runtime is None:
            return
        self._runtime.hub.unsubscribe(self._news)
        self._runtime = None
        with self._lock:
            self._open = False
            viewers = list(self._viewers)
        self._news.stop()
        for eio_sid in viewers:
            if self._session(eio_sid).alive():  # Engine.IO sees to the others by itself
                self._put_out(eio_sid)

    def viewers(self) -> int:
        """How many viewers there are."""
        return len(self._viewers)

    def watching(self, thing: str) -> int:
        """How many viewers watch a thing."""
        with self._lock:
            return len(self._watching.get(thing, ()))

    def recount(self, things: Collection[str]) -> None:
        """Tell before long how many are watching: it is others who do so over plain HTTP."""
        self._news.recount(things)

    # ----------------------------------------------------------------------- for the namespace: what viewers ask

    def listen(self, eio: Any) -> None:
        """Have every Engine.IO message pass by `_answer`: called as soon as the namespace has a server.

        That is before any start, for a viewer's CONNECT may be what starts Windsock.
        """
        eio.on("message", partial(self._answer, eio.handlers["message"]))

    def connect(self, eio_sid: str, environ: dict[str, Any], auth: object) -> None:
        """Let a viewer in; its states follow as soon as its CONNECT is answered.

        Raises BadRequest or UnknownThing, or why Windsock could not start.
        """
        self._site.start_with_request()
        hello = wire.read_hello(auth)
        specs = self.runtime.specs
        things = list(specs) if hello.things is None else self._known(hello.things)
        base = environ.get("SCRIPT_NAME", "").rstrip("/") + self._site.prefix
        session = self._session(eio_sid)
        publisher = self.is_publisher(environ, hello.token)
        viewer = Viewer(base, partial(self._send, session), session.idle, counts=hello.viewers, publisher=publisher)
        with self._lock:
            if not self._open:
                raise NotStarted("Windsock is being stopped")
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
        if viewer:
            self._news.look_after(viewer)
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

    def is_publisher(self, environ: dict[str, Any], token: str | None) -> bool:
        """Whether somebody who connects may report states, and learn what is wrong within."""
        return may_publish(Caller.from_environ(environ, token), self._site.publisher_key)

    def may_report(self, eio_sid: str) -> bool:
        """Whether a viewer may report states."""
        return self._viewer(eio_sid).publisher

    def require_reader(self, eio_sid: str) -> None:
        """Raises Denied for a viewer that asks and asks and does not read the answers, and ends its session."""
        session = self._session(eio_sid)
        with self._lock:
            viewer = self._viewers.get(eio_sid)
            # What it watches may wait for it without its having asked for anything too often: a state, and clocks.
            owed = 2 * len(viewer.things) if viewer else 0
            if session.waiting() <= LONGEST_QUEUE + owed:
                return
            first = viewer is not None and not viewer.closed
            if viewer:
                viewer.close()
        if first:  # no lock is held: a log may be anything, and to end a session runs handlers of the application
            log.warning("a viewer was put out: it went on asking, with more than %d messages unread", LONGEST_QUEUE)
            session.end()
        raise Denied("this viewer does not read what it is sent")

    @property
    def runtime(self) -> Runtime:
        """What it delivers for. Raises as `Site.runtime` does."""
        return self._site.runtime

    # --------------------------------------------------------------------------------------- viewers, in and out

    @property
    def _server(self) -> Any:
        assert self._socketio is not None
        return self._socketio.server

    def _send(self, session: Session, encoded: Any) -> bool:
        sent = session.send(encoded)
        if sent:
            with self.traffic.lock:
                self.traffic.bytes += len(encoded)  # JSON in ASCII, so a character is a byte
        return sent

    def _session(self, eio_sid: str) -> Session:
        return Session(self._server.eio, eio_sid)

    def _answer(self, answer: Callable[[str, Any], object], eio_sid: str, data: Any) -> None:
        """Handle one Engine.IO message as ever. If it was an accepted CONNECT, its answer is in the queue now.

        Inside the connect handler it is not, so a state sent there would come before CONNECT.
        """
        try:
            answer(eio_sid, data)
        finally:
            self._take_in(eio_sid)

    def _take_in(self, eio_sid: str) -> None:
        with self._lock:
            viewer, things = self._arriving.pop(eio_sid, (None, ()))
            if viewer is None:
                return
            # One that ended while it was connecting was no viewer then: nobody would tell of its end any more.
            welcome = self._open and self._session(eio_sid).open()
            if welcome:
                self._viewers[eio_sid] = viewer
        if welcome:
            with self.traffic.lock:
                self.traffic.connections += 1
            self._admit(viewer, things)
        else:
            self._put_out(eio_sid)

    def _put_out(self, eio_sid: str) -> None:
        """Have a session leave the namespace; its client is told, and tries again."""
        server = self._server
        sid = server.manager.sid_from_eio_sid(eio_sid, wire.NAMESPACE)
        try:
            server.disconnect(sid, wire.NAMESPACE, ignore_queue=True)
        except Exception:  # it may end by itself at the same time, and others are to be put out too
            log.debug("a viewer could not be put out", exc_info=True)

    def _admit(self, viewer: Viewer, things: Iterable[str]) -> None:
        # Registered before the state is sent: news in between is sent twice rather than lost.
        things = list(things)
        with self._lock:
            if viewer.closed:
                return
            for thing in things:
                self._watching[thing].add(viewer)
        assert self._frames is not None
        viewer.watch(things, partial(self._frames.state, base=viewer.base))
        self._news.look_after(viewer)
        self._news.recount(things)

    def _forget(self, viewer: Viewer, things: Collection[str]) -> None:
        with self._lock:
            for thing in things:
                self._watching[thing].discard(viewer)
        self._news.recount(things)

    def _watchers(self, thing: str) -> list[Viewer]:
        with self._lock:
            return list(self._watching.get(thing, ()))

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
