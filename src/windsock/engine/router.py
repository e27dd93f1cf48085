"""Which namespace a packet is for."""

from __future__ import annotations

from collections.abc import Callable

from windsock import wire
from windsock.engine.application import Application, NoApplication
from windsock.engine.frames import message
from windsock.engine.limits import TokenBucket
from windsock.engine.protocol import socketio
from windsock.engine.protocol.errors import ProtocolError
from windsock.engine.protocol.socketio import Header, SioType
from windsock.engine.session import Session
from windsock.engine.states import States


class Router:
    """Hands each Socket.IO packet to ``states``, if there are any, or to ``application``."""

    def __init__(self, clock: Callable[[], float], rate: int, greet: Callable[[Session], None]) -> None:
        self.application: Application = NoApplication()
        self.states: States | None = None
        self._clock = clock
        self._rate = rate
        self._greet = greet

    def dispatch(self, session: Session, data: str | bytes) -> None:
        """See `Owner.dispatch`."""
        self.require_pace(session)
        if isinstance(data, bytes):
            self._attach(session, data)
            return
        header = socketio.read_header(data)
        if session.attachments:
            raise ProtocolError("a packet came where an attachment of the one before was due")
        if header.type is SioType.CONNECT:
            session.introduced = True
        elif not session.introduced:
            raise ProtocolError("a session begins with a CONNECT")
        if header.namespace == wire.NAMESPACE and self.states is not None:
            session.attachments = -header.attachments
            self.states.receive(session, header)
            return
        socketio.validate(header)
        if self.application.accepts(header.namespace):
            self._carry(session, header, data)
        elif header.type is SioType.CONNECT:
            # The words of the protocol's own server, which clients may know.
            refusal = {"message": "Invalid namespace"}
            session.send(message(socketio.encode_connect_error(header.namespace, refusal)))
        elif header.attachments:
            raise ProtocolError("attachments for a namespace that there is not")

    def forget(self, session: Session, reason: str) -> None:
        """A session has ended."""
        if self.states is not None:
            self.states.leave(session)
        if session.carried:
            self.application.ended(session, reason)

    def _carry(self, session: Session, header: Header, data: str) -> None:
        if not session.carried and header.type is not SioType.CONNECT:
            # It may have crossed a goodbye on its way; who never came has no attachments either.
            if header.attachments:
                raise ProtocolError("attachments for a namespace that it is not in")
            return
        self._greet(session)
        session.carried = True
        session.attachments = header.attachments
        self.application.receive(session, data)

    def _attach(self, session: Session, data: bytes) -> None:
        if not session.attachments:
            raise ProtocolError("binary data that belongs to no packet")
        if session.attachments < 0:
            session.attachments += 1
            return
        session.attachments -= 1
        self.application.receive(session, data)

    def require_pace(self, session: Session) -> None:
        """See `Owner.require_pace`."""
        now = self._clock()
        if session.bucket is None:
            session.bucket = TokenBucket(self._rate, now)
        if not session.bucket.take(self._rate, now):
            raise ProtocolError(f"more than {self._rate} events a second (the limit events_per_second)")
