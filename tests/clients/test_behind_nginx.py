"""A browser that looks at Windsock through nginx, as it may be set up."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocket, expect

from tests.builders import ROOT
from tests.clients.guests import NEWEST, OLDEST, WAYS, Wanted, visiting
from tests.clients.nginx import Nginx, location, nginx
from tests.engine.conftest import Certificate, certificate
from tests.servers import Server, serving
from tests.waiting import eventually

__all__ = ["certificate"]

KILN = """
[server]
publisher_key = "secret"
ping_interval = "1s"
ping_timeout = "3s"
trusted_proxies = ["127.0.0.1"]
[things.kiln]
"""
FORWARDED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "$scheme",
    "X-Forwarded-Host": "$http_host",
}
PREFIXED = FORWARDED | {"X-Forwarded-Prefix": "/shown"}
HISTORY = """path => new Promise((resolve, reject) => {
    const transports = ["websocket", "polling"];
    const socket = io("/windsock", { path, transports, tryAllTransports: true, forceNew: true });
    socket.on("connect_error", (error) => socket.active || reject(error));
    socket.emit("history", { thing: "kiln", limit: 2 }, (answer) => { socket.disconnect(); resolve(answer); });
})"""


@dataclass
class Window:
    """A page in the browser, and which WebSockets it has opened."""

    page: Page
    sockets: list[WebSocket]

    @property
    def is_on_websocket(self) -> bool:
        return any(not one.is_closed() for one in self.sockets)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("windsock"), KILN) as running:
        yield running


@contextmanager
def window(browser: Browser, url: str) -> Iterator[Window]:
    """Open an address; the certificate may be anybody's."""
    context = browser.new_context(ignore_https_errors=True)
    context.set_default_timeout(15_000)
    page, sockets, failures = context.new_page(), list[WebSocket](), list[str]()
    page.on("websocket", lambda opened: sockets.append(opened))
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.goto(url)
    yield Window(page, sockets)
    context.close()
    assert [] == failures


def lives(browser: Browser, server: Server, front: Nginx, prefix: str = "", websocket: bool = True) -> None:
    """The page goes live, shows changes, and can ask for history."""
    with window(browser, f"{front.url}{prefix}/things/kiln") as opened:
        page = opened.page
        for state in ("HOT", "COLD"):
            assert 200 == server.put_state("kiln", state, key="secret").status
            expect(page.locator("#label")).to_have_text(state)
        expect(page.locator("#link")).to_have_text("Live")
        history: Any = page.evaluate(HISTORY, f"{prefix}/socket.io/")
        assert (True, ["HOT", "COLD"]) == (history["ok"], [change["state"] for change in history["changes"]])
        # What Playwright tells of WebSockets comes while it is asked something.
        eventually(lambda: page.evaluate("true") and websocket == opened.is_on_websocket)
        # It stays so, for longer than a dead link would be noticed.
        page.wait_for_timeout(4500)
        expect(page.locator("#link")).to_have_text("Live")


def test_websockets_are_passed_on(browser: Browser, tmp_path: Path, server: Server) -> None:
    with nginx(tmp_path, location("/", server.port, headers=FORWARDED)) as front:
        lives(browser, server, front)


def test_the_documentations_example_works(browser: Browser, tmp_path: Path, server: Server) -> None:
    text = (ROOT / "docs" / "how-to.md").read_text()
    [block] = re.findall(r"```nginx\n(.*?)```", text.split("## Stand behind a proxy")[1].split("\n## ")[0], re.DOTALL)
    with nginx(tmp_path, block.replace("127.0.0.1:5000", f"127.0.0.1:{server.port}")) as front:
        lives(browser, server, front)


def test_without_websockets_the_page_polls_and_stays_live(browser: Browser, tmp_path: Path, server: Server) -> None:
    with nginx(tmp_path, location("/", server.port, passing=False, headers=FORWARDED)) as front:
        lives(browser, server, front, websocket=False)


def test_where_websockets_are_forbidden_the_page_polls(browser: Browser, tmp_path: Path, server: Server) -> None:
    refused = "if ($arg_transport = websocket) { return 403; }\n"
    with nginx(tmp_path, refused + location("/", server.port, headers=FORWARDED)) as front:
        lives(browser, server, front, websocket=False)


def test_where_polling_is_forbidden_the_page_has_its_websocket(
    browser: Browser, tmp_path: Path, server: Server
) -> None:
    refused = "if ($arg_transport = polling) { return 403; }\n"
    with nginx(tmp_path, refused + location("/", server.port, headers=FORWARDED)) as front:
        lives(browser, server, front)


@pytest.mark.parametrize("passing", [True, False], ids=["websocket", "polling"])
def test_tls_ends_at_nginx_and_the_path_has_a_prefix(
    browser: Browser, tmp_path: Path, server: Server, certificate: Certificate, passing: bool
) -> None:
    block = location("/shown/", server.port, passing=passing, headers=PREFIXED)
    with nginx(tmp_path, block, (certificate.certificate, certificate.key)) as front:
        lives(browser, server, front, "/shown", websocket=passing)


def test_an_origin_that_no_trusted_proxy_vouches_for_is_named_in_the_log(
    browser: Browser, tmp_path: Path, server: Server
) -> None:
    # The Host is nginx's idea of the server, and nothing says whom the browser asked.
    with nginx(tmp_path, location("/", server.port)) as front, window(browser, f"{front.url}/things/kiln") as opened:
        expect(opened.page.locator("#link")).to_contain_text("Connection lost")
        eventually(lambda: f"a page from {front.url} was refused" in server.output)


# ----------------------------------------------------------------------------------- a Flask-SocketIO application


@pytest.fixture
def parlour(tmp_path: Path) -> Iterator[Server]:
    shutil.copy(Path(__file__).with_name("parlour.py"), tmp_path)
    (tmp_path / "windsock.toml").write_text('[server]\ntrusted_proxies = ["127.0.0.1"]\n')
    with serving(tmp_path, None, verb="run", arguments=("parlour:app",)) as running:
        yield running


@pytest.mark.parametrize("package", [NEWEST, OLDEST])
def test_stock_clients_pass_and_the_application_sees_who_they_are(
    tmp_path: Path, parlour: Server, package: str
) -> None:
    with nginx(tmp_path, location("/shown/", parlour.port, headers=PREFIXED)) as front:
        for way in WAYS:
            wanted = Wanted(front.url, way, ("/", "/windsock"), path="/shown/socket.io/")
            with visiting(package, wanted) as guest:
                assert [["203.0.113.9", "/shown", f"localhost:{front.port}"]] == guest.ask("where am I")
                assert [b"\x00", {"a": [b""]}] == guest.ask("echo", b"\x00", {"a": [b""]})
