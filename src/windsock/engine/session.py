"""One Engine.IO session: what it may send now, what waits, and when it is dead. No sockets: its link has those."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, Protocol

from windsock.engine.backlog import Backlog
from windsock.engine.frames import PING, PROBE_ANSWER, Frame
from windsock.engine.protocol.errors import ProtocolError
from windsock.engine.protocol.packets import Packet, PacketType, decode_packet
from windsock.tally import Traffic

if TYPE_CHECKING:
    from windsock.engine.limits import TokenBucket
    from windsock.engine.state_site import StateViewer
    from windsock.engine.topics import Topic

CLIENT_DISCONNECT = "client disconnect"
SERVER_DISCONNECT = "server disconnect"
PING_TIMEOUT = "ping timeout"
TRANSPORT_CLOSE = "transport close"
TRANSPORT_ERROR = "transport error"


class Link(Protocol):
    """The connection beneath a session, or the polls that stand for one."""

    name: ClassVar[str]

    @property
    def write(self) -> Callable[[bytes], object] | None:
        """Puts a WebSocket frame on its way at once; None: nothing can be sent now."""

    def wake(self) -> None:
        """There is a backlog; if this link asks for it, now is the time."""

    def close(self, code: int, reason: str) -> None:
        """End it, without another word to the session. ``code`` as in RFC 6455, section 7.4.1."""


class Owner(Protocol):
    """What a session needs of its engine. ``server`` is the address that it listens at."""

    server: tuple[str, int]
    scheme: str
    traffic: Traffic

    def now(self) -> float:
        """A clock that only goes forward, in seconds."""

    def newest(self, topic: Topic) -> Frame:
        """The state of a topic as it is now."""

    def dispatch(self, session: Session, data: str | bytes) -> None:
        """A message has come in. Raises ProtocolError if it is none of Socket.IO's."""

    def require_pace(self, session: Session) -> None:
        """Count something that has come in. Raises ProtocolError if there are too many."""

    def beat(self, session: Session, pinged: bool) -> None:
        """Set the session's next deadline: that of its pong if it was just pinged, else that of its next ping."""

    def forget(self, session: Session, reason: str, words: str) -> None:
        """The session has ended: ``reason`` for handlers, ``words`` for people."""

    @property
    def waiting_size(self) -> int:
        """How many bytes may wait for a viewer that does not read."""


class Session:
    """Touched only in the engine's loop. ``write`` puts a frame on its way at once; None: it has to wait."""

    __slots__ = (
        "attachments",
        "awaiting_pong",
        "backlog",
        "beat_slot",
        "bucket",
        "carried",
        "closed",
        "greeted",
        "greeting_slot",
        "head",
        "host",
        "introduced",
        "link",
        "owner",
        "peer",
        "port",
        "sid",
        "upgrading",
        "viewer",
        "write",
    )

    def __init__(self, owner: Owner, sid: str, link: Link, client: tuple[str, int], host: str, head: bytes) -> None:
        self.owner = owner
        self.sid = sid
        self.link = link
        self.peer, self.port = client
        # Behind a trusted proxy the peer is that; this is the viewer.
        self.host = host
        # The head of the request that opened it, until nothing can need it any more.
        self.head = head
        self.write: Callable[[bytes], object] | None = None
        # Only there while something waits.
        self.backlog: Backlog | None = None
        self.bucket: TokenBucket | None = None
        self.viewer: StateViewer | None = None
        self.awaiting_pong = False
        # The WebSocket that has probed, until it takes over or goes.
        self.upgrading: Link | None = None
        self.closed = False
        # Whether it has sent a CONNECT: nothing else may come first (Socket.IO, "Connection to a namespace").
        self.introduced = False
        # Whether a namespace took it in; without one it is closed before long.
        self.greeted = False
        # Whether the application has heard of it; how many attachments of its last packet are still to come. Fewer than
        # none: so many that nobody wants.
        self.carried = False
        self.attachments = 0
        self.beat_slot = self.greeting_slot = 0

    @property
    def transport(self) -> str:
        """``polling`` or ``websocket``."""
        return self.link.name

    @property
    def client(self) -> tuple[str, int]:
        """The address and port of the peer, be that the viewer or a proxy."""
        return self.peer, self.port

    @property
    def server(self) -> tuple[str, int]:
        """The address and port that it came to."""
        return self.owner.server

    @property
    def scheme(self) -> str:
        """``http`` or ``https``."""
        return self.owner.scheme

    # ------------------------------------------------------------------------------------------------ outgoing

    def send(self, frame: Frame) -> None:
        """Send a frame after all others that were sent. One that does not read is ended when too much waits."""
        if self.write is not None:
            self.owner.traffic.bytes += len(frame.wire)
            self.write(frame.wire)
        elif not self.closed:
            backlog = self._wait()
            if backlog.size and backlog.size + len(frame.wire) > self.owner.waiting_size:
                self.end(SERVER_DISCONNECT, 1008, "it does not read what it is sent (the limit waiting_size)")
                return
            backlog.append(frame)
            self.link.wake()

    def pend(self, topic: Topic, whole: bool = True) -> bool:
        """Owe the newest state of a topic; for when `write` is None. See `Backlog.pend`."""
        if self.closed:
            return False
        overtaken = self._wait().pend(topic, whole)
        self.link.wake()
        return overtaken

    def note(self, topic: Topic, frame: Frame) -> None:
        """Send a frame about a topic; if it has to wait, a later one replaces it."""
        if self.write is not None:
            self.owner.traffic.bytes += len(frame.wire)
            self.write(frame.wire)
        elif not self.closed:
            self._wait().note(topic, frame)
            self.link.wake()

    def flush(self) -> None:
        """The link can send again: what waits goes out until it cannot."""
        if self.closed or self.upgrading is not None:
            return
        self.write = self.link.write
        if self.backlog is None or self.write is None:
            return
        for frame in self.backlog.drain(self.owner.newest):
            self.owner.traffic.bytes += len(frame.wire)
            self.write(frame.wire)
            if self.write is None:  # full again, or gone
                return
        self.backlog = None

    def full(self) -> None:
        """The link cannot send for now."""
        self.write = None

    def drain(self, most: int | None = None) -> list[str | bytes]:
        """What waits, for a poll: all of it, or the first so many packets."""
        if self.backlog is None:
            return []
        packets = [frame.packet for frame in islice(self.backlog.drain(self.owner.newest), most)]
        if not self.backlog:
            self.backlog = None
        return packets

    def _wait(self) -> Backlog:
        if self.backlog is None:
            self.backlog = Backlog()
        return self.backlog

    # ------------------------------------------------------------------------------------------------ incoming

    def receive(self, encoded: str | bytes) -> None:
        """Take one packet of the viewer. One that is none ends the session."""
        try:
            packet = decode_packet(encoded)
        except ProtocolError as error:
            self.end(TRANSPORT_ERROR, 1002, str(error))
        else:
            self.take(packet)

    def take(self, packet: Packet) -> None:
        """`receive` for a packet that is decoded already. After the end nothing is taken any more."""
        if self.closed:
            return
        try:
            self._take(packet)
        except ProtocolError as error:
            self.end(TRANSPORT_ERROR, 1002, str(error))

    def _take(self, packet: Packet) -> None:
        if packet.type is PacketType.MESSAGE:
            self.owner.dispatch(self, packet.data)
        elif packet.type is PacketType.PONG:
            # One that was not asked for would let a viewer choose when it is next asked.
            if self.awaiting_pong:
                self.awaiting_pong = False
                self.owner.beat(self, pinged=False)
            else:
                self.owner.require_pace(self)
        elif packet.type is PacketType.CLOSE:
            self.end(CLIENT_DISCONNECT, 1000, "")
        else:
            raise ProtocolError(f"a viewer does not send {packet.type.name}")

    def count_in(self) -> None:
        """Something came in that is no packet, but costs work; too much in too little time ends the session."""
        try:
            self.owner.require_pace(self)
        except ProtocolError as error:
            self.end(TRANSPORT_ERROR, 1002, str(error))

    def due(self) -> None:
        """Its deadline has come: time to ping, or to give it up."""
        if self.closed:
            return
        if self.awaiting_pong:
            self.end(PING_TIMEOUT, 1001, "no answer to a ping")
            return
        self.awaiting_pong = True
        self.owner.beat(self, pinged=True)
        self.send(PING)

    # ------------------------------------------------------------------------------------------------- upgrade

    def probe(self, link: Link, encoded: str | bytes) -> bool:
        """One packet on the WebSocket that wants to take over; whether it has: then it is to `flush`, once it is ready.

        Engine.IO protocol, "Upgrade": between the probe and the upgrade nothing is sent on either. Raises ProtocolError
        for a wrong packet, and for a WebSocket that comes too late.
        """
        packet = decode_packet(encoded)
        if packet == (PacketType.PING, "probe") and self.upgrading is None and self.link.name == "polling":
            self.upgrading = link
            write = link.write
            if write is not None:
                write(PROBE_ANSWER.wire)
            self.link.wake()
            return False
        if packet.type is PacketType.UPGRADE and self.upgrading is link:
            old, self.link = self.link, link
            self.upgrading = None
            old.close(1000, "")
            return True
        raise ProtocolError("a probe and then an upgrade were expected")

    def give_up_probe(self, link: Link) -> None:
        """A WebSocket went before it took over: the polls go on."""
        if self.upgrading is link:
            self.upgrading = None
            self.link.wake()

    # ----------------------------------------------------------------------------------------------------- end

    def end(self, reason: str, code: int = 1000, words: str = "") -> None:
        """End it, whoever wanted that. A second call does nothing."""
        if self.closed:
            return
        self.closed = True
        self.write = None
        self.link.close(code, words)
        self.backlog = None
        self.owner.forget(self, reason, words)

    def __repr__(self) -> str:
        return f"<Session {self.sid} {self.link.name} {self.host}>"
