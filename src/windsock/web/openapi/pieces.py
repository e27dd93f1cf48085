"""What the descriptions of operations are made of: parameters, bodies, answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from windsock import wire
from windsock.errors import Denied, StoreError, UnknownThing, WindsockError
from windsock.web import problems

Json = dict[str, Any]
Operations = dict[str, dict[str, Json]]
"""Operations by address and method."""

JSON = "application/json"
KEY = "publisher_key"
"""The name of the security scheme."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the interface lies: ``base`` is what its addresses begin with; ``keyed``: a publisher key is configured."""

    base: str = ""
    keyed: bool = False


UNAVAILABLE = StoreError(problems.UNAVAILABLE)
NO_SUCH_THING = UnknownThing("there is no thing 'fog'")


def ref(kind: str, name: str) -> Json:
    """A reference to one of the components."""
    return {"$ref": f"#/components/{kind}/{name}"}


def schema(name: str) -> Json:
    """A reference to a schema."""
    return ref("schemas", name)


def parameter(where: str, name: str, description: str, value: Json, **more: Any) -> Json:
    """A parameter in the ``path``, ``query`` or ``header``."""
    required = {"required": True} if where == "path" else {}
    return {"name": name, "in": where, **required, "description": description, "schema": value, **more}


def answer(
    description: str,
    content_type: str | None = None,
    value: Json | None = None,
    example: Any = None,
    headers: Mapping[str, Json] | None = None,
) -> Json:
    """An answer, with what it holds if it holds anything."""
    found: Json = {"description": description}
    if headers:
        found["headers"] = dict(headers)
    if content_type:
        found["content"] = {content_type: {"schema": value, "example": example}}
    return found


def json_answer(description: str, name: str, example: Any, headers: Mapping[str, Json] | None = None) -> Json:
    """An answer that holds a value of the schema ``name``."""
    return answer(description, JSON, schema(name), example, headers)


def refusals(*errors: WindsockError, headers: Mapping[int, Mapping[str, Json]] | None = None) -> dict[str, Json]:
    """The answers to requests that fail with these errors, by status: what is answered is asked of `problems`."""
    by_status: defaultdict[int, list[WindsockError]] = defaultdict(list)
    for error in errors:
        by_status[problems.status_of(error)].append(error)
    return {str(status): _refusal(status, found, headers or {}) for status, found in sorted(by_status.items())}


def denials(place: Place, writes: bool) -> list[Denied]:
    """Who may not publish is told this."""
    if place.keyed:
        return [
            Denied("this needs Authorization: Bearer <publisher key>", 401),
            Denied("this is not the publisher key", 403),
        ]
    form = [Denied("no publisher key is configured, so a write needs Content-Type: application/json")] * writes
    return [Denied("no publisher key is configured, so only this machine itself may do this"), *form]


def security(place: Place) -> list[Json]:
    """What an operation needs that only who may publish may do; without a key, a request from this machine."""
    return [{KEY: []}] if place.keyed else []


def operation(
    name: str,
    tag: str,
    summary: str,
    description: str,
    answers: Mapping[str, Json],
    parameters: Sequence[Json] = (),
    body: Json | None = None,
    needs: list[Json] | None = None,
) -> Json:
    """An operation; ``needs``: see `security`."""
    found: Json = {"operationId": name, "tags": [tag], "summary": summary, "description": description}
    if parameters:
        found["parameters"] = list(parameters)
    if body is not None:
        found["requestBody"] = body
    found["responses"] = dict(answers)
    found["security"] = needs or []
    return found


def size(count: int) -> str:
    """A limit in bytes, in words."""
    return f"{count // 1024**2} MB" if count >= 1024**2 else f"{count // 1024} kB"


def _refusal(status: int, errors: Sequence[WindsockError], headers: Mapping[int, Mapping[str, Json]]) -> Json:
    examples: Json = {}
    for error in errors:
        code = wire.error_code(error)
        name = code if code not in examples else f"{code}_{len(examples) + 1}"
        examples[name] = {"summary": str(error), "value": problems.document(status, str(error), code)}
    found: Json = {
        "description": _reasons(errors),
        "content": {problems.CONTENT_TYPE: {"schema": schema("Problem"), "examples": examples}},
    }
    named = dict(headers.get(status, {})) | ({"WWW-Authenticate": ref("headers", "Challenge")} if status == 401 else {})
    return {"headers": named, **found} if named else found


def _reasons(errors: Sequence[WindsockError]) -> str:
    """What the kinds of errors mean, each once."""
    kinds = dict.fromkeys(_MEANING.get(wire.error_code(error), "") for error in errors)
    return "; ".join(filter(None, kinds)).capitalize() + "."


_MEANING = {
    "bad_request": "the request has another form",
    "bad_reading": "the reading has another form",
    "unknown_thing": "there is no such thing or message",
    "unknown_state": "the thing does not have this state",
    "too_large": "more than the limits",
    "not_reportable": "the thing's readings come from a source of its own",
    "forbidden": "the caller may not do this",
    "unavailable": "the store fails, or Windsock could not start",
}
CODES = [*_MEANING, "not_found", "method_not_allowed"]
"""The words by which programs tell one problem from another."""
