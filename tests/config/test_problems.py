from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from windsock.config.problems import describe, explain


def even(value: int) -> int:
    if value % 2:
        raise ValueError("an even number")
    return value


class Leaf(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    colour: str = ""
    number: Annotated[int, AfterValidator(even)] | None = None


class Root(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    leaf: Leaf = Leaf()
    leaves: dict[str, Leaf] = Field(default_factory=dict)
    numbers: list[Annotated[int, AfterValidator(even)]] = Field(default_factory=list)


def explained(value: object) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Root.model_validate(value)
    return explain(caught.value, Root)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"leaf": {"colour": 1}}, "leaf.colour: found 1, expected a text"),
        ({"leaf": {"number": 3}}, "leaf.number: found 3, expected an even number"),
        ({"numbers": [2, 3]}, "numbers.1: found 3, expected an even number"),
        ({"numbers": {}}, "numbers: found {}, expected a list"),
        ({"leaves": []}, "leaves: found [], expected a table"),
        ({"leaves": {"a": 1}}, "leaves.a: found 1, expected a table"),
        ({"leaves": {"a": {"colour": 1}}}, "leaves.a.colour: found 1, expected a text"),
    ],
)
def test_a_problem_says_key_found_and_expected(value: object, expected: str) -> None:
    assert [expected] == explained(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"laef": {}}, "laef: unknown key; did you mean 'leaf'?"),
        ({"leaf": {"color": ""}}, "leaf.color: unknown key; did you mean 'colour'?"),
        ({"leaves": {"a": {"color": ""}}}, "leaves.a.color: unknown key; did you mean 'colour'?"),
        ({"leaf": {"zzz": ""}}, "leaf.zzz: unknown key; known here are colour, number"),
    ],
)
def test_an_unknown_key_comes_with_the_nearest_or_with_all(value: object, expected: str) -> None:
    assert [expected] == explained(value)


def test_every_problem_is_a_line() -> None:
    assert 3 == len(explained({"leaf": {"colour": 1}, "numbers": [1], "zzz": 1}))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("5s", '"5s"'),
        ("ü", '"ü"'),
        (True, "true"),
        (None, "null"),
        ({"a": [1]}, '{"a": [1]}'),
        (timedelta(seconds=5), '"0:00:05"'),
        ({(1, 2): 3}, "{(1, 2): 3}"),
    ],
)
def test_a_found_value_is_shown_as_it_stands_in_the_file(value: object, expected: str) -> None:
    assert expected == describe(value)


@pytest.mark.parametrize("length", [58, 59, 1000])
def test_a_long_value_is_cut(length: int) -> None:
    shown = describe("x" * length)
    assert 60 == len(shown)
    assert (length > 58) == shown.endswith("…")
