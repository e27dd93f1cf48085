"""The pages: `/` and `/things/<thing>`."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from windsock.errors import UnknownThing, WindsockError
from windsock.times import parse_time
from windsock.web.access import Caller, may_publish
from windsock.web.kiosk import fingerprint
from windsock.web.problems import UNAVAILABLE
from windsock.web.site import current_site
from windsock.web.views import static_path

NOBODY = "'none'"
"""What ``frame-ancestors`` says of a page that no other may have in a frame."""
MANY = 12
"""More things than these lie in smaller cards, and can be searched."""
THEMES = ("dark", "light")
"""What ``?theme=`` can ask for, whatever the scheme of the viewer's machine."""


def register(blueprint: Blueprint) -> None:
    """Add the routes to Windsock's blueprint."""
    blueprint.add_url_rule("/", view_func=index)
    blueprint.add_url_rule("/things/<thing>", view_func=thing, endpoint="page")
    blueprint.add_app_template_filter(_ago, "windsock_ago")


def index() -> Response:
    """All things."""
    site = current_site()
    try:
        return page("windsock/things.html", things=site.views.all_pages(site.base()), many=MANY)
    except WindsockError as error:
        return unavailable(error)


def thing(thing: str) -> Response:
    """One thing."""
    return page_of("windsock/thing.html", thing)


def page_of(template: str, thing: str, ancestors: str = NOBODY) -> Response:
    """A page about one thing, or the one that says that there is none, or that nothing can be shown now."""
    site = current_site()
    try:
        view = site.views.page(thing, site.base())
    except UnknownThing:
        return page("windsock/missing.html", 404, ancestors, name=thing)
    except WindsockError as error:
        return unavailable(error, ancestors)
    return page(template, ancestors=ancestors, thing=view)


def ago(time: str | None, now: datetime) -> str:
    """How long ago a time was, in words; it is the server's word, for pages without JavaScript."""
    if time is None:
        return "never"
    seconds = int((now - parse_time(time)).total_seconds())
    if seconds < 2:
        return "just now"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


def _ago(time: str | None) -> str:
    return ago(time, current_site().clock())


def unavailable(error: WindsockError, ancestors: str = NOBODY) -> Response:
    """For people, what problem documents are for programs."""
    known = may_publish(Caller.from_environ(request.environ), current_site().publisher_key)
    return page("windsock/unavailable.html", 503, ancestors, reason=str(error) if known else UNAVAILABLE)


def page(template: str, status: int = 200, ancestors: str = NOBODY, **context: Any) -> Response:
    """A page of Windsock's own; ``ancestors`` are the sites whose pages may have it in a frame."""
    site, nonce = current_site(), secrets.token_urlsafe(16)
    base = site.base()
    text = render_template(
        template,
        windsock=site.windsock,
        nonce=nonce,
        home=f"{base}/",
        origin=request.host_url.rstrip("/"),
        static=lambda name: static_path(name, base),
        embedded=ancestors != NOBODY,
        **_wishes(base, status),
        **context,
    )
    response = make_response(text, status)
    response.headers["Content-Security-Policy"] = _policy(nonce, ancestors)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    return response


def _wishes(base: str, status: int) -> dict[str, Any]:
    """How the address asks for the page to be; an error's page is out of date as soon as there is another."""
    theme, kiosk = request.args.get("theme"), None
    if request.args.get("kiosk", "no") not in {"0", "false", "no"}:
        kiosk = fingerprint(current_site(), base) if status == 200 else "error"
    return {"theme": theme if theme in THEMES else None, "kiosk": kiosk}


def _policy(nonce: str, ancestors: str) -> str:
    # Older Safari does not take 'self' for WebSocket addresses.
    sockets = f"ws://{request.host} wss://{request.host}"
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
        f"connect-src 'self' {sockets}; base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
    )
