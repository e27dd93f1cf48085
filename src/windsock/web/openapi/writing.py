"""The operations that record readings."""

from __future__ import annotations

from windsock.errors import BadReading, NotReportable, ReadingTooLarge, UnknownState
from windsock.jsontext import MAX_DATA_BYTES
from windsock.web import rest
from windsock.web.openapi import values
from windsock.web.openapi.pieces import (
    JSON,
    NO_SUCH_THING,
    UNAVAILABLE,
    Json,
    Operations,
    Place,
    denials,
    json_answer,
    operation,
    refusals,
    schema,
    security,
    size,
)
from windsock.web.openapi.reading import THING
from windsock.web.openapi.schemas import STATE_NAME

REPORTING = "Reporting"


def operations(place: Place) -> Operations:
    """These operations, by address and method."""
    return {
        "/api/v1/things/{thing}/state": {"put": _state(place)},
        "/api/v1/things/{thing}/readings": {"post": _readings(place)},
    }


def _state(place: Place) -> Json:
    # Without a key, what a form on another site's page can send is refused.
    plain = {"text/plain": {"schema": STATE_NAME, "example": "HUGGING"}} if place.keyed else {}
    return operation(
        "putState",
        REPORTING,
        "Report a state",
        "Records one reading, and answers after the commit. The bare name of a state need not be JSON.",
        _answers(place),
        [THING],
        _body(f"At most {size(rest.MAX_BODY)}.", "Reading", values.READING, plain),
        security(place),
    )


def _readings(place: Place) -> Json:
    return operation(
        "postReadings",
        REPORTING,
        "Report several readings",
        "Records all of them or none, and answers after the commit. They follow the thing's `backlog`: under `latest` "
        "only the newest counts.",
        _answers(place),
        [THING],
        _body(f"At most {size(rest.MAX_READINGS_BODY)}.", "Readings", {"readings": ["NEUTRAL", values.READING]}, {}),
        security(place),
    )


def _body(description: str, name: str, example: object, more: Json) -> Json:
    content = {JSON: {"schema": schema(name), "example": example}, **more}
    return {"description": description, "required": True, "content": content}


def _answers(place: Place) -> dict[str, Json]:
    return {
        "200": json_answer("What became of it.", "Outcome", values.OUTCOME),
        **refusals(
            BadReading('the object has no "state"'),
            *denials(place, writes=True),
            NO_SUCH_THING,
            NotReportable("oven takes no reports: its readings come from watch:oven"),
            ReadingTooLarge(f"data take 20,480 bytes; the limit is {MAX_DATA_BYTES:,}"),
            UnknownState("cloud has no state 'HUGING'; did you mean 'HUGGING'?"),
            UNAVAILABLE,
        ),
    }
