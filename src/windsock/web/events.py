"""Server-sent events: states for programs without Socket.IO."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, request

from windsock.web.event_stream import EventStream
from windsock.web.site import current_site
from windsock.web.waits import gone, later, notice_silence, too_many


def register(blueprint: Blueprint) -> None:
    """Add the routes to Windsock's blueprint."""
    blueprint.add_url_rule("/api/v1/events", view_func=all_events)
    blueprint.add_url_rule("/api/v1/things/<thing>/events", view_func=events)


def events(thing: str) -> Response:
    """The states of one thing, with their positions as ids.

    ``Last-Event-ID`` makes no difference: a reader that comes back is sent the newest state, as every reader is.
    """
    current_site().runtime.spec(thing)
    return _stream([thing], ids=True)


def all_events() -> Response:
    """The states of all things, or of those that are chosen; without ids, for a position is one thing's only."""
    runtime = current_site().runtime
    chosen = list(dict.fromkeys(request.args.getlist("thing") or runtime.specs))
    for thing in chosen:
        runtime.spec(thing)
    return _stream(chosen, ids=False)


def _stream(things: Sequence[str], ids: bool) -> Response:
    site = current_site()
    if site.feed.full:
        return too_many()
    stream = EventStream(
        site.feed, site.event_texts, things, site.base(), ids, later(request.environ) is not None, gone(request.environ)
    )
    notice_silence(request.environ)
    response = Response(stream, content_type="text/event-stream", direct_passthrough=True)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would collect events until they fill a page
    return response
