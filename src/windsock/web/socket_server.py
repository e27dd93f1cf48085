"""The Flask-SocketIO server that carries Windsock: the application's own, or a new one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from flask import Flask
from flask_socketio import SocketIO

from windsock.errors import ConfigError

OPTIONS: dict[str, Any] = {"async_mode": "threading", "ping_interval": 10, "ping_timeout": 10}
"""How the server is that Windsock makes. A dead link is noticed within the sum of the two, in seconds."""


def make_server(app: Flask, allowed_origins: Sequence[str]) -> SocketIO:
    """A server of Windsock's own, for pages of the same origin and of the allowed ones."""
    if "*" in allowed_origins:
        return SocketIO(app, cors_allowed_origins="*", **OPTIONS)
    return SocketIO(app, cors_allowed_origins=_same_or(allowed_origins) if allowed_origins else None, **OPTIONS)


def check_server(socketio: SocketIO) -> None:
    """Raises ConfigError if a server is not there yet, or in another mode than ``threading``."""
    if socketio.server is None:
        raise ConfigError("the SocketIO that Windsock was given has no application: call socketio.init_app(app)")
    if socketio.async_mode != "threading":
        raise ConfigError(
            f'the application\'s SocketIO is in the mode "{socketio.async_mode}", where news from native '
            'threads is lost; make it SocketIO(app, async_mode="threading"), or serve the application with '
            "windsock run"
        )


def _same_or(allowed: Collection[str]) -> Callable[[str | None, dict[str, Any]], bool]:
    """Engine.IO takes a list of origins literally, which would lock out the pages that it serves itself."""

    def accepts(origin: str | None, environ: dict[str, Any]) -> bool:
        return origin is not None and (origin in allowed or origin in own_origins(environ))

    return accepts


def own_origins(environ: dict[str, Any]) -> list[str]:
    """The request's own origin: what Engine.IO takes for it where no origins are given."""
    scheme, host = environ.get("wsgi.url_scheme"), environ.get("HTTP_HOST")
    if not scheme or not host:
        return []
    # A page of another site cannot make a browser send these headers, so they open nothing to it.
    seen_by_proxy = (environ.get("HTTP_X_FORWARDED_PROTO", scheme), environ.get("HTTP_X_FORWARDED_HOST", host))
    first = [value.split(",")[0].strip() for value in seen_by_proxy]
    return [f"{scheme}://{host}", "://".join(first)]
