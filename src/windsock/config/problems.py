"""What is wrong with a configuration, in words: the key, what was found, what is expected."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from windsock.jsontext import type_name

_SECRET = "publisher_key"  # noqa: S105 -- the name of a key, not a key
_EXPECTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "path_type": "a path",
    "is_instance_of": "a path",
}


def explain(error: ValidationError, root: type[BaseModel]) -> list[str]:
    """One line for each key that is wrong."""
    lines = (_line(details, root) for details in error.errors(include_url=False))
    return list(dict.fromkeys(lines))


def describe(value: object) -> str:
    """A found value, as it would stand in the file, cut to a readable length."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _line(details: ErrorDetails, root: type[BaseModel]) -> str:
    path = [part for part in details["loc"] if not _is_noise(part)]
    key = ".".join(str(part) for part in path)
    if details["type"] == "extra_forbidden":
        return f"{key}: unknown key{_suggestion(path, root)}"
    return f"{key}: found {_found(key, details['input'])}, expected {_expected(details)}"


def _found(key: str, value: object) -> str:
    """A found value; only its kind where it is, or holds, what nobody may read in a log."""
    return type_name(value) if _SECRET in key or _SECRET in str(value) else describe(value)


def _expected(details: ErrorDetails) -> str:
    if details["type"] == "greater_than_equal" and details.get("ctx", {}).get("ge"):
        return f"a whole number, {details['ctx']['ge']} or more"
    if details["type"] in ("less_than_equal", "greater_than_equal"):
        return "a whole number from 0 to 65535"
    return _EXPECTED.get(details["type"], details["msg"].removeprefix("Value error, "))


def _is_noise(part: int | str) -> bool:
    """Whether a part of a location is pydantic's own: it marks a key that is wrong itself."""
    return part == "[key]"


def _suggestion(path: Sequence[int | str], root: type[BaseModel]) -> str:
    table = _table(path[:-1], root)
    known = list(table.model_fields) if table else []
    near = difflib.get_close_matches(str(path[-1]), known, n=1, cutoff=0.5)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known here are {', '.join(known)}" if known else ""


def _table(path: Sequence[int | str], root: type[BaseModel]) -> type[BaseModel] | None:
    """The type of the table at ``path``: a field's own, or that of a dictionary's values."""
    table: Any = root
    for part in path:
        if isinstance(table, type) and issubclass(table, BaseModel):
            field = table.model_fields.get(str(part))
            table = field.annotation if field else None
        else:
            table = next(iter(get_args(table)[1:]), None)
    return table if isinstance(table, type) and issubclass(table, BaseModel) else None
