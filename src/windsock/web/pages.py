"""The pages: `/`, `/things/<thing>`, and the pictures."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, make_response, render_template, request, send_file

from windsock.errors import UnknownThing, WindsockError
from windsock.times import parse_time, utc_now
from windsock.web.access import Caller, may_publish
from windsock.web.problems import UNAVAILABLE
from windsock.web.site import current_site
from windsock.web.views import state_of_segment, static_path

_YEAR = 31_536_000  # seconds


def register(blueprint: Blueprint) -> None:
    """Add the routes to Windsock's blueprint."""
    blueprint.add_url_rule("/", view_func=index)
    blueprint.add_url_rule("/things/<thing>", view_func=thing, endpoint="page")
    blueprint.add_url_rule("/things/<thing>/images/<path:state>", view_func=image)
    blueprint.add_app_template_filter(ago, "windsock_ago")


def index() -> Response:
    """All things."""
    site = current_site()
    try:
        return _page("windsock/things.html", things=site.views.all_pages(site.base()))
    except WindsockError as error:
        return _unavailable(error)


def thing(thing: str) -> Response:
    """One thing."""
    site = current_site()
    try:
        view = site.views.page(thing, site.base())
    except UnknownThing:
        return _page("windsock/missing.html", 404, name=thing)
    except WindsockError as error:
        return _unavailable(error)
    return _page("windsock/thing.html", thing=view)


def image(thing: str, state: str) -> Response:
    """The picture of one state of a thing: only files that the configuration names are served."""
    site = current_site()
    look = site.runtime.spec(thing).states.get(state_of_segment(state))
    if not look or not look.image or not look.image.is_file():
        abort(404, "There is no such picture.")
    response = send_file(look.image, max_age=_YEAR if "v" in request.args else 0)
    # A picture opened by itself is a page: one that may move, but do nothing.
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def ago(time: str | None, now: datetime | None = None) -> str:
    """How long ago a time was, in words; it is the server's word, for pages without JavaScript."""
    if time is None:
        return "never"
    seconds = int(((now or utc_now()) - parse_time(time)).total_seconds())
    if seconds < 2:
        return "just now"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


def _unavailable(error: WindsockError) -> Response:
    """For people, what problem documents are for programs."""
    known = may_publish(Caller.from_environ(request.environ), current_site().publisher_key)
    return _page("windsock/unavailable.html", 503, reason=str(error) if known else UNAVAILABLE)


def _page(template: str, status: int = 200, **context: Any) -> Response:
    site, nonce = current_site(), secrets.token_urlsafe(16)
    base = site.base()
    page = render_template(
        template,
        windsock=site.windsock,
        nonce=nonce,
        home=f"{base}/",
        static=lambda name: static_path(name, base),
        **context,
    )
    response = make_response(page, status)
    response.headers["Content-Security-Policy"] = _policy(nonce)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    return response


def _policy(nonce: str) -> str:
    # Older Safari does not take 'self' for WebSocket addresses.
    sockets = f"ws://{request.host} wss://{request.host}"
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
        f"connect-src 'self' {sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
