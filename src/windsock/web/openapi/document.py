"""The document: everything put together."""

from __future__ import annotations

from importlib.metadata import version

from windsock.web.openapi import aside, overview, pictures, reading, service, writing
from windsock.web.openapi.pieces import KEY, Json, Operations, Place
from windsock.web.openapi.schemas import ANSWERED, ASKED
from windsock.web.waits import TRY_AGAIN

_TAGS = {
    reading.THINGS: "How things are now.",
    reading.PAST: "How they were.",
    reading.STREAMS: "How they become: for programs without Socket.IO.",
    writing.REPORTING: "What things say of themselves.",
    pictures.PICTURES: "For pages that can only show pictures.",
    aside.ASIDE: "Messages that could not be understood; only for who may publish.",
    service.SERVICE: "For those who run it.",
}
_HEADERS: dict[str, Json] = {
    "Tag": {
        "description": "Names this answer, for `If-None-Match`.",
        "required": True,
        "schema": {"type": "string", "pattern": '^(W/)?"[^"]+"$'},
    },
    "Applied": {
        "description": "`Prefer` was understood: for so many seconds the answer would have waited.",
        "schema": {"type": "string", "pattern": "^wait=[0-9]+$"},
    },
    "Patience": {
        "description": "There are too many who wait: after so many seconds there may be room.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
        "example": TRY_AGAIN,
    },
    "Challenge": {
        "description": "How a key is given.",
        "required": True,
        "schema": {"type": "string", "const": "Bearer"},
    },
}


def build(place: Place) -> Json:
    """The OpenAPI document of a server that lies at ``place``."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Windsock",
            "version": version("windsock"),
            "summary": "The live state of real things.",
            "description": _description(place),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": place.base or "/"}],
        "externalDocs": {"description": "The same, to be read", "url": f"{place.base}/api"},
        "tags": [{"name": name, "description": description} for name, description in _TAGS.items()],
        "paths": operations(place),
        "components": {
            "schemas": ANSWERED | overview.SCHEMAS | ASKED,
            "parameters": reading.parameters() | aside.parameters(),
            "headers": _HEADERS,
            **_security_schemes(place),
        },
    }


def operations(place: Place) -> Operations:
    """All operations, by address and method."""
    parts = (reading, writing, pictures, aside, service)
    return {path: item for part in parts for path, item in part.operations(place).items()}


def _description(place: Place) -> str:
    may = (
        "who sends the publisher key as `Authorization: Bearer <key>`"
        if place.keyed
        else "a program on the server's own machine, for no publisher key is configured: it speaks to the server "
        "directly, and says `Content-Type: application/json`"
    )
    return (
        f"Everybody may read. Readings are recorded, and messages that were set aside seen, for {may}.\n\n"
        "Errors are problem documents (RFC 9457). An address that is none is answered 404 (`not_found`), a method "
        "that an address does not have 405 (`method_not_allowed`) with `Allow`. Times are RFC 3339 in UTC with "
        "milliseconds. What is answered may have more fields than are described here."
    )


def _security_schemes(place: Place) -> Json:
    scheme = {"type": "http", "scheme": "bearer", "description": "The publisher key."}
    return {"securitySchemes": {KEY: scheme}} if place.keyed else {}
