from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW, at, unhurried
from tests.web.apps import API, clouds, make_app, put, running
from windsock.times import format_time
from windsock.web.pages import ago

HOSTILE = "</script><img src=x onerror=alert(1)>\"'`{{7*7}}&amp;"
PAGE_POLICY = re.compile(
    r"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-([\w-]{20,})'; img-src 'self' data:; "
    r"connect-src 'self' ws://localhost wss://localhost; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Page(HTMLParser):
    """The tags and the texts of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    with clouds() as started:
        yield started


@pytest.fixture
def pictured(tmp_path: Path) -> Iterator[FlaskClient]:
    """A client of an application in which a flag has a picture, and the secret beside it is none."""
    (tmp_path / "up.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / "secret.txt").write_text("secret")
    app, windsock = make_app()
    windsock.thing("flag", states={"UP": {"image": str(tmp_path / "up.svg"), "color": "teal"}, "A/B": {}, "DOWN": {}})
    with running(app, windsock) as started:
        yield started


def page(client: FlaskClient, path: str = "/things/cloud") -> Page:
    answer = client.get(f"/windsock{path}")
    assert (200, "text/html; charset=utf-8") == (answer.status_code, answer.content_type)
    return Page(answer.text)


# ------------------------------------------------------------------------------------------------ pages


def test_all_things_are_shown_with_a_way_to_each(client: FlaskClient) -> None:
    put(client)
    shown = page(client, "/")
    assert "The Huggable Cloud" in shown.text
    assert "HUGGING" in shown.text
    assert {"/windsock/things/cloud", "/windsock/things/kiln"} <= {link["href"] for link in shown.all("a")}


def test_a_thing_is_shown_as_it_is_at_loading(client: FlaskClient) -> None:
    put(client, body={"state": "HUGGING", "data": {"by": "Ada"}})
    shown = page(client)
    assert "HUGGING · The Huggable Cloud" in shown.text
    assert {"by", "Ada"} <= set(shown.texts)
    assert "just now" in shown.text


def test_a_thing_of_which_nothing_is_known_says_so(client: FlaskClient) -> None:
    assert "Nothing is known yet" in page(client).text


def test_a_page_without_things_says_what_to_do() -> None:
    app, windsock = make_app()
    with running(app, windsock) as client:
        assert "windsock.toml" in page(client, "/").text


def test_a_thing_that_there_is_not_has_a_page_that_says_so(client: FlaskClient) -> None:
    answer = client.get("/windsock/things/fog")
    assert (404, "text/html; charset=utf-8") == (answer.status_code, answer.content_type)
    assert "Nothing named fog is watched here" in Page(answer.text).text


# -------------------------------------------------------------------------------------------- protection


@pytest.mark.parametrize("path", ["/", "/things/cloud", "/things/fog"])
def test_a_page_allows_nothing_but_its_own(client: FlaskClient, path: str) -> None:
    headers = client.get(f"/windsock{path}").headers
    assert PAGE_POLICY.fullmatch(headers["Content-Security-Policy"])
    assert ("nosniff", "same-origin", "no-store") == tuple(
        headers[name] for name in ("X-Content-Type-Options", "Referrer-Policy", "Cache-Control")
    )


def test_a_page_keeps_to_its_own_policy(client: FlaskClient) -> None:
    put(client)
    for path in ("/", "/things/cloud", "/things/fog"):
        shown = page(client, path) if path != "/things/fog" else Page(client.get(f"/windsock{path}").text)
        for script in shown.all("script"):
            assert "src" in script or script["type"] == "application/json"
        assert not [attributes for _, attributes in shown.tags if "style" in attributes]
        assert not [name for _, attributes in shown.tags for name in attributes if name.startswith("on")]


def test_a_style_of_a_page_has_the_nonce_of_this_answer(pictured: FlaskClient) -> None:
    put(pictured, "flag", "UP")
    nonces = []
    for _ in range(2):
        answer = pictured.get("/windsock/things/flag")
        match = PAGE_POLICY.fullmatch(answer.headers["Content-Security-Policy"])
        assert match
        assert {match[1]} == {style["nonce"] for style in Page(answer.text).all("style")}
        nonces.append(match[1])
    assert nonces[0] != nonces[1]


def test_the_application_s_own_pages_have_no_policy_of_windsock_s() -> None:
    app, windsock = make_app()
    app.add_url_rule("/own", view_func=lambda: "own")
    with running(app, windsock) as client:
        answer = client.get("/own")
        assert ("own", False) == (answer.text, "Content-Security-Policy" in answer.headers)


@pytest.mark.parametrize("path", ["/", "/things/kiln"])
def test_what_is_typed_never_becomes_markup(client: FlaskClient, path: str) -> None:
    before = [tag for tag, _ in page(client, path).tags if tag in ("script", "img")]
    put(client, "kiln", {"state": HOSTILE[:64], "data": {HOSTILE: HOSTILE, "more": {"deep": [HOSTILE]}}})
    shown = page(client, path)
    assert before == [tag for tag, _ in shown.tags if tag in ("script", "img")]
    assert HOSTILE[:64] in "".join(shown.texts)
    assert not [attributes for _, attributes in shown.tags if "onerror" in attributes]


def test_what_is_configured_never_becomes_markup() -> None:
    app, windsock = make_app()
    windsock.thing("kiln", title=HOSTILE, states={"HOT": {"label": HOSTILE}})
    with running(app, windsock) as client:
        put(client, "kiln", "HOT")
        for path in ("/", "/things/kiln"):
            shown = page(client, path)
            assert HOSTILE in "".join(shown.texts)
            assert not [attributes for _, attributes in shown.tags if "onerror" in attributes]


def test_the_name_of_a_missing_thing_never_becomes_markup(client: FlaskClient) -> None:
    shown = Page(client.get("/windsock/things/<img src=x onerror=alert(1)>").text)
    assert "<img src=x onerror=alert(1)>" in shown.text
    assert not [attributes for _, attributes in shown.tags if "onerror" in attributes]


@pytest.fixture(scope="module")
def typed() -> Iterator[FlaskClient]:
    """For all that hypothesis types."""
    with clouds() as started:
        yield started


@unhurried
@given(st.text(max_size=20), st.text(max_size=20))
def test_the_state_within_a_page_is_the_one_that_was_typed(typed: FlaskClient, name: str, value: str) -> None:
    put(typed, "kiln", {"state": "HOT", "data": {name: value}})
    html = typed.get("/windsock/things/kiln").text
    embedded = re.search(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)
    assert embedded
    assert {name: value} == json.loads(embedded[1])["data"]


# ---------------------------------------------------------------------------------------------- pictures


def image_of(client: FlaskClient) -> str:
    put(client, "flag", "UP")
    address: str = (client.get(f"{API}/things/flag").json or {})["image"]
    return address


def test_a_picture_is_served_and_kept_for_ever(pictured: FlaskClient) -> None:
    address = image_of(pictured)
    assert re.fullmatch(r"/windsock/things/flag/images/UP\?v=[0-9a-f]{12}", address)
    with pictured.get(address) as answer:
        assert (200, "image/svg+xml") == (answer.status_code, answer.mimetype)
        assert "max-age=31536000" in answer.headers["Cache-Control"]
    with pictured.get(address.partition("?")[0]) as answer:
        assert "max-age=31536000" not in answer.headers.get("Cache-Control", "")


def test_a_picture_can_do_nothing_when_it_is_opened_by_itself(pictured: FlaskClient) -> None:
    with pictured.get(image_of(pictured)) as answer:
        assert "default-src 'none'; style-src 'unsafe-inline'; sandbox" == answer.headers["Content-Security-Policy"]
        assert "nosniff" == answer.headers["X-Content-Type-Options"]


def test_the_address_of_a_picture_changes_with_it(pictured: FlaskClient, tmp_path: Path) -> None:
    before = image_of(pictured)
    (tmp_path / "up.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><g/></svg>")
    assert before != image_of(pictured)


def test_a_picture_that_is_gone_is_not_found(pictured: FlaskClient, tmp_path: Path) -> None:
    (tmp_path / "up.svg").unlink()
    assert 404 == pictured.get(image_of(pictured)).status_code
    assert 200 == pictured.get("/windsock/things/flag").status_code


@pytest.mark.parametrize(
    "path",
    [
        "/things/flag/images/DOWN",
        "/things/flag/images/A/B",
        "/things/flag/images/SIDEWAYS",
        "/things/flag/images/",
        "/things/fog/images/UP",
        "/things/flag/images/up.svg",
        "/things/flag/images/secret.txt",
        "/things/flag/images/../secret.txt",
        "/things/flag/images/..%2fsecret.txt",
        "/things/flag/images/%2fetc%2fpasswd",
        "/things/flag/images//etc/passwd",
        "/things/flag/images/UP%00",
        "/static/../pages.py",
        "/static/..%2fpages.py",
        "/static//etc/passwd",
    ],
)
def test_only_configured_pictures_are_served(pictured: FlaskClient, path: str) -> None:
    answer = pictured.get(f"/windsock{path}", follow_redirects=True)
    assert 404 == answer.status_code
    assert b"secret" not in answer.data


@pytest.mark.parametrize("name", ["50 % ä/b?#&\"<'", ".", "..", "/x", "a//b/../c", "x/", "%2E", "\\"])
def test_a_picture_of_a_state_with_an_odd_name_has_an_address(name: str, tmp_path: Path) -> None:
    (tmp_path / "odd.svg").write_text("<svg/>")
    app, windsock = make_app()
    windsock.thing("flag", states={name: {"image": str(tmp_path / "odd.svg")}})
    with running(app, windsock) as client:
        put(client, "flag", name)
        address: str = (client.get(f"{API}/things/flag").json or {})["image"]
        # A browser takes the dots of a path for its own, and so does urljoin.
        with client.get(urljoin("http://localhost/", address)) as answer:
            assert 200 == answer.status_code
        assert address in {image["src"] for image in page(client, "/things/flag").all("img")}


# ------------------------------------------------------------------------------------------------- times


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (1.999, "just now"),
        (2, "2 s ago"),
        (59.9, "59 s ago"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"),
        (86399, "23 h ago"),
        (86400, "1 d ago"),
        (86400 * 400, "400 d ago"),
        (-5, "just now"),
    ],
)
def test_how_long_ago_is_said_in_words(seconds: float, words: str) -> None:
    assert words == ago(format_time(at(-seconds)), NOW)


def test_what_never_was_is_never() -> None:
    assert "never" == ago(None, NOW)
