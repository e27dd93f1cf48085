"""The operations of REST, from the document that a server gives at ``/openapi.json``."""

from __future__ import annotations

from typing import Any

from windsock.web.openapi.document import build
from windsock.web.openapi.pieces import Json, Place
from windsock.web.openapi.reference import describe

SERVER = "http://127.0.0.1:5000"
KEYS = {"needed": "Needs the publisher key, if there is one.", "optional": "Says more to who has the publisher key."}


def markdown() -> str:
    """A section for each group of operations, then the forms of what is sent and answered."""
    found = describe(build(Place(keyed=True)), SERVER)
    groups = [_group(group) for group in found["groups"] if group["operations"]]
    return "\n".join([*groups, _forms(found["schemas"])])


def _group(group: Json) -> str:
    operations = "\n".join(_operation(one) for one in group["operations"])
    return f"## {group['name']}\n\n{group['description']}\n\n{operations}"


def _operation(one: Json) -> str:
    parts = [
        f"### {one['summary']}",
        f"```text\n{one['method']} {one['path']}\n```",
        one["description"],
        KEYS.get(one["key"], ""),
        _table(("parameter", "where", "type", "meaning"), [_parameter(value) for value in one["parameters"]]),
        _body(one["body"]),
        _table(("status", "answer"), [_answer(value) for value in one["answers"]]),
        _problems(one["problems"]),
        f"```sh\n{one['curl']}\n```",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _parameter(value: Json) -> tuple[str, ...]:
    default = value["default"]
    absent = "" if default is None else f" If absent: `{default}`."
    return f"`{value['name']}`", value["where"], value["type"], value.get("description", "") + absent


def _body(body: Json | None) -> str:
    if body is None:
        return ""
    forms = " or ".join(_form(content) for content in body["contents"])
    return f"It is sent {forms}. {body['description']}"


def _answer(value: Json) -> tuple[str, ...]:
    forms = " or ".join(_form(content) for content in value["contents"])
    return str(value["status"]), f"{value['description']}{f' ({forms})' if forms else ''}"


def _form(content: Json) -> str:
    typed = f"[{content['type']}](#{_anchor(content['link'])})" if content["link"] else content["type"]
    return f"{typed} as `{content['content_type']}`"


def _problems(found: list[Json]) -> str:
    names = dict.fromkeys(f"{value['status']} `{value['code']}`" for value in found)
    return f"[Errors](rest.md#errors): {', '.join(names)}." if names else ""


def _forms(schemas: list[Json]) -> str:
    return "## Forms\n\n" + "\n".join(_schema(value) for value in schemas)


def _schema(value: Json) -> str:
    rows = [(f"`{field['name']}`", _typed(field), field["description"]) for field in value["fields"]]
    choices = "\n".join(f"- {_typed(choice)}" for choice in value["choices"])
    parts = [
        f"({_anchor(value['name'])})=\n### {value['name']}",
        value["description"],
        _table(("field", "type", "meaning"), rows),
        choices,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _typed(value: Json) -> str:
    text = value["type"].replace("|", "\\|")
    return f"[{text}](#{_anchor(value['link'])})" if value["link"] else text


def _anchor(name: str) -> str:
    return f"form-{name.lower()}"


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    if not rows:
        return ""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace(chr(10), ' ') for cell in line)} |" for line in lines)
