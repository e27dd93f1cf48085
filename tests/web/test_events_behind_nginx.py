"""Streams, answers that wait, and the client of Python, through nginx as the documentation sets it up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.following import FORMS, Form, following, sees
from tests.clients.nginx import Nginx, location, nginx
from tests.engine.raw import Wire, head
from tests.servers import Server, serving
from tests.waiting import eventually

DOCUMENTED = Path(__file__).parents[2] / "docs" / "how-to.md"
TOML = """
[server]
trusted_proxies = ["127.0.0.1"]
[things.kiln.states]
HOT = { image = "hot.svg" }
COLD = {}
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "server").mkdir()
    (tmp_path / "server" / "hot.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    with serving(tmp_path / "server", TOML) as running:
        running.put_state("kiln", "COLD")
        yield running


@pytest.fixture
def front(tmp_path: Path, server: Server) -> Iterator[Nginx]:
    """As in the documentation, and below a path of its own."""
    section = DOCUMENTED.read_text().split("## Stand behind a proxy")[1].split("\n## ")[0]
    found = re.search(r"```nginx\n(.*?)```", section, re.DOTALL)
    assert found is not None
    headers = {"X-Forwarded-For": "$remote_addr", "X-Forwarded-Proto": "$scheme", "X-Forwarded-Host": "$http_host"}
    below = location("/shown/", server.port, headers={**headers, "X-Forwarded-Prefix": "/shown"})
    (tmp_path / "front").mkdir()
    block = found[1].replace("127.0.0.1:5000", f"127.0.0.1:{server.port}")
    with nginx(tmp_path / "front", f"{block}\n{below}") as running:
        yield running


def test_events_pass_one_by_one(front: Nginx, server: Server) -> None:
    with Wire(front.port) as wire:
        wire.send(head("GET", "/shown/api/v1/things/kiln/events"))
        assert b'"version":1,' in wire.read_until(b'"version":1,')
        server.put_state("kiln", "HOT")
        assert b'"image":"/shown/things/kiln/images/HOT' in wire.read_until(b"/images/HOT")


def test_an_answer_waits(front: Nginx, server: Server) -> None:
    with Wire(front.port) as wire:
        tag = wire.request("GET", "/api/v1/things/kiln").headers["etag"]
        wire.send(head("GET", "/api/v1/things/kiln", {"If-None-Match": tag, "Prefer": "wait=30"}))
        eventually(lambda: server.put_state("kiln", "HOT").status == 200)
        assert 2 == wire.response().json["version"]


@pytest.mark.parametrize("form", [pytest.param(form, id=name) for name, form in FORMS.items()])
def test_a_program_watches(front: Nginx, server: Server, form: Form) -> None:
    with following(form, f"{front.url}/shown/", "kiln") as program:
        sees(program, lambda state: state.live)
        server.put_state("kiln", "HOT")
        image = sees(program, lambda state: state.state == "HOT").image
        assert image is not None
        assert image.startswith(f"{front.url}/shown/things/kiln/images/HOT")
