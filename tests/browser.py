"""A real browser: the machine's own Chromium, driven by Playwright."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)

# What the request was wrong about, or that Windsock is stopped; never a fault of the server's.
REFUSED = re.compile("responded with a status of (4..|503)")
# The server, or the whole network, is away, perhaps in the middle of an answer; tests do that on purpose.
AWAY = re.compile(
    "net::ERR_(CONNECTION_(REFUSED|RESET|CLOSED)|EMPTY_RESPONSE|CONTENT_LENGTH_MISMATCH|INCOMPLETE_CHUNKED_ENCODING"
    "|INTERNET_DISCONNECTED)"
)

# Long enough for a page that lost its server and pauses before it tries again; what is promised sooner says so itself.
expect.set_options(timeout=15_000)

OpenPage = Callable[..., Page]
"""Opens an address in a window of its own; options are those of Playwright's `new_context`."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests; every window is a context of its own, with nothing from another."""
    with sync_playwright() as playwright:
        started = chromium(playwright)
        yield started
        started.close()


def chromium(playwright: Playwright) -> Browser:
    """The machine's own Chromium, without a window."""
    # Its sandbox does not work for root, and the pages are our own.
    return playwright.chromium.launch(executable_path=chromium_program(), args=["--no-sandbox"])


def chromium_program() -> str:
    """Where the machine's own Chromium is; without one, the test fails."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.fail("Chromium is not installed: apt-get install chromium", pytrace=False)
    return program


class Watch:
    """What a page did that no page of ours should do."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.complaints: list[str] = []

    def console(self, message: ConsoleMessage) -> None:
        # The browser itself writes these, that a small page of an example has no icon, and that the REST interface
        # said no, which the page says in its words.
        url = message.location["url"]
        refused = "/api/v1/" in url and REFUSED.search(message.text)
        expected = AWAY.search(message.text) or url.endswith("/favicon.ico") or refused
        if message.type == "error" and not expected:
            self.complaints.append(f"console: {message.text}")

    def request(self, request: Request) -> None:
        if not request.url.startswith((self.origin, self.origin.replace("http", "ws", 1), "data:", "blob:")):
            self.complaints.append(f"asked another server: {request.url}")

    def dialog(self, dialog: Any) -> None:
        self.complaints.append(f"ran a script: {dialog.message}")
        dialog.dismiss()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens pages, and fails the test if one wrote an error, asked another server, or ran what it was sent."""
    contexts: list[BrowserContext] = []
    watches: list[Watch] = []

    def open_one(url: str, **options: Any) -> Page:
        context = browser.new_context(**options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        watches.append(watch := Watch("/".join(url.split("/")[:3])))
        page = context.new_page()
        page.on("console", watch.console)
        page.on("request", watch.request)
        page.on("dialog", watch.dialog)
        page.on("pageerror", lambda error: watch.complaints.append(f"script: {error}"))
        page.goto(url)
        return page

    yield open_one
    for context in contexts:
        context.close()
    complaints = [complaint for watch in watches for complaint in watch.complaints]
    assert [] == complaints, complaints
