from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.client.following import FORMS, Form
from windsock.client import Position, Refused, UnknownThing, watch
from windsock.client.options import NoLink, pause, read_options, refusal
from windsock.errors import WindsockError


@pytest.fixture(params=[pytest.param(form, id=name) for name, form in FORMS.items()])
def form(request: pytest.FixtureRequest) -> Form:
    found: Form = request.param
    return found


@pytest.mark.parametrize(
    "wrong",
    [
        "cloud",
        "ftp://host",
        "http://",
        "ws://host",
        "",
        "127.0.0.1:5000",
        "http://host:99999",
        "http://host:0",
        "http://host:port",
        "http://host:-1",
        "http://[::1",
        "http://a b/",
    ],
)
def test_an_address_that_is_none_is_refused_at_once(form: Form, wrong: str) -> None:
    with pytest.raises(ValueError, match="expected the address of a server"):
        form(wrong)


def test_one_position_is_for_one_thing() -> None:
    with pytest.raises(ValueError, match="name each thing's"):
        watch("http://127.0.0.1", "a", "b", since=Position("e1", 1))


NAMED = Position("e1", 1)
WRONG: Any = Position  # takes what the type checker would refuse


@pytest.mark.parametrize(
    ("things", "options", "words"),
    [
        ([["a", "b"]], {}, "things: found ['a', 'b'], expected names, one after the other: \"a\", \"b\""),
        ([None], {}, "things: found None, expected names"),
        ([7], {}, "things: found 7, expected names"),
        ([b"a"], {}, "things: found b'a', expected names"),
        (["a"], {"every": "1s"}, "every: found '1s', expected True or False"),
        (["a"], {"every": None}, "every: found None, expected True or False"),
        (["a"], {"every": 1}, "every: found 1, expected True or False"),
        (["a"], {"token": 7}, "token: found 7, expected the publisher key, a text"),
        (["a"], {"token": b"key"}, "token: found b'key', expected the publisher key, a text"),
        (["a"], {"since": 41}, "since: found 41, expected a Position such as state.position, or {thing: position}"),
        (["a"], {"since": ("e1", 3)}, "since: found ('e1', 3), expected a Position"),
        (["a"], {"since": {"a": 3}}, "since of a: found 3, expected a Position such as state.position"),
        ([], {"since": {"epoch": "e1", "version": 3}}, "since of epoch: found 'e1', expected a Position"),
        (["a"], {"since": {7: NAMED}}, "since: found 7, expected the name of a thing"),
        (["a"], {"since": WRONG("e1", "3")}, "since of a: found '3', expected a whole number as its version"),
        (["a"], {"since": Position("e1", True)}, "since of a: found True, expected a whole number as its version"),
        (["a"], {"since": WRONG(None, 3)}, "since of a: found None, expected a text as its epoch"),
    ],
)
def test_a_value_of_another_type_is_refused_at_once(
    form: Form, things: list[Any], options: dict[str, Any], words: str
) -> None:
    with pytest.raises(TypeError, match=re.escape(words)):
        form("http://127.0.0.1", *things, **options)


@pytest.mark.parametrize("url", [None, b"http://127.0.0.1", 5000, Path("http://127.0.0.1")])
def test_an_address_that_is_no_text_is_refused_at_once(form: Form, url: Any) -> None:
    with pytest.raises(TypeError, match=re.escape(f"url: found {url!r}, expected the address of a server such as")):
        form(url)


@pytest.mark.parametrize(
    ("things", "options", "words"),
    [
        ([""], {}, "things: found '', expected names"),
        (["a"], {"since": Position("e1", -1)}, "since of a: found -1, expected a version, which is 0 or more"),
        (["a"], {"since": {"b": NAMED}}, "since: there is 'b', but it is not watched; watched are a"),
        (
            ["a", "c"],
            {"since": {"a": NAMED, "b": NAMED}},
            "since: there is 'b', but it is not watched; watched are a, c",
        ),
        ([], {"since": {"": NAMED}}, "since: found '', expected the name of a thing"),
    ],
)
def test_a_value_that_cannot_be_is_refused_at_once(
    form: Form, things: list[Any], options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        form("http://127.0.0.1", *things, **options)


def test_an_option_that_there_is_not_is_refused_at_once(form: Form) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'wait'"):
        form("http://127.0.0.1", "a", wait=3)


def test_to_begin_from_before_anything_was_known_is_to_begin() -> None:
    found = read_options("http://host", ("a",), every=True, token=None, since=Position("", 0))
    assert {"things": {"a": {"epoch": "", "version": 0}}} == found.auth(found.tracker())


def test_who_watches_all_things_may_go_on_from_the_positions_of_some() -> None:
    found = read_options("http://host", (), every=False, token=None, since={"a": NAMED})
    assert ({"a": NAMED}, None) == (found.since, found.things)


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
