from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tests.web.apps import KEY
from windsock.config import parse
from windsock.errors import Denied
from windsock.web.access import Caller, require_publisher
from windsock.web.proxies import TrustedProxies
from windsock.web.standalone import create_app, trust_proxies

FORWARDED = {
    "X-Forwarded-For": "203.0.113.5",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "live.example",
    "X-Forwarded-Prefix": "/mounted",
}


def seen(peer: str, networks: list[str], headers: Mapping[str, str] = FORWARDED) -> dict[str, Any]:
    """What the application sees of a request that came from ``peer``."""
    found: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        found.update(environ)
        start_response("204 No Content", [])
        return []

    environ = EnvironBuilder(headers=Headers(dict(headers)), environ_base={"REMOTE_ADDR": peer}).get_environ()
    run_wsgi_app(TrustedProxies(application, networks), environ)
    return found


def viewer(environ: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(environ[name] for name in ("REMOTE_ADDR", "wsgi.url_scheme", "HTTP_HOST", "SCRIPT_NAME"))


@pytest.mark.parametrize(
    ("peer", "networks"),
    [
        ("10.1.2.3", ["10.0.0.0/8"]),
        ("10.1.2.3", ["192.0.2.1/32", "10.1.2.3"]),
        ("::1", ["::1"]),
        ("2001:db8::5", ["2001:db8::/32", "10.0.0.0/8"]),
    ],
)
def test_a_configured_proxy_is_believed(peer: str, networks: list[str]) -> None:
    assert ("203.0.113.5", "https", "live.example", "/mounted") == viewer(seen(peer, networks))


def test_of_several_trusted_proxies_in_a_row_the_first_one_says_who_it_is() -> None:
    headers = {"X-Forwarded-For": "6.6.6.6, 203.0.113.5, 10.9.9.9", "X-Forwarded-Proto": "https"}
    environ = seen("10.1.2.3", ["10.0.0.0/8"], headers)
    assert ("203.0.113.5", "https") == (environ["REMOTE_ADDR"], environ["wsgi.url_scheme"])


@pytest.mark.parametrize("peer", ["11.1.2.3", "127.0.0.1", "::1", "2001:db8::5", "", "unix:", "10.0.0.1, 10.0.0.2"])
def test_nobody_else_is_believed(peer: str) -> None:
    assert (peer, "http", "localhost", "") == viewer(seen(peer, ["10.0.0.0/8"]))


def test_only_the_last_hop_is_believed() -> None:
    assert (
        "203.0.113.5" == seen("10.1.2.3", ["10.0.0.0/8"], {"X-Forwarded-For": "127.0.0.1, 203.0.113.5"})["REMOTE_ADDR"]
    )


def test_who_pretends_to_be_here_behind_a_proxy_may_not_write_without_a_key() -> None:
    pretended = {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "localhost"}
    caller = Caller.from_environ(seen("10.1.2.3", ["10.0.0.0/8"], pretended))
    assert ("127.0.0.1", "localhost") == (caller.peer, caller.host)
    with pytest.raises(Denied, match="came through a proxy"):
        require_publisher(caller, None)


def test_behind_a_proxy_the_key_counts() -> None:
    headers = FORWARDED | {"Authorization": f"Bearer {KEY}"}
    require_publisher(Caller.from_environ(seen("10.1.2.3", ["10.0.0.0/8"], headers)), KEY)


def test_windsock_as_an_application_believes_the_proxies_of_its_configuration() -> None:
    config = parse('server.trusted_proxies = ["10.0.0.0/8"]\nstore.url = "memory:"', {}, Path())
    app, windsock = create_app(config)
    trust_proxies(app, config)
    windsock.start()
    try:
        for peer, root in (("10.1.2.3", "/mounted/"), ("11.1.2.3", "/")):
            page = app.test_client().get("/", headers=FORWARDED, environ_base={"REMOTE_ADDR": peer})
            assert f'href="{root}"' in page.text
    finally:
        windsock.stop()


def test_without_proxies_nothing_is_wrapped() -> None:
    config = parse('store.url = "memory:"', {}, Path())
    app, _ = create_app(config)
    before = app.wsgi_app
    trust_proxies(app, config)
    assert before == app.wsgi_app
