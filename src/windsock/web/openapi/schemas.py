"""The schemas of all that is sent and answered (JSON Schema 2020-12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from windsock import past
from windsock.jsontext import MAX_DATA_BYTES
from windsock.model import MAX_ID, MAX_NAME, Cause, Result, SourceStatus
from windsock.timeline import MAX_FIELDS
from windsock.times import DURATION
from windsock.web.openapi.pieces import CODES, Json, schema, size

MOST = 2**63 - 1
"""The largest number that a store counts to."""


def text(description: str = "", **more: Any) -> Json:
    """A text."""
    return _described({"type": "string", **more}, description)


def optional(value: Json) -> Json:
    """A value that may be null instead."""
    return {**value, "type": [value["type"], "null"]}


def time(description: str = "") -> Json:
    """A point in time."""
    return text(description, format="date-time")


def whole(description: str = "", least: int = 0, most: int = MOST) -> Json:
    """A whole number."""
    return _described({"type": "integer", "minimum": least, "maximum": most}, description)


def listed(item: Json, description: str = "", **more: Any) -> Json:
    """A list of values that are alike."""
    return _described({"type": "array", "items": item, **more}, description)


def record(properties: Mapping[str, Json], description: str) -> Json:
    """An object that has all these fields, and later perhaps more."""
    return {
        "type": "object",
        "description": description,
        "required": list(properties),
        "properties": dict(properties),
    }


def _described(value: Json, description: str) -> Json:
    return {**value, "description": description} if description else value


DURATION_TEXT = text(pattern=f"^{DURATION.pattern}$")
STATE_NAME = text(
    f"The name of a state: 1 to {MAX_NAME} characters, none of them a control character.",
    minLength=1,
    maxLength=MAX_NAME,
)
DATA: Json = {"type": "object", "description": f"Any JSON object of at most {size(MAX_DATA_BYTES)}."}
_EPOCH = text("Where versions count from. Another epoch: history began anew.")
_VERSION = whole("Grows by one with each change; 0: nothing is known yet.")
_POSITION = {"thing": text("The name of the thing."), "epoch": _EPOCH, "version": _VERSION}
_NOW = time("The server's clock.")
_HONESTY = {
    "heard_at": optional(time("When the thing was heard last.")),
    "now": _NOW,
    "stale": {"type": "boolean", "description": "The thing has been silent for too long, or was never heard."},
    "source": text("Whether its source can be read.", enum=list(get_args(SourceStatus))),
}
_LOOK = {
    "label": optional(text("The words for the state.")),
    "image": optional(text("The path of its picture, which changes with it.")),
    "color": optional(text("Its colour, as CSS has it.")),
}
_STATE = {
    **_POSITION,
    "state": optional(STATE_NAME),
    **_LOOK,
    "data": DATA,
    "changed_at": optional(time("When it came into this state.")),
    "updated_at": optional(time("When state or data became different.")),
    **_HONESTY,
}

ANSWERED: dict[str, Json] = {
    "Things": record({"things": listed(schema("Thing"))}, "All things."),
    "Thing": record(
        {
            **_STATE,
            "title": text("What it is called."),
            "states": listed(schema("PossibleState"), "The states that it can have; empty: any."),
        },
        "A thing as it is now.",
    ),
    "PossibleState": record({"state": STATE_NAME, **_LOOK}, "A state that a thing can have."),
    "Event": {
        "type": "object",
        "description": "One event of a stream: `data` is the JSON text of a State or of a Heard, as `event` says.",
        "properties": {
            "event": text(enum=["state", "heard"]),
            "id": text("`<epoch>:<version>`, of a state in the stream of one thing."),
            "retry": whole("Milliseconds after which a reader comes back."),
            "data": {
                "type": "string",
                "contentMediaType": "application/json",
                "contentSchema": {"anyOf": [schema("State"), schema("Heard")]},
            },
        },
    },
    "State": record(_STATE, "The `data` of the event `state` in a stream: a thing as it is now."),
    "Heard": record({**_POSITION, **_HONESTY}, "The `data` of the event `heard`: the clocks of an unchanged state."),
    "History": record(
        {
            "epoch": _EPOCH,
            "changes": listed(schema("Change"), "In order of version."),
            "complete": {
                "type": "boolean",
                "description": "Nothing is missing between `since` and the newest.",
            },
        },
        "Changes of a thing.",
    ),
    "Change": record(
        {
            "version": whole("Its version.", 1),
            "state": STATE_NAME,
            "data": DATA,
            "at": time("When it was."),
            "cause": text("A reading, or silence.", enum=list(get_args(Cause))),
        },
        "A thing's state or data became different.",
    ),
    "Timeline": record(
        {
            "thing": text("The name of the thing."),
            "epoch": _EPOCH,
            "begin": time("Where it begins."),
            "end": time("Where it ends."),
            "now": _NOW,
            "oldest": optional(time("Since when history is kept.")),
            "exact": {
                "type": "boolean",
                "description": f"`spent` counts every change. If there were more than {past.COUNTED:,}, it is what the "
                f"thing was at {past.SAMPLES:,} moments.",
            },
            "segments": listed(
                schema("Segment"),
                "What it was, in order; the first may have begun before `begin`. A jump in versions tells how many "
                "were left out.",
            ),
            "spent": {
                "type": "object",
                "additionalProperties": {"type": "number", "minimum": 0},
                "description": "Seconds in each state.",
            },
            "fields": {
                "type": "object",
                "maxProperties": MAX_FIELDS,
                "additionalProperties": listed({"type": ["number", "null"]}),
                "description": "Numbers of the data by name, one for each segment; null where there is none.",
            },
        },
        "What a thing was over a time, few enough segments to be drawn.",
    ),
    "Segment": record(
        {"at": time("When it began."), "version": whole("Its version.", 1), "state": STATE_NAME},
        "What a thing was for a while.",
    ),
    "Outcome": record(
        {
            "result": text(
                "Another state; the same state with other data; or nothing new but having been heard.",
                enum=list(get_args(Result)),
            ),
            "epoch": _EPOCH,
            "version": _VERSION,
        },
        "What became of a reading, after it was committed.",
    ),
    "RejectedMessages": record({"rejected": listed(schema("RejectedMessage"))}, "Messages that were set aside."),
    "RejectedMessage": record(
        {
            "number": whole("What it is named by here.", 1),
            "source": text("Where it came from."),
            "at": time("When it was set aside."),
            "reason": text("Why."),
            "id": optional(text("Its id in the source.")),
            "size": whole("Its bytes."),
            "body": text("What it says; bytes that are no text as `\\xff`."),
        },
        "A message that could not be understood.",
    ),
    "Health": record({"status": text(enum=["ok"])}, "The process is up."),
    "Readiness": record(
        {"status": text(enum=["ok", "failing"]), "reasons": listed(text(), "What fails, each source by its name.")},
        "Whether all sources and the store work.",
    ),
    "Problem": record(
        {
            "type": text("Always `about:blank`: `code` says more."),
            "title": text("The status in words."),
            "status": whole("The status.", 400, 599),
            "detail": text("What is wrong, for people."),
            "code": text("What is wrong, for programs.", enum=CODES),
        },
        "A problem document (RFC 9457).",
    ),
}
"""What is answered, by name."""

ASKED: dict[str, Json] = {
    "Reading": {
        "description": "What is reported of a thing: an object, the bare name of a state, or a list that begins with "
        "the name. A number, true, false and null are names as they are written.",
        "anyOf": [
            schema("ReadingObject"),
            STATE_NAME,
            {"type": "array", "prefixItems": [STATE_NAME], "minItems": 1},
            {"type": ["number", "boolean", "null"]},
        ],
    },
    "ReadingObject": {
        "type": "object",
        "description": "A reading with all that can be said of it; what else it has is ignored.",
        "required": ["state"],
        "properties": {
            "state": STATE_NAME,
            "data": optional(DATA),
            "at": optional(time("When the thing was so; never taken later than now. Without it: now.")),
            "id": {
                "type": ["string", "integer", "null"],
                "maxLength": MAX_ID,
                "description": "Names the reading: one that is known changes nothing.",
            },
            "thing": optional(text("If it is there, the name of this thing.")),
        },
    },
    "Readings": {
        "type": "object",
        "description": "Several readings, recorded all or none.",
        "required": ["readings"],
        "properties": {
            "readings": listed(
                {
                    "anyOf": [
                        schema("ReadingObject"),
                        STATE_NAME,
                        {"type": "array", "prefixItems": [STATE_NAME], "minItems": 1},
                    ]
                },
                minItems=1,
            )
        },
    },
}
"""What is asked, by name."""
