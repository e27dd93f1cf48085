"""What a wall display has to know to come back by itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from flask import current_app

from windsock.web.views import STATIC, described_states, version

if TYPE_CHECKING:
    from windsock.web.site import Site

_TEMPLATES = Path(__file__).parent / "templates" / "windsock"


def fingerprint(site: Site, base: str) -> str:
    """Differs when a page that was served earlier is out of date in more than its states.

    That is when Windsock's own files are others, or the application's pages, scripts and style sheets, or the things
    are: what they are called and how they look.
    """
    specs = site.runtime.specs.values() if site.started else ()
    things = [[spec.name, spec.title, spec.offline, described_states(spec, base)] for spec in specs]
    files = sorted([*STATIC.glob("*.*"), *STATIC.glob("vendor/*.js"), *_TEMPLATES.glob("*.html"), *_own_files()])
    said = json.dumps([[version(path) for path in files], things])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _own_files() -> Iterator[Path]:
    """What the application puts in the place of Windsock's pages, and what such a page is made of.

    Nothing else in its folder of files: a picture that changes there is no other page.
    """
    if current_app.template_folder:
        yield from Path(current_app.root_path, current_app.template_folder, "windsock").glob("*.html")
    if current_app.static_folder:
        for kind in ("*.css", "*.js"):
            yield from Path(current_app.static_folder).glob(kind)
