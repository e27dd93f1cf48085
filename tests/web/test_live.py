"""`{{ windsock.live("cloud") }}`: what it writes, and what becomes of it in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from playwright.sync_api import expect

from tests.browser import OpenPage
from tests.servers import request, serving
from tests.web.apps import make_app, put, running
from tests.web.test_pages import HOSTILE, Page
from windsock import Windsock
from windsock.errors import UnknownThing

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>'
STRICT = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' ws:"
APP = """
from flask import Flask, render_template_string
from windsock import Windsock

app = Flask(__name__)
windsock = Windsock(app)
PAGE = "<!doctype html><title>Own</title>{{ windsock.live('door', class_='big') }} {{ windsock.live('kiln') }}"


@app.route("/")
def index():
    return render_template_string(PAGE + "{{ windsock.scripts() }}"), {"Content-Security-Policy": %r}
"""
TOML = """
[things.door.states]
OPEN = { label = "Come in", color = "#010203", image = "open.svg" }
SHUT = {}
[things.kiln]
offline_after = "1h"
"""


@pytest.fixture
def door(tmp_path: Path) -> tuple[Flask, Windsock]:
    (tmp_path / "open.svg").write_text(SVG)
    app, windsock = make_app()
    look = {"image": str(tmp_path / "open.svg"), "label": HOSTILE}
    windsock.thing("door", title="The door", states={"OPEN": look, "SHUT": {}}, offline_after="1h")
    windsock.thing("kiln")
    return app, windsock


@pytest.fixture
def client(door: tuple[Flask, Windsock]) -> Iterator[FlaskClient]:
    with running(*door) as started:
        yield started


def rendered(app: Flask, source: str) -> Page:
    with app.test_request_context():
        return Page(render_template_string(source))


def parts(page: Page) -> list[str]:
    """The classes of the parts of all elements, in order."""
    return [str(attributes["class"]) for tag, attributes in page.tags if tag in ("img", "strong", "small")]


def test_it_shows_the_state_before_any_script_runs(client: FlaskClient) -> None:
    put(client, "door", {"state": "OPEN"})
    page = rendered(client.application, '{{ windsock.live("door") }}')
    [picture] = page.all("img")
    assert str(picture["src"]).startswith("/windsock/things/door/images/OPEN?v=")
    with client.get(str(picture["src"])) as answer:
        assert 200 == answer.status_code
    assert re.search(re.escape(HOSTILE) + r" As of \d\d:\d\d:\d\d UTC", page.text)
    assert "Live" not in page.text  # which only the page's link can tell


def test_nothing_in_it_is_taken_for_markup(client: FlaskClient) -> None:
    put(client, "door", {"state": "OPEN"})
    page = rendered(client.application, "{{ windsock.live('door', class_='\"><script>alert(1)</script>') }}")
    assert ["link", "span", "img", "strong", "small"] == [tag for tag, _ in page.tags]
    assert 'windsock-live "><script>alert(1)</script>' == page.all("span")[0]["class"]


def test_every_part_is_bound_to_the_thing(client: FlaskClient) -> None:
    page = rendered(client.application, '{{ windsock.live("door") }}')
    bound = [attributes for tag, attributes in page.tags if tag in ("img", "strong", "small")]
    assert ["door"] * 3 == [attributes["data-windsock"] for attributes in bound]
    assert [None, "label", "link"] == [attributes.get("data-windsock-show") for attributes in bound]


def test_what_is_not_wanted_is_left_out(client: FlaskClient) -> None:
    app = client.application
    everything = ["windsock-picture", "windsock-label", "windsock-word"]
    assert everything == parts(rendered(app, '{{ windsock.live("door") }}'))
    assert everything[1:] == parts(rendered(app, '{{ windsock.live("door", picture=False) }}'))
    assert everything[::2] == parts(rendered(app, '{{ windsock.live("door", label=False) }}'))
    assert everything[1:] == parts(rendered(app, '{{ windsock.live("kiln") }}')), "it has no pictures"


def test_the_style_sheet_comes_once_in_each_page(client: FlaskClient) -> None:
    twice = '{{ windsock.live("door") }} {{ windsock.live("kiln") }}'
    for _ in range(2):
        [sheet] = rendered(client.application, twice).all("link")
        with client.get(str(sheet["href"])) as answer:
            assert 200 == answer.status_code


def test_nothing_is_inline_so_a_strict_policy_lets_it_pass(client: FlaskClient) -> None:
    page = rendered(client.application, '{{ windsock.live("door") }}')
    assert [] == page.all("style") + page.all("script")
    assert not [
        attributes for _, attributes in page.tags if any(name.startswith(("on", "style")) for name in attributes)
    ]


def test_a_thing_of_which_nothing_is_known_says_so(client: FlaskClient) -> None:
    assert "Nothing is known yet" in rendered(client.application, '{{ windsock.live("kiln") }}').text


@pytest.mark.parametrize("started", [True, False])
def test_a_thing_that_there_is_not_is_an_error_that_says_which_there_are(
    door: tuple[Flask, Windsock], started: bool
) -> None:
    app, windsock = door
    if started:
        windsock.start(app)
    try:
        with pytest.raises(
            UnknownThing, match=r"windsock.live\('dor'\): there is no such thing; did you mean 'door'\?"
        ):
            rendered(app, '{{ windsock.live("dor") }}')
        with pytest.raises(UnknownThing, match="there are door, kiln"):
            rendered(app, '{{ windsock.live("x") }}')
    finally:
        windsock.stop(app)


def test_before_the_start_it_is_there_without_a_state(door: tuple[Flask, Windsock]) -> None:
    page = rendered(door[0], '{{ windsock.live("door") }}')
    assert ["windsock-label", "windsock-word"] == parts(page)
    assert "Nothing is known yet Not live" == page.text


def test_outside_of_a_request_addresses_begin_with_the_prefix(door: tuple[Flask, Windsock]) -> None:
    assert 'href="/windsock/static/live.css' in door[1].live("door")
    with door[0].app_context():
        assert 'href="/windsock/static/live.css' in door[1].live("door")


def test_under_another_root_so_are_its_addresses(client: FlaskClient) -> None:
    put(client, "door", {"state": "OPEN"})
    with client.application.test_request_context(environ_overrides={"SCRIPT_NAME": "/shown"}):
        page = Page(render_template_string('{{ windsock.live("door") }}'))
    assert str(page.all("img")[0]["src"]).startswith("/shown/windsock/things/door/")
    assert str(page.all("link")[0]["href"]).startswith("/shown/windsock/static/")


def test_in_a_browser_it_stays_true_under_a_strict_policy(tmp_path: Path, open_page: OpenPage) -> None:
    (tmp_path / "open.svg").write_text(SVG)
    (tmp_path / "windsock.toml").write_text(TOML)
    (tmp_path / "app.py").write_text(APP % STRICT)
    with serving(tmp_path, None, verb="run", arguments=("app:app",)) as server:
        page = open_page(f"{server.url}/")
        door, kiln = page.locator(".windsock-live.big"), page.locator(".windsock-live").nth(1)
        expect(door.locator(".windsock-word")).to_have_text("Waiting for news")
        api = f"{server.url}/windsock/api/v1/things"
        for state, label, shown in (("OPEN", "Come in", True), ("SHUT", "SHUT", False)):
            body = f'{{"state": "{state}"}}'.encode()
            assert 200 == request("PUT", f"{api}/door/state", body, {"Content-Type": "application/json"}).status
            expect(door.locator(".windsock-label")).to_have_text(label)
            expect(door.locator(".windsock-word")).to_have_text("Live")
            expect(door.locator("img")).to_be_visible(visible=shown)
        expect(kiln.locator(".windsock-word")).to_have_text("Waiting for news")
        server.kill()
        word = door.locator(".windsock-word")
        expect(word).to_have_text("Connection lost – trying again")
        # What says so is not pale, as what it speaks of is.
        expect(word).to_have_css("opacity", "1")
        expect(door.locator(".windsock-label")).to_have_css("opacity", "0.5")
