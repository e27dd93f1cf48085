from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.storage.queue import QueueClient
from playwright.sync_api import Page, expect

from tests.azurite import Azurite
from tests.browser import OpenPage
from tests.servers import Server, serving
from tests.waiting import eventually

EXAMPLE = Path(__file__).parents[2] / "examples" / "huggable_cloud"
HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>'
BOARD = """
[things.door]
title = "The <b>workshop</b> door"
offline_after = "4s"
[things.door.states]
OPEN = { label = "<i>Come in</i>", color = "seagreen" }
CLOSED = {}
[things.anything]
"""
PHONE = {"width": 360, "height": 780}


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path, BOARD) as server:
        yield server


@pytest.fixture
def cloud_queue(azurite_own: Azurite) -> Iterator[QueueClient]:
    with azurite_own.queue("mlqueue") as queue:
        yield queue


@pytest.fixture
def cloud(azurite_own: Azurite, cloud_queue: QueueClient, tmp_path: Path) -> Iterator[Server]:
    """The example of the huggable cloud on a queue service of its own; it does not come to rest while a test looks."""
    (tmp_path / "images").symlink_to(EXAMPLE / "images")
    example = (EXAMPLE / "windsock.toml").read_text()
    toml = example.replace('rest_after = "5s"', 'rest_after = "50s"')
    assert toml != example
    with serving(tmp_path, toml, {"AZURE_STORAGE_CONNECTION_STRING": azurite_own.connection_string}) as server:
        yield server


def shows(page: Page, label: str, state: str) -> None:
    """The page shows a state: words, picture, tab and icon."""
    expect(page.locator("#label")).to_have_text(label)
    expect(page.locator("#picture")).to_have_attribute("alt", label)
    picture = "document.getElementById('picture').src"
    eventually(lambda: f"/images/{state}?" in page.evaluate(picture))
    expect(page).to_have_title(f"{label} · The Huggable Cloud")
    assert page.evaluate(picture) == page.evaluate("document.querySelector('link[rel=icon]').href")
    assert page.evaluate("document.getElementById('picture').naturalWidth") > 0


def live(page: Page) -> None:
    expect(page.locator("#link")).to_have_text("Live")


def test_each_form_of_message_changes_picture_text_and_tab_in_every_window_without_a_reload(
    cloud: Server, cloud_queue: QueueClient, open_page: OpenPage
) -> None:
    windows = [open_page(f"{cloud.url}/things/cloud") for _ in range(2)]
    for window in windows:
        window.evaluate("window.sameDocument = true")
    for message, label, state in (
        ("HUGGING", "Somebody is hugging the cloud", "HUGGING"),
        ('{"state": "PUNCHING", "data": {"force": 3}}', "Ouch", "PUNCHING"),
        ('["SHAKING", "0.93"]', "Somebody is shaking the cloud", "SHAKING"),
    ):
        cloud_queue.send_message(message)
        for window in windows:
            shows(window, label, state)
    assert all(window.evaluate("window.sameDocument") for window in windows)
    shows(open_page(f"{cloud.url}/things/cloud"), "Somebody is shaking the cloud", "SHAKING")


def test_data_are_listed_and_go_when_there_are_none(board: Server, open_page: OpenPage) -> None:
    board.put_state("anything", "ON", {"force": 3, "by": {"name": "Ada"}})
    page = open_page(f"{board.url}/things/anything")
    expect(page.locator("#data dt")).to_have_text(["by", "force"])
    expect(page.locator("#data dd")).to_have_text(['{"name":"Ada"}', "3"])
    board.put_state("anything", "ON")
    expect(page.locator("#data")).to_be_hidden()


def test_a_source_that_fails_is_said_and_the_value_is_not_live_until_it_is_back(
    cloud: Server, azurite_own: Azurite, cloud_queue: QueueClient, open_page: OpenPage
) -> None:
    cloud_queue.send_message("HUGGING")
    page = open_page(f"{cloud.url}/things/cloud")
    live(page)
    azurite_own.stop()
    expect(page.locator("#link")).to_have_text("Not live – source fails")
    expect(page.locator("#banner")).to_contain_text("The source cannot be read: this is the last known state")
    expect(page).to_have_title("(not live) Somebody is hugging the cloud · The Huggable Cloud")
    unready = cloud.get("/readyz")
    azurite_own.start()
    # It is asked again after pauses that have grown to eight seconds.
    expect(page.locator("#link")).to_have_text("Live", timeout=20_000)
    live(page)
    expect(page.locator("#banner")).to_be_hidden()
    assert (503, True) == (unready.status, "mlqueue" in unready.json["reasons"][0])
    assert 200 == cloud.get("/readyz").status


def test_a_thing_that_is_silent_for_too_long_is_not_shown_as_live(board: Server, open_page: OpenPage) -> None:
    page = open_page(f"{board.url}/things/door")
    expect(page.locator("#link")).to_have_text("Waiting for news")
    board.put_state("door", "OPEN")
    live(page)
    expect(page.locator("#link")).to_have_text("Not live – silent")
    expect(page.locator("#banner")).to_contain_text("Not heard for")
    board.put_state("door", "OPEN")
    live(page)


def test_a_page_that_lost_its_server_says_so_and_comes_back_by_itself(board: Server, open_page: OpenPage) -> None:
    board.put_state("anything", "BEFORE")
    page = open_page(f"{board.url}/things/anything")
    live(page)
    board.kill()
    expect(page.locator("#link")).to_have_text("Connection lost – trying again")
    expect(page.locator("#banner")).to_contain_text("This page lost its connection")
    board.start()
    board.put_state("anything", "AFTER")
    live(page)
    expect(page.locator("#label")).to_have_text("AFTER")


def test_nothing_that_is_typed_anywhere_becomes_markup(board: Server, open_page: OpenPage) -> None:
    board.put_state("anything", HOSTILE, {HOSTILE: HOSTILE, "__proto__": {"x": HOSTILE}})
    board.put_state("door", "OPEN")
    page = open_page(f"{board.url}/things/anything")
    live(page)
    expect(page.locator("#label")).to_have_text(HOSTILE)
    board.put_state("anything", HOSTILE[::-1], {HOSTILE: [HOSTILE]})
    expect(page.locator("#label")).to_have_text(HOSTILE[::-1])
    assert 0 == page.locator("main img:not(.picture), main script:not([type='application/json'])").count()
    door = open_page(f"{board.url}/things/door")
    expect(door.locator("#label")).to_have_text("<i>Come in</i>")
    expect(door.locator("h1")).to_have_text("The <b>workshop</b> door")
    expect(open_page(f"{board.url}/").locator("h2").first).to_have_text("The <b>workshop</b> door")


def test_without_javascript_the_page_shows_the_state_as_of_loading_and_does_not_claim_to_be_live(
    board: Server, open_page: OpenPage
) -> None:
    board.put_state("door", "OPEN", {"since": "nine"})
    page = open_page(f"{board.url}/things/door", java_script_enabled=False)
    expect(page.locator("#label")).to_have_text("<i>Come in</i>")
    expect(page.locator("#link")).to_contain_text("As of")
    expect(page.locator(".noscript")).to_be_visible()
    expect(page.locator("#data dd")).to_have_text("nine")


def test_before_anything_is_known_the_page_waits_in_words(board: Server, open_page: OpenPage) -> None:
    page = open_page(f"{board.url}/things/anything")
    expect(page.locator("#label")).to_have_text("Nothing is known yet")
    expect(page.locator("#link")).to_have_text("Waiting for news")
    board.put_state("anything", "ON")
    expect(page.locator("#label")).to_have_text("ON")
    live(page)


def test_changes_are_announced_politely_but_neither_the_first_state_nor_the_clocks(
    board: Server, open_page: OpenPage
) -> None:
    board.put_state("anything", "FIRST")
    page = open_page(f"{board.url}/things/anything")
    live(page)
    announcer = page.locator("#announcer")
    assert ("status", "polite") == (announcer.get_attribute("role"), announcer.get_attribute("aria-live"))
    expect(announcer).to_have_text("")
    board.put_state("anything", "SECOND")
    expect(announcer).to_have_text("Anything: SECOND.")


def test_who_wants_less_motion_gets_no_fade(board: Server, open_page: OpenPage) -> None:
    page = open_page(f"{board.url}/things/anything", reduced_motion="reduce")
    moving = "getComputedStyle(document.getElementById('picture')).transitionDuration"
    assert page.evaluate(moving) in ("0s", "0.01ms", "1e-05s")


def test_who_does_not_mind_motion_gets_a_fade_between_two_pictures(
    cloud: Server, cloud_queue: QueueClient, open_page: OpenPage
) -> None:
    cloud_queue.send_message("HUGGING")
    page = open_page(f"{cloud.url}/things/cloud")
    shows(page, "Somebody is hugging the cloud", "HUGGING")
    expect(page.locator(".stage img")).to_have_count(1)  # amid a fade there is no other
    live(page)
    page.evaluate(
        """() => {
          window.most = 1;
          const count = () => (window.most = Math.max(window.most, document.querySelectorAll(".stage img").length));
          new MutationObserver(count).observe(document.querySelector(".stage"), { childList: true });
        }"""
    )
    cloud_queue.send_message("PUNCHING")
    shows(page, "Ouch", "PUNCHING")
    expect(page.locator(".stage img")).to_have_count(1)
    assert 2 == page.evaluate("window.most")


def test_the_board_shows_every_thing_live_and_is_used_with_the_keyboard(board: Server, open_page: OpenPage) -> None:
    page = open_page(f"{board.url}/")
    board.put_state("door", "OPEN")
    expect(page.locator("[data-thing=door] [data-part=label]")).to_have_text("<i>Come in</i>")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/things/door")


@pytest.mark.parametrize("colors", ["light", "dark"])
def test_long_texts_wrap_on_a_phone(board: Server, open_page: OpenPage, colors: str) -> None:
    board.put_state("anything", "W" * 64, {"x" * 300: "y" * 8000})
    for path in ("/things/anything", "/"):
        page = open_page(f"{board.url}{path}", viewport=PHONE, color_scheme=colors)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_rejected_messages_leave_the_page_going_and_the_queue_empty(
    cloud: Server, cloud_queue: QueueClient, open_page: OpenPage
) -> None:
    page = open_page(f"{cloud.url}/things/cloud")
    for message in ("<script>alert(1)</script>", "FLYING", "x" * 60_000, '{"state": "HUGG', "//79AEhVRw==", "SPINNING"):
        cloud_queue.send_message(message)
    shows(page, "The cloud is spinning", "SPINNING")
    reasons = [entry["reason"] for entry in json.loads(cloud.get("/api/v1/rejected").text)["rejected"]]
    assert 5 == len(reasons)
    assert all(reasons)
    eventually(lambda: not cloud_queue.get_queue_properties().approximate_message_count)
