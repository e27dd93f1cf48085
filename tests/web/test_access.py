from __future__ import annotations

import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import unhurried
from windsock.errors import Denied
from windsock.web.access import Caller, may_publish, require_json, require_publisher

KEY = "a-publisher-key"
LOCAL = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost:5000", "wsgi.url_scheme": "http"}


def denial(environ: dict[str, Any], key: str | None = None, token: str | None = None) -> tuple[int, str] | None:
    """The status and the text with which a request is denied; None: it may write."""
    try:
        require_publisher(Caller.from_environ(environ, token), key)
    except Denied as error:
        return error.status, str(error)
    return None


def words(denied: tuple[int, str] | None) -> str:
    return denied[1] if denied else ""


def test_without_a_key_this_machine_may_write() -> None:
    assert denial(LOCAL) is None


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_without_a_key_a_loopback_peer_may_write(peer: str) -> None:
    assert denial(LOCAL | {"REMOTE_ADDR": peer}) is None


@pytest.mark.parametrize(
    "peer",
    ["10.0.0.5", "203.0.113.5", "::ffff:10.0.0.5", "fe80::1", "0.0.0.0", "::", "", "unix:", "127.0.0.1 ", "2130706433"],  # noqa: S104  # nothing listens here
)
def test_without_a_key_no_other_peer_may_write(peer: str) -> None:
    assert "only this machine itself" in words(denial(LOCAL | {"REMOTE_ADDR": peer}))


@pytest.mark.parametrize(
    "host", ["localhost", "LocalHost", "localhost:5000", "127.0.0.1:5000", "127.1.2.3", "[::1]:5000", "[::1]"]
)
def test_without_a_key_a_loopback_host_may_be_written_to(host: str) -> None:
    assert denial(LOCAL | {"HTTP_HOST": host}) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:5000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "localhost@evil.example",
        "evil@localhost",
        "evil:pw@127.0.0.1:5000",
        "localhost/evil.example",
        "localhost:5000/@evil.example",
        "localhost?evil.example",
        "localhost#evil.example",
        "localhost\\@evil.example",
        "localhost:5000\n",
        "192.168.1.5:5000",
        "[fe80::1]",
        "[::1",
        "]",
        "::1",
        "0x7f000001",
        "",
        " ",
        ":5000",
        "/localhost",
        "loc alhost",
        "\x00",
        "é",
    ],
)
def test_without_a_key_no_other_host_may_be_written_to(host: str) -> None:
    assert "only this machine itself" in words(denial(LOCAL | {"HTTP_HOST": host}))


def test_what_a_client_says_of_itself_is_no_proxys_word() -> None:
    own = ["HTTP_USER_AGENT", "HTTP_ACCEPT", "HTTP_COOKIE", "HTTP_REFERER", "HTTP_SEC_FETCH_SITE", "HTTP_X_ZIP"]
    assert denial(LOCAL | dict.fromkeys(own, "x")) is None


def test_whether_somebody_may_publish_can_be_asked_too() -> None:
    assert may_publish(Caller.from_environ(LOCAL), None)
    assert not may_publish(Caller.from_environ(LOCAL), KEY)


def test_without_a_host_nobody_may_write() -> None:
    assert denial({"REMOTE_ADDR": "127.0.0.1"})
    assert denial({})


@pytest.mark.parametrize(
    "header",
    [
        "Forwarded",
        "Via",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Forwarded-Server",
        "X-Forwarded-Prefix",
        "X-Forwarded",
        "X-Real-IP",
        "X-Client-IP",
        "Client-IP",
        "True-Client-IP",
        "CF-Connecting-IP",
        "X-Cluster-Client-IP",
        "Fly-Client-IP",
        "Fastly-Client-Ip",
        "X-Azure-ClientIP",
        "X-Envoy-External-Address",
        "X-Original-Forwarded-For",
        "X-Original-Host",
        "Tailscale-User-Login",
        "CDN-Loop",
    ],
)
def test_without_a_key_nothing_that_was_forwarded_may_write(header: str) -> None:
    name = f"HTTP_{header.upper().replace('-', '_')}"
    assert "through a proxy" in words(denial(LOCAL | {name: ""}))


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://localhost:5000", True),
        ("http://localhost", False),
        ("https://localhost:5000", False),
        ("http://127.0.0.1:5000", False),
        ("http://evil.example", False),
        ("null", False),
        ("", False),
        ("x" * 10_000, False),
    ],
)
def test_without_a_key_only_its_own_pages_may_write(origin: str, allowed: bool) -> None:
    denied = denial(LOCAL | {"HTTP_ORIGIN": origin})
    assert allowed == (denied is None)
    assert len(words(denied)) < 250


def test_the_scheme_of_the_page_is_that_of_the_request() -> None:
    secure = LOCAL | {"wsgi.url_scheme": "https"}
    assert denial(secure | {"HTTP_ORIGIN": "https://localhost:5000"}) is None
    assert denial(secure | {"HTTP_ORIGIN": "http://localhost:5000"})


def test_with_a_key_it_alone_counts() -> None:
    from_afar = {"REMOTE_ADDR": "203.0.113.5", "HTTP_HOST": "windsock.example", "HTTP_X_FORWARDED_FOR": "10.0.0.5"}
    assert denial(from_afar | {"HTTP_AUTHORIZATION": f"Bearer {KEY}", "HTTP_ORIGIN": "null"}, KEY) is None
    assert 401 == (denial(LOCAL, KEY) or (0, ""))[0]


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (f"Bearer {KEY}", None),
        (f"bearer  {KEY} ", None),
        ("Bearer wrong", 403),
        (f"Bearer {KEY}x", 403),
        (f"Bearer {KEY[:-1]}", 403),
        ("Bearer", 401),
        ("Bearer ", 401),
        (KEY, 401),
        (f"Basic {KEY}", 401),
        ("", 401),
        ("Bearer \xc3\xa9", 403),
        ("Bearer \xff", 403),
        ("Bearer \x00", 403),
    ],
)
def test_the_key_comes_as_a_bearer_token(header: str, status: int | None) -> None:
    denied = denial(LOCAL | {"HTTP_AUTHORIZATION": header}, KEY)
    assert status == (denied[0] if denied else None)


@pytest.mark.parametrize("sent", ["Schlüssel".encode(), "Schlüssel".encode("latin-1")])
def test_a_key_outside_ascii_counts_however_it_was_sent(sent: bytes) -> None:
    header = f"Bearer {sent.decode('latin-1')}"  # what WSGI makes of the bytes
    assert denial(LOCAL | {"HTTP_AUTHORIZATION": header}, "Schlüssel") is None
    assert denial(LOCAL | {"HTTP_AUTHORIZATION": header}, "Schlussel")


def test_a_token_beside_the_request_counts_instead_of_its_header() -> None:
    assert denial(LOCAL, KEY, KEY) is None
    assert denial(LOCAL | {"HTTP_AUTHORIZATION": f"Bearer {KEY}"}, KEY, "wrong")


@unhurried
@given(st.text(alphabet=st.characters(), max_size=20), st.text(min_size=1, max_size=20))
def test_any_token_is_compared_without_an_error(token: str, key: str) -> None:
    assert (token == key) == (denial(LOCAL, key, token) is None)


@pytest.mark.parametrize("token", ["\ud800", "\ud800" + KEY, KEY + "\udfff"])
def test_a_token_that_is_no_unicode_text_is_just_another_token(token: str) -> None:
    assert 403 == (denial(LOCAL, KEY, token) or (0, ""))[0]


@unhurried
@given(st.dictionaries(st.sampled_from(["HTTP_HOST", "REMOTE_ADDR", "HTTP_ORIGIN", "HTTP_AUTHORIZATION"]), st.text()))
def test_no_request_makes_the_decision_fail(environ: dict[str, str]) -> None:
    denial(environ)
    assert denial(environ, KEY)


def test_keys_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    monkeypatch.setattr(hmac, "compare_digest", lambda *pair: compared.append(pair))
    assert denial(LOCAL, KEY, "wrong")
    assert [(b"wrong", KEY.encode())] == compared


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON ; charset=utf-8"])
def test_without_a_key_json_may_be_written(content_type: str) -> None:
    require_json(content_type, None)


@pytest.mark.parametrize(
    "content_type",
    [None, "", "text/plain", "text/plain;application/json", "application/x-www-form-urlencoded", "application/jsonp"],
)
def test_without_a_key_a_write_has_to_be_json(content_type: str | None) -> None:
    with pytest.raises(Denied, match="needs Content-Type: application/json"):
        require_json(content_type, None)
    require_json(content_type, KEY)
