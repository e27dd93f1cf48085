from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any
from wsgiref.validate import validator

import pytest
from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from windsock.engine.protocol.request import Request
from windsock.web.carrier.environ import NOTE, Refused, make_environ, noted, through_middleware

CLIENT, SERVER = ("192.0.2.7", 51234), ("127.0.0.1", 5000)


def environ(target: str = "/socket.io/?EIO=4", *headers: tuple[str, str]) -> dict[str, Any]:
    return make_environ(Request("GET", target, (("host", "wind.example"), *headers)), CLIENT, SERVER, "https")


def end(found: dict[str, Any], start_response: Any) -> list[bytes]:
    """Where the middleware ends."""
    assert noted(found)
    start_response("200 OK", [])
    return [b""]


def test_it_is_an_environ_as_wsgi_wants_it() -> None:
    def app(_environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"fine"]

    checked = validator(app)(environ(), lambda *_arguments: lambda _data: None)
    assert [b"fine"] == list(checked)
    checked.close()  # type: ignore[attr-defined]


def test_it_says_who_asks_where_and_how() -> None:
    made = environ("/socket.io/?EIO=4&x=%20", ("x-any-thing", "1"), ("cookie", "a=b"), ("upgrade", "websocket"))
    expected = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/socket.io/",
        "QUERY_STRING": "EIO=4&x=%20",
        "REMOTE_ADDR": "192.0.2.7",
        "REMOTE_PORT": "51234",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "5000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "https",
        "HTTP_HOST": "wind.example",
        "HTTP_X_ANY_THING": "1",
        "HTTP_COOKIE": "a=b",
        "HTTP_UPGRADE": "websocket",
    }
    assert expected == {key: made[key] for key in expected}
    assert b"" == made["wsgi.input"].read()


@pytest.mark.parametrize(
    ("target", "path"), [("/a%20b", "/a b"), ("/%C3%A9?x", "/\xc3\xa9"), ("/a%2Fb", "/a/b"), ("/%zz", "/%zz")]
)
def test_the_path_is_its_bytes_as_characters(target: str, path: str) -> None:
    assert path == environ(target)["PATH_INFO"]


def test_flask_reads_a_path_with_an_accent() -> None:
    with Flask("app").request_context(environ("/%C3%A9t%C3%A9?x=1")):
        assert ("/été", "1", "https://wind.example/été?x=1") == (request.path, request.args["x"], request.url)


def test_headers_that_come_several_times_are_one() -> None:
    made = environ("/", ("x-forwarded-for", "a"), ("x-forwarded-for", "b"), ("cookie", "a=1"), ("cookie", "b=2"))
    assert ("a,b", "a=1; b=2") == (made["HTTP_X_FORWARDED_FOR"], made["HTTP_COOKIE"])


def test_a_header_with_an_underscore_cannot_pass_for_one_with_a_hyphen() -> None:
    assert "HTTP_X_FORWARDED_FOR" not in environ("/", ("x_forwarded_for", "spoofed"))


def test_content_headers_have_no_prefix() -> None:
    made = environ("/", ("content-type", "text/plain"))
    assert "text/plain" == made["CONTENT_TYPE"]
    assert "HTTP_CONTENT_TYPE" not in made


def test_what_the_middleware_makes_of_it_is_the_environ() -> None:
    def middleware(found: dict[str, Any], start_response: Any) -> Any:
        return end(found.copy() | {"flask.app": "it", "SCRIPT_NAME": "/mounted"}, start_response)

    made = through_middleware(middleware, environ())
    assert isinstance(made, dict)
    assert ("it", "/mounted", "192.0.2.7") == (made["flask.app"], made["SCRIPT_NAME"], made["REMOTE_ADDR"])
    assert NOTE not in made


def test_middleware_of_others_is_passed() -> None:
    given = environ("/", ("x-forwarded-for", "198.51.100.9"), ("x-forwarded-prefix", "/p"))
    made = through_middleware(ProxyFix(end, x_for=1, x_prefix=1), given)
    assert isinstance(made, dict)
    assert ("198.51.100.9", "/p") == (made["REMOTE_ADDR"], made["SCRIPT_NAME"])
    assert NOTE not in given


class Body:
    """A response whose body is a generator, and that wants to be closed."""

    def __init__(self, *parts: bytes, status: str = "", then: Any = None) -> None:
        self.closed = False
        self._parts, self._status, self._then = parts, status, then

    def __call__(self, found: dict[str, Any], start_response: Any) -> Body:
        self._found, self._start = found, start_response
        return self

    def __iter__(self) -> Iterator[bytes]:
        if self._then:
            yield from self._then(self._found, self._start)
        if self._status:
            self._start(self._status, [])
        yield from self._parts

    def close(self) -> None:
        self.closed = True


def test_a_middleware_that_is_a_generator_is_followed_and_closed() -> None:
    body = Body(then=end)
    assert isinstance(through_middleware(body, environ()), dict)
    assert body.closed


@pytest.mark.parametrize(
    ("status", "refused"),
    [
        ("403 FORBIDDEN", Refused(403, "FORBIDDEN")),
        ("302 Found", Refused(302, "Found")),
        ("200 OK", Refused(200, "OK")),
        ("", Refused(500, "")),
    ],
)
def test_a_middleware_that_answers_itself_has_refused(status: str, refused: Refused) -> None:
    body = Body(b"no", status=status)
    assert refused == through_middleware(body, environ())
    assert body.closed


def test_an_answer_without_an_end_is_not_read_to_it() -> None:
    def endless(_environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        while True:
            yield b"more"

    assert Refused(200, "OK") == through_middleware(endless, environ())


def test_what_a_middleware_raises_is_raised() -> None:
    def broken(_environ: dict[str, Any], _start_response: Any) -> list[bytes]:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        through_middleware(broken, environ())


def test_other_requests_are_not_noted() -> None:
    assert not noted({"wsgi.input": io.BytesIO()})
