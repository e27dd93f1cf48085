"""Errors as problem documents (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus

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


def problem(status: int, detail: str, code: str) -> Response:
    """A problem document. ``code`` tells programs what it is, as on the wire."""
    title = HTTPStatus(status).phrase
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}
    response = Response(json.dumps(document), status, content_type="application/problem+json")
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def from_windsock(error: WindsockError) -> Response:
    """The document for an error of Windsock's own; 503 for what is not the request's fault."""
    if isinstance(error, Denied):
        return problem(error.status, str(error), wire.error_code(error))
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 503)
    return problem(status, str(error), wire.error_code(error))


def from_http(error: HTTPException) -> Response:
    """The document for an error that Flask or Werkzeug raised; a redirect is none, and passes as it is."""
    status = error.code or 500
    if status < 400:
        return error.get_response()  # type: ignore[return-value]  # Flask's own responses are of this type
    code = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}.get(status, "bad_request")
    document = problem(status, error.description or "", code)
    for name, value in error.get_headers():
        if name.lower() == "allow":
            document.headers[name] = value
    return document
