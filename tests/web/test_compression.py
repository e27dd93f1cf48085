from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from werkzeug.wrappers import Response

from tests.delivery.harness import Carry, build, served
from tests.servers import request
from tests.web.apps import API, clouds, put

SCRIPT = "/windsock/static/windsock.js"
TAKES = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    with clouds() as started:
        yield started


def compressed(answer: Response) -> bool:
    return answer.headers.get("Content-Encoding") == "gzip"


@pytest.mark.parametrize("path", [SCRIPT, "/windsock/static/windsock.css", "/windsock/", "/windsock/things/cloud"])
def test_scripts_and_pages_go_compressed_to_who_takes_them_so(client: FlaskClient, path: str) -> None:
    with client.get(path) as plain, client.get(path, headers=TAKES) as answer:
        assert not compressed(plain)
        assert compressed(answer)
        assert len(answer.data) == int(answer.headers["Content-Length"]) < len(plain.data) / 2
        if path.startswith("/windsock/static"):  # a page is another at each time
            assert plain.data == gzip.decompress(answer.data)


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "*;q=0"])
def test_who_does_not_take_it_gets_it_plain(client: FlaskClient, accepted: str) -> None:
    with client.get(SCRIPT, headers={"Accept-Encoding": accepted}) as answer:
        assert not compressed(answer)
        assert "Accept-Encoding" in answer.vary


def test_a_file_that_a_browser_has_is_not_sent_again(client: FlaskClient) -> None:
    with client.get(SCRIPT, headers=TAKES) as first:
        tag = first.headers["ETag"]
    assert tag.startswith('W/"')
    with client.get(SCRIPT, headers=TAKES | {"If-None-Match": tag}) as again:
        assert (304, b"", False) == (again.status_code, again.data, compressed(again))


def test_a_part_of_a_file_is_sent_as_it_is(client: FlaskClient) -> None:
    with client.get(SCRIPT, headers=TAKES | {"Range": "bytes=0-1999"}) as part:
        assert (206, 2000, False) == (part.status_code, len(part.data), compressed(part))


def test_a_small_answer_and_a_picture_stay_as_they_are(client: FlaskClient) -> None:
    for path in (f"{API}/things/kiln/history", "/windsock/healthz"):
        assert not compressed(client.get(path, headers=TAKES))


def test_a_long_answer_of_the_interface_is_compressed_and_one_with_a_tag_of_its_own_is_not(client: FlaskClient) -> None:
    for number in range(30):
        put(client, body={"state": "HUGGING", "data": {"n": number}})
    assert compressed(client.get(f"{API}/things/cloud/history", headers=TAKES))
    tagged = client.get("/windsock/openapi.json", headers=TAKES)
    assert ("ETag" in tagged.headers, False) == (bool(tagged.headers["ETag"]), compressed(tagged))


def test_the_pages_of_the_application_are_its_own(client: FlaskClient) -> None:
    client.application.add_url_rule("/long", view_func=lambda: "long " * 1000)
    assert not compressed(client.get("/long", headers=TAKES))


def test_it_is_so_on_every_server_and_streams_are_left_alone(carry: Carry) -> None:
    with served(carry, build()) as site:
        base = f"http://127.0.0.1:{site.port}/windsock"
        found = request("HEAD", f"{base}/static/windsock.js", headers=TAKES)
        assert "gzip" == found.headers["content-encoding"]
        events = request("HEAD", f"{base}/api/v1/things/cloud/events", headers=TAKES)
        assert "content-encoding" not in events.headers
