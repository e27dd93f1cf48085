"""A page with a client of version 2, which speaks a protocol that is not served: a person has to find out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.builders import ROOT
from tests.clients.guests import OUTDATED, WAYS, Wanted, knocking, meets
from tests.servers import Server, serving
from tests.waiting import eventually

SCRIPT = ROOT / "node_modules" / OUTDATED / "dist" / "socket.io.slim.js"
READABLE = "This page loads a Socket.IO client that is too old: version 4 is needed"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("windsock")) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("transports", ["polling", "websocket", "polling,websocket"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_browsers_console_says_it_readably(server: Server, page: Page, transports: str, host: str) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    # A page of the same origin, or of another one.
    page.goto(f"http://{host}:{server.port}/healthz")
    page.add_script_tag(content=SCRIPT.read_text())
    options = {"transports": transports.split(","), "reconnection": False}
    page.evaluate("([url, options]) => void io(url, options)", [server.url, options])
    eventually(lambda: page.evaluate("1") and [text for text in said if READABLE in text])


def test_it_does_not_connect_and_the_log_says_why_once(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        for way in WAYS:
            with knocking(OUTDATED, Wanted(server.url, way)) as guest:
                meets(guest, "connect_error", "/")
        assert 1 == server.output.count("the page loads a Socket.IO client of version 1 or 2 (EIO=3)")
