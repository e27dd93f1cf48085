"""Sends pages, scripts, style sheets and JSON compressed (RFC 9110, section 8.4.1) to who takes them so."""

from __future__ import annotations

import gzip
from functools import lru_cache

from flask import Blueprint, Response, request

SMALLEST = 1_000
"""Bytes under which nothing is gained: it fits into one packet as it is."""
_STATIC = "windsock.static"
_TYPES = ("text/", "application/javascript", "application/json", "application/problem+json", "image/svg+xml")


def register(blueprint: Blueprint) -> None:
    """Compress the answers of Windsock's own addresses; those of the application are its own."""
    blueprint.after_request(compress)


def compress(response: Response) -> Response:
    """The answer, compressed if that is worth it: never a stream, an answer without a body, or part of a file.

    What has an ETag other than a file's stays as it is, for that names these very bytes.
    """
    static = request.endpoint == _STATIC
    if not (_is_text(response) and response.status_code == 200 and (static or _is_whole(response))):
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings.quality("gzip"):
        return response
    response.direct_passthrough = False
    body = response.get_data()
    if len(body) < SMALLEST:
        return response
    response.set_data(_kept(body) if static else gzip.compress(body, 6, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    if static and (tag := response.get_etag()[0]):
        response.set_etag(tag, weak=True)  # the same file in another form; it is compared as before
    return response


def _is_text(response: Response) -> bool:
    return (response.mimetype or "").startswith(_TYPES) and "Content-Encoding" not in response.headers


def _is_whole(response: Response) -> bool:
    return response.is_sequence and not response.direct_passthrough and "ETag" not in response.headers


@lru_cache(maxsize=64)
def _kept(body: bytes) -> bytes:
    """Files are compressed once, and as small as can be."""
    return gzip.compress(body, 9, mtime=0)
