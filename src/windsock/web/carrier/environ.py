"""The WSGI environ of a connection (PEP 3333): made from its request's head, completed by the middleware."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from windsock.engine.protocol.request import Request

NOTE = "windsock.connection"
"""The key of the list that `through_middleware` has the environ noted in."""

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# These two stand in an environ without HTTP_ before their names (PEP 3333, "environ Variables").
_BARE = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


class Refused(NamedTuple):
    """A middleware answered the request itself, with this status."""

    status: int
    reason: str


def make_environ(request: Request, client: tuple[str, int], server: tuple[str, int], scheme: str) -> dict[str, Any]:
    """The environ of a request without a body, as a WSGI server makes it; addresses are pairs of host and port."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        # WSGI wants the bytes of the path, each as one character.
        "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
        "QUERY_STRING": request.query_string,
        "REQUEST_URI": request.target,
        "RAW_URI": request.target,
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    _add_headers(environ, request.headers)
    return environ


def through_middleware(app: WSGIApp, environ: dict[str, Any]) -> dict[str, Any] | Refused:
    """What the application's middleware makes of an environ, until it reaches Socket.IO's: there `noted` is called.

    The application is called like for any request, so a proxy's headers, a prefix or a login are seen to as ever.
    """
    note: list[dict[str, Any]] = []
    status = ""

    def start_response(line: str, _headers: object, _exc_info: object = None) -> Callable[[bytes], None]:
        nonlocal status
        status = line
        return lambda _data: None

    body = app(environ | {NOTE: note}, start_response)
    try:
        for _ in body:  # one that is a generator begins only now
            if note or status:
                break
    finally:
        if hasattr(body, "close"):
            body.close()
    if note:
        return {key: value for key, value in note[0].items() if key != NOTE}
    code, _, reason = status.partition(" ")
    return Refused(int(code) if code.isdecimal() else 500, reason)


def noted(environ: dict[str, Any]) -> bool:
    """Called where the middleware ends: note what the environ has become, if `through_middleware` wants to know it."""
    note = environ.get(NOTE)
    if note is None:
        return False
    note.append(environ)
    return True


def _add_headers(environ: dict[str, Any], headers: Iterable[tuple[str, str]]) -> None:
    for name, value in headers:
        if "_" in name:  # it would pass for the one with a hyphen, which a proxy may vouch for
            continue
        key = _BARE.get(name) or "HTTP_" + name.upper().replace("-", "_")
        separator = "; " if name == "cookie" else ","  # RFC 6265, 5.4; RFC 9110, 5.3
        environ[key] = f"{environ[key]}{separator}{value}" if key in environ else value
