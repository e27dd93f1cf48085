"""Everything over HTTP that is no WebSocket handshake at the first bytes: uvicorn's protocol, and a little more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from windsock.engine.connection import TOO_OLD, response
from windsock.engine.front import GONE
from windsock.engine.protocol.handshake import EIO, UNSUPPORTED_VERSION, Refusal, read_query
from windsock.engine.protocol.request import Request
from windsock.engine.waiting import TRANSPORT

if TYPE_CHECKING:
    from windsock.engine.engine import Engine

MAX_HEAD = 256 * 1024
"""Bytes of a head, which has to end some time; what came with them, of the request before, may count."""


class HttpProtocol(HttpToolsProtocol):
    """One HTTP connection. A head has to arrive in time, and a client that is too old is told so readably."""

    def __init__(self, engine: Engine, **uvicorns: Any) -> None:
        super().__init__(**uvicorns)
        self._engine = engine
        self._slot: int | None = None
        # Between requests, or in the middle of a head.
        self._heading = True
        self._head_size = 0
        # Between a head and the end of its body.
        self._in_body = False
        self._refused = False
        # Whose answer is being sent; and whether the connection is to become a WebSocket when it has been.
        self._at_work: RequestResponseCycle | None = None
        self._upgrading = False

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        super().data_received(data)
        if self.transport.is_closing() or self.parser is None:
            return
        if self._heading and not self._in_body:
            self._head_size += len(data)
            if self._head_size > MAX_HEAD:
                self._end(b"431 Request Header Fields Too Large")
                return
        if self._in_body:
            self._expect_nothing()  # each piece of a body is given as much time again
        if (self._heading or self._in_body) and self._slot is None:
            self._slot = self._engine.expect(self, self._engine.limits.handshake_timeout)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        scope: Any = self.scope
        scope[GONE], scope[TRANSPORT] = self._is_gone, self.transport

    def _is_gone(self) -> bool:
        return self.parser is None

    def on_headers_complete(self) -> None:
        self._expect_nothing()
        self._heading, self._head_size = False, 0
        self._in_body = True
        refusal = self._outdated()
        if refusal is None:
            super().on_headers_complete()
            return
        self._refused = True
        self._engine.notices.refusal(refusal)
        self.transport.write(response(refusal, self._cors(), TOO_OLD))
        self.transport.close()

    def on_body(self, body: bytes) -> None:
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._expect_nothing()
        self._in_body = False
        if not self._refused:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        self._heading = True
        super().on_response_complete()
        if self._upgrading and not self._is_busy() and not self.transport.is_closing():
            self._unset_keepalive_if_required()
            self._heading = False
            self._upgrade()

    def handle_websocket_upgrade(self) -> None:
        """What comes before on the same connection is answered first, or the answer would come amid frames."""
        if self._refused:
            return
        if self._is_busy():
            self._upgrading = True
            self.flow.pause_reading()
        else:
            self._upgrade()

    def _upgrade(self) -> None:
        super().handle_websocket_upgrade()
        # As when a connection is lost: each would keep the other until the garbage collector comes.
        self.parser = None  # type: ignore[assignment]  # uvicorn does so too

    def _is_busy(self) -> bool:
        return bool(self.pipeline) or (self._at_work is not None and not self._at_work.response_complete)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._at_work = cycle
        super()._start_asgi_task(cycle, app)

    def connection_lost(self, exc: Exception | None) -> None:
        self._engine.left()
        self._expect_nothing()
        # Of several requests in a row uvicorn tells only the last one; the one at work would write to a closed socket.
        self.pipeline.clear()
        if self._at_work is not None:
            self._at_work.disconnected = True
            self._at_work.message_event.set()
        super().connection_lost(exc)

    lingering: ClassVar[bool] = False

    @property
    def finishing(self) -> bool:
        """See `Expiring.finishing`."""
        return self._in_body

    def expire(self) -> None:
        """The head did not come in time, or the next piece of the body."""
        self._slot = None
        if self._in_body and self.flow.read_paused:  # it is the server that does not read it just now
            self._slot = self._engine.expect(self, self._engine.limits.handshake_timeout)
        elif self._in_body:
            self.transport.abort()
        elif not self.transport.is_closing():
            self._end(b"408 Request Timeout")

    def _end(self, status: bytes) -> None:
        self.transport.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        self.transport.close()

    def _outdated(self) -> Refusal | None:
        """What to answer a client that speaks another version of Engine.IO."""
        if not self.url.startswith(self._engine.options.path.encode("ascii")) or f"EIO={EIO}".encode() in self.url:
            return None
        url = httptools.parse_url(self.url)
        request = Request("GET", f"?{(url.query or b'').decode('latin-1')}", ())
        try:
            read_query(request.query, self._engine.options.transports)
        except Refusal as refusal:
            # Without its traceback, whose frames would keep the whole connection, and it them.
            return refusal.with_traceback(None) if refusal.code == UNSUPPORTED_VERSION else None
        return None

    def _cors(self) -> tuple[tuple[str, str], ...]:
        """Whoever asks may read the refusal, or the console would tell of the origin instead."""
        origin = next((value.decode("latin-1") for name, value in self.headers if name == b"origin"), "")
        if not origin:
            return ()
        return (("Access-Control-Allow-Origin", origin), ("Access-Control-Allow-Credentials", "true"))

    def _expect_nothing(self) -> None:
        if self._slot is not None:
            self._engine.expect_no_more(self, self._slot)
            self._slot = None
