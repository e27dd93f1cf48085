from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Frame, expect
from playwright.sync_api import Page as Window

from tests.browser import OpenPage
from tests.servers import Server, serving
from tests.waiting import eventually
from tests.web.apps import clouds, put
from tests.web.sites import site
from tests.web.test_pages import HOSTILE, Page
from windsock.web.embedding import frame_ancestors

DOOR = """
[server]
allowed_origins = [{origins}]
[things.door]
title = "The <b>workshop</b> door"
[things.door.states]
OPEN = {{ label = "Come in", color = "seagreen" }}
[things.kiln]
"""
PLACES = """<!doctype html><title>Another site</title>
<div data-windsock-embed="door"></div>
<div data-windsock-embed="kiln" data-windsock-theme="dark"></div>
<script async src="{url}/static/embed.js"></script>"""


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    with clouds() as started:
        yield started


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """It lets every site have its things in a frame."""
    with serving(tmp_path, DOOR.format(origins='"*"')) as started:
        yield started


@contextmanager
def window(browser: Browser, url: str, **options: Any) -> Iterator[Window]:
    """A window that may ask two sites, and in which the browser may complain."""
    context = browser.new_context(**options)
    page = context.new_page()
    page.goto(url)
    yield page
    context.close()


def frame_of(page: Window, thing: str) -> Frame:
    def find() -> Frame | None:
        page.evaluate("1")  # Playwright learns of frames only while it is asked something
        return next((frame for frame in page.frames if f"/things/{thing}/embed" in frame.url), None)

    return eventually(find)  # type: ignore[return-value]  # what is waited for is there then


def directives(client: FlaskClient, path: str) -> str:
    return client.get(f"/windsock{path}").headers["Content-Security-Policy"].rpartition("; ")[2]


# -------------------------------------------------------------------------------------- who may have it


@pytest.mark.parametrize(
    ("origins", "ancestors"),
    [
        ([], "'self'"),
        (["https://a.example", "http://b.example:8080"], "'self' https://a.example http://b.example:8080"),
        (["https://a.example", "*"], "*"),
    ],
)
def test_those_may_have_it_in_a_frame_that_may_connect(origins: list[str], ancestors: str) -> None:
    assert ancestors == frame_ancestors(origins)
    with clouds(WINDSOCK_ALLOWED_ORIGINS=origins) as client:
        for path in ("/things/cloud/embed", "/things/fog/embed"):
            assert f"frame-ancestors {ancestors}" == directives(client, path)
        for path in ("/", "/things/cloud", "/things/fog", "/?kiosk"):
            assert "frame-ancestors 'none'" == directives(client, path)


def test_what_is_for_a_frame_is_small_and_leads_to_the_whole_page(client: FlaskClient) -> None:
    put(client)
    answer = client.get("/windsock/things/cloud/embed")
    shown = Page(answer.text)
    assert (200, "no-store") == (answer.status_code, answer.headers["Cache-Control"])
    assert "HUGGING" in shown.text
    assert {"Changed", "Heard", "This page"} <= {text.strip() for text in shown.texts}
    assert [] == shown.all("header") == shown.all("footer")
    assert [("/windsock/things/cloud", "_blank", "noopener")] == [
        (link["href"], link["target"], link["rel"]) for link in shown.all("a")
    ]


def test_a_frame_of_what_is_not_there_says_so_and_keeps_to_itself(client: FlaskClient) -> None:
    answer = client.get("/windsock/things/fog/embed")
    shown = Page(answer.text)
    assert (404, True) == (answer.status_code, "Nothing named fog" in shown.text)
    assert {("_blank", "noopener")} == {(link["target"], link["rel"]) for link in shown.all("a")}


def test_nothing_that_is_typed_becomes_markup(client: FlaskClient) -> None:
    put(client, "kiln", {"state": HOSTILE[:64], "data": {HOSTILE: HOSTILE}})
    shown = Page(client.get("/windsock/things/kiln/embed").text)
    assert HOSTILE[:64] in "".join(shown.texts)
    assert not [attributes for _, attributes in shown.tags if "onerror" in attributes]
    assert 1 == len(shown.all("img"))


@pytest.mark.parametrize(("asked", "theme"), [("dark", "dark"), ("light", "light"), ("pink", None), ('"><b>', None)])
def test_a_theme_can_be_asked_for(client: FlaskClient, asked: str, theme: str | None) -> None:
    shown = Page(client.get("/windsock/things/cloud/embed", query_string={"theme": asked}).text)
    assert [theme] == [html.get("data-theme") for html in shown.all("html")]


def test_the_script_for_other_sites_has_an_address_that_stays_and_is_asked_for_anew(client: FlaskClient) -> None:
    with client.get("/windsock/static/embed.js") as answer:
        assert (200, "text/javascript", "no-cache") == (
            answer.status_code,
            answer.mimetype,
            answer.headers["Cache-Control"],
        )
        tag = answer.headers["ETag"]
    with client.get("/windsock/static/embed.js", headers={"If-None-Match": tag}) as answer:
        assert 304 == answer.status_code


# ------------------------------------------------------------------------------ on a page of another site


def test_two_lines_put_a_live_thing_into_a_page_of_another_site(server: Server, browser: Browser) -> None:
    server.put_state("door", "OPEN")
    with site(PLACES.format(url=server.url)) as other, window(browser, f"{other}/") as page:
        door = frame_of(page, "door")
        expect(door.locator("#label")).to_have_text("Come in")
        expect(door.locator("#link")).to_have_text("Live")
        kiln = frame_of(page, "kiln")
        expect(kiln.locator("#link")).to_have_text("Waiting for news")
        server.put_state("kiln", "HOT")
        expect(kiln.locator("#label")).to_have_text("HOT")
        assert "dark" == kiln.evaluate("document.documentElement.dataset.theme")
        assert ["lazy", "lazy"] == page.eval_on_selector_all("iframe", "all => all.map((one) => one.loading)")
        expect(page.locator("iframe").first).to_have_attribute("title", "The <b>workshop</b> door, live")


def test_a_frame_is_as_high_as_what_it_shows(server: Server, browser: Browser) -> None:
    with site(PLACES.format(url=server.url)) as other, window(browser, f"{other}/") as page:
        kiln = frame_of(page, "kiln")

        def fits() -> bool:
            inside = kiln.evaluate("document.querySelector('main').getBoundingClientRect().height")
            outside = page.locator("iframe").nth(1).evaluate("frame => frame.clientHeight")
            return bool(0 <= outside - inside < 1)

        expect(kiln.locator("#link")).to_have_text("Waiting for news")
        eventually(fits)
        before = page.locator("iframe").nth(1).evaluate("frame => frame.clientHeight")
        page.set_viewport_size({"width": 320, "height": 700})
        eventually(lambda: page.locator("iframe").nth(1).evaluate("frame => frame.clientHeight") > before)
        eventually(fits)


def test_the_height_is_believed_from_the_frame_and_its_server_only(server: Server, browser: Browser) -> None:
    with site(PLACES.format(url=server.url)) as other, window(browser, f"{other}/") as page:
        expect(frame_of(page, "door").locator("#link")).to_have_text("Waiting for news")
        height = "document.querySelector('iframe').style.height"
        eventually(lambda: page.evaluate(height) != "150px")
        page.evaluate("postMessage({ windsock: 'embed', height: 1500 }, '*')")
        page.evaluate("new Promise((resolve) => setTimeout(resolve, 50))")
        assert "1500px" != page.evaluate(height)


def test_a_site_that_may_not_have_it_gets_a_way_to_the_page_instead(tmp_path: Path, browser: Browser) -> None:
    with (
        serving(tmp_path, DOOR.format(origins='"https://else.example"')) as server,
        site(PLACES.format(url=server.url)) as other,
        window(browser, f"{other}/") as page,
    ):
        way = page.get_by_role("link", name="door")
        expect(way).to_have_attribute("href", f"{server.url}/things/door", timeout=12_000)
        expect(way).to_have_attribute("rel", "noopener")
        expect(page.locator("iframe").first).to_be_hidden()


def test_a_site_that_is_named_may_have_it(tmp_path: Path, browser: Browser) -> None:
    with serving(tmp_path, DOOR.format(origins="")) as server, site(PLACES.format(url=server.url)) as other:
        server.stop()  # only now it is known which site that is
        (tmp_path / "windsock.toml").write_text(DOOR.format(origins=f'"{other}"'))
        server.start()
        with window(browser, f"{other}/") as page:
            expect(frame_of(page, "door").locator("#link")).to_have_text("Waiting for news")


def test_the_embedded_page_is_used_with_the_keyboard(server: Server, open_page: OpenPage) -> None:
    page = open_page(f"{server.url}/things/door/embed")
    expect(page.locator("#link")).to_have_text("Waiting for news")
    page.keyboard.press("Tab")
    with page.context.expect_page() as opened:
        page.keyboard.press("Enter")
    assert f"{server.url}/things/door" == opened.value.url


def test_a_forced_theme_wins_over_the_scheme(server: Server, open_page: OpenPage) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    page = open_page(f"{server.url}/things/door/embed?theme=dark", color_scheme="light")
    assert "rgb(26, 32, 42)" == page.evaluate(ground)
    page = open_page(f"{server.url}/things/door/embed?theme=light", color_scheme="dark")
    assert "rgb(255, 255, 255)" == page.evaluate(ground)
