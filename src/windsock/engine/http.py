"""Everything over HTTP that is no WebSocket handshake at the first bytes: uvicorn's protocol, and a little more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from windsock.engine.connection import response
from windsock.engine.protocol.handshake import EIO, UNSUPPORTED_VERSION, Refusal, read_query
from windsock.engine.protocol.request import Request

if TYPE_CHECKING:
    from windsock.engine.engine import Engine

TOO_OLD = "This page loads a Socket.IO client that is too old: version 4 is needed"
"""The reason phrase that a browser's console shows; most consoles show nothing else of a refusal."""


class HttpProtocol(HttpToolsProtocol):
    """One HTTP connection. A head has to arrive in time, and a client that is too old is told so readably."""

    def __init__(self, engine: Engine, **uvicorns: Any) -> None:
        super().__init__(**uvicorns)
        self._engine = engine
        self._slot: int | None = None
        # Between requests, or in the middle of a head.
        self._heading = True
        self._refused = False

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        super().data_received(data)
        if self._heading and self._slot is None and self.parser is not None:
            self._slot = self._engine.expect(self, self._engine.limits.handshake_timeout)

    def on_headers_complete(self) -> None:
        self._expect_nothing()
        self._heading = False
        refusal = self._outdated()
        if refusal is None:
            super().on_headers_complete()
            return
        self._refused = True
        self._engine.log_refusal(refusal)
        self.transport.write(response(refusal, self._cors(), TOO_OLD))
        self.transport.close()

    def on_body(self, body: bytes) -> None:
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._refused:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        self._heading = True
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_nothing()
        super().connection_lost(exc)

    lingering: ClassVar[bool] = False

    def expire(self) -> None:
        """The head did not come in time."""
        self._slot = None
        if not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
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
            return refusal if refusal.code == UNSUPPORTED_VERSION else None
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
