"""HTTP long-polling, served in the loop: the link that stands for a socket, and the requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, ClassVar

from windsock.engine import opening
from windsock.engine.protocol.errors import ProtocolError
from windsock.engine.protocol.handshake import BAD_REQUEST, UNKNOWN_SID, Query, Refusal, check_method
from windsock.engine.protocol.packets import PacketType, decode_payload, encode_payload
from windsock.engine.protocol.request import Request, encode_head
from windsock.engine.protocol.websocket import NORMAL, SERVICE_RESTART
from windsock.engine.session import PING_TIMEOUT, TRANSPORT_CLOSE, TRANSPORT_ERROR, Session

if TYPE_CHECKING:
    from windsock.engine.engine import Engine

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

NOOP, CLOSE, SEPARATOR = "6", "1", b"\x1e"
_TEXT = (b"content-type", b"text/plain; charset=UTF-8")
_JSON = (b"content-type", b"application/json")
_PREFLIGHT = [
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", b"content-type, authorization"),
    (b"access-control-max-age", b"600"),
]

PACKETS_PER_POLL = 16
"""The stock Python client takes no more of them at once."""


class PollingLink:
    """What a session on polling has instead of a socket: nothing can be written, only asked for."""

    name: ClassVar[str] = "polling"
    write: ClassVar[None] = None

    __slots__ = ("_last", "_waiter", "heard_at", "posting", "session")

    def __init__(self, now: float) -> None:
        # When the session was opened or answered a ping: the timer that ends it comes a little late, a poll may not.
        self.heard_at = now
        self.posting = False
        self.session: Session | None = None
        self._waiter: asyncio.Future[Any] | None = None
        # What the poll gets that waited when the session ended.
        self._last: list[str | bytes] | None = None

    def wake(self) -> None:
        """See `Link.wake`. Whatever is sent until the poll's task runs goes out in the same response."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def close(self, code: int, reason: str) -> None:
        """See `Link.close`."""
        assert self.session is not None
        if self.session.closed:
            rest = self.session.drain()
            if code == SERVICE_RESTART:  # the Python client would take a CLOSE for good, and not come again
                self._last = rest or [NOOP]
            else:
                self._last = [*rest, NOOP if code == NORMAL and not rest else CLOSE]
        else:
            self._last = [NOOP]  # the session goes on, on WebSocket
        self.session = None  # each would keep the other until the garbage collector comes
        self.wake()

    async def poll(self, receive: Receive) -> list[str | bytes]:
        """The packets of one response, as soon as there are any. Raises Refusal if another poll waits already."""
        session = self.session
        assert session is not None
        if self._waiter is not None:
            session.end(TRANSPORT_ERROR, 1002, "two polls at once")
            raise Refusal(400, BAD_REQUEST, "Bad request: two polls at once")
        if session.backlog is None and not session.upgrading:
            await self._wait(session, receive)
        if self._last is not None:
            return self._last
        return [NOOP] if session.upgrading else session.drain(PACKETS_PER_POLL) or [NOOP]

    async def _wait(self, session: Session, receive: Receive) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        await receive()  # the request's body, which is empty
        gone: asyncio.Future[Any] = asyncio.ensure_future(receive())
        try:
            await asyncio.wait({self._waiter, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not self._waiter.done():
                session.end(TRANSPORT_CLOSE, 1001, "the poll was given up")
        finally:
            gone.cancel()
            self._waiter = None


class Polling:
    """The requests of all sessions on polling. An ASGI application for the engine's path."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = _request(scope)
        headers = self._cors(request, scope["scheme"])
        try:
            status, extra, body = await self._serve(request, scope, receive)
        except Refusal as refusal:
            self._engine.notices.refusal(refusal)
            status, body = refusal.status, refusal.body()
            extra = [_JSON, *((name.encode(), value.encode()) for name, value in refusal.headers)]
        # A response that may have no body may not tell of its size (RFC 9110, 8.6).
        length = [(b"content-length", str(len(body)).encode())] if status != 204 else []
        await send({"type": "http.response.start", "status": status, "headers": [*extra, *length, *headers]})
        await send({"type": "http.response.body", "body": body})

    async def _serve(self, request: Request, scope: Scope, receive: Receive) -> tuple[int, Headers, bytes]:
        if request.method == "OPTIONS":
            return 204, _PREFLIGHT, b""
        query = opening.check(request, self._engine, scope["scheme"])
        check_method(request.method, query)
        if query.transport != "polling":
            raise Refusal(400, BAD_REQUEST, "Bad request: a WebSocket needs the headers Upgrade and Connection")
        if query.sid is None:
            return self._open(request, scope)
        if request.method == "POST":
            return await self._post(request, query, receive)
        return await self._get(query, receive)

    def _open(self, request: Request, scope: Scope) -> tuple[int, Headers, bytes]:
        engine = self._engine
        client = scope.get("client") or ("", 0)
        host = opening.address(request, engine, client[0], polling=True)
        try:
            head = encode_head("GET", request.target, scope["headers"])
        except ProtocolError as error:
            raise Refusal(400, BAD_REQUEST, f"Bad request: {error}") from None
        link = PollingLink(engine.now())
        link.session, first = engine.open(link, client, host, head)
        headers: Headers = [_TEXT]
        if engine.options.cookie is not None:
            headers.append((b"set-cookie", engine.options.cookie(link.session.sid).encode("latin-1", "replace")))
        return 200, headers, encode_payload([first.packet])

    async def _get(self, query: Query, receive: Receive) -> tuple[int, Headers, bytes]:
        packets = await self._find(query)[1].poll(receive)
        body = encode_payload(packets)
        self._engine.traffic.bytes += len(body)
        return 200, [_TEXT, (b"cache-control", b"no-store")], body

    async def _post(self, request: Request, query: Query, receive: Receive) -> tuple[int, Headers, bytes]:
        session, link = self._find(query)
        if link.posting:
            session.end(TRANSPORT_ERROR, 1002, "two payloads at once")
            raise Refusal(400, BAD_REQUEST, "Bad request: two payloads at once")
        link.posting = True
        try:
            body = await self._body(request, receive)
        finally:
            link.posting = False
        if session.closed:  # while the body was on its way
            raise Refusal(400, UNKNOWN_SID, "Session ID unknown")
        try:
            if body.count(SEPARATOR) > 2 * self._engine.limits.events_per_second:
                raise ProtocolError("too many packets at once")
            packets = decode_payload(body, self._engine.options.max_payload)
        except ProtocolError as error:
            session.end(TRANSPORT_ERROR, 1002, str(error))
            raise Refusal(400, BAD_REQUEST, f"Bad request: {error}") from None
        for packet in packets:
            if packet.type is PacketType.PONG and session.awaiting_pong:
                link.heard_at = self._engine.now()
            session.take(packet)
            if session.closed and packet.type is not PacketType.CLOSE:
                raise Refusal(400, BAD_REQUEST, "Bad request: it holds what is no packet of a viewer")
            if session.closed:
                break
        return 200, [(b"content-type", b"text/html")], b"ok"

    def _find(self, query: Query) -> tuple[Session, PollingLink]:
        """The session that a request goes on with, and its link. Raises Refusal if it is not on polling, or dead."""
        session = opening.find_polling(query.sid or "", self._engine)
        link = session.link
        assert isinstance(link, PollingLink)
        if self._engine.now() - link.heard_at >= self._engine.options.patience:
            session.end(PING_TIMEOUT, 1001, "no answer to a ping")
            raise Refusal(400, UNKNOWN_SID, "Session ID unknown")
        return session, link

    async def _body(self, request: Request, receive: Receive) -> bytes:
        limit = self._engine.options.max_payload
        declared = request.header("content-length")
        body = bytearray()
        more = True
        while more:
            if len(body) > limit or (declared.isdigit() and int(declared) > limit):
                raise Refusal(413, BAD_REQUEST, f"Bad request: more than {limit:,} bytes (the limit message_size)")
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Refusal(400, BAD_REQUEST, "Bad request: it broke off")
            body += message.get("body", b"")
            more = message.get("more_body", False)
        return bytes(body)

    def _cors(self, request: Request, scheme: str) -> Headers:
        """What another origin's page needs to read the response."""
        origin = request.header("origin")
        if not origin or not opening.is_allowed(request, self._engine, scheme):
            return []
        return [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-allow-credentials", b"true"),
            (b"vary", b"Origin"),
        ]


def _request(scope: Scope) -> Request:
    target = scope["raw_path"].decode("latin-1")
    if scope["query_string"]:
        target += "?" + scope["query_string"].decode("latin-1")
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    return Request(scope["method"], target, headers)
