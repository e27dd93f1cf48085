"""What viewers ask of the store, whichever server carries the question."""

from __future__ import annotations

from collections.abc import Sequence

from windsock import wire
from windsock.decode import from_json
from windsock.errors import Denied
from windsock.jsontext import canonical
from windsock.model import Change
from windsock.runtime import Runtime

MAX_ANSWER = 256 * 1024
"""Characters of data in one answer: a viewer asks for the rest, and meanwhile others are sent to."""


def history(runtime: Runtime, value: object) -> wire.Payload:
    """The answer to ``history``. Raises BadRequest or UnknownThing."""
    asked = wire.read_history_request(value)
    found = runtime.history(asked.thing, asked.epoch, asked.since, asked.limit)
    changes = that_fit(found.changes, newest=asked.since is None)
    return wire.history_message(found.epoch, changes, found.complete and len(changes) == len(found.changes))


def that_fit(changes: Sequence[Change], newest: bool) -> Sequence[Change]:
    """As many changes as one answer may hold: the first ones, or the ``newest``; at least one."""
    size, count = 0, 0
    for change in reversed(changes) if newest else changes:
        size += len(canonical(change.data))
        if count and size > MAX_ANSWER:
            break
        count += 1
    return changes[len(changes) - count :] if newest else changes[:count]


def report(runtime: Runtime, value: object, allowed: bool) -> wire.Payload:
    """Record what a viewer reports; the answer to ``report``. Raises Denied, BadRequest, and as `Runtime.report`."""
    thing, reading = wire.read_report(value)
    if not allowed:
        raise Denied("this viewer may not report states")
    runtime.require_inbox(thing)
    outcome = runtime.report(thing, from_json(dict(reading)))
    position = outcome.position
    return {"result": outcome.result, "epoch": position.epoch, "version": position.version}
