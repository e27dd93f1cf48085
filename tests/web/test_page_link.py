from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import OpenPage
from tests.servers import Server, serving
from tests.waiting import eventually
from tests.web.own_page import WRONG_CLOCK, own_page

BOARD = """
[server]
ping_interval = "1s"
[things.door]
"""
ELEMENT = '<b id="door" data-windsock="door"></b> <b id="link" data-windsock="door" data-windsock-show="link"></b>'
LOST = "Connection lost – trying again"
IS_LOST = f"link.textContent === '{LOST}'"
NOT_LIVE = "door.dataset.windsockLiveness !== 'live'"
LOOKS = ("live", "offline", "silent", "source-failing", "checking", "unlinked", "unknown")


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path, BOARD) as server:
        server.put_state("door", "OPEN")
        yield server


@pytest.fixture
def page(board: Server, open_page: OpenPage) -> Page:
    page = own_page(open_page, board, ELEMENT)
    expect(page.locator("#link")).to_have_text("Live")
    return page


def record(page: Page) -> None:
    """Have the page note what it says of its link, and how live its element is, whenever that changes."""
    page.evaluate(
        """() => {
          window.said = [];
          const note = () => {
            const now = [link.textContent, door.dataset.windsockLiveness];
            if (window.said.at(-1)?.join() !== now.join()) window.said.push(now);
          };
          new MutationObserver(note).observe(document.body, {
            subtree: true, childList: true, characterData: true, attributes: true,
          });
        }"""
    )


def time_until(page: Page, what: str) -> None:
    """Have the page count from now until this is so, by its own clock: ``took(page)`` tells how long it was."""
    page.evaluate(
        f"""() => {{
          const began = performance.now();
          window.took = undefined;
          const note = () => {{ if ({what}) window.took ??= performance.now() - began; }};
          new MutationObserver(note).observe(document.body, {{
            subtree: true, childList: true, characterData: true, attributes: true,
          }});
        }}"""
    )


def took(page: Page) -> float:
    """Milliseconds, once there is something to tell."""
    page.wait_for_function("window.took !== undefined")
    milliseconds: float = page.evaluate("window.took")
    return milliseconds


def test_while_the_heartbeat_is_overdue_nothing_is_live_and_a_server_that_answers_makes_it_so_again(
    board: Server, page: Page
) -> None:
    record(page)
    time_until(page, NOT_LIVE)
    board.signal(signal.SIGSTOP)
    # The interval, two seconds of grace, and a quarter of a second between two looks; the client's own library
    # would give up after eleven seconds.
    assert took(page) < 5000
    board.signal(signal.SIGCONT)
    expect(page.locator("#link")).to_have_text("Live")
    said = page.evaluate("window.said")
    assert ["Checking…", "checking"] in said
    assert ["Live", "live"] == said[-1]


def test_a_connection_that_is_dead_without_a_word_is_given_up_and_made_anew(board: Server, page: Page) -> None:
    board.signal(signal.SIGSTOP)
    expect(page.locator("#link")).to_have_text(LOST, timeout=10_000)  # the library's own would take eleven seconds
    board.signal(signal.SIGCONT)
    back = time.monotonic()
    board.put_state("door", "SHUT")
    expect(page.locator("#door")).to_have_text("SHUT", timeout=20_000)
    expect(page.locator("#link")).to_have_text("Live")
    # A hanging attempt, and the pause after it.
    assert time.monotonic() - back < 20


@pytest.mark.parametrize(
    "event",
    [
        "document.dispatchEvent(new Event('resume'))",
        "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))",
        "dispatchEvent(new Event('online'))",
    ],
)
def test_whatever_wakes_a_page_its_link_is_checked_at_once_and_lost_within_three_seconds(
    board: Server, page: Page, event: str
) -> None:
    board.signal(signal.SIGSTOP)
    time_until(page, IS_LOST)
    said = page.evaluate(f"() => {{ {event}; return [link.textContent, door.dataset.windsockLiveness]; }}")
    assert ["Checking…", "checking"] == said
    assert took(page) < 4000  # the heartbeat alone would take more than five seconds
    board.signal(signal.SIGCONT)
    expect(page.locator("#link")).to_have_text("Live")


def test_a_machine_that_slept_though_its_steady_clock_did_not_notice_is_noticed_by_its_wall_clock(
    board: Server, open_page: OpenPage
) -> None:
    page = own_page(open_page, board, ELEMENT, prepare=lambda page: page.evaluate(WRONG_CLOCK, 0))
    expect(page.locator("#link")).to_have_text("Live")
    board.signal(signal.SIGSTOP)
    time_until(page, NOT_LIVE)
    page.evaluate("window.wrong += 300_000")
    assert took(page) < 1900  # the heartbeat alone would take more than two seconds
    expect(page.locator("#link")).to_have_text(LOST)
    board.signal(signal.SIGCONT)
    expect(page.locator("#link")).to_have_text("Live")


def test_a_page_that_is_about_to_be_frozen_is_not_live_any_more(page: Page) -> None:
    freeze = "document.dispatchEvent(new Event('freeze'))"
    said = page.evaluate(f"() => {{ {freeze}; return door.dataset.windsockLiveness; }}")
    assert "checking" == said
    # It was not frozen after all, so the server is asked.
    expect(page.locator("#link")).to_have_text("Live")


def test_a_page_without_a_network_says_so_and_comes_back_with_it(page: Page) -> None:
    time_until(page, NOT_LIVE)
    page.context.set_offline(True)
    assert took(page) < 1900  # the same
    expect(page.locator("#link")).to_have_text(LOST)
    page.context.set_offline(False)
    expect(page.locator("#link")).to_have_text("Live")


def test_when_the_network_goes_a_link_to_this_very_machine_is_checked_for_it_may_be_whole(
    board: Server, open_page: OpenPage
) -> None:
    board.url = board.url.replace("127.0.0.1", "localhost")
    page = own_page(open_page, board, ELEMENT)
    expect(page.locator("#link")).to_have_text("Live")
    board.signal(signal.SIGSTOP)
    offline = "dispatchEvent(new Event('offline'))"
    assert "Checking…" == page.evaluate(f"() => {{ {offline}; return link.textContent; }}")
    board.signal(signal.SIGCONT)
    expect(page.locator("#link")).to_have_text("Live")


def test_a_page_whose_server_is_away_does_not_hammer_and_is_back_within_five_seconds(board: Server, page: Page) -> None:
    attempts: list[Any] = []
    page.on("websocket", lambda socket: attempts.append(socket))
    board.kill()
    gone = time.monotonic()
    expect(page.locator("#link")).to_have_text(LOST)
    eventually(lambda: page.evaluate("true") and time.monotonic() - gone > 8, within=12)
    assert 2 <= len(attempts) <= 7
    board.start()
    expect(page.locator("#link")).to_have_text("Live", timeout=8000)  # a pause is four seconds at most


def test_a_page_resumes_by_position(board: Server, open_page: OpenPage) -> None:
    sent: list[str] = []

    def listen(page: Page) -> None:
        page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(str(frame))))
        # After an attempt that failed, the client may begin by polling.
        page.on("request", lambda request: sent.append(request.post_data or ""))

    page = own_page(open_page, board, ELEMENT, prepare=listen)
    expect(page.locator("#link")).to_have_text("Live")
    epoch = page.evaluate("windsock('door').state.epoch")
    board.kill()
    expect(page.locator("#link")).to_have_text(LOST)
    board.start()
    expect(page.locator("#link")).to_have_text("Live")
    assert f'"door":{{"epoch":"{epoch}","version":1}}' in [frame for frame in sent if frame.startswith("40")][-1]


def test_states_that_came_in_a_dead_connection_s_stead_are_the_newest(board: Server, page: Page) -> None:
    board.kill()
    board.start()
    for state in ("A", "B", "C"):
        board.put_state("door", state)
    expect(page.locator("#door")).to_have_text("C")
    expect(page.locator("#link")).to_have_text("Live")


def test_each_look_differs_from_every_other_by_shape_or_colour(board: Server, open_page: OpenPage) -> None:
    page = open_page(f"{board.url}/things/door", reduced_motion="reduce")
    expect(page.locator("#link")).to_have_text("Live")
    looks = page.evaluate(
        """(looks) => looks.map((look) => {
          const chip = document.getElementById("link").cloneNode(true);
          document.body.append(chip);
          chip.dataset.liveness = look;
          const dot = getComputedStyle(chip, "::before");
          const { clipPath, borderStyle, borderLeftColor, borderRadius, backgroundColor, width } = dot;
          return [clipPath, borderStyle, borderLeftColor, borderRadius, backgroundColor, width].join();
        })""",
        LOOKS,
    )
    assert len(LOOKS) == len(set(looks)), looks
