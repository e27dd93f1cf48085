"""What `windsock.live` puts into an application's own pages."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from flask import g, has_app_context
from markupsafe import Markup

from windsock.errors import NotStarted, UnknownThing
from windsock.web.site import Site
from windsock.web.views import static_path

TEMPLATE = "windsock/live.html"
_STYLED = "_windsock_styled"


def element(site: Site, thing: str, base: str, wishes: Mapping[str, object]) -> Markup:
    """An element that shows a thing as it is now, and says to windsock.js what to keep up to date.

    Raises UnknownThing for a thing that neither the file nor the code describes.
    """
    context: dict[str, Any] = {"thing": _view(site, thing, base), "style": _style(base), **wishes}
    site.app.update_template_context(context)  # for an application's own template: as `render_template` does
    text = site.app.jinja_env.get_template(TEMPLATE).render(context)
    return Markup(text.strip())  # noqa: S704  # the template escapes what is put into it


def _view(site: Site, thing: str, base: str) -> Mapping[str, Any]:
    """What the template is given: of a thing that is not watched, because nothing has started, nothing is known."""
    _check(site, thing)
    with suppress(NotStarted):
        return {**site.views.page(thing, base), "started": True}
    return {"thing": thing, "state": None, "images": [], "started": False}


def _check(site: Site, thing: str) -> None:
    known = [*{**site.config.things, **{one.name: one for one in site.windsock.things}}]
    if thing in known:
        return
    near = difflib.get_close_matches(thing, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known) or 'none'}"
    raise UnknownThing(f"windsock.live({thing!r}): there is no such thing; {hint}")


def _style(base: str) -> str | None:
    """The style sheet, for the first element of a page."""
    if has_app_context():
        if g.get(_STYLED):
            return None
        setattr(g, _STYLED, True)
    return static_path("live.css", base)
