"""What the application asked of Flask-SocketIO's own server, as options of the engine."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from windsock.engine.options import Options, Origins
from windsock.engine.protocol.request import Request
from windsock.web.carrier.environ import make_environ

log = logging.getLogger("windsock.carrier")


def read_options(eio: Any, path: str) -> Options:
    """The options of ``eio``, a server of python-engineio, with ``path`` as where its endpoint lies.

    The grace period that may stand beside `ping_interval` is added to `ping_timeout`: a client waits as long.
    """
    return Options(
        path=path,
        ping_interval=float(eio.ping_interval),
        ping_timeout=float(eio.ping_timeout) + float(eio.ping_interval_grace_period),
        max_payload=int(eio.max_http_buffer_size),
        transports=tuple(eio.transports),
        allow_upgrades=bool(eio.allow_upgrades),
        origins=_origins(eio.cors_allowed_origins),
        cookie=_cookie(eio.cookie),
    )


def _origins(asked: Any) -> Origins:
    if asked is None:
        return None
    if callable(asked):
        return _decision(asked)
    if isinstance(asked, str):
        return "*" if asked == "*" else (asked,)
    # An empty list switches the check off: python-engineio says so, unlikely as it looks.
    return tuple(asked) if asked and "*" not in asked else "*"


def _decision(asked: Callable[..., Any]) -> Callable[[Request, str], bool]:
    """The application's function of the origin, or of the origin and the environ; one that fails allows nothing."""

    def allows(request: Request, scheme: str) -> bool:
        origin = request.header("origin")
        # Who asks and where is not known to the engine at this point; an origin does not depend on it.
        environ = make_environ(request, ("", 0), ("", 0), scheme)
        try:
            try:
                return bool(asked(origin, environ))
            except TypeError:
                return bool(asked(origin))
        except Exception:
            log.exception("the application's cors_allowed_origins failed")
            return False

    return allows


def _cookie(asked: Any) -> Callable[[str], str] | None:
    """Makes the value of a Set-Cookie header from a session's id; ``asked`` is a name, or attributes with one."""
    if not asked:
        return None
    attributes = asked if isinstance(asked, dict) else {"name": asked, "path": "/", "SameSite": "Lax"}

    def make(sid: str) -> str:
        parts = [f"{attributes.get('name', 'io')}={sid}"]
        for name, given in attributes.items():
            value = given() if callable(given) else given
            if name != "name":
                parts.append(name if value is True else f"{name}={value}")
        return "; ".join(parts)

    return make
