from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import OpenPage
from tests.servers import Server, serving
from tests.waiting import eventually
from tests.web.own_page import WRONG_CLOCK, own_page

HOUR = 3_600_000
BOARD = """
[things.door]
[things.pillow]
offline = "GONE"
offline_after = "2s"
[things.pillow.states]
GONE = { label = "The pillow is out of reach" }
"""
CLOCKS = """<b id="changed" data-windsock="door" data-windsock-show="changed"></b>
<b id="heard" data-windsock="door" data-windsock-show="heard"></b>
<b id="link" data-windsock="door" data-windsock-show="connection"></b>
<b id="words" data-windsock="door" data-windsock-show="link"></b>"""
SPAN = re.compile(r"(\d+) s ago")


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path, BOARD) as server:
        yield server


def seconds(page: Page, selector: str) -> int:
    """The seconds that an element tells; 0: just now."""
    said = page.locator(selector).text_content() or ""
    match = SPAN.search(said)
    assert match or "just now" in said, said
    return int(match[1]) if match else 0


def test_the_three_clocks_tick_without_traffic(board: Server, open_page: OpenPage) -> None:
    board.put_state("door", "OPEN")
    page = open_page(f"{board.url}/things/door")
    clocks = ("#changed dd", "#heard dd", "#page dd")
    expect(page.locator("#page dd")).to_have_text(re.compile(r"^Connected, last word \d+ s ago$"))
    before = [seconds(page, clock) for clock in clocks]
    board.signal(signal.SIGSTOP)  # no traffic
    eventually(lambda: all(seconds(page, clock) >= was + 2 for clock, was in zip(clocks, before, strict=True)))
    board.signal(signal.SIGCONT)


@pytest.mark.parametrize("wrong", [-3 * HOUR, 50 * HOUR])
def test_a_wrong_clock_of_the_viewer_makes_no_difference(board: Server, open_page: OpenPage, wrong: int) -> None:
    board.put_state("door", "OPEN")
    page = own_page(open_page, board, CLOCKS, prepare=lambda page: page.evaluate(WRONG_CLOCK, wrong))
    expect(page.locator("#words")).to_have_text("Live")
    for clock in ("changed", "heard", "link"):
        assert seconds(page, f"#{clock}") < 40
    # Windsock's own pages begin with what the server rendered.
    page.add_init_script(f"({WRONG_CLOCK})({wrong})")
    page.goto(f"{board.url}/things/door")
    expect(page.locator("#link")).to_have_text("Live")
    assert seconds(page, "#changed dd") < 40


@pytest.mark.parametrize("step", [-HOUR, HOUR])
def test_a_clock_that_steps_makes_no_difference_once_the_server_has_answered(
    board: Server, open_page: OpenPage, step: int
) -> None:
    board.put_state("door", "OPEN")
    page = own_page(open_page, board, CLOCKS, prepare=lambda page: page.evaluate(WRONG_CLOCK, 0))
    expect(page.locator("#words")).to_have_text("Live")
    before = seconds(page, "#changed")
    page.evaluate("(step) => (window.wrong += step)", step)
    later = "|".join(str(before + more) for more in range(3, 30))
    expect(page.locator("#changed")).to_have_text(re.compile(f"^({later}) s ago$"))
    expect(page.locator("#words")).to_have_text("Live")
    assert seconds(page, "#link") < 40


@pytest.mark.parametrize("step", [1200, 4000, 15_000])
def test_a_clock_that_is_set_ahead_a_little_is_wrong_for_a_moment_only(
    board: Server, open_page: OpenPage, step: int
) -> None:
    board.put_state("door", "OPEN")
    page = own_page(open_page, board, CLOCKS, prepare=lambda page: page.evaluate(WRONG_CLOCK, 0))
    expect(page.locator("#words")).to_have_text("Live")
    jumped = page.evaluate(
        "(step) => { const before = windsock.now(); window.wrong += step; return windsock.now() - before; }", step
    )
    assert abs(jumped - step) < 500
    eventually(lambda: abs(ahead(page)) < 500)
    expect(page.locator("#words")).to_have_text("Live")


def ahead(page: Page) -> float:
    """Milliseconds by which what a page takes for the server's time is ahead of it."""
    told: float = page.evaluate("windsock.now()")
    return told - time.time() * 1000


def test_every_card_of_the_board_has_its_clocks_and_the_board_that_of_its_link(
    board: Server, open_page: OpenPage
) -> None:
    board.put_state("door", "OPEN")
    page = open_page(f"{board.url}/")
    expect(page.locator("[data-part=page]")).to_have_text(re.compile(r"^Connected, last word \d+ s ago$"))
    expect(page.locator("[data-thing=door] .when")).to_have_text(re.compile(r"^Changed \d+ s ago · heard \d+ s ago$"))
    board.kill()
    expect(page.locator("[data-part=page]")).to_have_text(re.compile("^Lost, last word"))
    expect(page.locator("#link")).to_have_text("Connection lost – trying again")
    expect(page.locator("#banner")).to_contain_text("What it shows may be old.")


def test_a_thing_that_went_offline_is_told_as_such_and_not_as_a_broken_page(board: Server, open_page: OpenPage) -> None:
    board.put_state("pillow", "GONE")
    page = open_page(f"{board.url}/things/pillow")
    expect(page.locator("#link")).to_have_text("Offline")
    expect(page.locator("#label")).to_have_text("The pillow is out of reach")
    expect(page.locator("#banner")).to_have_text(re.compile(r"^Offline: not heard for \d+ s\.$"))
    expect(page.locator("main")).to_have_attribute("data-liveness", "offline")
    expect(page).to_have_title("The pillow is out of reach · Pillow")


def test_clocks_are_not_announced_and_a_lost_link_is_once(board: Server, open_page: OpenPage) -> None:
    board.put_state("door", "OPEN")
    page = open_page(f"{board.url}/things/door")
    expect(page.locator("#link")).to_have_text("Live")
    page.evaluate(
        """() => {
          window.said = [];
          const note = () => window.said.push(announcer.textContent);
          new MutationObserver(note).observe(announcer, { childList: true, characterData: true, subtree: true });
        }"""
    )
    assert 0 == page.locator(":is(.clocks, #link, #banner)[aria-live], [aria-live] :is(.clocks, #link)").count()
    # The last words that are said before the server is gone and after it is back.
    eventually(lambda: seconds(page, "#changed dd") > 3)
    board.kill()
    expect(page.locator("#announcer")).to_have_text("Connection lost. Trying again.")
    board.start()
    expect(page.locator("#announcer")).to_have_text("Connected again.", timeout=20_000)
    assert ["Connection lost. Trying again.", "Connected again."] == page.evaluate("window.said")
