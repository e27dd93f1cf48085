"""Pages of hundreds of things, some of which the server does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import OpenPage
from tests.servers import Server, serving
from tests.waiting import eventually
from tests.web.own_page import own_page

KNOWN = [f"thing-{number}" for number in range(300)]
UNKNOWN = ["ant", "thing-x", "zebra"]
TOML = "\n".join(f"[things.{name}]" for name in KNOWN)
LIVE = "document.querySelectorAll('[data-windsock-liveness=live]').length"


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path, TOML) as server:
        for name in KNOWN:
            server.put_state(name, "ON")
        yield server


def elements(names: list[str]) -> str:
    return "".join(f'<b id="{name}" data-windsock="{name}" data-windsock-show="link"></b>' for name in names)


def open_many(open_page: OpenPage, board: Server, body: str) -> tuple[Page, list[Any], list[str]]:
    """The page, the connections that it made, and what it sent over them."""
    sockets: list[Any] = []
    sent: list[str] = []

    def note(socket: Any) -> None:
        sockets.append(socket)
        socket.on("framesent", lambda frame: sent.append(str(frame)))

    def listen(page: Page) -> None:
        page.on("websocket", note)
        # After an attempt that failed, the client may begin by polling.
        page.on("request", lambda request: sent.append(request.post_data or ""))

    return own_page(open_page, board, body, prepare=listen), sockets, sent


def test_a_page_of_hundreds_of_things_of_which_some_are_unknown_shows_the_others_and_says_which(
    board: Server, open_page: OpenPage
) -> None:
    names = [UNKNOWN[0], *KNOWN[:150], UNKNOWN[1], *KNOWN[150:], UNKNOWN[2]]
    page, sockets, sent = open_many(open_page, board, elements(names))
    eventually(lambda: page.evaluate(LIVE) == len(KNOWN), within=30)
    for name in UNKNOWN:
        expect(page.locator(f"#{name}")).to_have_text(f"there is no thing '{name}'")
    assert len([frame for frame in sent if '"watch"' in frame]) < 60
    made = len(sockets)
    assert made <= 2
    board.kill()
    expect(page.locator("#thing-0")).to_have_text("Connection lost – trying again")
    (board.folder / "windsock.toml").write_text(f"{TOML}\n[things.zebra]")
    sent.clear()
    board.start()
    board.put_state("zebra", "ON")
    eventually(lambda: page.evaluate(LIVE) == len(KNOWN) + 1, within=30)
    expect(page.locator("#zebra")).to_have_text("Live")
    [hello] = [frame for frame in sent if frame.startswith("40")][-1:]
    assert '"thing-299":{"epoch"' in hello
    assert not re.search(f'"({"|".join(UNKNOWN)})"', hello)


def test_hundreds_of_elements_that_are_added_later_are_asked_for_together(board: Server, open_page: OpenPage) -> None:
    page, sockets, sent = open_many(open_page, board, f'{elements(KNOWN[:1])}<div id="place"></div>')
    expect(page.locator("#thing-0")).to_have_text("Live")
    page.evaluate("(added) => { place.innerHTML = added; windsock.bind(place); }", elements(KNOWN[1:]))
    eventually(lambda: page.evaluate(LIVE) == len(KNOWN), within=30)
    page.evaluate("place.replaceChildren()")
    eventually(lambda: page.evaluate("true") and [frame for frame in sent if '"unwatch"' in frame])
    expect(page.locator("#thing-0")).to_have_text("Live")
    assert (1, True) == (len(sockets), len(sent) < 20)
