"""What the operator's page is told, described."""

from __future__ import annotations

from typing import get_args, get_type_hints

from windsock import condition, tally
from windsock.logbook import LAST
from windsock.model import Result, SourceStatus
from windsock.supervisor import Health
from windsock.web.openapi.pieces import Json, schema
from windsock.web.openapi.schemas import STATE_NAME, listed, optional, record, text, time, whole
from windsock.web.overview import REJECTED
from windsock.web.rest import EXCERPT

_WORDS = text("How it is, in words.")
_RATES = listed(whole(), minItems=tally.LATELY, maxItems=tally.LATELY)

SCHEMAS: dict[str, Json] = {
    "Overview": record(
        {
            "now": time("The server's clock."),
            "version": text("Windsock's."),
            "store": schema("OverviewStore"),
            "sources": listed(schema("OverviewSource")),
            "things": listed(schema("OverviewThing")),
            "viewers": schema("OverviewViewers"),
            "rates": schema("OverviewRates"),
            "readings": listed(schema("OverviewReading"), "What was read last, the newest first.", maxItems=LAST),
            "rejected": {
                **listed(
                    schema("RejectedMessage"),
                    f"The newest {REJECTED} that were set aside; null: the store cannot be read.",
                ),
                "type": ["array", "null"],
            },
        },
        "How everything is.",
    ),
    "OverviewStore": record(
        {"store": text("Its URL."), "status": text(enum=["ok", "failing"]), "words": _WORDS}, "How the store is."
    ),
    "OverviewSource": record(
        {
            "source": text("Its URL, without options."),
            "things": listed(text(), "The things that it is read for."),
            "status": text(enum=list(get_args(get_type_hints(Health)["status"]))),
            "words": _WORDS,
            "since": time("Since when."),
            "failures": whole("How often it failed."),
            "rejected": whole("How many of its messages were set aside."),
        },
        "How a source is.",
    ),
    "OverviewThing": record(
        {
            "thing": text("Its name."),
            "title": text("What it is called."),
            "state": optional(STATE_NAME),
            "label": optional(text("The words for the state.")),
            "version": whole("Its version."),
            "changed_at": optional(time("When it came into this state.")),
            "heard_at": optional(time("When it was heard last.")),
            "stale": {"type": "boolean", "description": "It has been silent for too long, or was never heard."},
            "source": text("Whether its source can be read.", enum=list(get_args(SourceStatus))),
            "viewers": whole("How many watch it."),
            "readings": whole("How many there were since the start."),
            "changes": whole("How many there were since the start."),
            "reportable": {
                **listed(
                    schema("OverviewChoice"),
                    "What may be reported; empty: anything; null: nothing, for its source is its own.",
                ),
                "type": ["array", "null"],
            },
        },
        "How a thing is.",
    ),
    "OverviewReading": record(
        {
            "at": time("When it was read."),
            "source": text("The URL of its source, without options."),
            "thing": optional(text("What it is about; null: it could not be understood.")),
            "state": optional(STATE_NAME),
            "made_at": optional(time("When it was made.")),
            "data": optional(
                text(f"Its data, as JSON, or the whole message if it was rejected: the first {EXCERPT} characters.")
            ),
            "fate": text("What became of it.", enum=[*get_args(Result), "older", "known", "rejected"]),
            "words": text("The same in words, with the reason."),
        },
        "What was read, and what became of it.",
    ),
    "OverviewChoice": record({"state": STATE_NAME, "label": optional(text("The words for it."))}, "A state to report."),
    "OverviewViewers": record(
        {
            "connected": whole("By Socket.IO."),
            "streams": whole("By server-sent events."),
            "waiting": whole("By `Prefer: wait`."),
        },
        "Who watches.",
    ),
    "OverviewRates": record(
        {
            "every": {"type": "number", "description": "Seconds that are counted together."},
            "readings": {**_RATES, "description": "Readings, the newest last."},
            "changes": {**_RATES, "description": "Changes, the newest last."},
        },
        "What happened lately.",
    ),
}
"""What is answered, by name."""


_SOURCE: Json = {
    "source": "azure-queue://mlqueue",
    "things": ["cloud"],
    "status": "ok",
    "words": condition.of_source("ok", None),
    "since": "2026-11-22T19:40:11.000Z",
    "failures": 0,
    "rejected": 1,
}
_THING: Json = {
    "thing": "cloud",
    "title": "The Huggable Cloud",
    "state": "HUGGING",
    "label": "Somebody is hugging the cloud",
    "version": 42,
    "changed_at": "2026-11-22T20:00:00.000Z",
    "heard_at": "2026-11-22T20:00:03.120Z",
    "stale": False,
    "source": "ok",
    "viewers": 3,
    "readings": 118,
    "changes": 42,
    "reportable": None,
}
_READING: Json = {
    "at": "2026-11-22T20:00:03.120Z",
    "source": "azure-queue://mlqueue",
    "thing": "cloud",
    "state": "HUGGING",
    "made_at": "2026-11-22T20:00:03.000Z",
    "data": '{"force":0.7}',
    "fate": "same",
    "words": "nothing changed",
}


def example() -> Json:
    """An answer."""
    quiet = [0] * (tally.LATELY - 2)
    return {
        "now": "2026-11-22T20:00:04.120Z",
        "version": "0.1.0",
        "store": {"store": "sqlite:///windsock.db", "status": "ok", "words": condition.of_store(None)},
        "sources": [_SOURCE],
        "things": [_THING],
        "viewers": {"connected": 3, "streams": 0, "waiting": 0},
        "rates": {"every": tally.EVERY, "readings": [*quiet, 2, 1], "changes": [*quiet, 1, 1]},
        "readings": [_READING],
        "rejected": [],
    }
