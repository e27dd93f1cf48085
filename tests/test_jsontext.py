from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import unhurried
from windsock.errors import BadReading, ReadingTooLarge
from windsock.jsontext import MAX_DATA_BYTES, MAX_DEPTH, as_object, canonical, loads, type_name

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("null", None),
        ("true", True),
        (' {"a": [1, -2.5, "ü"]} ', {"a": [1, -2.5, "ü"]}),
        ('"\\ud83e\\udd17"', "🤗"),
        (str(10**30), 10**30),
    ],
)
def test_json_is_read(text: str, expected: object) -> None:
    assert expected == loads(text)


@pytest.mark.parametrize(("text", "expected"), [("1.0", "1"), ("1e3", "1000"), ("-0.0", "0"), ("0.5", "0.5")])
def test_a_whole_float_is_an_int(text: str, expected: str) -> None:
    assert expected == repr(loads(text))


def test_a_float_beyond_exact_ints_stays_a_float() -> None:
    assert repr(loads("1e300")) == "1e+300"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", r"broken JSON: Expecting value \(line 1, column 1\)"),
        ('{"a":\n nope}', r"broken JSON: Expecting value \(line 2, column 2\)"),
        ("{'a': 1}", "broken JSON: Expecting property name"),
        ("[1] [2]", "broken JSON: Extra data"),
        ("\ufeff1", "broken JSON: Unexpected UTF-8 BOM"),
        ("NaN", "NaN is not a JSON number"),
        ('{"a": [Infinity]}', "Infinity is not a JSON number"),
        ("-Infinity", "-Infinity is not a JSON number"),
        ("1e999", "the number 1e999 is too large"),
        ("-1e999", "the number -1e999 is too large"),
        pytest.param("9" * 10_000, "broken JSON: the number 9999", id="huge int"),
        pytest.param(nested(100_000), "nested too deeply", id="deep"),
        ('"\\ud800"', "lone surrogate"),
        ('["\\udc00\\ud800"]', "lone surrogate"),
        ('{"\\ud800": 1}', "lone surrogate"),
        ('"\ud800"', "lone surrogate"),
    ],
)
def test_what_is_not_json_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(BadReading, match=reason):
        loads(text)


def test_the_reason_does_not_repeat_a_number_of_any_length() -> None:
    with pytest.raises(BadReading) as caught:
        loads("9" * 60_000 + ".5")
    assert len(str(caught.value)) < 200


def test_a_value_may_be_nested_so_deep_and_no_deeper() -> None:
    loads(nested(MAX_DEPTH))
    with pytest.raises(BadReading, match="nested too deeply"):
        loads(nested(MAX_DEPTH + 1))


def test_the_limit_of_nesting_does_not_depend_on_who_asks() -> None:
    def ask(frames: int) -> object:
        return ask(frames - 1) if frames else canonical(loads(nested(MAX_DEPTH)))

    assert nested(MAX_DEPTH) == ask(frames=500)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"b": 1, "a": [1.0, True, None]}, '{"a":[1,true,null],"b":1}'),
        ({"ä": "🤗"}, '{"ä":"🤗"}'),
        ((1, 2), "[1,2]"),
        ({1: "one"}, '{"1":"one"}'),
    ],
)
def test_canonical_json_is_sorted_and_has_no_spaces(value: object, expected: str) -> None:
    assert expected == canonical(value)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "no JSON form"),
        ([float("inf")], "no JSON form"),
        ({"a": {1, 2}}, "no JSON form: Object of type set"),
        ({b"a": 1}, "no JSON form"),
        ({1: "a", "b": 2}, "no JSON form"),
        pytest.param(10**5000, "no JSON form", id="huge int"),
        ("\ud800", "lone surrogate"),
    ],
)
def test_what_has_no_json_form_is_refused(value: object, reason: str) -> None:
    with pytest.raises(BadReading, match=reason):
        canonical(value)


def test_a_value_that_holds_itself_is_refused() -> None:
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(BadReading, match="no JSON form"):
        canonical(circle)


def test_a_value_nested_beyond_pythons_own_limit_is_refused() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(BadReading, match="nested too deeply"):
        canonical(deep)


@unhurried
@given(st.dictionaries(st.text(), values))
def test_the_order_of_keys_makes_no_difference(value: dict[str, Any]) -> None:
    assert canonical(value) == canonical(dict(reversed(value.items())))


@unhurried
@given(values)
def test_canonical_json_of_what_it_says_is_the_same_text(value: object) -> None:
    assert canonical(value) == canonical(loads(canonical(value)))


@unhurried
@given(values)
def test_canonical_json_keeps_the_value(value: object) -> None:
    assert value == json.loads(canonical(value))


@unhurried
@given(st.text() | st.text('{}[]",:0123456789.eE+-truefalsn\\ud8 '))
def test_reading_json_raises_nothing_but_bad_reading(text: str) -> None:
    with contextlib.suppress(BadReading):
        canonical(loads(text))


def test_an_object_is_a_copy() -> None:
    mine = {"list": [1]}
    copy = as_object(mine)
    mine["list"].append(2)
    assert {"list": [1]} == copy


@pytest.mark.parametrize("value", [MappingProxyType({"a": 1.0}), {"a": 1}])
def test_every_mapping_is_an_object(value: Mapping[str, Any]) -> None:
    assert {"a": 1} == as_object(value)


@pytest.mark.parametrize(
    ("value", "found"),
    [([], "a list"), ("x", "a text"), (None, "null"), (1, "a number"), (True, "a boolean")],
)
def test_what_is_no_object_is_refused(value: object, found: str) -> None:
    with pytest.raises(BadReading, match=f"data must be a JSON object, found {found}"):
        as_object(value)


def test_an_object_of_exactly_the_limit_is_accepted() -> None:
    text = "x" * (MAX_DATA_BYTES - len('{"a":""}'))
    assert {"a": text} == as_object({"a": text})


def test_an_object_over_the_limit_is_refused_counted_in_bytes() -> None:
    text = "ü" * (MAX_DATA_BYTES // 2)
    with pytest.raises(ReadingTooLarge, match="data take 16,392 bytes; the limit is 16,384"):
        as_object({"a": text})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, "an object"),
        ([], "a list"),
        ("", "a text"),
        (False, "a boolean"),
        (None, "null"),
        (1, "a number"),
        (1.5, "a number"),
        (b"", "bytes"),
    ],
)
def test_kinds_of_values_have_jsons_names(value: object, expected: str) -> None:
    assert expected == type_name(value)
