"""Strict JSON: what every browser reads alike, and one text for equal values.

Python's json module takes more than JSON has (NaN, infinities) and gives lone surrogates, which no UTF-8
text can carry. Both are refused here, at the door, so that nothing behind it meets them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from windsock.errors import BadReading, ReadingTooLarge

JsonObject = Mapping[str, Any]
"""A JSON object: text keys; values are None, bool, int, float, str, lists and objects of these."""

MAX_DATA_BYTES = 16 * 1024
"""The size of a reading's data: its canonical JSON in UTF-8 bytes."""
MAX_DEPTH = 100
"""How deep lists and objects may be nested: far below where Python's json, in any place of use, gives up."""


def loads(text: str) -> Any:
    """The value of a JSON text (RFC 8259). Whole floats become ints, as 1.0 and 1 are one JSON number.

    Raises BadReading with the place of the mistake; NaN, infinities and lone surrogates are mistakes, and so
    is what is nested deeper than `MAX_DEPTH`.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_number, parse_int=_whole)
    except json.JSONDecodeError as error:
        raise BadReading(f"broken JSON: {error.msg} (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise BadReading("broken JSON: nested too deeply") from None
    _check(value, MAX_DEPTH)
    return value


def check_text(text: str) -> None:
    """Raise BadReading if ``text`` has a lone surrogate, which cannot be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadReading("text with a lone surrogate, which is not Unicode text") from None


def canonical(value: object) -> str:
    """One text for equal JSON values: keys sorted, no spaces, whole floats as ints.

    Raises BadReading if the value has no JSON form.
    """
    return _dump(loads(_dump(value)))


def as_object(value: object) -> JsonObject:
    """A copy of ``value`` as it comes back from its canonical JSON, so later changes to it have no effect.

    Raises BadReading if it is no JSON object, ReadingTooLarge if it is larger than `MAX_DATA_BYTES`.
    """
    if not isinstance(value, Mapping):
        raise BadReading(f"data must be a JSON object, found {type_name(value)}")
    text = canonical(dict(value))
    size = len(text.encode())
    if size > MAX_DATA_BYTES:
        raise ReadingTooLarge(f"data take {size:,} bytes; the limit is {MAX_DATA_BYTES:,}")
    result: JsonObject = json.loads(text)
    return result


def type_name(value: object) -> str:
    """The kind of a value, in JSON's words: for messages to people."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number" if isinstance(value, int | float) else type(value).__name__)


def _dump(value: object) -> str:
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except RecursionError:
        raise BadReading("data are nested too deeply") from None
    except (TypeError, ValueError) as error:
        raise BadReading(f"data have no JSON form: {error}") from None


def _check(value: object, levels: int) -> None:
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, dict | list):
        if levels == 0:
            raise BadReading("broken JSON: nested too deeply")
        for item in [*value, *value.values()] if isinstance(value, dict) else value:
            _check(item, levels - 1)


def _refuse_constant(name: str) -> None:
    raise BadReading(f"broken JSON: {name} is not a JSON number")


def _whole(text: str) -> int:
    # A browser reads more digits than these as infinity.
    if len(text) > 308:
        raise BadReading(f"broken JSON: the number {text[:40]}… is too large")
    return int(text)


def _number(text: str) -> float | int:
    number = float(text)
    if math.isinf(number):
        raise BadReading(f"broken JSON: the number {text[:40]} is too large")
    # Up to 2**53 every whole float is exact, so the int says the same.
    return int(number) if number.is_integer() and abs(number) <= 2**53 else number
