"""The page of all things, when there are many."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page as Window
from playwright.sync_api import expect

from tests.browser import OpenPage
from tests.servers import Server, serving
from tests.web.apps import make_app, running
from tests.web.test_pages import Page
from windsock.web.pages import MANY

ROOMS = ["Büro", "Kitchen", "Library", "Lobby", "Garage"]
MANY_THINGS = "".join(
    f'[things.t{number}]\ntitle = "{ROOMS[number % 5]} {number}"\n[things.t{number}.states]\n'
    'OPEN = { label = "Come in" }\nSHUT = { label = "Nobody is here" }\n'
    for number in range(20)
)
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path, MANY_THINGS) as started:
        yield started


@pytest.fixture
def board(server: Server, open_page: OpenPage) -> Window:
    """A connected page of twenty things."""
    page = open_page(f"{server.url}/")
    expect(page.locator("#link")).to_have_text("Connected")
    return page


def shown(page: Window) -> list[str]:
    return page.locator(".card:visible h2").all_inner_texts()


@pytest.mark.parametrize(("count", "searchable"), [(MANY, False), (MANY + 1, True)])
def test_many_things_can_be_searched_and_few_need_not_be(count: int, searchable: bool) -> None:
    app, windsock = make_app()
    for number in range(count):
        windsock.thing(f"t{number}")
    with running(app, windsock) as client:
        page = Page(client.get("/windsock/").text)
        fields = [field["id"] for field in page.all("input")]
        assert (["search"] if searchable else []) == fields == [label["for"] for label in page.all("label")]
        wall = Page(client.get("/windsock/?kiosk").text)
        assert [] == wall.all("input") == wall.all("a")


def test_what_does_not_match_goes_while_one_types(board: Window) -> None:
    search = board.get_by_label("Search")
    search.press_sequentially("buro")  # case and marks make no difference
    expect(board.locator("#found")).to_have_text("4 of 20 match")
    assert ["Büro 0", "Büro 5", "Büro 10", "Büro 15"] == shown(board)
    search.press_sequentially(" 15")
    expect(board.locator("#found")).to_have_text("1 of 20 matches")
    assert ["Büro 15"] == shown(board)


def test_news_are_searched_too_by_label_and_by_state(server: Server, board: Window) -> None:
    board.get_by_label("Search").fill("come in")
    expect(board.locator("#found")).to_have_text("None of 20 match")
    server.put_state("t3", "OPEN")
    expect(board.locator("#found")).to_have_text("1 of 20 matches")
    assert ["Lobby 3"] == shown(board)
    server.put_state("t3", "SHUT")
    expect(board.locator("#found")).to_have_text("None of 20 match")
    board.get_by_label("Search").fill("shut lobby")
    assert ["Lobby 3"] == shown(board)


def test_the_number_of_matches_is_announced_politely(board: Window) -> None:
    announcer = board.locator("#announcer")
    board.get_by_label("Search").fill("kitchen")
    expect(announcer).to_have_text("4 of 20 match.")
    assert "polite" == announcer.get_attribute("aria-live")


def test_when_nothing_matches_there_is_a_way_back(board: Window) -> None:
    board.get_by_label("Search").fill("zebra")
    expect(board.locator("#none")).to_be_visible()
    assert [] == shown(board)
    board.get_by_role("button", name="Show all 20 things").press("Enter")
    expect(board.locator("#none")).to_be_hidden()
    assert 20 == len(shown(board))
    expect(board.get_by_label("Search")).to_be_focused()


def test_the_search_is_used_with_the_keyboard(board: Window) -> None:
    board.keyboard.press("/")
    search = board.get_by_label("Search")
    expect(search).to_be_focused()
    board.keyboard.type("t/x")
    expect(search).to_have_value("t/x")
    board.keyboard.press("Escape")
    expect(search).to_have_value("")
    assert 20 == len(shown(board))
    board.keyboard.press("Escape")
    expect(search).not_to_be_focused()


def test_a_card_that_the_keyboard_is_at_does_not_go(server: Server, board: Window) -> None:
    server.put_state("t3", "OPEN")
    board.get_by_label("Search").fill("come in")
    expect(board.locator("#found")).to_have_text("1 of 20 matches")
    board.locator(".card:visible a").focus()
    server.put_state("t3", "SHUT")
    expect(board.locator("#found")).to_have_text("None of 20 match")
    assert ["Lobby 3"] == shown(board)
    board.get_by_label("Search").focus()
    expect(board.locator(".card:visible")).to_have_count(0)


def test_a_search_is_part_of_the_address(server: Server, board: Window, open_page: OpenPage) -> None:
    board.get_by_label("Search").fill("lobby 13")
    board.locator(".card:visible a").press("Enter")
    board.wait_for_url("**/things/t13")
    board.go_back()
    expect(board.locator("#found")).to_have_text("1 of 20 matches")
    again = open_page(f"{server.url}/?q=garage")
    expect(again.locator("#found")).to_have_text("4 of 20 match")


def test_changes_of_what_is_not_searched_for_are_not_announced(server: Server, board: Window) -> None:
    server.put_state("t1", "OPEN")
    server.put_state("t2", "OPEN")
    expect(board.locator("[data-thing=t2] .label")).to_have_text("Come in")
    board.get_by_label("Search").fill("Kitchen")
    expect(board.locator("#announcer")).to_contain_text("4 of 20 match.")
    server.put_state("t2", "SHUT")
    server.put_state("t1", "SHUT")
    expect(board.locator("#announcer")).to_have_text("Kitchen 1: Nobody is here.")


@pytest.mark.parametrize("colors", ["light", "dark"])
def test_many_things_fit_a_phone(server: Server, open_page: OpenPage, colors: str) -> None:
    page = open_page(f"{server.url}/", viewport=PHONE, color_scheme=colors)
    assert PHONE["width"] == page.evaluate("document.documentElement.scrollWidth")
    heights = page.locator(".card").evaluate_all("all => all.map((card) => card.offsetHeight)")
    assert max(heights) < 180


def test_without_javascript_nothing_is_there_that_would_not_work(server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{server.url}/", java_script_enabled=False)
    expect(page.locator(".search")).to_be_hidden()
    assert 20 == len(shown(page))
