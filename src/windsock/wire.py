"""The messages of the Socket.IO namespace ``/windsock``: built and understood here, carried elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from windsock.errors import (
    BadReading,
    Denied,
    NotReportable,
    ReadingTooLarge,
    UnknownState,
    UnknownThing,
    WindsockError,
)
from windsock.jsontext import JsonObject, type_name
from windsock.model import Change, Position, State, ThingSpec
from windsock.timeline import Timeline
from windsock.times import format_time

NAMESPACE = "/windsock"
MAX_HISTORY = 1000
"""The most changes that one answer holds."""
USUAL_HISTORY = 100
"""How many it holds if nothing is said."""

Payload = dict[str, Any]
"""A JSON object to send."""


class BadRequest(WindsockError):
    """A viewer asked in a form that the protocol does not have."""


@dataclass(frozen=True, slots=True)
class Hello:
    """What a viewer says when it connects: the things it wants (None: all), its key, if it counts viewers.

    A thing comes with the position that the viewer has of it, if it has one.
    """

    things: Mapping[str, Position | None] | None = None
    token: str | None = None
    viewers: bool = False


@dataclass(frozen=True, slots=True)
class HistoryRequest:
    """Which changes are asked for: those of ``thing`` after version ``since``; None: the newest ones."""

    thing: str
    epoch: str | None = None
    since: int | None = None
    limit: int = USUAL_HISTORY


def state_message(spec: ThingSpec, state: State, image: str | None, now: datetime) -> Payload:
    """The event ``state``. ``image`` is the address of the state's picture."""
    look = spec.states.get(state.state or "")
    return {
        "thing": state.thing,
        "epoch": state.position.epoch,
        "version": state.position.version,
        "state": state.state,
        "label": spec.label(state.state),
        "image": image,
        "color": look.color if look else None,
        "data": state.data,
        "changed_at": _time(state.changed_at),
        "updated_at": _time(state.updated_at),
        "heard_at": _time(state.heard_at),
        "now": format_time(now),
        "stale": state.stale,
        "source": state.source,
    }


def heard_message(state: State, now: datetime) -> Payload:
    """The event ``heard``: the clocks and the honesty of a state that did not change."""
    return {
        "thing": state.thing,
        "epoch": state.position.epoch,
        "version": state.position.version,
        "heard_at": _time(state.heard_at),
        "now": format_time(now),
        "stale": state.stale,
        "source": state.source,
    }


def history_message(epoch: str, changes: Sequence[Change], complete: bool) -> Payload:
    """The answer to ``history``; ``complete``: nothing is missing between ``since`` and the newest."""
    return {"epoch": epoch, "changes": [change_message(change) for change in changes], "complete": complete}


def change_message(change: Change) -> Payload:
    """One change in a history."""
    return {
        "version": change.version,
        "state": change.state,
        "data": change.data,
        "at": format_time(change.at),
        "cause": change.cause,
    }


def timeline_message(thing: str, epoch: str, found: Timeline, now: datetime) -> Payload:
    """A thing's past as a timeline: ``spent`` in seconds, ``fields`` with one number (or null) for each segment."""
    return {
        "thing": thing,
        "epoch": epoch,
        "begin": format_time(found.begin),
        "end": format_time(found.end),
        "now": format_time(now),
        "oldest": _time(found.oldest),
        "exact": found.exact,
        "segments": [
            {"at": format_time(part.at), "version": part.version, "state": part.state} for part in found.segments
        ],
        "spent": {state: duration.total_seconds() for state, duration in found.spent.items()},
        "fields": found.fields,
    }


def accepted(**fields: object) -> Payload:
    """The acknowledgement of a request that was carried out."""
    return {"ok": True, **fields}


def refused(error: WindsockError) -> Payload:
    """The acknowledgement of a request that was not carried out: a code for programs, a text for people."""
    return {"ok": False, "code": error_code(error), "error": str(error)}


def error_code(error: WindsockError) -> str:
    """The word by which a program tells one error from another, on the wire and in problem documents."""
    codes: tuple[tuple[type[WindsockError], str], ...] = (
        (BadRequest, "bad_request"),
        (UnknownThing, "unknown_thing"),
        (UnknownState, "unknown_state"),
        (ReadingTooLarge, "too_large"),
        (BadReading, "bad_reading"),
        (NotReportable, "not_reportable"),
        (Denied, "forbidden"),
    )
    return next((code for kind, code in codes if isinstance(error, kind)), "unavailable")


def read_hello(auth: object) -> Hello:
    """The CONNECT packet's auth. Raises BadRequest if it has another form; unknown keys are ignored."""
    if auth is None:
        return Hello()
    values = _object(auth, "auth")
    token, viewers = values.get("token"), values.get("viewers", False)
    if token is not None and not isinstance(token, str):
        raise BadRequest(f'"token" must be a text, found {type_name(token)}')
    if not isinstance(viewers, bool):
        raise BadRequest(f'"viewers" must be true or false, found {type_name(viewers)}')
    things = values.get("things")
    return Hello(None if things is None else _things(things), token, viewers)


def read_things(request: object) -> Collection[str]:
    """The things that ``watch`` or ``unwatch`` names. Raises BadRequest for another form."""
    things = _object(request, "the request").get("things")
    if things is None:
        raise BadRequest('"things" is missing: a list of names, or an object of positions')
    return _things(things).keys()


def read_history_request(request: object) -> HistoryRequest:
    """What ``history`` asks for. Raises BadRequest for another form."""
    values = _object(request, "the request")
    thing, epoch = values.get("thing"), values.get("epoch")
    if not isinstance(thing, str):
        raise BadRequest(f'"thing" must be a name, found {type_name(thing)}')
    if epoch is not None and not isinstance(epoch, str):
        raise BadRequest(f'"epoch" must be a text, found {type_name(epoch)}')
    since = values.get("since")
    limit = values.get("limit", USUAL_HISTORY)
    return HistoryRequest(
        thing,
        epoch,
        None if since is None else _whole(since, "since", 0),
        min(_whole(limit, "limit", 1), MAX_HISTORY),
    )


def read_report(request: object) -> tuple[str, JsonObject]:
    """The thing that ``report`` names, and the reading's JSON object. Raises BadRequest for another form."""
    values = _object(request, "the request")
    thing = values.get("thing")
    if not isinstance(thing, str):
        raise BadRequest(f'"thing" must be a name, found {type_name(thing)}')
    return thing, values


def _things(value: object) -> dict[str, Position | None]:
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return dict.fromkeys(value)
    if isinstance(value, dict):
        return {name: _position(position) for name, position in value.items()}
    raise BadRequest(f'"things" must be a list of names or an object of positions, found {type_name(value)}')


def _position(value: object) -> Position | None:
    if value is None:
        return None
    values = _object(value, "a position")
    epoch = values.get("epoch")
    if not isinstance(epoch, str):
        raise BadRequest(f'a position\'s "epoch" must be a text, found {type_name(epoch)}')
    return Position(epoch, _whole(values.get("version"), "version", 0))


def _whole(value: object, name: str, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 2**63:
        raise BadRequest(f'"{name}" must be a whole number, {least} or more, found {value!r:.40}')
    return value


def _object(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadRequest(f"{what} must be an object, found {type_name(value)}")
    return value


def _time(time: datetime | None) -> str | None:
    return None if time is None else format_time(time)
