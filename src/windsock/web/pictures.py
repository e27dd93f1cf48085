"""What shows a thing where only pictures can be shown: those of its states, the current one, and a badge."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, abort, request, send_file

from windsock.errors import UnknownThing, WindsockError
from windsock.web.badge import Badge, badge_of, draw
from windsock.web.site import current_site
from windsock.web.views import state_of_segment

_YEAR = 31_536_000  # seconds
# A picture opened by itself is a page: one that may move, but do nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def register(blueprint: Blueprint) -> None:
    """Add the routes to Windsock's blueprint."""
    blueprint.add_url_rule("/things/<thing>/image", view_func=current_image)
    blueprint.add_url_rule("/things/<thing>/images/<path:state>", view_func=image)
    blueprint.add_url_rule("/things/<thing>/badge.svg", view_func=badge)


def image(thing: str, state: str) -> Response:
    """The picture of one state of a thing: only files that the configuration names are served."""
    site = current_site()
    look = site.runtime.spec(thing).states.get(state_of_segment(state))
    if not look or not look.image or not look.image.is_file():
        abort(404, "There is no such picture.")
    return _harmless(send_file(look.image, max_age=_YEAR if "v" in request.args else 0))


def current_image(thing: str) -> Response:
    """The way to the picture of a thing as it is now; to the one that its page shows, if the state has none."""
    site = current_site()
    picture = site.views.page(thing, site.base())["picture"]
    return Response(status=302, headers={"Location": picture, "Cache-Control": "no-store"})


def badge(thing: str) -> Response:
    """A badge, also if there is nothing to say: who looks at a README sees no more of a 404 than a broken picture."""
    site = current_site()
    title = request.args.get("title")
    try:
        found, status = badge_of(site.views.page(thing, site.base()), title, request.args.get("show", "label")), 200
    except UnknownThing:
        found, status = Badge(thing if title is None else title, "unknown thing"), 404
    except WindsockError:
        found, status = Badge(thing if title is None else title, "not available"), 503
    return _drawn(draw(found, request.args.get("style", "flat")), status)


def _drawn(svg: str, status: int) -> Response:
    response = _harmless(Response(svg, status, mimetype="image/svg+xml"))
    # To be asked for each time it is shown: browsers and GitHub's image proxy keep to this, and 304 is short.
    response.headers["Cache-Control"] = "no-cache"
    # Also for pages that take only what says that it is meant for others.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if status == 200:
        response.set_etag(hashlib.sha256(svg.encode()).hexdigest()[:32])
        response.make_conditional(request)
    return response


def _harmless(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
