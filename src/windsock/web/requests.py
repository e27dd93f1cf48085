"""What viewers ask of the store, whichever server carries the question."""

from __future__ import annotations

from windsock import wire
from windsock.decode import from_json
from windsock.errors import Denied
from windsock.runtime import Runtime


def history(runtime: Runtime, value: object) -> wire.Payload:
    """The answer to ``history``. Raises BadRequest or UnknownThing."""
    asked = wire.read_history_request(value)
    found = runtime.history(asked.thing, asked.epoch, asked.since, asked.limit)
    return wire.history_message(found.epoch, found.changes, found.complete)


def report(runtime: Runtime, value: object, allowed: bool) -> wire.Payload:
    """Record what a viewer reports; the answer to ``report``. Raises Denied, BadRequest, and as `Runtime.report`."""
    thing, reading = wire.read_report(value)
    if not allowed:
        raise Denied("this viewer may not report states")
    runtime.require_inbox(thing)
    outcome = runtime.report(thing, from_json(dict(reading)))
    position = outcome.position
    return {"result": outcome.result, "epoch": position.epoch, "version": position.version}
