"""A WebSocket connection: bytes of a socket in and out. All else is the session's."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from windsock.engine import opening
from windsock.engine.protocol import websocket
from windsock.engine.protocol.errors import ProtocolError, WebSocketError
from windsock.engine.protocol.handshake import BAD_REQUEST, UNSUPPORTED_VERSION, Refusal, check_websocket
from windsock.engine.protocol.request import Request, parse_head
from windsock.engine.protocol.websocket import Close, Event, FrameDecoder, Message, Ping
from windsock.engine.session import TRANSPORT_CLOSE, Session

if TYPE_CHECKING:
    from windsock.engine.engine import Engine

access_log = logging.getLogger("uvicorn.access")

TOO_OLD = "This page loads a Socket.IO client that is too old: version 4 is needed"
"""What a browser's console shows of a refusal; most consoles show nothing else."""
LINGER = 2.0
"""Seconds in which a viewer may answer the close frame."""
_ACCEPTED = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "


class Connection(asyncio.Protocol):
    """From its handshake on. Made at the first bytes of a connection, or handed over by the HTTP server."""

    name: ClassVar[str] = "websocket"

    __slots__ = ("_closing", "_decoder", "_engine", "_full", "_probing", "_session", "_slot", "_transport")

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._transport: asyncio.Transport | None = None
        self._decoder: FrameDecoder | None = None
        self._session: Session | None = None
        # The session on polling that it may take over, until it does.
        self._probing: Session | None = None
        self._full = False
        self._closing = False
        self._slot: int | None = None

    # ------------------------------------------------------------------------------------------------ for asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        # At once: what is written while the handshake is answered may make it full.
        self._transport.set_protocol(self)

    def data_received(self, data: bytes) -> None:
        if self._decoder is not None:
            self._feed(data)
            return
        parsed = parse_head(data)
        if parsed is None:
            self._refuse(Refusal(400, BAD_REQUEST, "Bad request: an unusual WebSocket handshake"))
        else:
            self.open(parsed[0], data, parsed[1])

    def pause_writing(self) -> None:
        self._full = True
        if self._session is not None:
            self._session.full()

    def resume_writing(self) -> None:
        self._full = False
        if self._session is not None:
            self._session.flush()

    def eof_received(self) -> None:
        """Nothing more will come, and nobody answers half a connection."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._engine.left()
        self._expect_nothing()
        self._closing = True
        session, self._session = self._session, None
        probing, self._probing = self._probing, None
        self._transport = None
        if probing is not None:
            probing.give_up_probe(self)
        if session is not None:
            session.end(TRANSPORT_CLOSE)

    # ------------------------------------------------------------------------------------------------ for sessions

    @property
    def write(self) -> Callable[[bytes], object] | None:
        """See `Link.write`."""
        return None if self._full or self._closing or self._transport is None else self._transport.write

    def wake(self) -> None:
        """See `Link.wake`: a socket says by itself when it has drained."""

    def close(self, code: int, reason: str) -> None:
        """See `Link.close`. The viewer may answer for a moment; one that cannot be told is cut off."""
        transport = self._transport
        if self._closing or transport is None:
            return
        self._closing = True
        self._session = None
        if self._full:
            transport.abort()
            return
        transport.write(websocket.encode_close(code, reason))
        self._linger()

    finishing: ClassVar[bool] = False

    @property
    def lingering(self) -> bool:
        """Whether it waits for nothing but the answer to its close frame."""
        return self._closing

    def expire(self) -> None:
        """What was waited for did not come: an upgrade, or the answer to a close frame."""
        self._slot = None
        if self._transport is not None:
            self._transport.abort()

    # --------------------------------------------------------------------------------------------------- handshake

    def open(self, request: Request, data: bytes, head_size: int) -> None:
        """Answer the handshake whose head ``data`` begins with."""
        engine = self._engine
        assert self._transport is not None
        try:
            if not opening.is_endpoint(request, engine):
                raise Refusal(404, BAD_REQUEST, "there is no WebSocket at this address")
            query = opening.check(request, engine, engine.scheme)
            key = check_websocket(request)
            if query.transport != "websocket":
                raise Refusal(400, BAD_REQUEST, "Bad request: a WebSocket that asks for polling")
            session = None if query.sid is None else opening.find(query.sid, engine)
            first = self._begin(request, data[:head_size]) if session is None else b""
        except Refusal as refusal:
            self._refuse(refusal, readable(refusal, request))
            return
        # It is to say as soon as anything waits for this viewer. Over TLS, 0 would mean that something always does.
        self._transport.set_write_buffer_limits(high=1, low=0)
        self._full = self._transport.get_write_buffer_size() > 1  # of a page that came before it
        self._transport.write(f"{_ACCEPTED}{websocket.accept_key(key)}\r\n\r\n".encode("ascii") + first)
        if access_log.isEnabledFor(logging.INFO):
            access_log.info('%s - "WebSocket %s" [accepted]', self._peer()[0], request.target[:200])
        self._decoder = FrameDecoder(engine.options.max_payload)
        if session is not None:
            self._join(session)
        elif self._session is not None:
            self._session.flush()
        if len(data) > head_size:
            self._feed(data[head_size:])

    def _begin(self, request: Request, head: bytes) -> bytes:
        client = self._peer()
        host = opening.address(request, self._engine, client[0], polling=False)
        self._session, first = self._engine.open(self, client, host, head)
        return first.wire

    def _join(self, session: Session) -> None:
        """Wait for a probe. Where there is nothing to take over, say so in WebSocket: a browser shows no more of HTTP.

        The session itself goes on as it is.
        """
        if session.transport != "polling" or session.upgrading or not self._engine.options.upgrades("polling"):
            self.close(1008, "the session cannot be upgraded now")
            return
        self._probing = session
        self._slot = self._engine.expect(self, self._engine.limits.handshake_timeout)

    def _peer(self) -> tuple[str, int]:
        assert self._transport is not None
        peer = self._transport.get_extra_info("peername")
        return (peer[0], peer[1]) if isinstance(peer, tuple) else ("", 0)

    def _refuse(self, refusal: Refusal, answer: bytes | None = None) -> None:
        assert self._transport is not None
        self._closing = True
        self._engine.notices.refusal(refusal)
        self._transport.write(answer or response(refusal, ()))
        self._transport.close()

    # ------------------------------------------------------------------------------------------------------ frames

    def _feed(self, data: bytes) -> None:
        assert self._decoder is not None
        try:
            events = self._decoder.feed(data)
        except WebSocketError as error:
            if self._closing:
                return
            for event in error.events:
                self._take(event)
            self._fail(error.code, str(error))
            # What is to follow is the answer to the close frame.
            self._decoder = FrameDecoder(0)
            return
        for event in events:
            self._take(event)

    def _take(self, event: Event) -> None:
        if isinstance(event, Close):
            self._answer_close(event)
        elif self._closing:
            return  # it was closed by an earlier one of the same bytes
        elif isinstance(event, Message):
            self._take_message(event.data)
        else:
            self._take_control(event)

    def _take_control(self, event: Event) -> None:
        if self._session is not None:
            self._session.count_in()
        if isinstance(event, Ping) and self.write is not None:
            self.write(websocket.encode_pong(event.payload))

    def _take_message(self, data: str | bytes) -> None:
        if self._session is not None:
            self._session.receive(data)
        elif self._probing is not None:
            try:
                if self._probing.closed:
                    raise ProtocolError("the session has ended")
                if self._probing.probe(self, data):
                    self._take_over()
            except ProtocolError as error:
                self._fail(websocket.PROTOCOL_ERROR, str(error))

    def _take_over(self) -> None:
        self._expect_nothing()
        session, self._probing = self._probing, None
        assert session is not None
        self._session = session
        self._engine.upgraded()
        session.flush()

    def _answer_close(self, event: Close) -> None:
        transport = self._transport
        if transport is None:
            return
        if not self._closing and not self._full:
            transport.write(websocket.encode_close(event.code or websocket.NORMAL))
        self._closing = True
        session, self._session = self._session, None
        # What is still to be written may never be read.
        self._linger()
        transport.close()
        if session is not None:
            session.end(TRANSPORT_CLOSE)

    def _fail(self, code: int, reason: str) -> None:
        session, self._session = self._session, None
        self._engine.notices.limit(reason)
        self.close(code, reason)
        if session is not None:
            session.end(TRANSPORT_CLOSE if code == websocket.NORMAL else "transport error")

    def _linger(self) -> None:
        self._expect_nothing()
        self._slot = self._engine.expect(self, LINGER)

    def _expect_nothing(self) -> None:
        if self._slot is not None:
            self._engine.expect_no_more(self, self._slot)
            self._slot = None


def response(refusal: Refusal, headers: tuple[tuple[str, str], ...], phrase: str = "") -> bytes:
    """A refusal as a whole HTTP response, after which the connection is closed."""
    body = refusal.body()
    lines = [
        f"HTTP/1.1 {refusal.status} {phrase or 'Refused'}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in (*refusal.headers, *headers) if name != "Connection"),
    ]
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body


def readable(refusal: Refusal, request: Request) -> bytes | None:
    """What is answered to a browser whose client is too old; None to all others, which get the refusal as HTTP.

    Of an HTTP error a browser's console shows nothing but the number. But an answer must not name a protocol that
    nobody asked for, so the browser breaks it off (RFC 6455, 4.1), and Chromium's console quotes what stands there.
    """
    key = request.header("sec-websocket-key")
    if refusal.code != UNSUPPORTED_VERSION or not (key.isascii() and key and request.header("origin")):
        return None
    return f"{_ACCEPTED}{websocket.accept_key(key)}\r\nSec-WebSocket-Protocol: {TOO_OLD}\r\n\r\n".encode("ascii")
