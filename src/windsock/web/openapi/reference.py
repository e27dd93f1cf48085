"""What the page for people shows, taken from the document and nothing else. Pure."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any

from windsock.web.openapi.pieces import JSON, KEY, Json

_METHODS = ("get", "put", "post", "delete")


def describe(document: Json, origin: str) -> Json:
    """The page of a document; ``origin`` is where its server is, as the visitor sees it."""
    base = origin + document["servers"][0]["url"].rstrip("/")
    operations = [_operation(document, *found, base) for found in _operations(document)]
    groups = [
        {**tag, "operations": [one for one in operations if one["tag"] == tag["name"]]} for tag in document["tags"]
    ]
    schemas = [{"name": name, **_schema(value)} for name, value in document["components"]["schemas"].items()]
    return {"info": document["info"], "base": base, "groups": groups, "schemas": schemas}


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        yield from ((path, method, item[method]) for method in _METHODS if method in item)


def _operation(document: Json, path: str, method: str, found: Json, base: str) -> Json:
    parameters = [resolve(document, value) for value in found.get("parameters", ())]
    answers = [_answer(document, status, value) for status, value in found["responses"].items()]
    return {
        "id": found["operationId"],
        "tag": found["tags"][0],
        "method": method.upper(),
        "path": path,
        "summary": found["summary"],
        "description": found["description"],
        "key": _key(found["security"]),
        "parameters": [_parameter(value) for value in parameters],
        "body": _body(found.get("requestBody")),
        "answers": [one for one in answers if one["contents"] or not one["problems"]],
        "problems": [problem for one in answers for problem in one["problems"]],
        "curl": curl(path, method, found, parameters, base),
    }


def _key(security: list[Json]) -> str:
    """Whether the key is ``needed``, ``optional``, or of no use."""
    if not any(KEY in one for one in security):
        return ""
    return "optional" if {} in security else "needed"


def _parameter(value: Json) -> Json:
    return {**value, "where": value["in"], "type": type_of(value["schema"]), "default": value["schema"].get("default")}


def _body(found: Json | None) -> Json | None:
    if found is None:
        return None
    return {"description": found["description"], "contents": [_content(*one) for one in found["content"].items()]}


def _answer(document: Json, status: str, found: Json) -> Json:
    headers = [{"name": name, **resolve(document, value)} for name, value in sorted(found.get("headers", {}).items())]
    contents = dict(found.get("content", {}))
    problem = contents.pop("application/problem+json", None)
    examples = [example["value"] for example in problem["examples"].values()] if problem else []
    return {
        "status": status,
        "description": found["description"],
        "headers": headers,
        "contents": [_content(*one) for one in contents.items()],
        "problems": [{"status": status, "headers": headers, **value} for value in examples],
    }


def _content(content_type: str, found: Json) -> Json:
    example = found.get("example")
    text = (
        example
        if isinstance(example, str) and content_type != JSON
        else json.dumps(example, indent=2, ensure_ascii=False)
    )
    return {"content_type": content_type, "example": text, **_typed(found["schema"])}


def _schema(value: Json) -> Json:
    required = value.get("required", ())
    return {
        "description": value.get("description", ""),
        "fields": [
            {
                "name": name,
                **_typed(field),
                "description": field.get("description", ""),
                "required": name in required,
            }
            for name, field in value.get("properties", {}).items()
        ],
        "choices": [_typed(choice) for choice in value.get("anyOf", ())],
    }


def resolve(document: Json, value: Json) -> Json:
    """A component, if ``value`` refers to one."""
    if "$ref" not in value:
        return value
    found: Any = document
    for part in value["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    assert isinstance(found, dict)
    return found


def type_of(schema: Json) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        return _name(schema["$ref"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(type_of(choice) for choice in schema["anyOf"])
    kinds = schema.get("type", "anything")
    return " or ".join(_kind(kind, schema) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _kind(kind: str, schema: Json) -> str:
    if kind == "array":
        first = schema.get("prefixItems")
        return f"list that begins with {type_of(first[0])}" if first else f"list of {type_of(schema['items'])}"
    if kind == "object" and "additionalProperties" in schema:
        return f"object of {type_of(schema['additionalProperties'])}"
    if kind == "string":
        return {"date-time": "time"}.get(schema.get("format", ""), "text")
    return {"boolean": "true or false", "integer": "whole number"}.get(kind, kind)


def _typed(schema: Json) -> Json:
    """A type, with the schema to which it refers, if it does."""
    found = schema.get("$ref") or schema.get("items", {}).get("$ref")
    return {"type": type_of(schema), "link": _name(found) if found else None}


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]


def curl(path: str, method: str, found: Json, parameters: list[Json], base: str) -> str:
    """How to try an operation in a shell."""
    options = [] if method == "get" else [f"-X {method.upper()}"]
    if "text/event-stream" in found["responses"].get("200", {}).get("content", {}):
        options.append("-N")
    if _key(found["security"]) == "needed":
        options.append('-H "Authorization: Bearer $WINDSOCK_KEY"')
    body = found.get("requestBody", {}).get("content", {}).get(JSON)
    if body:
        options.append(f"-H 'Content-Type: {JSON}'")
        options.append(f"-d {shlex.quote(json.dumps(body['example'], ensure_ascii=False))}")
    lines = [" ".join(["curl", *options[:1], shlex.quote(base + _filled(path, parameters))]), *options[1:]]
    return " \\\n  ".join(lines)


def _filled(path: str, parameters: list[Json]) -> str:
    """The address with the examples of its parameters."""
    asked: list[str] = []
    for value in parameters:
        if "example" in value and value["in"] == "path":
            path = path.replace(f"{{{value['name']}}}", str(value["example"]))
        if "example" in value and value["in"] == "query":
            asked += (f"{value['name']}={one}" for one in _several(value["example"]))
    return f"{path}?{'&'.join(asked)}" if asked else path


def _several(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
