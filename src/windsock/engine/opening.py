"""Whether a request may open a session or go on with one: the same questions for both transports."""

from __future__ import annotations

from windsock.engine.addresses import viewer_address
from windsock.engine.engine import Engine
from windsock.engine.protocol.handshake import (
    BAD_REQUEST,
    FORBIDDEN,
    UNKNOWN_SID,
    Query,
    Refusal,
    allows_origin,
    read_query,
)
from windsock.engine.protocol.request import Request
from windsock.engine.session import Session


def is_endpoint(request: Request, engine: Engine) -> bool:
    """Whether a request is for the engine at all, and not for the application's pages."""
    return request.path == engine.options.path or request.path.startswith(engine.options.path)


def check(request: Request, engine: Engine, scheme: str) -> Query:
    """What a request asks for. Raises Refusal, and tells the log what to change if it is for the origin."""
    query = read_query(request.query, engine.options.transports)
    if not is_allowed(request, engine, scheme):
        origin = request.header("origin")[:100]
        engine.notices.once(
            f"a page from {origin} was refused; if it is yours, name it in allowed_origins (or cors_allowed_origins)"
        )
        raise Refusal(403, FORBIDDEN, f"{origin} is not an accepted origin")
    return query


def is_allowed(request: Request, engine: Engine, scheme: str) -> bool:
    """Whether the page that a request comes from may use the engine: its own pages may, unless a function decides."""
    allowed = engine.options.origins
    if callable(allowed):
        return not request.has("origin") or allowed(request, scheme)
    return allows_origin(request, scheme, allowed) or allows_origin(request, scheme, None)


def address(request: Request, engine: Engine, peer: str, polling: bool) -> str:
    """Whose session it will be. Raises Refusal if there is no room for it."""
    host = viewer_address(request, peer, engine.proxies)
    engine.require_room(host, polling)
    return host


def find(sid: str, engine: Engine) -> Session:
    """The session that a request goes on with. Raises Refusal."""
    session = engine.sessions.get(sid)
    if session is None:
        raise Refusal(400, UNKNOWN_SID, "Session ID unknown")
    return session


def find_polling(sid: str, engine: Engine) -> Session:
    """The session that is polled, or upgraded. Raises Refusal if it is not on polling any more."""
    session = find(sid, engine)
    if session.transport != "polling":
        raise Refusal(400, BAD_REQUEST, "Bad request: the session is on WebSocket")
    return session
