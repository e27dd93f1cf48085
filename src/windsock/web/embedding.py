"""A thing on the pages of other sites: `/things/<thing>/embed`, made for a frame."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response

from windsock.web.pages import page_of
from windsock.web.site import current_site


def register(blueprint: Blueprint) -> None:
    """Add the route to Windsock's blueprint."""
    blueprint.add_url_rule("/things/<thing>/embed", view_func=embed)


def embed(thing: str) -> Response:
    """One thing, small: for a frame on a page of this site, or of one that may connect to it."""
    return page_of("windsock/embed.html", thing, frame_ancestors(current_site().config.server.allowed_origins))


def frame_ancestors(origins: Sequence[str]) -> str:
    """Which pages may have ours in a frame, as a Content-Security-Policy says it."""
    return "*" if "*" in origins else " ".join(["'self'", *origins])
