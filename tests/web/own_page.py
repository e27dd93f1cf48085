"""Pages as Windsock's users write them: their own markup, and its scripts."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser import OpenPage
from tests.servers import Server

JQUERY = '<script src="/static/vendor/jquery.min.js"></script>'
CLIENT = '<script src="/static/vendor/socket.io.min.js"></script>'
# A page's wall clock is wrong by `wrong` milliseconds, and a test may set it.
WRONG_CLOCK = """(wrong) => {
  window.wrong = wrong;
  const now = Date.now;
  Date.now = () => now() + window.wrong;
}"""
SCRIPTS = f'{JQUERY}{CLIENT}<script id="windsock-script" src="/static/windsock.js"></script>'


def own_page(
    open_page: OpenPage,
    server: Server,
    body: str,
    scripts: str = SCRIPTS,
    prepare: Callable[[Page], object] | None = None,
) -> Page:
    """A page with ``body``, at an address of the server; ``prepare`` is called before any of its scripts runs."""
    page = open_page(f"{server.url}/static/windsock.css")
    if prepare:
        prepare(page)
    page.set_content(f"<!doctype html><title>Own</title><body>{body}{scripts}</body>")
    return page
