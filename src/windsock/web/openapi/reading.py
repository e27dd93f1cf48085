"""The operations that ask for things: as they are, as they were, and as they become."""

from __future__ import annotations

from windsock import past, wire
from windsock.web import query, rest
from windsock.web.conditional import LONGEST_WAIT
from windsock.web.event_stream import HEARTBEAT
from windsock.web.feed import MOST_WAITING
from windsock.web.openapi import values
from windsock.web.openapi.pieces import (
    NO_SUCH_THING,
    UNAVAILABLE,
    Json,
    Operations,
    Place,
    answer,
    json_answer,
    operation,
    parameter,
    ref,
    refusals,
    schema,
)
from windsock.web.openapi.schemas import DURATION_TEXT, listed, text, time, whole

THINGS, PAST, STREAMS = "Things", "The past", "Streams"
THING = ref("parameters", "thing")
CONDITION = ref("parameters", "condition")
_ETAG = {"ETag": ref("headers", "Tag")}
_APPLIED = {"Preference-Applied": ref("headers", "Applied")}
_PATIENCE = {503: {"Retry-After": ref("headers", "Patience")}}
_UNAVAILABLE = refusals(UNAVAILABLE)
_WAITERS = f"There may be {MOST_WAITING:,} that wait at a time; one more is answered 503 with `Retry-After`."


def operations(place: Place) -> Operations:
    """These operations, by address and method."""
    return {
        "/api/v1/things": {"get": _things(place)},
        "/api/v1/things/{thing}": {"get": _thing(place)},
        "/api/v1/things/{thing}/history": {"get": _history()},
        "/api/v1/things/{thing}/timeline": {"get": _timeline()},
        "/api/v1/things/{thing}/events": {"get": _events(place)},
        "/api/v1/events": {"get": _all_events(place)},
    }


def parameters() -> dict[str, Json]:
    """The parameters that several operations have, by the names of their components."""
    return {
        "thing": parameter("path", "thing", "The name of a thing.", text(minLength=1), example="cloud"),
        "condition": parameter("header", "If-None-Match", "The `ETag` of what the reader has.", text()),
    }


def not_modified(*headers: str) -> Json:
    """The answer to who has it already."""
    applied = _APPLIED if "Preference-Applied" in headers else {}
    return answer("What the reader has is still so.", headers=_ETAG | applied)


def _things(place: Place) -> Json:
    return operation(
        "listThings",
        THINGS,
        "All things",
        "The `ETag` stays the same as long as nothing is new but `now` and `heard_at`.",
        {
            "200": json_answer("All things as they are now.", "Things", {"things": [values.thing(place)]}, _ETAG),
            "304": not_modified(),
            **_UNAVAILABLE,
        },
        [CONDITION],
    )


def _thing(place: Place) -> Json:
    return operation(
        "getThing",
        THINGS,
        "One thing",
        "The `ETag` stays the same as long as nothing is new but `now` and `heard_at`. With `If-None-Match` and "
        "`Prefer: wait=30` the answer waits until there is something new, or the seconds are over (then 304). Without "
        f"`If-None-Match`, or with `*`, it is answered at once. {_WAITERS}",
        {
            "200": json_answer("The thing as it is now.", "Thing", values.thing(place), _ETAG | _APPLIED),
            "304": not_modified("Preference-Applied"),
            **refusals(NO_SUCH_THING, UNAVAILABLE, headers=_PATIENCE),
        },
        [
            THING,
            CONDITION,
            parameter(
                "header",
                "Prefer",
                f"`wait=` and seconds, at most {LONGEST_WAIT} (RFC 7240); what is not understood is ignored.",
                text(),
            ),
        ],
    )


def _history() -> Json:
    return operation(
        "getHistory",
        PAST,
        "Changes of a thing",
        "The changes after version `since`, in order; without `since`, with another epoch than today's, or with a "
        "version that was not given out yet, the newest ones.",
        {
            "200": json_answer("The changes.", "History", values.history()),
            **refusals(wire.BadRequest("since must be a whole number, found 'x'"), NO_SUCH_THING, UNAVAILABLE),
        },
        [
            THING,
            parameter("query", "epoch", "The epoch of `since`.", text()),
            parameter("query", "since", "The version that the reader has.", number(), example=40),
            limit_parameter(),
        ],
    )


def limit_parameter() -> Json:
    """How many are wanted."""
    wanted = {**number(1), "default": wire.USUAL_HISTORY}
    return parameter("query", "limit", f"How many are wanted; more than {wire.MAX_HISTORY:,} are not given.", wanted)


def _timeline() -> Json:
    span = {**DURATION_TEXT, "default": "1h"}
    slices = {**number(1), "default": past.USUAL_SLICES}
    errors = [wire.BadRequest("span must be a duration longer than nothing, found '0s'"), NO_SUCH_THING, UNAVAILABLE]
    return operation(
        "getTimeline",
        PAST,
        "What a thing was over a time",
        "Few enough segments to be drawn, how long the thing was in each state, and the numbers of its data.",
        {"200": json_answer("The timeline.", "Timeline", values.timeline()), **refusals(*errors)},
        [
            THING,
            parameter("query", "end", "Until when; never later than now, and now if nothing is said.", time()),
            parameter(
                "query",
                "span",
                f"How long, such as `500ms`, `5s`, `1m30s` or `2h`; at most {rest.LONGEST_SPAN.days:,} days.",
                span,
                example="1d",
            ),
            parameter(
                "query",
                "slices",
                f"About how many segments are wanted at most; more than {past.MAX_SLICES:,} are not given.",
                slices,
            ),
        ],
    )


def _events(place: Place) -> Json:
    return operation(
        "streamThing",
        STREAMS,
        "The states of a thing as they come",
        "Server-sent events: `state` at once and at every change, with its position as `id`, and `heard` when only the "
        f"clocks moved. After {HEARTBEAT:.0f} seconds of silence a comment shows "
        f"that the link is there. {_WAITERS}",
        {"200": _stream(place), **refusals(NO_SUCH_THING, UNAVAILABLE, headers=_PATIENCE)},
        [
            THING,
            parameter(
                "header",
                "Last-Event-ID",
                "Where the reader was. It makes no difference: the newest state comes first.",
                text(),
            ),
        ],
    )


def _all_events(place: Place) -> Json:
    return operation(
        "streamThings",
        STREAMS,
        "The states of several things as they come",
        "The same of several things, without ids: a position is one thing's.",
        {"200": _stream(place), **refusals(NO_SUCH_THING, UNAVAILABLE, headers=_PATIENCE)},
        [
            parameter(
                "query", "thing", "The names of things, one each; without it all.", listed(text()), example=["cloud"]
            ),
        ],
    )


def _stream(place: Place) -> Json:
    return answer("Events, without an end.", "text/event-stream", schema("Event"), values.events(place))


def number(least: int = 0) -> Json:
    """A whole number in the query."""
    return whole("", least, query.LARGEST)
