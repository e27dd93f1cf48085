from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.web.apps import clouds, make_app, put, running


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    with clouds() as started:
        yield started


@pytest.fixture
def flag(tmp_path: Path) -> Iterator[FlaskClient]:
    """A client of an application with a flag that has a picture when it is up, and none when it is down."""
    (tmp_path / "up.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    app, windsock = make_app()
    up = {"image": str(tmp_path / "up.svg"), "label": "It is up", "color": "teal"}
    windsock.thing("flag", title="The flag", states={"UP": up, "DOWN": {}})
    with running(app, windsock) as started:
        yield started


# ------------------------------------------------------------------------------------ the current picture


def test_the_current_picture_is_where_the_state_has_it(flag: FlaskClient) -> None:
    put(flag, "flag", "UP")
    answer = flag.get("/windsock/things/flag/image")
    assert (302, "no-store") == (answer.status_code, answer.headers["Cache-Control"])
    assert answer.headers["Location"].startswith("/windsock/things/flag/images/UP?v=")
    with flag.get("/windsock/things/flag/image", follow_redirects=True) as picture:
        assert (200, "image/svg+xml") == (picture.status_code, picture.mimetype)


@pytest.mark.parametrize(("state", "name"), [(None, "unknown.svg"), ("DOWN", "logo.svg")])
def test_a_state_without_a_picture_has_the_one_that_its_page_shows(
    flag: FlaskClient, state: str | None, name: str
) -> None:
    if state:
        put(flag, "flag", state)
    location = flag.get("/windsock/things/flag/image").headers["Location"]
    assert location.startswith(f"/windsock/static/{name}?v=")


def test_what_is_not_there_has_no_current_picture(client: FlaskClient) -> None:
    assert 404 == client.get("/windsock/things/fog/image").status_code


# -------------------------------------------------------------------------------------------- the badge


def test_a_badge_is_a_picture_that_is_asked_for_each_time(flag: FlaskClient) -> None:
    put(flag, "flag", "UP")
    answer = flag.get("/windsock/things/flag/badge.svg")
    assert (200, "image/svg+xml") == (answer.status_code, answer.mimetype)
    assert 'aria-label="The flag: It is up"' in answer.text
    assert "#008080" in answer.text
    assert "no-cache" == answer.headers["Cache-Control"]
    assert "default-src 'none'; style-src 'unsafe-inline'; sandbox" == answer.headers["Content-Security-Policy"]
    assert "nosniff" == answer.headers["X-Content-Type-Options"]


def test_a_badge_that_the_reader_has_is_not_sent_again(flag: FlaskClient) -> None:
    put(flag, "flag", "UP")
    tag = flag.get("/windsock/things/flag/badge.svg").headers["ETag"]
    assert not tag.startswith("W/")
    had = {"If-None-Match": tag}
    put(flag, "flag", "UP")  # heard again, and nothing else
    again = flag.get("/windsock/things/flag/badge.svg", headers=had)
    assert (304, b"", tag, "no-cache") == (
        again.status_code,
        again.data,
        again.headers["ETag"],
        again.headers["Cache-Control"],
    )
    put(flag, "flag", "DOWN")
    assert 200 == flag.get("/windsock/things/flag/badge.svg", headers=had).status_code
    other = flag.get("/windsock/things/flag/badge.svg?style=dot")
    assert other.headers["ETag"] != tag


def test_a_badge_is_as_its_address_asks(flag: FlaskClient) -> None:
    put(flag, "flag", "UP")
    answer = flag.get("/windsock/things/flag/badge.svg?style=for-the-badge&title=Our+%3Cflag%3E&show=state")
    assert 'height="28"' in answer.text
    assert 'aria-label="Our &lt;flag&gt;: UP"' in answer.text


def test_a_badge_of_what_is_not_there_says_so(client: FlaskClient) -> None:
    answer = client.get("/windsock/things/fog/badge.svg")
    assert (404, "image/svg+xml") == (answer.status_code, answer.mimetype)
    assert 'aria-label="fog: unknown thing"' in answer.text
    assert "ETag" not in answer.headers


def test_a_badge_says_that_nothing_can_be_said_when_windsock_is_stopped(flag: FlaskClient) -> None:
    flag.application.extensions["windsock"].stop()
    answer = flag.get("/windsock/things/flag/badge.svg")
    assert (503, True) == (answer.status_code, "not available" in answer.text)
