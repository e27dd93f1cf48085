"""A Flask-SocketIO application behind the engine: python-socketio goes on doing Socket.IO, in threads."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from flask import Flask

from windsock.engine.options import Options
from windsock.engine.protocol.request import parse_head
from windsock.engine.protocol.socketio import SioType, encode_connect_error, read_header
from windsock.web.carrier.environ import Refused, make_environ, through_middleware
from windsock.web.carrier.inbox import End, Inbox
from windsock.web.carrier.pool import Pool
from windsock.web.carrier.ports import Engine, Session
from windsock.web.carrier.server import CarriedServer

log = logging.getLogger("windsock.carrier")

_CONNECT, _DISCONNECT, _EVENT, _ACK, _BINARY_EVENT, _BINARY_ACK = (
    str(int(kind))
    for kind in (
        SioType.CONNECT,
        SioType.DISCONNECT,
        SioType.EVENT,
        SioType.ACK,
        SioType.BINARY_EVENT,
        SioType.BINARY_ACK,
    )
)
_PLAIN = {_BINARY_EVENT: _EVENT, _BINARY_ACK: _ACK}


class CarriedApplication:
    """What the engine calls in its loop (see `windsock.engine.Application`); it waits for nothing there.

    Each session has an inbox, worked off in order. Connect and disconnect handlers and callbacks run in the pool's
    threads; so do event handlers if the application wants them one after the other (``async_handlers=False``), else
    each in a thread of its own.
    """

    def __init__(
        self, app: Flask, server: CarriedServer, engine: Engine, options: Options, inboxes: dict[str, Inbox]
    ) -> None:
        self.app = app
        self.server = server
        self.options = options
        self._engine = engine
        self._inboxes = inboxes
        self._pool: Pool | None = None

    def start(self) -> None:
        """Begin to carry out what sessions send. Call it before the engine lets anybody in."""
        self._pool = Pool(self._handle, self._is_long)
        self._pool.start()

    def stop(self, within: float = 5.0) -> bool:
        """Carry out what has come in, disconnect handlers included, then nothing more; may block.

        End all sessions before. Whether everything was done within so many seconds.
        """
        if self._pool is None:
            return True
        settled = self._pool.settle(self._settled, within)
        pool, self._pool = self._pool, None
        ended = pool.stop(within if settled else 0.0)
        if not ended:
            log.warning("handlers of the application still run; they were not waited for")
        for sid in list(self._inboxes):
            self._forget(sid)
        return settled and ended

    # ------------------------------------------------------------------------------------- for the engine, in its loop

    def accepts(self, namespace: str) -> bool:
        """See `windsock.engine.Application.accepts`."""
        return self.server.accepts(namespace)

    def receive(self, session: Session, message: str | bytes) -> None:
        """See `windsock.engine.Application.receive`."""
        if self._pool is None:
            return
        inbox = self._inboxes.get(session.sid)
        if inbox is None:
            inbox = self._inboxes[session.sid] = Inbox(session)
        if inbox.doomed:
            return
        if not inbox.put(message):
            self._doom(inbox, "too much waits for handlers that are slow")
        self._pool.notify(inbox)

    def ended(self, session: Session, reason: str) -> None:
        """See `windsock.engine.Application.ended`."""
        inbox = self._inboxes.get(session.sid)
        if inbox is None or self._pool is None:
            return
        inbox.put(End(reason))
        self._pool.notify(inbox)

    # ------------------------------------------------------------------------------------------- in the pool's threads

    def _is_long(self, inbox: Inbox) -> bool:
        """Whether the next thing in an inbox may run application code that waits."""
        message = inbox.messages[0]
        if isinstance(message, End):
            return True
        if isinstance(message, str) and message[:1] in (_CONNECT, _DISCONNECT):
            return True
        if isinstance(message, str) and message[:1] in (_ACK, _BINARY_ACK):
            return False
        return not self.server.async_handlers

    def _handle(self, inbox: Inbox) -> bool:
        """Do the next thing; see `Pool`."""
        if not inbox.messages:
            return False
        message = inbox.messages[0]
        if isinstance(message, End):
            return self._end(inbox, message.reason)
        inbox.messages.popleft()
        if not inbox.doomed:
            try:
                self._take(inbox, message)
            except Exception as error:  # noqa: BLE001  # whatever it is, it is the client's: handlers are seen to
                self._doom(inbox, f"a packet cannot be understood: {error!r}")
        inbox.settle(message, more=inbox.session.sid in self.server._binary_packet)
        return False

    def _take(self, inbox: Inbox, message: str | bytes) -> None:
        if isinstance(message, bytes):
            if inbox.skip:
                inbox.skip -= 1
                return
        elif message[0] == _CONNECT:
            if not self._introduce(inbox, message):
                return
        elif message[0] in _PLAIN:
            plain = self._binary(inbox, message)
            if plain is None:
                return
            message = plain
        self._trigger("message", inbox.session.sid, message)

    def _binary(self, inbox: Inbox, message: str) -> str | None:
        """A packet with attachments, as python-socketio can take it; None if it is not to have it."""
        header = read_header(message)
        if not header.attachments:  # it would take the next packet for one
            return _PLAIN[message[0]] + message.partition("-")[2]
        sid = self.server.manager.sid_from_eio_sid(inbox.session.sid, header.namespace)
        if sid is None:  # just disconnected by the server, for example: no reason to end the other namespaces
            inbox.skip = header.attachments
            return None
        return message

    def _introduce(self, inbox: Inbox, message: str) -> bool:
        """Have python-socketio know the session, with its environ; whether the application let it through."""
        sid = inbox.session.sid
        if sid in self.server.environ:
            return True
        environ = self._environ(inbox)
        if isinstance(environ, Refused):
            words = {"message": "the application refused the request", "data": environ._asdict()}
            self._engine.send(sid, [encode_connect_error(read_header(message).namespace, words)])
            return False
        inbox.head = b""
        if self._trigger("connect", sid, environ) in (None, True):
            return True
        self.server.environ.pop(sid, None)
        self._doom(inbox, "the application's own handler of Engine.IO refused it")
        return False

    def _environ(self, inbox: Inbox) -> dict[str, Any] | Refused:
        parsed, session = parse_head(inbox.head), inbox.session
        if parsed is None:
            return Refused(400, "BAD REQUEST")
        environ = make_environ(parsed[0], session.client, session.server, session.scheme)
        try:
            return through_middleware(self.app, environ)
        except Exception:
            log.exception("the application's middleware failed")
            return Refused(500, "INTERNAL SERVER ERROR")

    def _end(self, inbox: Inbox, reason: str) -> bool:
        sid, manager = inbox.session.sid, self.server.manager
        for namespace in manager.namespaces_of(sid):
            self.server._handle_disconnect(sid, namespace, reason)
        # Another thread may have begun to disconnect it: its handler still needs what is known of the session.
        if self._pool is not None and manager.park(sid, partial(self._pool.resume, inbox)):
            return True
        inbox.messages.clear()
        try:
            self._trigger("disconnect", sid, reason)
        except (Exception, SystemExit):
            log.exception("the application's own handler of Engine.IO failed")
        self._forget(sid)
        return False

    def _trigger(self, event: str, *arguments: Any) -> Any:
        return self.server.eio.handlers[event](*arguments)

    # ---------------------------------------------------------------------------------------------------------- books

    def _doom(self, inbox: Inbox, why: str) -> None:
        if not inbox.doomed:
            inbox.doomed = True
            log.warning("a session is ended: %s", why)
            self._engine.close(inbox.session.sid)

    def _forget(self, sid: str) -> None:
        """Let nothing of a session remain."""
        self.server.manager.forget_session(sid)
        self.server.environ.pop(sid, None)
        self.server._binary_packet.pop(sid, None)
        self._inboxes.pop(sid, None)

    def _settled(self) -> bool:
        return not any(inbox.busy for inbox in list(self._inboxes.values()))
