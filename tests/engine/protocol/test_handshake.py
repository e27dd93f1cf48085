from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import unhurried
from windsock.engine.protocol.handshake import (
    Allowed,
    Query,
    Refusal,
    allows_origin,
    check_method,
    check_websocket,
    read_query,
)
from windsock.engine.protocol.request import Request

BOTH = ("polling", "websocket")
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = {
    "host": "example.com",
    "upgrade": "websocket",
    "connection": "Upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": KEY,
}


def request(headers: dict[str, str], method: str = "GET") -> Request:
    return Request(method, "/socket.io/", tuple(headers.items()))


def refused(query: dict[str, str], transports: tuple[str, ...] = BOTH) -> Refusal:
    with pytest.raises(Refusal) as caught:
        read_query(query, transports)
    return caught.value


# ---------------------------------------------------------------------------------------------- query


def test_a_query_names_the_transport_and_perhaps_a_session() -> None:
    assert Query("polling", None) == read_query({"EIO": "4", "transport": "polling", "t": "abc"}, BOTH)
    assert Query("websocket", "x") == read_query({"EIO": "4", "transport": "websocket", "sid": "x"}, BOTH)


def test_an_empty_sid_is_none() -> None:
    assert Query("polling", None) == read_query({"EIO": "4", "transport": "polling", "sid": ""}, BOTH)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"EIO": "4"}, "no transport"),
        ({"EIO": "4", "transport": ""}, "no transport"),
        ({"EIO": "4", "transport": "abc"}, "'abc'"),
        ({"EIO": "4", "transport": "Polling"}, "'Polling'"),
        ({"EIO": "4", "transport": "webtransport"}, "'webtransport'"),
    ],
)
def test_another_transport_is_refused(query: dict[str, str], found: str) -> None:
    refusal = refused(query)
    assert (400, 0) == (refusal.status, refusal.code)
    assert refusal.message.startswith("Transport unknown")
    assert found in refusal.message


def test_a_transport_that_is_switched_off_is_refused() -> None:
    assert 0 == refused({"EIO": "4", "transport": "polling"}, ("websocket",)).code


@pytest.mark.parametrize("version", [None, "", "abc", "5", "04", "4.0", "٤", "3", "2"])
def test_another_version_of_the_protocol_is_refused(version: str | None) -> None:
    query = {"transport": "polling"} | ({} if version is None else {"EIO": version})
    refusal = refused(query)
    assert (400, 5) == (refusal.status, refusal.code)
    assert "needs version 4 of the Socket.IO client" in refusal.message


@pytest.mark.parametrize("version", ["2", "3"])
def test_a_person_is_told_that_the_page_loads_an_old_client(version: str) -> None:
    message = refused({"EIO": version, "transport": "websocket"}).message
    assert f"the page loads a Socket.IO client of version 1 or 2 (EIO={version})" in message


def test_what_a_viewer_sent_is_shown_short_and_harmless() -> None:
    for query in ({"EIO": "\r\nx" * 99}, {"EIO": "4", "transport": "\r\nü" * 99}):
        message = refused(query).message
        assert message.isprintable()
        assert message.isascii()
        assert len(message) < 200


def test_a_refusal_goes_out_as_the_javascript_server_sends_it() -> None:
    assert b'{"code":1,"message":"Session ID unknown"}' == Refusal(400, 1, "Session ID unknown").body()


@pytest.mark.parametrize(
    ("method", "query"),
    [
        ("GET", Query("polling", None)),
        ("GET", Query("polling", "x")),
        ("POST", Query("polling", "x")),
        ("GET", Query("websocket", None)),
        ("GET", Query("websocket", "x")),
    ],
)
def test_sessions_are_opened_with_get_and_used_with_get_and_post(method: str, query: Query) -> None:
    check_method(method, query)


@pytest.mark.parametrize(
    ("method", "query"),
    [
        ("POST", Query("polling", None)),
        ("PUT", Query("polling", None)),
        ("PUT", Query("polling", "x")),
        ("HEAD", Query("polling", "x")),
        ("get", Query("polling", "x")),
        ("POST", Query("websocket", "x")),
    ],
)
def test_another_method_is_refused(method: str, query: Query) -> None:
    with pytest.raises(Refusal, match="Bad handshake method") as caught:
        check_method(method, query)
    assert (400, 2) == (caught.value.status, caught.value.code)


# ------------------------------------------------------------------------------------------ WebSocket


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"upgrade": "WebSocket"},
        {"upgrade": "h2c, websocket"},
        {"connection": "keep-alive, upgrade"},
        {"sec-websocket-extensions": "permessage-deflate"},
    ],
)
def test_a_right_handshake_has_a_key(changes: dict[str, str]) -> None:
    assert KEY == check_websocket(request(HANDSHAKE | changes))


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("upgrade", "", 400),
        ("upgrade", "websockets", 400),
        ("upgrade", "h2c", 400),
        ("connection", "", 400),
        ("connection", "keep-alive", 400),
        ("sec-websocket-version", "", 426),
        ("sec-websocket-version", "8", 426),
        ("sec-websocket-version", "13, 8", 426),
        ("sec-websocket-key", "", 400),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ", 400),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==\n", 400),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZWE=", 400),
        ("sec-websocket-key", f"{KEY}, {KEY}", 400),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jé2==", 400),
    ],
)
def test_a_handshake_that_is_not_right_is_refused(name: str, value: str, status: int) -> None:
    headers = HANDSHAKE | {name: value}
    for changed in (headers, headers if value else {key: headers[key] for key in headers if key != name}):
        with pytest.raises(Refusal) as caught:
            check_websocket(request(changed))
        assert (status, 3) == (caught.value.status, caught.value.code)


def test_another_version_of_websocket_is_told_which_is_wanted() -> None:
    with pytest.raises(Refusal) as caught:
        check_websocket(request(HANDSHAKE | {"sec-websocket-version": "8"}))
    assert ("Sec-WebSocket-Version", "13") in caught.value.headers
    assert ("Upgrade", "websocket") in caught.value.headers


def test_a_websocket_is_opened_with_get() -> None:
    with pytest.raises(Refusal) as caught:
        check_websocket(request(HANDSHAKE, "POST"))
    assert (400, 2) == (caught.value.status, caught.value.code)


# --------------------------------------------------------------------------------------------- origin


def allowed(headers: dict[str, str], allow: Allowed = None, scheme: str = "http") -> bool:
    return allows_origin(request({"host": "example.com:5000"} | headers), scheme, allow)


@pytest.mark.parametrize("allow", [None, "*", (), "http://a", lambda origin: False])
def test_who_sends_no_origin_is_no_page(allow: Allowed) -> None:
    assert allowed({}, allow)


@pytest.mark.parametrize(
    ("headers", "scheme"),
    [
        ({"origin": "http://example.com:5000"}, "http"),
        ({"origin": "https://example.com:5000"}, "https"),
        ({"origin": "HTTP://Example.COM:5000"}, "http"),
        ({"origin": "http://example.com", "host": "example.com"}, "http"),
        ({"origin": "http://example.com", "host": "example.com:80"}, "http"),
        ({"origin": "http://example.com:80", "host": "example.com"}, "http"),
        ({"origin": "https://example.com", "host": "example.com:443"}, "https"),
        ({"origin": "http://[::1]:5000", "host": "[::1]:5000"}, "http"),
        # behind a proxy
        ({"origin": "https://example.com:5000", "x-forwarded-proto": "https"}, "http"),
        ({"origin": "https://example.com:5000", "x-forwarded-proto": "wss"}, "http"),
        ({"origin": "http://out.org", "x-forwarded-host": "out.org"}, "http"),
        ({"origin": "https://out.org", "x-forwarded-host": "out.org", "x-forwarded-proto": "https"}, "http"),
        ({"origin": "https://out.org", "x-forwarded-host": "out.org, in", "x-forwarded-proto": "https, http"}, "http"),
        ({"origin": "https://out.org", "x-forwarded-host": "out.org:443", "x-forwarded-proto": "https"}, "http"),
    ],
)
def test_the_same_origin_is_allowed(headers: dict[str, str], scheme: str) -> None:
    assert allowed(headers, None, scheme)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.com"},
        {"origin": "http://example.com"},
        {"origin": "https://example.com:5000"},
        {"origin": "http://example.com:5000.evil.com"},
        {"origin": "http://evil.com/example.com:5000"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "example.com:5000"},
        {"origin": "http://example.com:5000, http://evil.com"},
        {"origin": "http://example.com:443", "host": "example.com"},
        {"origin": "null", "host": ""},
        {"origin": "", "host": ""},
        {"origin": "http://", "host": ""},
        {"origin": "http://out.org", "x-forwarded-host": "in, out.org"},
    ],
)
def test_another_origin_is_not_allowed(headers: dict[str, str]) -> None:
    assert not allowed(headers)


@pytest.mark.parametrize(
    ("allow", "expected"),
    [
        ("*", True),
        (["*"], True),
        ("https://a.org", True),
        ("https://A.org:443/", True),
        (["https://b.org", "https://a.org"], True),
        ({"https://a.org"}, True),
        (lambda origin: origin == "https://a.org", True),
        ("https://a.org.evil.com", False),
        ("https://a", False),
        ("http://a.org", False),
        ([], False),
        (["https://b.org"], False),
        (lambda origin: origin == "https://b.org", False),
    ],
)
def test_a_list_names_the_origins_that_are_allowed(allow: Allowed, expected: bool) -> None:
    assert expected is allowed({"origin": "https://a.org"}, allow)


def test_a_list_that_leaves_the_own_origin_out_means_it() -> None:
    assert not allowed({"origin": "http://example.com:5000"}, ["https://a.org"])


# ----------------------------------------------------------------------------------------- any request


texts = st.text(max_size=30)


@unhurried
@given(st.dictionaries(st.sampled_from(["EIO", "transport", "sid"]) | texts, st.sampled_from(["4", *BOTH]) | texts))
def test_any_query_is_read_or_refused(query: dict[str, str]) -> None:
    try:
        found = read_query(query, BOTH)
    except Refusal as refusal:
        body = json.loads(refusal.body())
    else:
        assert found.transport in BOTH
        return
    assert {"code", "message"} == set(body)


@unhurried
@given(st.dictionaries(st.sampled_from([*HANDSHAKE, "origin", "x-forwarded-host", "x-forwarded-proto"]), texts))
def test_any_handshake_is_right_or_refused(headers: dict[str, str]) -> None:
    asked = request(HANDSHAKE | headers)
    assert isinstance(allows_origin(asked, "http", None), bool)
    assert isinstance(allows_origin(asked, "https", ["https://a.org"]), bool)
    try:
        key = check_websocket(asked)
    except Refusal:
        return
    assert len(key) == len(KEY)
