from __future__ import annotations

from datetime import date

import pytest

from windsock.config.environment import substitute

ENVIRON = {"KEY": "s3cret", "HOST_1": "0.0.0.0", "EMPTY": "", "NESTED": "${KEY}"}  # noqa: S104 -- only a text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${KEY}", "s3cret"),
        ("a${KEY}b${HOST_1}c", "as3cretb0.0.0.0c"),
        ("${EMPTY}", ""),
        ("$${KEY}", "${KEY}"),
        ("$$${KEY}", "$${KEY}"),
        ("$${NOT_SET}", "${NOT_SET}"),
        ("${NESTED}", "${KEY}"),
        ("$KEY", "$KEY"),
        ("${}", "${}"),
        ("${1KEY}", "${1KEY}"),
        ("${KEY", "${KEY"),
        ("${ KEY }", "${ KEY }"),
        ("", ""),
    ],
)
def test_a_reference_is_replaced_by_the_environment(text: str, expected: str) -> None:
    assert (expected, []) == substitute(text, ENVIRON)


def test_references_are_replaced_however_deep() -> None:
    value = {"server": {"key": "${KEY}", "list": ["${KEY}", {"a": "${KEY}"}]}, "port": 1, "on": True}
    expected = {"server": {"key": "s3cret", "list": ["s3cret", {"a": "s3cret"}]}, "port": 1, "on": True}
    assert (expected, []) == substitute(value, ENVIRON)


@pytest.mark.parametrize("value", [1, 1.5, True, None, date(2026, 11, 22)])
def test_what_is_no_text_stays_as_it_is(value: object) -> None:
    assert (value, []) == substitute(value, ENVIRON)


def test_the_name_of_a_key_is_not_looked_into() -> None:
    assert ({"${KEY}": 1}, []) == substitute({"${KEY}": 1}, ENVIRON)


def test_every_name_that_is_not_set_is_a_problem_with_its_place() -> None:
    value = {"a": {"b": "${X}${Y}${X}"}, "c": ["", "${Z}"]}
    assert [
        "a.b: found ${X}, but the environment variable X is not set",
        "a.b: found ${Y}, but the environment variable Y is not set",
        "c[1]: found ${Z}, but the environment variable Z is not set",
    ] == substitute(value, ENVIRON)[1]
