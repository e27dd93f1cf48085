"""Which request may open or join a session: Engine.IO's "Handshake" and "Transports", WebSocket's RFC 6455, 4.2."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple

from windsock.engine.protocol.request import Request
from windsock.errors import WindsockError

UNKNOWN_TRANSPORT, UNKNOWN_SID, BAD_METHOD, BAD_REQUEST, FORBIDDEN, UNSUPPORTED_VERSION = range(6)
"""Engine.IO's codes for what is wrong with a request."""
EIO = "4"
"""The version of Engine.IO that is spoken here."""

Allowed = str | Collection[str] | Callable[[str], bool] | None
"""Which origins are allowed: None for the same, "*" for any, one, several, or a function that is asked."""

# 16 bytes in base64; their value does not matter.
_KEY = re.compile(r"[A-Za-z0-9+/]{22}==")
_SOCKETS = {"ws": "http", "wss": "https"}
_PORTS = {"http": ":80", "https": ":443"}


class Refusal(WindsockError):
    """The request is refused: with an HTTP status, one of Engine.IO's codes, and words for a person."""

    def __init__(self, status: int, code: int, message: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers

    def body(self) -> bytes:
        """The body of the response, in JSON, as the JavaScript server sends it."""
        return json.dumps({"code": self.code, "message": self.message}, separators=(",", ":")).encode()


class Query(NamedTuple):
    """What a request's query asks for. Without a ``sid`` it opens a session."""

    transport: str
    sid: str | None


def read_query(query: Mapping[str, str], transports: Collection[str]) -> Query:
    """What is asked for, if it can be had by one of ``transports``. Raises Refusal."""
    version = query.get("EIO", "")
    if version != EIO:
        raise Refusal(400, UNSUPPORTED_VERSION, _wrong_version(version))
    transport = query.get("transport", "")
    if transport not in transports:
        found = f"the transport {_presentable(transport)}" if transport else "no transport"
        raise Refusal(400, UNKNOWN_TRANSPORT, f"Transport unknown: the request names {found}")
    return Query(transport, query.get("sid") or None)


def check_method(method: str, query: Query) -> None:
    """Raise Refusal unless a session is opened, or joined by WebSocket, with GET, and else used with GET or POST."""
    if method != "GET" and (method != "POST" or query.sid is None or query.transport == "websocket"):
        raise Refusal(400, BAD_METHOD, f"Bad handshake method: {_presentable(method)}")


def check_websocket(request: Request) -> str:
    """The Sec-WebSocket-Key of a request that is a right handshake (RFC 6455, 4.2.1). Raises Refusal."""
    if request.method != "GET":
        raise Refusal(400, BAD_METHOD, "Bad handshake method: a WebSocket is opened with GET")
    if "websocket" not in request.tokens("upgrade") or "upgrade" not in request.tokens("connection"):
        raise Refusal(400, BAD_REQUEST, "Bad request: a WebSocket needs the headers Upgrade and Connection")
    if request.header("sec-websocket-version") != "13":
        headers = (("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"))
        raise Refusal(426, BAD_REQUEST, "Bad request: version 13 of WebSocket is needed", headers)
    key = request.header("sec-websocket-key")
    if not _KEY.fullmatch(key):
        raise Refusal(400, BAD_REQUEST, "Bad request: Sec-WebSocket-Key is not 16 bytes in base64")
    return key


def allows_origin(request: Request, scheme: str, allowed: Allowed) -> bool:
    """Whether the page that the request comes from may use this server, which is reached with ``scheme``.

    A request without an Origin comes from no page. The same origin is the Host's, or the one that the X-Forwarded
    headers tell: a page cannot forge these, so it does no harm to believe them here.
    """
    if not request.has("origin") or allowed == "*":
        return True
    origin = request.header("origin")
    if callable(allowed):
        return allowed(origin)
    if allowed is None:
        return _normal(origin) in _own_origins(request, scheme)
    origins = [allowed] if isinstance(allowed, str) else allowed
    return "*" in origins or _normal(origin) in map(_normal, origins)


def _own_origins(request: Request, scheme: str) -> Iterator[str]:
    host = request.header("host")
    forwarded_scheme, forwarded_host = _first(request, "x-forwarded-proto"), _first(request, "x-forwarded-host")
    for from_scheme, from_host in ((scheme, host), (forwarded_scheme or scheme, forwarded_host or host)):
        if from_host:
            yield _normal(f"{from_scheme}://{from_host}")


def _first(request: Request, name: str) -> str:
    """What the proxy that is next to the viewer has put in."""
    return request.header(name).partition(",")[0].strip(" \t")


def _normal(origin: str) -> str:
    """An origin as browsers write it (RFC 6454, 6.1): in lower case, without the scheme's usual port."""
    scheme, separator, host = origin.lower().rstrip("/").partition("://")
    scheme = _SOCKETS.get(scheme, scheme)
    return f"{scheme}{separator}{host.removesuffix(_PORTS.get(scheme, ' '))}"


def _wrong_version(version: str) -> str:
    """Words for whoever looks into the browser's console, and finds that nothing works."""
    need = "this server needs version 4 of the Socket.IO client (EIO=4)"
    if version in {"2", "3"}:
        return (
            f"Unsupported protocol version: the page loads a Socket.IO client of version 1 or 2 (EIO={version}); {need}"
        )
    if not version:
        return f"Unsupported protocol version: the request names none, as clients of version 1 or 2 may do; {need}"
    return f"Unsupported protocol version: EIO={_presentable(version)}; {need}"


def _presentable(value: str) -> str:
    """What a viewer sent, short and without control characters."""
    return ascii(value[:20])
