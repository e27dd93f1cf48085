from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import unhurried
from windsock.engine.protocol.errors import ProtocolError
from windsock.engine.protocol.request import MAX_HEAD, Request, encode_head, parse_head

HEAD = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
    b"Host: example.com\r\n"
    b"Upgrade:websocket\r\n"
    b"Connection: \t keep-alive, Upgrade \r\n"
    b"X-Empty:\r\n"
    b"X-Latin: caf\xe9\r\n"
    b"\r\n"
)


def parsed(head: bytes) -> Request:
    found = parse_head(head)
    assert found is not None
    return found[0]


def asking(target: str) -> Request:
    return Request("GET", target, ())


def test_a_head_is_read() -> None:
    assert (
        Request(
            "GET",
            "/socket.io/?EIO=4&transport=websocket",
            (
                ("host", "example.com"),
                ("upgrade", "websocket"),
                ("connection", "keep-alive, Upgrade"),
                ("x-empty", ""),
                ("x-latin", "café"),
            ),
        ),
        len(HEAD),
    ) == parse_head(HEAD)


def test_what_follows_the_head_is_left_to_others() -> None:
    assert parse_head(HEAD) == parse_head(HEAD + b"\x81\x80more\r\n\r\n")


def test_a_head_that_is_not_all_there_is_not_read_yet() -> None:
    assert all(parse_head(HEAD[:size]) is None for size in range(len(HEAD)))


def head(line: bytes = b"GET / HTTP/1.1", *fields: bytes, host: bytes = b"Host: a\r\n") -> bytes:
    return line + b"\r\n" + host + b"".join(field + b"\r\n" for field in fields) + b"\r\n"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"\r\n" + HEAD,
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        head(b"POST / HTTP/1.1"),
        head(b"get / HTTP/1.1"),
        head(b"GET  / HTTP/1.1"),
        head(b"GET /  HTTP/1.1"),
        head(b"GET / HTTP/1.0"),
        head(b"GET / HTTP/1.10"),
        head(b"GET / HTTP/2"),
        head(b"GET /"),
        head(b"GET http://a/ HTTP/1.1"),
        head(b"GET * HTTP/1.1"),
        head(b"GET a HTTP/1.1"),
        head(b"GET /#a HTTP/1.1"),
        head(b"GET /\xc3\xbc HTTP/1.1"),
        head(b"GET /\0 HTTP/1.1"),
        head(b"GET /a b HTTP/1.1"),
        head(host=b""),
        head(host=b"Host: a\r\nhost: a\r\n"),
        head(b"GET / HTTP/1.1", b"Content-Length: 0"),
        head(b"GET / HTTP/1.1", b"content-length: 5"),
        head(b"GET / HTTP/1.1", b"Transfer-Encoding: chunked"),
        head(b"GET / HTTP/1.1", b"A: b", b" folded"),
        head(b"GET / HTTP/1.1", b"A: b", b"\tfolded"),
        head(b"GET / HTTP/1.1", b"A : b"),
        head(b"GET / HTTP/1.1", b": b"),
        head(b"GET / HTTP/1.1", b"A"),
        head(b"GET / HTTP/1.1", b"A(b): c"),
        head(b"GET / HTTP/1.1", b"\xc3\xbc: c"),
        head(b"GET / HTTP/1.1", b"A: b\0c"),
        head(b"GET / HTTP/1.1", b"A: b\x7fc"),
        head(b"GET / HTTP/1.1", b"A: b\rc"),
        head(b"GET / HTTP/1.1", b"A: b\nc: d"),
        HEAD.replace(b"\r\n", b"\n"),
    ],
)
def test_a_head_that_is_not_of_the_common_form_is_left_to_another_parser(data: bytes) -> None:
    assert parse_head(data) is None


def test_a_head_has_a_greatest_length() -> None:
    rest = MAX_HEAD - len(head(b"GET / HTTP/1.1", b"A: "))
    assert parse_head(head(b"GET / HTTP/1.1", b"A: " + b"x" * rest)) is not None
    assert parse_head(head(b"GET / HTTP/1.1", b"A: " + b"x" * (rest + 1))) is None


@pytest.mark.parametrize("filler", [b" ", b"A: b\r\n", b"a", b"A:", b"GET / HTTP/1.1\r\n"])
def test_no_head_takes_long_to_read(filler: bytes) -> None:
    data = b"GET / HTTP/1.1\r\nA:" + filler * (MAX_HEAD // len(filler) - 10) + b"\0\r\n\r\n"
    began = time.process_time()
    parse_head(data)
    assert time.process_time() - began < 0.5


# ---------------------------------------------------------------------------------------- the request


def test_a_target_has_a_path_and_a_query_as_they_came() -> None:
    request = asking("/a%20b/?c=%41&d?e")
    assert ("/a%20b/", "c=%41&d?e") == (request.path, request.query_string)
    assert ("/a", "") == (asking("/a").path, asking("/a?").query_string)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {}),
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=1&a=2", {"a": "1"}),
        ("a=b+c%2Bd%20e", {"a": "b c+d e"}),
        ("%61=%C3%BC", {"a": "ü"}),
        ("a=%FF%zz", {"a": "\ufffd%zz"}),
        ("a&b=&&=c", {"a": "", "b": "", "": "c"}),
        ("a=b=c;d", {"a": "b=c;d"}),
    ],
)
def test_a_query_is_decoded(query: str, expected: dict[str, str]) -> None:
    assert expected == asking("/?" + query).query


def test_headers_are_found_by_name() -> None:
    request = parsed(head(b"GET / HTTP/1.1", b"X-A: 1", b"x-a: 2", b"X-B:"))
    assert ("1, 2", "", "") == (request.header("x-a"), request.header("x-b"), request.header("x-c"))
    assert (True, True, False) == (request.has("x-a"), request.has("x-b"), request.has("x-c"))


def test_tokens_are_separated_by_commas_in_lower_case() -> None:
    request = parsed(head(b"GET / HTTP/1.1", b"Connection: keep-alive,Upgrade ,, ", b"connection: X"))
    assert {"keep-alive", "upgrade", "x"} == request.tokens("connection")
    assert set() == request.tokens("upgrade")


# ---------------------------------------------------------------------------------- there and back


def test_a_head_that_another_parser_took_apart_is_put_together() -> None:
    made = encode_head("GET", "/a?b", [(b"host", b"example.com"), (b"x-latin", b"caf\xe9")])
    assert b"GET /a?b HTTP/1.1\r\nhost: example.com\r\nx-latin: caf\xe9\r\n\r\n" == made


def test_headers_that_tell_of_a_body_are_left_out() -> None:
    made = encode_head("GET", "/", [(b"host", b"a"), (b"Content-Length", b"0"), (b"transfer-encoding", b"chunked")])
    assert (("host", "a"),) == parsed(made).headers


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [
        ("POST", "/", [(b"host", b"a")]),
        ("GET", "/ü", [(b"host", b"a")]),
        ("GET", "/🌬", [(b"host", b"a")]),
        ("GET", "/ HTTP/1.1\r\nx: y\r\n\r\n", [(b"host", b"a")]),
        ("GET", "/ HTTP/1.1\r\nx: y\r\nz", [(b"host", b"a")]),
        ("GET", "/", []),
        ("GET", "/", [(b"host", b"a"), (b"x", b"1\r\ny: 2")]),
        ("GET", "/", [(b"host", b"a"), (b"x", b"1\r\n\r\n")]),
        ("GET", "/", [(b"host", b"a"), (b"x: y\r\nz", b"1")]),
        ("GET", "/", [(b"host", b"a"), (b"", b"1")]),
        ("GET", "/", [(b"host", b"a"), (b"x", b"y" * MAX_HEAD)]),
    ],
)
def test_a_request_that_cannot_be_put_so_is_refused(
    method: str, target: str, headers: list[tuple[bytes, bytes]]
) -> None:
    with pytest.raises(ProtocolError):
        encode_head(method, target, headers)


tokens = st.text("abcXYZ-_09", min_size=1, max_size=10).filter(
    lambda name: name.lower() not in {"host", "content-length", "transfer-encoding"}
)
values = st.binary(max_size=20).map(
    lambda raw: bytes(max(byte, 32) if byte != 127 else 32 for byte in raw).strip(b" \t")
)
targets = st.text("abc/?=&%+.", max_size=30).map(lambda rest: "/" + rest)


@unhurried
@given(targets, st.lists(st.tuples(tokens.map(str.encode), values)))
def test_a_head_that_was_put_together_reads_back(target: str, fields: list[tuple[bytes, bytes]]) -> None:
    made = encode_head("GET", target, [(b"Host", b"a"), *fields])
    expected = [(name.decode().lower(), value.decode("latin-1")) for name, value in [(b"host", b"a"), *fields]]
    assert (Request("GET", target, tuple(expected)), len(made)) == parse_head(made)
    assert isinstance(parsed(made).query, dict)


PARTS = [
    b"GET ",
    b"/",
    b" HTTP/1.1",
    b"\r\n",
    b"\r",
    b"\n",
    b"Host: a",
    b"A:b",
    b":",
    b" ",
    b"\t",
    b"\0",
    b"\xff",
    b"?",
]


@unhurried
@given(st.binary() | st.lists(st.sampled_from(PARTS), max_size=30).map(b"".join))
def test_any_bytes_are_a_head_or_none(data: bytes) -> None:
    found = parse_head(data)
    if found is not None:
        request, size = found
        assert data[:size].endswith(b"\r\n\r\n")
        assert request.header("host") == "a"
        assert encode_head("GET", request.target, [(n.encode(), v.encode("latin-1")) for n, v in request.headers])
