"""The hub: the newest state of every thing, and who is to be told when there is a newer one.

It keeps no queue. A listener hears only that a thing has news, and asks for the newest state when it is ready
to send: so whatever is slow gets the newest, never a backlog.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from windsock.detect import is_stale
from windsock.errors import UnknownThing
from windsock.model import SourceStatus, State, ThingSpec
from windsock.times import Clock

log = logging.getLogger("windsock.hub")

HEARD_EVERY = timedelta(seconds=2)
"""How often, at most, viewers are told that a thing was heard without having changed."""


class Listener(Protocol):
    """A delivery. Called from any thread, under the hub's lock: it takes note, wakes its own thread, returns."""

    def changed(self, thing: str) -> None:
        """The thing has a newer version."""

    def heard(self, thing: str) -> None:
        """The thing's clocks, staleness or source moved; its version did not."""


@dataclass(slots=True)
class _Entry:
    spec: ThingSpec
    state: State
    source: SourceStatus = "ok"
    told_at: datetime | None = None
    told: State | None = None


class Hub:
    """Safe from any thread. `publish` is called under the thing's lock, so states come in order of version."""

    def __init__(self, specs: Mapping[str, ThingSpec], clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []
        self._entries: dict[str, _Entry] = {}
        self._specs = specs

    def start(self, states: Mapping[str, State]) -> None:
        """Begin with the states that the store has."""
        with self._lock:
            self._entries = {thing: _Entry(spec, states[thing]) for thing, spec in self._specs.items()}
            for entry in self._entries.values():
                # Nobody listens yet, so there is nothing to make up for.
                entry.told, entry.told_at = self._view(entry), self._clock()

    def subscribe(self, listener: Listener) -> None:
        """Tell ``listener`` of all news from now on."""
        with self._lock:
            self._listeners.append(listener)

    def unsubscribe(self, listener: Listener) -> None:
        """Tell it no longer."""
        with self._lock:
            self._listeners.remove(listener)

    def publish(self, state: State) -> None:
        """Take in a committed state, and tell of it: at once if its version is new, else with the clocks."""
        with self._lock:
            entry = self._entries[state.thing]
            changed = state.position != entry.state.position
            entry.state = state
            if changed:
                self._tell(entry, changed=True)
            else:
                self._tell_clocks(entry)

    def set_source(self, things: Collection[str], status: SourceStatus) -> None:
        """Say whether the things' source can be read; viewers hear of a difference at once."""
        with self._lock:
            for thing in things:
                self._entries[thing].source = status
                self._tell_clocks(self._entries[thing])

    def tick(self) -> None:
        """Notice what only time changes: a thing gone stale, clocks that were held back. Call it often."""
        with self._lock:
            for entry in self._entries.values():
                self._tell_clocks(entry)

    def current(self, thing: str) -> State:
        """The newest state, with what is true of it now. Raises UnknownThing."""
        with self._lock:
            if thing not in self._entries:
                raise UnknownThing(f"there is no thing {thing!r}")
            return self._view(self._entries[thing])

    def _view(self, entry: _Entry) -> State:
        stale = is_stale(entry.spec, entry.state, self._clock())
        return replace(entry.state, stale=stale, source=entry.source)

    def _tell_clocks(self, entry: _Entry) -> None:
        """Tell of clocks, staleness and source: a flip at once, mere clocks every so often."""
        view, told = self._view(entry), entry.told
        if told and (view.stale, view.source) == (told.stale, told.source):
            if view.heard_at == told.heard_at:
                return
            if entry.told_at and timedelta(0) <= self._clock() - entry.told_at < HEARD_EVERY:
                return
        self._tell(entry, changed=False)

    def _tell(self, entry: _Entry, changed: bool) -> None:
        entry.told, entry.told_at = self._view(entry), self._clock()
        for listener in self._listeners:
            try:
                (listener.changed if changed else listener.heard)(entry.state.thing)
            except Exception:  # one delivery's fault must not cost the others the news, nor end a watcher
                log.exception("a delivery failed to take note of %s", entry.state.thing)
