"""What an operator is told: sources, store, things, rates and messages set aside, in one answer."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from windsock import condition, tally
from windsock.errors import StoreError
from windsock.jsontext import canonical
from windsock.logbook import Entry
from windsock.model import Cause, Rejected, Result, ThingSpec
from windsock.runtime import Runtime
from windsock.supervisor import Health
from windsock.times import format_time
from windsock.web.rest import EXCERPT, described, shortened

if TYPE_CHECKING:
    from windsock.web.site import Site

REJECTED = 50
"""How many of the messages set aside are told of, the newest first; all are at `/api/v1/rejected`."""
_RESULTS: tuple[Result, ...] = ("changed", "updated", "same")
_CAUSES: tuple[Cause, ...] = ("reported", "rest", "offline")


def overview(site: Site) -> dict[str, Any]:
    """Everything, as JSON. Raises NotStarted."""
    runtime = site.runtime
    streams, answers = site.feed.waiting()
    return {
        "now": format_time(site.clock()),
        "version": version("windsock"),
        "store": _store(runtime, site.config.store.url),
        "sources": [_source(runtime, health) for health in runtime.health()],
        "things": [_thing(site, spec) for spec in runtime.specs.values()],
        "viewers": {"connected": site.delivery.viewers(), "streams": streams, "waiting": answers},
        "rates": {"every": tally.EVERY, **runtime.tally.lately()},
        "readings": [_reading(entry) for entry in runtime.last_readings()],
        "rejected": _rejected(runtime),
    }


def _source(runtime: Runtime, health: Health) -> dict[str, Any]:
    # The inbox can always be read; its watcher only has not ended its first sleep.
    status = "ok" if (health.source, health.status) == ("inbox:", "starting") else health.status
    return {
        "source": condition.without_secrets(health.source),
        "things": list(health.things),
        "status": status,
        "words": condition.of_source(status, health.reason),
        "since": format_time(health.since),
        "failures": runtime.failures()[health.source],
        "rejected": runtime.tally.rejected(health.source),
    }


def _store(runtime: Runtime, url: str) -> dict[str, Any]:
    error = runtime.store_error()
    return {
        "store": condition.without_secrets(url),
        "status": "failing" if error else "ok",
        "words": condition.of_store(condition.reason(error, url) if error else None),
    }


def _thing(site: Site, spec: ThingSpec) -> dict[str, Any]:
    state = site.runtime.state(spec.name)
    counts = site.runtime.tally
    return {
        "thing": spec.name,
        "title": spec.title,
        "state": state.state,
        "label": spec.label(state.state),
        "version": state.position.version,
        "changed_at": state.changed_at and format_time(state.changed_at),
        "heard_at": state.heard_at and format_time(state.heard_at),
        "stale": state.stale,
        "source": state.source,
        "viewers": site.delivery.watching(spec.name) + site.feed.watching(spec.name),
        "readings": sum(counts.readings(spec.name, result) for result in _RESULTS),
        "changes": sum(counts.changes(spec.name, cause) for cause in _CAUSES),
        "reportable": _reportable(spec),
    }


def _reportable(spec: ThingSpec) -> list[dict[str, str | None]] | None:
    """The states that may be reported by hand, none listed: any; None: its readings come from elsewhere."""
    if spec.source != "inbox:":
        return None
    return [{"state": name, "label": spec.label(name)} for name in spec.accepted]


def _reading(entry: Entry) -> dict[str, Any]:
    told = {
        "at": format_time(entry.at),
        "source": condition.without_secrets(entry.source),
        "fate": entry.fate,
        "words": entry.words,
    }
    if isinstance(entry.what, Rejected):
        body = entry.what.body.decode(errors="backslashreplace")
        return told | {"thing": None, "state": None, "made_at": None, "data": shortened(body, EXCERPT)}
    reading = entry.what.reading
    data = shortened(canonical(reading.data), EXCERPT) if reading.data else None
    made_at = format_time(entry.what.time)
    return told | {"thing": reading.thing, "state": reading.state, "made_at": made_at, "data": data}


def _rejected(runtime: Runtime) -> list[dict[str, Any]] | None:
    """None: the store cannot be read, which is said of the store."""
    try:
        return [described(message, EXCERPT) for message in runtime.rejected(REJECTED)]
    except StoreError:
        return None
