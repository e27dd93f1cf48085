"""`/openapi.json`, and `/api` for people."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache

from flask import Blueprint, Response, request

from windsock.web import conditional, pages
from windsock.web.openapi.document import build
from windsock.web.openapi.pieces import JSON, Place
from windsock.web.openapi.reference import describe
from windsock.web.site import current_site


def register(blueprint: Blueprint) -> None:
    """Add the routes to Windsock's blueprint."""
    blueprint.add_url_rule("/openapi.json", view_func=openapi)
    blueprint.add_url_rule("/api", view_func=reference)


def openapi() -> Response:
    """The document; it needs no running Windsock."""
    text, tag = _written(_place())
    response = Response(text, content_type=JSON)
    response.headers["Cache-Control"] = "no-cache"
    return conditional.answer(tag, response)


def reference() -> Response:
    """The page."""
    place = _place()
    return pages.page("windsock/reference.html", reference=describe(build(place), request.host_url.rstrip("/")))


def _place() -> Place:
    site = current_site()
    return Place(site.base(), site.publisher_key is not None)


@lru_cache(maxsize=16)
def _written(place: Place) -> tuple[str, str]:
    """The text of the document, and its tag."""
    text = json.dumps(build(place), ensure_ascii=False)
    return text, hashlib.sha256(text.encode()).hexdigest()[:16]
