from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Route, expect
from playwright.sync_api import Page as Window

from tests.browser import OpenPage
from tests.servers import Server, serving
from tests.waiting import eventually
from tests.web.apps import clouds, make_app, put, running
from tests.web.test_pages import Page

WALL = {"width": 1920, "height": 1080}
DOOR = """
[things.door]
title = "{title}"
[things.door.states]
OPEN = {{ label = "Come in", color = "seagreen" }}
[things.gate]
offline_after = "2s"
"""
SIXTY = "".join(f"[things.t{number}]\n" for number in range(60))
MARK = "window.sameDocument = true"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path, DOOR.format(title="The door")) as started:
        yield started


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    with clouds() as started:
        yield started


def scrolls(page: Window) -> bool:
    return bool(
        page.evaluate(
            """() => {
              const { scrollWidth, scrollHeight } = document.documentElement;
              const beside = [...document.querySelectorAll("dd")].some((dd) => dd.scrollWidth && (
                dd.getBoundingClientRect().right > dd.closest("dl").getBoundingClientRect().right));
              return scrollWidth > innerWidth || scrollHeight > innerHeight || beside;
            }"""
        )
    )


def version(client: FlaskClient, path: str = "/") -> str | None:
    [html] = Page(client.get(f"/windsock{path}").text).all("html")
    return html.get("data-kiosk")


# ------------------------------------------------------------------------------------ what the server says


@pytest.mark.parametrize("path", ["/?kiosk", "/things/cloud?kiosk"])
def test_a_wall_has_nothing_to_click_at(client: FlaskClient, path: str) -> None:
    page = Page(client.get(f"/windsock{path}").text)
    assert [] == page.all("a") == page.all("footer") == page.all("input")


def test_a_page_that_is_not_for_a_wall_has_nothing_of_it(client: FlaskClient) -> None:
    assert version(client) is version(client, "/?kiosk=0") is None
    assert "kiosk" not in client.get("/windsock/").text


def test_its_version_stays_while_only_states_change_and_is_another_with_other_things() -> None:
    def seen(title: str, label: str, state: str) -> str | None:
        app, windsock = make_app()
        windsock.thing("door", title=title, states={"OPEN": {"label": label}, "SHUT": {}})
        with running(app, windsock) as client:
            put(client, "door", state)
            return version(client, "/?kiosk")

    before = seen("The door", "Come in", "OPEN")
    assert before == seen("The door", "Come in", "SHUT")
    assert before != seen("The other door", "Come in", "OPEN")
    assert before != seen("The door", "Welcome", "OPEN")


def test_an_error_is_never_taken_for_the_page(client: FlaskClient) -> None:
    assert "error" == version(client, "/things/fog?kiosk")


# ----------------------------------------------------------------------------------------- on the display


def test_one_thing_fills_the_display(server: Server, open_page: OpenPage) -> None:
    server.put_state("door", "OPEN")
    page = open_page(f"{server.url}/things/door?kiosk", viewport=WALL)
    expect(page.locator("#link")).to_have_text("Live")
    assert not scrolls(page)
    box = page.locator("#picture").bounding_box()
    assert box
    assert box["height"] > WALL["height"] / 2
    size = page.locator("#label").evaluate("label => parseFloat(getComputedStyle(label).fontSize)")
    assert size > 80


def test_a_phone_may_be_the_display(server: Server, open_page: OpenPage) -> None:
    server.put_state("door", "OPEN")
    page = open_page(f"{server.url}/things/door?kiosk", viewport={"width": 390, "height": 844})
    expect(page.locator("#link")).to_have_text("Live")
    assert not scrolls(page)


def test_what_is_not_live_is_read_from_afar(server: Server, open_page: OpenPage) -> None:
    server.put_state("gate", "OPEN")
    page = open_page(f"{server.url}/things/gate?kiosk", viewport=WALL)
    expect(page.locator("#link")).to_have_text("Not live – silent")
    expect(page.locator("#banner")).to_contain_text("may no longer be true")
    for part in ("#link", "#banner"):
        assert page.locator(part).evaluate("part => parseFloat(getComputedStyle(part).fontSize)") >= 24
    assert not scrolls(page)
    wall = open_page(f"{server.url}/?kiosk", viewport=WALL)
    expect(wall.locator("[data-thing=gate] [data-part=word]")).to_have_text("Not live – silent")


def test_a_board_shows_as_many_cards_as_can_be_read_and_turns_its_leaves(tmp_path: Path, open_page: OpenPage) -> None:
    with serving(tmp_path, SIXTY) as server:
        page = open_page(f"{server.url}/?kiosk", viewport=WALL)
        expect(page.locator("#leaf")).to_have_text("1 of 2")
        page.keyboard.press("Space")
        expect(page.locator("#leaf")).to_have_text("1 of 2, held")  # they turn by themselves otherwise
        assert not scrolls(page)
        assert 30 == page.locator(".card:visible").count()
        first = page.locator(".card:visible h2").first.inner_text()
        page.keyboard.press("ArrowRight")
        expect(page.locator("#leaf")).to_have_text("2 of 2, held")
        assert first != page.locator(".card:visible h2").first.inner_text()
        page.set_viewport_size({"width": 3840, "height": 2160})
        assert not scrolls(page)


def test_the_screen_is_kept_awake_and_again_when_the_page_is_seen_again(server: Server, browser: Browser) -> None:
    context = browser.new_context()
    context.add_init_script(
        """window.asked = 0;
        const wakeLock = { request: () => (window.asked += 1, Promise.resolve({})) };
        Object.defineProperty(navigator, "wakeLock", { get: () => wakeLock });"""
    )
    page = context.new_page()
    page.goto(f"{server.url}/?kiosk")
    assert 1 == page.evaluate("window.asked")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert 2 == page.evaluate("window.asked")
    context.close()


def test_the_cursor_goes_when_nobody_moves_it(server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{server.url}/?kiosk")
    cursor = "getComputedStyle(document.body).cursor"
    eventually(lambda: page.evaluate(cursor) == "none")
    page.mouse.move(50, 50)
    eventually(lambda: page.evaluate(cursor) != "none")


# ------------------------------------------------------------------------------------------- coming back


def test_a_server_that_was_away_and_is_the_same_is_not_loaded_anew(server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{server.url}/things/door?kiosk")
    expect(page.locator("#link")).to_have_text("Waiting for news")
    page.evaluate(MARK)
    server.kill()
    expect(page.locator("#link")).to_have_text("Connection lost – trying again")
    with page.expect_response(f"{server.url}/things/door?kiosk", timeout=30_000):
        server.start()
    expect(page.locator("#link")).to_have_text("Waiting for news")
    assert page.evaluate("window.sameDocument")


def test_a_server_that_has_other_things_since_is_loaded_anew(
    server: Server, tmp_path: Path, open_page: OpenPage
) -> None:
    page = open_page(f"{server.url}/things/door?kiosk")
    expect(page.locator("#link")).to_have_text("Waiting for news")
    server.kill()
    (tmp_path / "windsock.toml").write_text(DOOR.format(title="The other door"))
    expect(page.locator("#link")).to_have_text("Connection lost – trying again")
    expect(page.locator("h1")).to_have_text("The door")
    server.start()
    expect(page.locator("h1")).to_have_text("The other door", timeout=20_000)


@pytest.mark.parametrize("path", ["templates/windsock/thing.html", "static/door.css"])
def test_a_page_whose_own_template_or_file_is_another_is_out_of_date(tmp_path: Path, path: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text('{% extends "windsock/built-in/thing.html" %}')

    def version(server: Server) -> str:
        return server.get("/things/kiln?kiosk").text.partition(' data-kiosk="')[2].partition('"')[0]

    with serving(tmp_path) as server:
        before = version(server)
        (tmp_path / path).with_name("picture.jpg").write_bytes(b"another at every look, as a camera's is")
        assert before == version(server)
        (tmp_path / path).write_text('{% extends "windsock/built-in/thing.html" %} ')
        assert before != version(server)
        assert before


@pytest.mark.parametrize("script", ["windsock.js", "page.js", "socket.io.min.js"])
def test_a_page_whose_script_did_not_come_is_loaded_anew(server: Server, browser: Browser, script: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.clock.install()
    failed: list[str] = []

    def once(route: Route) -> None:
        if failed:
            route.continue_()
        else:
            failed.append(script)
            route.abort()

    page.route(f"**/{script}?*", once)
    page.goto(f"{server.url}/things/door?kiosk")
    assert [script] == failed
    with page.expect_navigation():
        page.clock.run_for(20_000)
    expect(page.locator("#link")).to_have_text("Waiting for news")
    context.close()
