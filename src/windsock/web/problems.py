"""Errors as problem documents (RFC 9457)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from flask import Response, json
from werkzeug.exceptions import HTTPException

from windsock import wire
from windsock.errors import (
    BadReading,
    Denied,
    NotReportable,
    ReadingTooLarge,
    UnknownState,
    UnknownThing,
    WindsockError,
)

_STATUS: tuple[tuple[type[WindsockError], int], ...] = (
    (UnknownThing, 404),
    (NotReportable, 409),
    (ReadingTooLarge, 413),
    (UnknownState, 422),
    (BadReading, 400),
    (wire.BadRequest, 400),
)

CONTENT_TYPE = "application/problem+json"
UNAVAILABLE = "Windsock cannot be used now; its log says why"
"""What strangers are told where the cause is within: it may name files, commands and other people's data."""

# How a source's reason begins where its exception is none of Windsock's own: "Type: text".
_TYPE = re.compile(r"(\w+): ")
# Where the path of a file begins; within a URL, a slash follows other characters.
_PATH = re.compile(r"(?<![\w:/.])/")


def document(status: int, detail: str, code: str) -> dict[str, Any]:
    """A problem document. ``code`` tells programs what it is, as on the wire."""
    title = HTTPStatus(status).phrase
    return {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}


def problem(status: int, detail: str, code: str) -> Response:
    """The answer that is a problem document."""
    response = Response(json.dumps(document(status, detail, code)), status, content_type=CONTENT_TYPE)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def from_windsock(error: WindsockError, insider: bool) -> Response:
    """The document for an error of Windsock's own; 503 for what is not the request's fault.

    Only an ``insider``, who may publish, is told what is wrong within.
    """
    status = status_of(error)
    detail = str(error) if insider or status != 503 else UNAVAILABLE
    return problem(status, detail, wire.error_code(error))


def reason_for_strangers(reason: str, sources: Iterable[str]) -> str:
    """One of `Runtime.problems`, as anybody may read it; ``sources`` are the names of all sources.

    A source is always named. Of an exception that is none of Windsock's, only the type is told; a path never is.
    """
    source = next((name for name in sources if reason.startswith(f"{name}: ")), None)
    if source is None:
        return UNAVAILABLE
    text = reason.removeprefix(f"{source}: ")
    exception = _TYPE.match(text)
    if exception:
        return f"{source}: {exception[1]}"
    return f"{source}: {'the log says why' if _PATH.search(text) else text}"


def from_http(error: HTTPException) -> Response:
    """The document for an error that Flask or Werkzeug raised; a redirect is none, and passes as it is."""
    status = error.code or 500
    if status < 400:
        return error.get_response()  # type: ignore[return-value]  # Flask's own responses are of this type
    code = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}.get(status)
    code = code or ("bad_request" if status < 500 else "unavailable")
    response = problem(status, error.description or "", code)
    for name, value in error.get_headers():
        if name.lower() == "allow":
            response.headers[name] = value
    return response


def status_of(error: WindsockError) -> int:
    """The status with which an error of Windsock's own is answered."""
    if isinstance(error, Denied):
        return error.status
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 503)
