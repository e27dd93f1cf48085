"""What is answered is what the document says, to whatever schemathesis thinks of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from tests.web.apps import KEY
from tests.web.openapi.served import filled, schema_of, site

# Not loaded for other tests: it takes seconds.
pytest_plugins = ["schemathesis.pytest.plugin"]

OPEN, KEYED = site(keyed=False), site(keyed=True)
open_schema, keyed_schema = schema_of(OPEN[0], keyed=False), schema_of(KEYED[0], keyed=True)
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.negative_data_rejection,
]


@pytest.fixture(scope="module", autouse=True)
def both_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("store")
    with filled(*OPEN), filled(*KEYED, f"sqlite:///{folder}/windsock.db"):
        yield


def check(case: Case[Any], **headers: str) -> None:
    response = case.call(headers=headers)
    # The bare name of a state is a message too, and it is no JSON.
    bare = is_bare_name(case, response.request.body)
    wanted = [one for one in CHECKS if one is not checks.negative_data_rejection or not bare]
    case.validate_response(response, checks=wanted)


def is_bare_name(case: Case[Any], body: object) -> bool:
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body or "")
    return case.operation.label.startswith("PUT ") and not text.strip().startswith(("{", "[", '"'))


@open_schema.parametrize()
def test_without_a_key_this_machine_is_answered_as_documented(case: Case[Any]) -> None:
    check(case)


@keyed_schema.parametrize()
def test_with_a_key_who_has_it_is_answered_as_documented(case: Case[Any]) -> None:
    check(case, Authorization=f"Bearer {KEY}")


@keyed_schema.include(path_regex="rejected|overview|state|readings").parametrize()
def test_with_a_key_who_has_none_is_answered_as_documented(case: Case[Any]) -> None:
    check(case)
