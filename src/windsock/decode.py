"""From a message's body to a reading: pure, and strict about everything but the form.

A message is a bare state name, a JSON object with ``state`` (and optional ``data``, ``at``, ``id``,
``thing``), or a JSON list whose first item is the state name. Any of these may be wrapped in base64, as the
Azure tools like to do.
"""

from __future__ import annotations

import base64
import difflib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from windsock import jsontext
from windsock.errors import BadReading, UnknownState
from windsock.model import MAX_NAME, Reading, ThingSpec, check_name
from windsock.times import parse_time

Encoding = Literal["auto", "plain", "base64"]

_JSON_STARTS = ("{", "[", '"')


def decode(body: bytes | str, specs: Mapping[str, ThingSpec], encoding: Encoding = "auto") -> Reading:
    """The reading that a message's body holds, with ``thing`` filled in.

    ``specs`` are the things that the source serves, by name. With the encoding ``auto`` a body that is
    neither JSON nor a known state is tried as base64.

    Raises BadReading with the reason if there is none, UnknownState or ReadingTooLarge where that is it.
    """
    text = _text(body)
    if encoding == "plain" or text.startswith(_JSON_STARTS) or _is_known(text, specs):
        return check(_read(text), specs)
    if encoding == "base64":
        return check(_read(_unwrap(text)), specs)
    return _guess(text, specs)


def from_json(value: object) -> Reading:
    """The reading that a JSON value holds: a name, an object, or a list that begins with the name.

    Raises BadReading with the reason if it holds none.
    """
    if isinstance(value, str):
        return Reading(value.strip())
    if isinstance(value, list):
        if not value:
            raise BadReading("the list is empty; its first item must be the state name")
        return Reading(_state_name(value[0], "the list's first item"))
    if isinstance(value, dict):
        return _from_object(value)
    raise BadReading(f"expected a state name, an object or a list, found {jsontext.type_name(value)}")


def check(reading: Reading, specs: Mapping[str, ThingSpec]) -> Reading:
    """``reading`` with ``thing`` filled in, if its thing is one of ``specs`` and has such a state.

    Raises BadReading or UnknownState with the reason otherwise.
    """
    spec = _whose(reading, specs)
    if spec.accepted and reading.state not in spec.accepted:
        near = difflib.get_close_matches(reading.state, spec.accepted, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(spec.accepted)}"
        raise UnknownState(f"{spec.name} has no state {_shorten(reading.state)!r}; {hint}")
    return replace(reading, thing=spec.name)


def _text(body: bytes | str) -> str:
    if isinstance(body, str):
        return body.strip("\ufeff \t\r\n")
    try:
        return body.decode().strip("\ufeff \t\r\n")
    except UnicodeDecodeError as error:
        raise BadReading(f"not UTF-8 text: invalid byte at position {error.start}") from None


def _read(text: str) -> Reading:
    return from_json(jsontext.loads(text)) if text.startswith(_JSON_STARTS) else Reading(check_name(text))


def _unwrap(text: str) -> str:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError as error:  # binascii.Error is one, and so is what text outside ASCII raises
        raise BadReading(f"not base64: {error}") from None
    try:
        return _text(raw)
    except BadReading as error:
        raise _NotText(f"as base64 it is {error}") from None


class _NotText(BadReading):
    """Base64 of something that is no text."""


def _is_known(text: str, specs: Mapping[str, ThingSpec]) -> bool:
    return any(text in spec.accepted for spec in specs.values())


def _guess(text: str, specs: Mapping[str, ThingSpec]) -> Reading:
    """The reading of a text that is no JSON and no known state: base64, a bare name, or a mistake.

    Many words are valid base64 of a few odd bytes. So base64 goes first only where it holds JSON or is
    padded with "=", and else only where the plain text cannot be accepted.
    """
    try:
        inner = _unwrap(text) if text else ""
    except BadReading as error:
        return _plain_or(text, specs, error)
    if inner.startswith(_JSON_STARTS) or (text.endswith("=") and inner.isprintable()):
        return check(_read(inner), specs)
    try:
        return check(_read(text), specs)
    except BadReading:
        if not _is_known(inner, specs):
            raise
        return check(_read(inner), specs)


def _plain_or(text: str, specs: Mapping[str, ThingSpec], wrapped: BadReading) -> Reading:
    try:
        return check(_read(text), specs)
    except BadReading as error:
        if isinstance(wrapped, _NotText):
            raise type(error)(f"{error}; {wrapped}") from None
        raise


def _from_object(value: dict[str, Any]) -> Reading:
    if "state" not in value:
        raise BadReading('the object has no "state"')
    return Reading(
        state=_state_name(value["state"], '"state"'),
        data=jsontext.as_object({} if value.get("data") is None else value["data"]),
        at=_time(value.get("at")),
        id=_optional_text(value, "id"),
        thing=_optional_text(value, "thing"),
    )


def _state_name(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise BadReading(f"{where} must be the state name, found {jsontext.type_name(value)}")
    return check_name(value.strip())


def _optional_text(value: dict[str, Any], key: str) -> str | None:
    found = value.get(key)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    if found is not None and not isinstance(found, str):
        raise BadReading(f'"{key}" must be a text, found {jsontext.type_name(found)}')
    return found or None


def _time(value: object) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadReading(f'"at" must be an RFC 3339 text, found {jsontext.type_name(value)}')
    try:
        return parse_time(value)
    except ValueError as error:
        raise BadReading(f'"at": {error}') from None


def _whose(reading: Reading, specs: Mapping[str, ThingSpec]) -> ThingSpec:
    if reading.thing is None and len(specs) == 1:
        return next(iter(specs.values()))
    names = ", ".join(specs)
    if reading.thing is None:
        raise BadReading(f'no "thing" says whose reading this is; this source serves {names}')
    if reading.thing not in specs:
        raise BadReading(f"the reading is for {_shorten(reading.thing)!r}; this source serves {names}")
    return specs[reading.thing]


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_NAME else text[: MAX_NAME - 1] + "…"
