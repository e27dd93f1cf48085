"""What a link to a thing's page shows where it is shared."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from tests.web.apps import clouds, make_app, put, running
from tests.web.test_pages import HOSTILE, Page


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    with clouds() as started:
        yield started


def tags(client: FlaskClient, thing: str = "cloud", **options: str) -> dict[str, str]:
    shown = Page(client.get(f"/windsock/things/{thing}", **options).text)
    return {
        str(tag.get("property") or tag.get("name")): str(tag["content"])
        for tag in shown.all("meta")
        if "content" in tag
    }


def test_a_shared_link_shows_the_state_and_when_it_changed(client: FlaskClient) -> None:
    put(client)
    found = tags(client)
    assert "HUGGING · The Huggable Cloud" == found["og:title"]
    assert re.fullmatch(
        r"Changed at \d\d:\d\d UTC on \d{4}-\d\d-\d\d\. As of \d\d:\d\d UTC on \d{4}-\d\d-\d\d\.",
        found["og:description"],
    )
    assert "summary" == found["twitter:card"]


def test_its_addresses_are_those_that_the_visitor_sees(client: FlaskClient) -> None:
    put(client)
    found = tags(client, base_url="https://shown.example.com/mounted")
    assert "https://shown.example.com/mounted/windsock/things/cloud" == found["og:url"]
    assert found["og:image"].startswith("https://shown.example.com/mounted/windsock/static/logo.svg?v=")


def test_before_anything_is_known_it_says_so(client: FlaskClient) -> None:
    found = tags(client)
    assert "Nothing is known yet · The Huggable Cloud" == found["og:title"]
    assert found["og:description"].startswith("Nothing has been reported yet. As of ")


def test_what_is_not_live_is_not_shared_as_live() -> None:
    app, windsock = make_app()
    windsock.thing("door", states=["OPEN"], offline_after="1ms")
    with running(app, windsock) as client:
        put(client, "door", {"state": "OPEN", "at": "2026-01-01T00:00:00Z"})
        found = tags(client, "door")
        assert found["og:title"].startswith("(not live) OPEN")
        assert "may no longer be true" in found["og:description"]


def test_nothing_that_is_typed_becomes_markup(client: FlaskClient) -> None:
    put(client, "kiln", HOSTILE[:64])
    assert f"{HOSTILE[:64]} · Kiln" == tags(client, "kiln")["og:title"]
