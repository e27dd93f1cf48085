"""The values that answers hold, made by the code that makes them for viewers: the examples of the document."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from windsock import wire
from windsock.model import Change, Look, Moment, Position, Rejected, State, ThingSpec
from windsock.timeline import Timeline
from windsock.web.openapi.pieces import Json, Place
from windsock.web.views import described_states

EPOCH = "5f0c2a9e71d34b06"
NOW = datetime(2026, 11, 22, 20, 0, 4, 120000, UTC)
TAG = f'W/"{EPOCH}-42-9a41c07be3d25f68"'
OUTCOME = {"result": "changed", "epoch": EPOCH, "version": 42}
READING = {"state": "HUGGING", "data": {"force": 3}, "at": "2026-11-22T20:00:00Z", "id": "m-1042"}
_CHANGED = NOW - timedelta(seconds=4, milliseconds=120)
_SPEC = ThingSpec(
    "cloud",
    "The Huggable Cloud",
    states={
        "NEUTRAL": Look("The cloud floats", color="#8fb8de"),
        "HUGGING": Look("Somebody is hugging the cloud", color="#e2557f"),
    },
)
_STATE = State("cloud", Position(EPOCH, 42), "HUGGING", {"force": 3}, _CHANGED, _CHANGED, NOW - timedelta(seconds=1))


def state(place: Place) -> Json:
    """A state message."""
    return wire.state_message(_SPEC, _STATE, _picture("HUGGING", place), NOW)


def thing(place: Place) -> Json:
    """What REST says of a thing."""
    looks = [{**look, "image": _picture(look["state"] or "", place)} for look in described_states(_SPEC, place.base)]
    return {**state(place), "title": _SPEC.title, "states": looks}


def heard() -> Json:
    """The clocks of a state that did not change."""
    return wire.heard_message(_STATE, NOW)


def history() -> Json:
    """Changes of a thing."""
    before = _CHANGED - timedelta(minutes=3)
    changes = [
        Change("cloud", 41, "NEUTRAL", {}, before, "rest"),
        Change("cloud", 42, "HUGGING", {"force": 3}, _CHANGED, "reported"),
    ]
    return wire.history_message(EPOCH, changes, True)


def timeline() -> Json:
    """A thing's past."""
    begin = NOW - timedelta(hours=1)
    segments = [Moment(begin, 41, "NEUTRAL"), Moment(_CHANGED, 42, "HUGGING")]
    spent = {"NEUTRAL": _CHANGED - begin, "HUGGING": NOW - _CHANGED}
    oldest = NOW - timedelta(days=30)
    found = Timeline(begin, NOW, segments, spent, True, {"force": [None, 3]}, oldest)
    return wire.timeline_message("cloud", EPOCH, found, NOW)


def rejected() -> Rejected:
    """A message that was set aside."""
    return Rejected(
        "azure-queue://mlqueue",
        b"HUGING",
        "cloud has no state 'HUGING'; did you mean 'HUGGING'?",
        _CHANGED,
        "m-1041",
        7,
    )


def events(place: Place) -> str:
    """The beginning of a stream, as its reader sees it."""
    return (
        f"retry: 2210\n\nid: {EPOCH}:42\nevent: state\ndata: {_one_line(state(place))}\n\n"
        f"event: heard\ndata: {_one_line(heard())}\n\n:\n\n"
    )


def _picture(name: str, place: Place) -> str:
    return f"{place.base}/things/cloud/images/{name}?v=1a2b3c4d5e6f"


def _one_line(message: Json) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
