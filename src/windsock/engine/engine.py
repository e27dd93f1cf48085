"""The engine: its sessions, and all that they share."""

from __future__ import annotations

import asyncio
import base64
import logging
import secrets
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Protocol, TypeVar

from windsock.engine.addresses import Network, is_loopback
from windsock.engine.application import Application
from windsock.engine.frames import Frame, message
from windsock.engine.lanes import Lanes
from windsock.engine.limits import Limits
from windsock.engine.notices import Notices
from windsock.engine.options import TRANSPORTS, Options
from windsock.engine.outgoing import Outgoing
from windsock.engine.protocol.handshake import BAD_REQUEST, Refusal
from windsock.engine.protocol.packets import open_packet
from windsock.engine.protocol.websocket import SERVICE_RESTART
from windsock.engine.router import Router
from windsock.engine.session import SERVER_DISCONNECT, Link, Session
from windsock.engine.state_site import StateSite
from windsock.engine.states import States
from windsock.engine.topics import Topic
from windsock.engine.turns import Turns
from windsock.engine.wheel import TimerWheel
from windsock.tally import Traffic

log = logging.getLogger("windsock.engine")

T = TypeVar("T")
BLOCKING_THREADS = 8
"""Threads for what viewers of ``/windsock`` ask of the store."""


class Expiring(Protocol):
    """Something that waits for a peer, and not for ever."""

    @property
    def lingering(self) -> bool:
        """Whether it has been told goodbye, and is only waited for out of politeness."""

    @property
    def finishing(self) -> bool:
        """Whether it is in the middle of a request, which a server that stops still answers."""

    def expire(self) -> None:
        """The time is over."""


class Engine:
    """Everything here is touched only in its loop, except what is said to be safe from any thread.

    `carry_states` gives it the namespace ``/windsock``, `carry` all others.
    """

    def __init__(
        self,
        options: Options,
        limits: Limits,
        most_sessions: int,
        proxies: Sequence[Network] = (),
        scheme: str = "http",
    ) -> None:
        self.options = options
        self.limits = limits
        self.most_sessions = most_sessions
        self.proxies = proxies
        self.scheme = scheme
        self.server = ("", 0)
        self.first_bytes = f"GET {options.path}".encode("ascii")
        self.sessions: dict[str, Session] = {}
        self.traffic = Traffic()
        self.polling = 0
        # All that are open, pages and those that have not said anything included.
        self.connections = 0
        self.most_connections = sys.maxsize
        self.stopping = False
        # The viewers of each address; what is there, its sessions share.
        self._addresses: Counter[str] = Counter()
        # The first packet of a session, without its sid.
        self._opens = {transport: _open_packet(options, transport).split(_SID) for transport in TRANSPORTS}
        # Fine enough for the shortest time that is asked for, and no finer: an idle server sleeps.
        self._every = min(0.25, options.ping_interval / 8, options.ping_timeout / 8)
        self._beats: TimerWheel[Session] = TimerWheel(self._every)
        self._greetings: TimerWheel[Session] = TimerWheel(self._every)
        self._expected: TimerWheel[Expiring] = TimerWheel(self._every)
        self.notices = Notices()
        self.router = Router(self.now, limits.events_per_second, self.greet)
        self.turns = Turns(self.now, self._call_soon)
        self._outgoing = Outgoing(self.sessions)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lanes = Lanes("windsock-engine-requests", BLOCKING_THREADS)
        self._lock = threading.Lock()
        self._called: list[Callable[[], None]] = []

    # ------------------------------------------------------------------------------------------------- for the server

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that it runs in."""
        assert self._loop is not None, "begun before it is used"
        return self._loop

    def enter(self) -> bool:
        """A connection is there, whatever it will be; whether there is a file to spare for it."""
        self.connections += 1
        return self.connections <= self.most_connections

    def left(self) -> None:
        """A connection is gone."""
        self.connections -= 1

    def begin(self) -> None:
        """Run in the loop that is running now."""
        with self._lock:
            self._loop = asyncio.get_running_loop()
        self._loop.call_soon(self._call_all)
        self._tick()

    def carry_states(self, site: StateSite) -> States:
        """Serve the namespace ``/windsock``."""
        self.router.states = States(self, site)
        return self.router.states

    def carry(self, application: Application) -> None:
        """Serve the namespaces of an application."""
        self.router.application = application

    async def say_goodbye(self) -> None:
        """Take in nobody any more, and close all sessions: their clients try again, elsewhere or later."""
        self.stopping = True
        for number, session in enumerate(list(self.sessions.values())):
            session.end(SERVER_DISCONNECT, SERVICE_RESTART, "the server is stopping")
            if number % 200 == 199:
                await asyncio.sleep(0)
        for expiring in list(self._expected):
            if not expiring.lingering and not expiring.finishing:
                expiring.expire()
        # Looked at again and again: an event would have to be kept for every connection.
        while any(expiring.lingering for expiring in self._expected):  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    def end(self) -> None:
        """Do no more work in threads."""
        self._lanes.stop()

    # --------------------------------------------------------------------------------------- safe from any thread

    def call(self, function: Callable[[], None]) -> None:
        """Call a function in the loop, after those that were passed before; not at all if there is none any more."""
        with self._lock:
            self._called.append(function)
            if len(self._called) > 1 or self._loop is None:
                return
            try:
                self._loop.call_soon_threadsafe(self._call_all)
            except RuntimeError:  # the loop is closed
                self._called.clear()

    def send(self, sid: str, messages: Sequence[str | bytes]) -> None:
        """Send Socket.IO packets, each with its attachments after it, to one session; none if it is gone."""
        self.broadcast([sid], messages)

    def broadcast(self, sids: Sequence[str], messages: Sequence[str | bytes]) -> None:
        """Send the same to many sessions; it is encoded once."""
        frames = [message(data) for data in messages]
        self.call(lambda: self._order(sids, frames))

    def close(self, sid: str) -> None:
        """End a session, after all that it was sent."""
        self.call(lambda: self._order_end(sid))

    def alive(self, sid: str) -> bool:
        """Whether there is such a session."""
        return sid in self.sessions

    def transport(self, sid: str) -> str:
        """How a session is carried. Raises KeyError if there is none."""
        return self.sessions[sid].transport

    def in_thread(self, key: Hashable, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Do in a thread what may block, in order for each key, and ``then`` in the loop."""

        def run() -> None:
            result = work()
            self.call(lambda: then(result))

        self._lanes.submit(key, run)

    # ------------------------------------------------------------------------------------------------------- sessions

    def now(self) -> float:
        """See `Owner.now`."""
        return time.monotonic()

    def new_sid(self) -> str:
        """An id that nobody can guess."""
        return base64.urlsafe_b64encode(secrets.token_bytes(15)).decode("ascii")

    def require_room(self, host: str, polling: bool) -> None:
        """Raises Refusal if there are too many sessions already: in all, of this address, or on polling."""
        limit = ""
        if self.stopping:
            raise Refusal(503, BAD_REQUEST, "the server is stopping")
        if len(self.sessions) >= self.most_sessions:
            limit = f"connections ({self.most_sessions})"
        elif self._addresses[host] >= self.limits.connections_per_address and not is_loopback(host):
            limit = f"connections_per_address ({self.limits.connections_per_address})"
        elif polling and self.polling >= self.limits.polling_sessions:
            limit = f"polling_sessions ({self.limits.polling_sessions})"
        if limit:
            self.notices.once(f"viewers are refused, for the limit {limit} is reached")
            raise Refusal(503, BAD_REQUEST, "too many viewers at the moment")

    def open(self, link: Link, client: tuple[str, int], host: str, head: bytes) -> tuple[Session, Frame]:
        """A new session on a link, and the packet that opens it, which the link is to send first.

        ``client`` is the peer's address and port, ``host`` the viewer's address.
        """
        client = (sys.intern(client[0]), client[1])
        session = Session(self, self.new_sid(), link, client, sys.intern(host), head)
        self.sessions[session.sid] = session
        self._addresses[host] += 1
        self.polling += link.name == "polling"
        now = self.now()
        session.greeting_slot = self._greetings.add(session, now + self.limits.connect_timeout)
        session.beat_slot = self._beats.add(session, now + self.options.ping_interval)
        return session, Frame(session.sid.join(self._opens[link.name]))

    def greet(self, session: Session) -> None:
        """A namespace has taken the session in."""
        if not session.greeted:
            session.greeted = True
            self._greetings.discard(session, session.greeting_slot)

    def beat(self, session: Session, pinged: bool) -> None:
        """See `Owner.beat`."""
        wait = self.options.ping_timeout if pinged else self.options.ping_interval
        self._beats.discard(session, session.beat_slot)
        session.beat_slot = self._beats.add(session, self.now() + wait)

    def forget(self, session: Session, reason: str, words: str) -> None:
        """See `Owner.forget`."""
        if self.sessions.pop(session.sid, None) is None:
            return
        log.debug("%r ended: %s", session, words or reason)
        self.notices.limit(words)
        self._addresses[session.host] -= 1
        if not self._addresses[session.host]:
            del self._addresses[session.host]
        self.polling -= session.transport == "polling"
        self._beats.discard(session, session.beat_slot)
        self._greetings.discard(session, session.greeting_slot)
        self.router.forget(session, reason)

    def upgraded(self) -> None:
        """A session went from polling to WebSocket."""
        self.polling -= 1

    @property
    def waiting_size(self) -> int:
        """See `Owner.waiting_size`."""
        return self.limits.waiting_size

    # -------------------------------------------------------------------------------------------------- in the loop

    def dispatch(self, session: Session, data: str | bytes) -> None:
        """See `Owner.dispatch`."""
        self.router.dispatch(session, data)

    def require_pace(self, session: Session) -> None:
        """See `Owner.require_pace`."""
        self.router.require_pace(session)

    def expect(self, expiring: Expiring, within: float) -> int:
        """Have something expire after so many seconds, unless `expect_no_more` is called with the answer."""
        return self._expected.add(expiring, self.now() + within)

    def expect_no_more(self, expiring: Expiring, slot: int) -> None:
        """What was expected has come."""
        self._expected.discard(expiring, slot)

    def _order(self, sids: Sequence[str], frames: Sequence[Frame]) -> None:
        self._outgoing.add(sids, frames)
        self.turns.add(self._outgoing)

    def _order_end(self, sid: str) -> None:
        self._outgoing.add_end(sid)
        self.turns.add(self._outgoing)

    def _call_soon(self, function: Callable[[], None]) -> None:
        self.loop.call_soon(function)

    def _call_all(self) -> None:
        with self._lock:
            called, self._called = self._called, []
        for function in called:
            try:
                function()
            except Exception:  # one's fault must not cost the others theirs
                log.exception("the engine failed at something")

    def newest(self, topic: Topic) -> Frame:
        """See `Owner.newest`."""
        return topic.newest(self.now())

    def _tick(self) -> None:
        self.loop.call_later(self._every, self._tick)
        now = self.now()
        for session in self._beats.advance(now):
            session.due()
        for session in self._greetings.advance(now):
            if not session.greeted:
                session.end(SERVER_DISCONNECT, 1008, "it connected to no namespace in time (the limit connect_timeout)")
        for expiring in self._expected.advance(now):
            expiring.expire()
        if self.router.states is not None:
            self.router.states.tick(now)


_SID = "SID"


def _open_packet(options: Options, transport: str) -> str:
    upgrades = options.upgrades(transport)
    return open_packet(_SID, upgrades, options.ping_interval, options.ping_timeout, options.max_payload)
