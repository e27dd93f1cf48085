"""The operations on messages that were set aside."""

from __future__ import annotations

from windsock import wire
from windsock.errors import BadReading, ReadingTooLarge, UnknownState, UnknownThing
from windsock.jsontext import MAX_DATA_BYTES
from windsock.web import rest
from windsock.web.openapi import values
from windsock.web.openapi.pieces import (
    JSON,
    UNAVAILABLE,
    Json,
    Operations,
    Place,
    answer,
    denials,
    json_answer,
    operation,
    parameter,
    ref,
    refusals,
    security,
)
from windsock.web.openapi.reading import limit_parameter, number

ASIDE = "Messages set aside"
_NUMBER = ref("parameters", "number")
_NO_MESSAGE = UnknownThing("there is no message 7 set aside")


def operations(place: Place) -> Operations:
    """These operations, by address and method."""
    return {
        "/api/v1/rejected": {"get": _rejected(place)},
        "/api/v1/rejected/{number}": {"get": _message(place), "delete": _drop(place)},
        "/api/v1/rejected/{number}/retry": {"post": _retry(place)},
    }


def parameters() -> dict[str, Json]:
    """The parameters that several operations have, by the names of their components."""
    value = {"type": "integer", "minimum": 1}
    return {"number": parameter("path", "number", "The number of a message.", value, example=7)}


def _rejected(place: Place) -> Json:
    return operation(
        "listRejected",
        ASIDE,
        "Messages that were set aside",
        f"The newest first; of each `body` the first {rest.EXCERPT} characters.",
        {
            "200": json_answer(
                "The messages.", "RejectedMessages", {"rejected": [rest.described(values.rejected(), rest.EXCERPT)]}
            ),
            **refusals(
                wire.BadRequest("limit must be a whole number, 1 or more, found 0"),
                *denials(place, writes=False),
                UNAVAILABLE,
            ),
        },
        [limit_parameter(), parameter("query", "before", "Only those with a smaller number.", number())],
        needs=security(place),
    )


def _message(place: Place) -> Json:
    return operation(
        "getRejected",
        ASIDE,
        "One message that was set aside",
        "With the whole of its body.",
        {
            "200": json_answer("The message.", "RejectedMessage", rest.described(values.rejected(), None)),
            **refusals(*denials(place, writes=False), _NO_MESSAGE, UNAVAILABLE),
        },
        [_NUMBER],
        needs=security(place),
    )


def _drop(place: Place) -> Json:
    return operation(
        "dropRejected",
        ASIDE,
        "Forget a message",
        "It cannot be had back.",
        {"204": answer("It is gone."), **refusals(*denials(place, writes=True), _NO_MESSAGE, UNAVAILABLE)},
        [_NUMBER],
        _no_body(place),
        security(place),
    )


def _retry(place: Place) -> Json:
    return operation(
        "retryRejected",
        ASIDE,
        "Read a message again",
        "If it is understood now, it is recorded and no longer set aside; if not, it stays.",
        {
            "200": json_answer("What became of it.", "Outcome", values.OUTCOME),
            **refusals(
                BadReading("not JSON"),
                *denials(place, writes=True),
                _NO_MESSAGE,
                UnknownState("cloud has no state 'HUGING'; did you mean 'HUGGING'?"),
                ReadingTooLarge(f"data take 20,480 bytes; the limit is {MAX_DATA_BYTES:,}"),
                UNAVAILABLE,
            ),
        },
        [_NUMBER],
        _no_body(place),
        security(place),
    )


def _no_body(place: Place) -> Json | None:
    """Without a key a write has to say that it is JSON, also where it has nothing to say."""
    content: Json = {JSON: {"schema": {}, "example": {}}}
    return None if place.keyed else {"description": "It is not read.", "required": True, "content": content}
