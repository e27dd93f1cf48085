"""A connection until its first bytes tell what it is: a viewer's WebSocket, or HTTP, which uvicorn serves."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from windsock.engine import opening
from windsock.engine.connection import Connection
from windsock.engine.protocol.request import parse_head

if TYPE_CHECKING:
    from windsock.engine.engine import Engine


PAGE_BUFFER = 256 * 1024
"""What the kernel may hold of a page, in bytes; Linux doubles it."""
VIEWER_BUFFER = 16 * 1024
"""The same for one viewer. More would only be older states."""


class Door(asyncio.Protocol):
    """``make_http`` makes uvicorn's protocol for what is no whole WebSocket handshake."""

    __slots__ = ("_engine", "_make_http", "_slot", "_transport")

    def __init__(self, engine: Engine, make_http: Callable[[], asyncio.Protocol]) -> None:
        self._engine = engine
        self._make_http = make_http
        self._transport: asyncio.Transport | None = None
        self._slot = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._slot = self._engine.expect(self, self._engine.limits.handshake_timeout)
        if not self._engine.enter():
            self._engine.notices.once("connections are refused, for there are no more open files")
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        transport = self._transport
        assert transport is not None
        self._engine.expect_no_more(self, self._slot)
        parsed = parse_head(data) if self._may_be_viewer(data) else None
        if parsed is not None and opening.is_endpoint(parsed[0], self._engine):
            viewer = Connection(self._engine)
            viewer.connection_made(transport)
            viewer.open(parsed[0], data, parsed[1])
            return
        resize(transport, PAGE_BUFFER)
        http = self._make_http()
        http.connection_made(transport)
        transport.set_protocol(http)
        http.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._engine.left()
        self._engine.expect_no_more(self, self._slot)

    lingering: ClassVar[bool] = False
    finishing: ClassVar[bool] = False

    def expire(self) -> None:
        """Somebody connected and said nothing."""
        if self._transport is not None:
            self._transport.close()

    def _may_be_viewer(self, data: bytes) -> bool:
        """A quick look, for pages are asked for here too."""
        return data.startswith(self._engine.first_bytes) and b"websocket" in data


def resize(transport: asyncio.Transport, size: int) -> None:
    """Have the kernel hold so many bytes of what is sent: many of a page, for none of its bytes is ever out of date."""
    kept = transport.get_extra_info("socket")
    if kept is not None:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
