"""Values as rows of the SQLite store, and back. SQLite keeps any type in any column, so both ways are checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import UnionType
from typing import Any

from windsock.errors import BadReading
from windsock.jsontext import JsonObject, canonical, loads
from windsock.model import Change, Moment, Position, Rejected, State
from windsock.times import from_milliseconds, to_milliseconds

Row = tuple[Any, ...]
_Columns = Mapping[str, type | UnionType]

STATES = "SELECT thing, version, state, data, changed_at, updated_at, heard_at FROM states"
CHANGES = "SELECT thing, version, state, data, at, cause FROM changes"
# From the index `changes_at` alone, which holds all of it.
MOMENTS = "SELECT at, version, state FROM changes"
REJECTED = "SELECT number, source, message_id, body, reason, at FROM rejected"

_STATE: _Columns = {
    "thing": str,
    "version": int,
    "state": str | None,
    "data": str,
    "changed_at": int | None,
    "updated_at": int | None,
    "heard_at": int | None,
}
_CHANGE: _Columns = {"thing": str, "version": int, "state": str, "data": str, "at": int, "cause": str}
_MOMENT: _Columns = {"at": int, "version": int, "state": str}
_MESSAGE: _Columns = {
    "number": int,
    "source": str,
    "message_id": str | None,
    "body": bytes,
    "reason": str,
    "at": int,
}


class Damaged(ValueError):
    """A row holds what Windsock never writes; the text says where and what."""


def from_state(state: State) -> Row:
    """A row of ``states``."""
    times = map(_milliseconds, (state.changed_at, state.updated_at, state.heard_at))
    return (state.thing, state.position.version, state.state, canonical(state.data), *times)


def from_change(change: Change) -> Row:
    """A row of ``changes``."""
    at = to_milliseconds(change.at)
    return (change.thing, change.version, change.state, canonical(change.data), at, change.cause)


def from_rejected(message: Rejected) -> Row:
    """A row of ``rejected``, without the number, which the database gives."""
    return (message.source, message.message_id, message.body, message.reason, to_milliseconds(message.at))


def to_state(row: Row, epoch: str) -> State:
    """The state that a row of `STATES` holds. Raises Damaged."""
    _check("states", _STATE, row)
    thing, version, name, data, *times = row
    changed, updated, heard = (None if time is None else _time("states", time) for time in times)
    return State(thing, Position(epoch, version), name, _object("states", data), changed, updated, heard)


def to_change(row: Row) -> Change:
    """The change that a row of `CHANGES` holds. Raises Damaged."""
    _check("changes", _CHANGE, row)
    thing, version, name, data, at, cause = row
    return Change(thing, version, name, _object("changes", data), _time("changes", at), cause)


def to_moment(row: Row) -> Moment:
    """The moment that a row of `MOMENTS` holds. Raises Damaged."""
    _check("changes", _MOMENT, row)
    at, version, name = row
    return Moment(_time("changes", at), version, name)


def to_rejected(row: Row) -> Rejected:
    """The message that a row of `REJECTED` holds. Raises Damaged."""
    _check("rejected", _MESSAGE, row)
    number, source, message_id, body, reason, at = row
    return Rejected(source, body, reason, _time("rejected", at), message_id, number)


def _check(table: str, columns: _Columns, row: Row) -> None:
    for (column, kind), value in zip(columns.items(), row, strict=True):
        if not isinstance(value, kind):
            raise Damaged(f"{table}.{column} cannot be {value!r:.60}")


def _object(table: str, text: str) -> JsonObject:
    try:
        value = loads(text)
    except BadReading as error:
        raise Damaged(f"{table}.data: {error}") from None
    if not isinstance(value, dict):
        raise Damaged(f"{table}.data must be a JSON object, found {text!r:.60}")
    return value


def _time(table: str, milliseconds: int) -> datetime:
    try:
        return from_milliseconds(milliseconds)
    except OverflowError:
        raise Damaged(f"{table}: {milliseconds} is no time") from None


def _milliseconds(time: datetime | None) -> int | None:
    return None if time is None else to_milliseconds(time)
