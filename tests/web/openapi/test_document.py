"""The document is OpenAPI 3.1, leaves nothing out, and its examples are true."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource

from tests.web.apps import KEY, clouds, make_app
from tests.web.openapi.served import filled, site
from windsock import Windsock, wire
from windsock.errors import WindsockError
from windsock.jsontext import MAX_DATA_BYTES
from windsock.model import MAX_ID, MAX_NAME
from windsock.web import problems
from windsock.web.openapi import build
from windsock.web.openapi.pieces import CODES, Place, size
from windsock.web.openapi.reference import curl, resolve

REST = (Path(__file__).parents[3] / "docs" / "reference" / "rest.md").read_text()
DOCUMENTS = {keyed: build(Place("/windsock", keyed)) for keyed in (False, True)}
METHODS = ("get", "put", "post", "delete")
API = re.compile(r"/api/v1/.*|/healthz|/readyz|/metrics|/openapi\.json|/things/{thing}/(badge\.svg|image)")


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): item[method]
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    }


def routes() -> set[tuple[str, str]]:
    """What the server has for programs, as the document writes it."""
    app = Flask("described")
    Windsock(app)
    rules = [(rule, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)) for rule in app.url_map.iter_rules()]
    return {
        (method, path.removeprefix("/windsock"))
        for rule, path in rules
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if path.startswith("/windsock/") and API.fullmatch(path.removeprefix("/windsock"))
    }


def schemas_with_examples() -> Iterator[tuple[str, Any, Any]]:
    """Every example of the document, with its schema and where it stands."""
    for document in DOCUMENTS.values():
        for (method, path), operation in operations(document).items():
            answers = {**operation["responses"], "body": operation.get("requestBody", {})}
            for status, answer in answers.items():
                for content_type, content in answer.get("content", {}).items():
                    examples = [one["value"] for one in content.get("examples", {}).values()]
                    for example in [*examples, *([content["example"]] if "example" in content else [])]:
                        if "json" in content_type:
                            yield f"{method} {path} {status} {content_type}", content["schema"], example


# ------------------------------------------------------------------------------------------- what it says


@pytest.mark.parametrize("keyed", [False, True])
@pytest.mark.parametrize("base", ["", "/windsock", "/behind/a/proxy/windsock"])
def test_it_is_openapi(keyed: bool, base: str) -> None:
    OpenAPIV31SpecValidator(build(Place(base, keyed))).validate()


def test_every_route_for_programs_is_in_it_and_nothing_else() -> None:
    assert routes() == set(operations(DOCUMENTS[True])) == set(operations(DOCUMENTS[False]))


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation["operationId"] for operation in operations(DOCUMENTS[True]).values()]
    assert sorted(set(names)) == sorted(names)


def test_every_operation_belongs_to_a_group() -> None:
    groups = {tag["name"] for tag in DOCUMENTS[True]["tags"]}
    assert groups == {tag for operation in operations(DOCUMENTS[True]).values() for tag in operation["tags"]}


@pytest.mark.parametrize(
    ("where", "schema", "example"), [pytest.param(*found, id=found[0]) for found in schemas_with_examples()]
)
def test_every_example_is_as_its_schema_says(where: str, schema: dict[str, Any], example: Any) -> None:
    resource = Resource.opaque(DOCUMENTS[True])
    rooted = {"$ref": f"urn:document{schema['$ref']}"} if "$ref" in schema else schema
    OAS31Validator(rooted, registry=Registry().with_resource("urn:document", resource)).validate(example)


def test_every_code_of_an_error_is_known() -> None:
    kinds = [kind for kind in _kinds(WindsockError) if kind.__module__.startswith("windsock.")]
    assert {wire.error_code(kind.__new__(kind)) for kind in kinds} <= set(CODES)


def _kinds(kind: type[WindsockError]) -> Iterator[type[WindsockError]]:
    for one in kind.__subclasses__():
        yield from (one, *_kinds(one))


def test_limits_are_those_of_the_code() -> None:
    fields = DOCUMENTS[True]["components"]["schemas"]["ReadingObject"]["properties"]
    assert (MAX_NAME, MAX_ID) == (fields["state"]["maxLength"], fields["id"]["maxLength"])
    assert size(MAX_DATA_BYTES) in fields["data"]["description"]


def test_a_key_is_named_where_it_is_needed() -> None:
    needed = {path for path, operation in operations(DOCUMENTS[True]).items() if operation["security"]}
    optional = {path for path in needed if {} in operations(DOCUMENTS[True])[path]["security"]}
    assert {("GET", "/readyz")} == optional
    assert {path for path, operation in operations(DOCUMENTS[True]).items() if "401" in operation["responses"]} == (
        needed - optional
    )


def test_without_a_key_none_is_asked_for() -> None:
    assert "securitySchemes" not in DOCUMENTS[False]["components"]
    for operation in operations(DOCUMENTS[False]).values():
        assert ([], False) == (operation["security"], "401" in operation["responses"])


def test_the_written_reference_has_the_same_operations() -> None:
    written = re.findall(r"^\| `([A-Z]+) (/[^`?]*)", REST, re.MULTILINE)
    assert set(operations(DOCUMENTS[True])) == {
        (method, path.replace("<", "{").replace(">", "}")) for method, path in written
    }


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_in_the_written_reference_with_its_status(code: str) -> None:
    statuses = {
        str(example["value"]["status"])
        for operation in operations(DOCUMENTS[True]).values()
        for answer in operation["responses"].values()
        for example in answer.get("content", {}).get(problems.CONTENT_TYPE, {}).get("examples", {}).values()
        if example["value"]["code"] == code
    }
    row = next(line for line in REST.splitlines() if re.match(r"\| \d{3}", line) and f"`{code}`" in line)
    assert statuses <= set(re.findall(r"\d{3}", row.split("|")[1]))


# ----------------------------------------------------------------------------------------- its examples


@pytest.fixture(params=[False, True], ids=["open", "keyed"])
def tried(request: pytest.FixtureRequest) -> Iterator[tuple[FlaskClient, bool]]:
    app, windsock = site(request.param)
    with filled(app, windsock):
        yield app.test_client(), request.param


def test_every_operation_can_be_tried_as_its_example_shows(tried: tuple[FlaskClient, bool]) -> None:
    client, keyed = tried
    document = DOCUMENTS[keyed]
    # What drops the message comes last.
    for (method, path), operation in sorted(operations(document).items(), reverse=True):
        parameters = [resolve(document, one) for one in operation.get("parameters", ())]
        address = re.search(r"(http://\S+?)'?(?:\s|$)", curl(path, method.lower(), operation, parameters, "http://x"))
        assert address
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        answer = client.open(
            f"/windsock{address[1].removeprefix('http://x')}".replace("/rejected/7/retry", "/rejected/2/retry"),
            method=method,
            headers={"Authorization": f"Bearer {KEY}"} if keyed else {},
            json=body.get("example"),
        )
        assert str(answer.status_code) in operation["responses"]
        assert answer.status_code < 400, f"{method} {path}: {answer.text}"
        answer.close()


# ------------------------------------------------------------------------------------------ how it comes


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    with clouds() as started:
        yield started


def test_it_is_served_under_the_prefix(client: FlaskClient) -> None:
    answer = client.get("/windsock/openapi.json")
    assert (200, "application/json") == (answer.status_code, answer.content_type)
    assert DOCUMENTS[False] == answer.json


def test_it_needs_no_running_windsock() -> None:
    app, _ = make_app(TESTING=True)
    assert 200 == app.test_client().get("/windsock/openapi.json").status_code


def test_its_server_is_as_the_visitor_sees_it(client: FlaskClient) -> None:
    answer = client.get("/windsock/openapi.json", environ_overrides={"SCRIPT_NAME": "/behind"})
    assert [{"url": "/behind/windsock"}] == (answer.json or {})["servers"]


def test_at_the_root_its_server_is_the_root() -> None:
    assert [{"url": "/"}] == build(Place(""))["servers"]


def test_it_says_whether_there_is_a_key() -> None:
    with clouds(WINDSOCK_PUBLISHER_KEY=KEY) as client:
        assert json.loads(json.dumps(DOCUMENTS[True])) == client.get("/windsock/openapi.json").json


def test_who_has_it_is_not_sent_it_again(client: FlaskClient) -> None:
    tag = client.get("/windsock/openapi.json").headers["ETag"]
    again = client.get("/windsock/openapi.json", headers={"If-None-Match": tag})
    assert (304, b"", "no-cache") == (again.status_code, again.data, again.headers["Cache-Control"])
    other = client.get(
        "/windsock/openapi.json", headers={"If-None-Match": tag}, environ_overrides={"SCRIPT_NAME": "/x"}
    )
    assert 200 == other.status_code
