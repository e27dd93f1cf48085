from __future__ import annotations

import pytest

from tests.client.following import FORMS, Form
from windsock.client import Position, Refused, UnknownThing, watch
from windsock.client.options import NoLink, pause, read_options, refusal
from windsock.errors import WindsockError


@pytest.fixture(params=[pytest.param(form, id=name) for name, form in FORMS.items()])
def form(request: pytest.FixtureRequest) -> Form:
    found: Form = request.param
    return found


@pytest.mark.parametrize("wrong", ["cloud", "ftp://host", "http://", "ws://host", ""])
def test_an_address_that_is_none_is_refused_at_once(form: Form, wrong: str) -> None:
    with pytest.raises(ValueError, match="expected the address of a server"):
        form(wrong)


def test_one_position_is_for_one_thing() -> None:
    with pytest.raises(ValueError, match="name each thing's"):
        watch("http://127.0.0.1", "a", "b", since=Position("e1", 1))


@pytest.mark.parametrize(
    ("url", "origin", "path"),
    [
        ("http://host:5000", "http://host:5000", "socket.io"),
        ("https://host/", "https://host", "socket.io"),
        ("http://host/shown/", "http://host", "shown/socket.io"),
        ("http://[::1]:80/a/b", "http://[::1]:80", "a/b/socket.io"),
    ],
)
def test_an_address_may_have_a_path(url: str, origin: str, path: str) -> None:
    found = read_options(url, ("a", "b", "a"), every=False, token="t", since={"a": Position("e1", 3)})
    assert (origin, path, ("a", "b")) == (found.origin, found.path, found.things)
    assert {"things": {"a": {"epoch": "e1", "version": 3}, "b": None}, "token": "t"} == found.auth(found.tracker())


def test_who_asks_for_nothing_says_nothing() -> None:
    found = read_options("http://host", (), every=False, token=None, since=None)
    assert {} == found.auth(found.tracker())


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (
            {"message": "there is no thing 'x'", "data": {"code": "unknown_thing"}},
            UnknownThing,
            "there is no thing 'x'",
        ),
        ({"ok": False, "code": "unknown_thing", "error": "none"}, UnknownThing, "none"),
        ({"message": "no", "data": {"code": "forbidden"}}, Refused, "no"),
        ({"message": "what?", "data": {"code": "bad_request"}}, Refused, "what?"),
        ({"message": "Invalid namespace"}, Refused, "the server has Socket.IO, but no Windsock"),
        ({"message": "stopped", "data": {"code": "unavailable"}}, NoLink, "stopped"),
        ({"message": "the server refused it"}, NoLink, "the server refused it"),
        ({"data": 3}, NoLink, "the server refused it"),
        ("text", NoLink, "text"),
        (None, NoLink, "None"),
    ],
)
def test_a_refusal_says_whether_to_try_again(answer: object, kind: type[WindsockError], words: str) -> None:
    found = refusal(answer)
    assert (kind, words) == (type(found), str(found))


def test_attempts_are_spread_and_become_rarer() -> None:
    assert len({pause(0) for _ in range(10)}) > 1
    assert all(0.25 <= pause(0) <= 0.5 for _ in range(100))
    assert all(2.5 <= pause(attempt) <= 5 for attempt in range(4, 2000))
