"""For who looks after it: the operator's page, what it shows, and metrics for Prometheus."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from windsock.web.access import Caller, require_publisher
from windsock.web.metrics import exposition
from windsock.web.overview import overview
from windsock.web.pages import page
from windsock.web.site import current_site


def register(blueprint: Blueprint) -> None:
    """Add the routes to Windsock's blueprint."""
    blueprint.add_url_rule("/operator", view_func=operator)
    blueprint.add_url_rule("/api/v1/overview", view_func=get_overview)
    blueprint.add_url_rule("/metrics", view_func=metrics)


def operator() -> Response:
    """The page, without anything that only an operator may know: its script asks for that, with the key."""
    return page("windsock/operator.html", keyed=current_site().publisher_key is not None)


def get_overview() -> Response:
    """Everything that the operator's page shows."""
    site = current_site()
    require_publisher(Caller.from_environ(request.environ), site.publisher_key)
    return _fresh(jsonify(overview(site)))


def metrics() -> Response:
    """Counts for Prometheus, which anybody may read."""
    body, content_type = exposition(current_site().metrics, request.headers.get("Accept", ""))
    return _fresh(Response(body, content_type=content_type))


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
