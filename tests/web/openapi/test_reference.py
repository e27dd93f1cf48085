"""The page for people shows the whole document, and needs nothing but HTML."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import expect
from werkzeug.serving import make_server

from tests.browser import OpenPage
from tests.web.apps import KEY, clouds, make_app
from tests.web.openapi.test_document import DOCUMENTS, operations
from tests.web.test_pages import PAGE_POLICY, Page
from windsock.web.openapi.reference import describe, type_of

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    with clouds() as started:
        yield started


def shown(client: FlaskClient) -> Page:
    answer = client.get("/windsock/api")
    assert (200, "text/html; charset=utf-8") == (answer.status_code, answer.content_type)
    return Page(answer.text)


def described(keyed: bool, name: str) -> dict[str, Any]:
    page = describe(DOCUMENTS[keyed], "https://x.example")
    found: dict[str, Any] = next(one for group in page["groups"] for one in group["operations"] if one["id"] == name)
    return found


# ------------------------------------------------------------------------------------------ what it shows


def test_every_operation_has_its_place_and_the_contents_lead_to_it(client: FlaskClient) -> None:
    page = shown(client)
    places = {article["id"] for article in page.all("article")}
    links = {link["href"] for link in page.all("a")}
    for (_, path), operation in operations(DOCUMENTS[False]).items():
        assert operation["operationId"] in places
        assert f"#{operation['operationId']}" in links
        assert path in page.texts


def test_all_that_the_document_names_is_on_the_page(client: FlaskClient) -> None:
    page = shown(client)
    components = DOCUMENTS[False]["components"]
    assert set(components["schemas"]) <= {article["id"] for article in page.all("article")}
    fields = {name for schema in components["schemas"].values() for name in schema.get("properties", {})}
    parameters = {one["name"] for one in components["parameters"].values()}
    headers = {"ETag", "Preference-Applied", "Retry-After", "Location"}
    assert fields | parameters | headers <= set(page.texts)


def test_every_link_within_the_page_leads_somewhere(client: FlaskClient) -> None:
    page = shown(client)
    places = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    inner = {(link["href"] or "")[1:] for link in page.all("a") if (link["href"] or "").startswith("#")}
    assert inner <= places


def test_no_place_is_there_twice(client: FlaskClient) -> None:
    places = [str(attributes["id"]) for _, attributes in shown(client).tags if "id" in attributes]
    assert sorted(set(places)) == sorted(places)


def test_it_needs_no_running_windsock() -> None:
    app, _ = make_app(TESTING=True)
    assert 200 == app.test_client().get("/windsock/api").status_code


def test_it_leads_to_the_document(client: FlaskClient) -> None:
    assert "/windsock/openapi.json" in {link["href"] for link in shown(client).all("a")}


def test_a_status_that_is_answered_in_two_ways_is_told_in_both() -> None:
    readiness = described(False, "getReadiness")
    assert ["200", "503"] == [answer["status"] for answer in readiness["answers"]]
    assert [(503, "unavailable")] == [(one["status"], one["code"]) for one in readiness["problems"]]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "text"),
        ({"type": ["string", "null"], "format": "date-time"}, "time or null"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Change"}}, "list of Change"),
        ({"type": "array", "prefixItems": [{"type": "string"}]}, "list that begins with text"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "object of number"),
        ({"type": "string", "enum": ["ok", "failing"]}, '"ok" | "failing"'),
        ({}, "anything"),
    ],
)
def test_a_type_is_said_in_words(schema: dict[str, Any], words: str) -> None:
    assert words == type_of(schema)


# -------------------------------------------------------------------------------------------- its commands


def test_a_command_carries_all_that_its_request_needs() -> None:
    assert (
        "curl -X PUT https://x.example/windsock/api/v1/things/cloud/state \\\n"
        '  -H "Authorization: Bearer $WINDSOCK_KEY" \\\n'
        "  -H 'Content-Type: application/json' \\\n"
        '  -d \'{"state": "HUGGING", "data": {"force": 3}, "at": "2026-11-22T20:00:00Z", "id": "m-1042"}\''
    ) == described(True, "putState")["curl"]


def test_a_command_asks_for_no_key_where_none_is_needed() -> None:
    assert "Authorization" not in described(False, "putState")["curl"]
    assert "Authorization" not in described(True, "getReadiness")["curl"]


def test_a_command_for_a_stream_shows_events_as_they_come() -> None:
    assert "curl -N 'https://x.example/windsock/api/v1/events?thing=cloud'" == described(True, "streamThings")["curl"]


def test_a_command_begins_where_the_visitor_is(client: FlaskClient) -> None:
    answer = client.get("/windsock/api", base_url="https://door.example", environ_overrides={"SCRIPT_NAME": "/behind"})
    assert "curl https://door.example/behind/windsock/api/v1/things" in Page(answer.text).texts


# -------------------------------------------------------------------------------------------- protection


def test_it_keeps_to_the_policy_of_all_pages(client: FlaskClient) -> None:
    answer = client.get("/windsock/api")
    assert PAGE_POLICY.fullmatch(answer.headers["Content-Security-Policy"])
    page = Page(answer.text)
    assert ([], []) == (page.all("script"), page.all("style"))
    assert not [attributes for _, attributes in page.tags if "style" in attributes]


def test_the_key_itself_is_never_shown() -> None:
    with clouds(WINDSOCK_PUBLISHER_KEY=KEY) as client:
        assert KEY not in client.get("/windsock/api").text
        assert KEY not in client.get("/windsock/openapi.json").text


# ---------------------------------------------------------------------------------------------- in a browser


@pytest.fixture
def address(client: FlaskClient) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, client.application, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/windsock/api"
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_fits_a_phone_and_works_without_javascript(address: str, open_page: OpenPage) -> None:
    # Without scripts a page cannot be measured by one; what would not fit would be beside the window.
    page = open_page(address, viewport=PHONE, java_script_enabled=False)
    page.click("nav >> text=Report a state")
    expect(page).to_have_url(re.compile("#putState$"))
    for part in page.locator("#putState > *").all():
        box = part.bounding_box()
        assert box
        assert 0 <= box["x"]
        assert box["x"] + box["width"] <= PHONE["width"]


def test_an_example_is_opened_with_the_keyboard(address: str, open_page: OpenPage) -> None:
    page = open_page(f"{address}#getThing")
    example = page.locator("#getThing details pre")
    assert not example.is_visible()
    page.locator("#getThing summary").focus()
    page.keyboard.press("Enter")
    assert example.is_visible()


def test_one_click_takes_a_whole_command(address: str, open_page: OpenPage) -> None:
    page = open_page(address)
    page.click("#putState .curl")
    chosen = page.evaluate("getSelection().toString()")
    assert chosen.startswith("curl -X PUT")
    assert chosen.strip().endswith("'")
