"""The one way into a thing's history: fold, commit, publish, all under the thing's lock.

Because commit and publish share the lock, what is published follows the order of versions, and nothing is
published that is not durable.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from windsock.detect import Arrival, Due, Step, conclude, fold, silence
from windsock.errors import StoreError, UnknownThing
from windsock.logbook import LAST, Entry, Fate, Logbook
from windsock.model import Position, Rejected, Result, State, ThingSpec
from windsock.store import Batch, SeenId, Store
from windsock.tally import Tally
from windsock.times import Clock

Publish = Callable[[State], None]
"""Tells viewers of a state; called under the thing's lock, so it must be quick and must not raise."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What readings did to a thing, and where its history stands now."""

    result: Result
    position: Position


class Recorder:
    """Holds the current states of all things. Safe from any thread.

    A thing's lock is held during its commit; locks of several things are taken in the order of their names.
    """

    def __init__(
        self,
        store: Store,
        specs: Mapping[str, ThingSpec],
        publish: Publish,
        clock: Clock,
        tally: Tally | None = None,
    ) -> None:
        self.tally = tally or Tally()
        self.logbook = Logbook()
        self._store = store
        self._specs = specs
        self._publish = publish
        self._clock = clock
        self._locks = {thing: threading.Lock() for thing in specs}
        stored = store.states()
        self._states = {thing: stored.get(thing, State(thing, Position(store.epoch, 0))) for thing in specs}
        # Held for a moment, around a state's becoming current and being published: never while the store works.
        self._telling = threading.Lock()
        # Things whose state was pulled back when the clock was, and is not durable yet.
        self._pulled_back: set[str] = set()
        self.started_at = clock()
        self.store_error: StoreError | None = None
        """Why the store failed when it was last used; None: it did not."""

    def state(self, thing: str) -> State:
        """The current state of a thing. Raises UnknownThing."""
        if thing not in self._states:
            raise UnknownThing(f"there is no thing {thing!r}")
        return self._states[thing]

    def record(
        self,
        arrivals: Sequence[Arrival],
        rejected: Sequence[Rejected] = (),
        resolved: Sequence[int] = (),
    ) -> dict[str, Outcome]:
        """Commit a batch of readings, of one or several things, whole or not at all; then publish.

        Every reading names its thing, one of those watched. One whose id is known changes nothing. ``rejected``
        are set aside, ``resolved`` are set aside no longer, in the same transaction.

        Raises StoreError if nothing could be committed.
        """
        by_thing: dict[str, list[Arrival]] = defaultdict(list)
        for arrival in arrivals:
            by_thing[arrival.reading.thing or ""].append(arrival)
        with self._locked(by_thing):
            new, seen = self._unseen(by_thing)
            now = self._clock()
            steps = {
                thing: fold(self._states[thing], new[thing], self._specs[thing].backlog, now) for thing in by_thing
            }
            if by_thing or rejected or resolved:
                self._commit(now, steps, tuple(seen), tuple(rejected), tuple(resolved))
            for thing, step in steps.items():
                results = [result for result in step.results if result]
                # What was known already, or is older than what was heard, did nothing new either.
                passed_over = len(by_thing[thing]) - len(results)
                self.tally.read(thing, [*results, *["same"] * passed_over])
            self._note(now, arrivals[-LAST:], rejected[-LAST:], _fates(new, steps))
            return {thing: Outcome(step.result, step.state.position) for thing, step in steps.items()}

    def conclude_silence(self, thing: str, known_until: datetime) -> None:
        """Commit the rest or offline transition that was due at a time until which all reports are known.

        And, if nothing was due, what `follow_clock` did.

        Raises StoreError if it could not be committed.
        """
        with self._locked([thing]):
            due = self._due(thing)
            if due and due.at <= known_until:
                now = self._clock()
                self._commit(now, {thing: conclude(self._states[thing], due, now)})
            elif thing in self._pulled_back:
                with self._failure_noted():
                    self._store.commit(Batch(self._clock(), (self._states[thing],)))
                self._pulled_back.discard(thing)

    def next_due(self, things: Sequence[str]) -> datetime | None:
        """When silence next changes one of the things, if it lasts."""
        dues = (self._due(thing) for thing in things)
        return min((due.at for due in dues if due), default=None)

    def follow_clock(self) -> bool:
        """Pull back what was heard "later than now", which is so after the clock was set back; True if anything was.

        Else a silent thing would pass for live until the clock has caught up. It waits for no store, for one that
        hangs must not keep the clocks of other things from being told; `conclude_silence` makes it durable.
        """
        now = self._clock()
        self.started_at = min(self.started_at, now)
        with self._telling:
            ahead = [state for state in self._states.values() if state.heard_at and state.heard_at > now]
            for state in ahead:
                self._pulled_back.add(state.thing)
                self._tell(replace(state, heard_at=now))
        return bool(ahead)

    def check_store(self) -> None:
        """Try the store after it failed, so that its recovery is noticed without a reading."""
        if self.store_error:
            try:
                self._store.check()
            except StoreError as error:
                self.store_error = error
            else:
                self.store_error = None

    def _note(
        self, now: datetime, arrivals: Sequence[Arrival], rejected: Sequence[Rejected], fates: Mapping[int, Fate]
    ) -> None:
        for arrival in arrivals:
            source = self._specs[arrival.reading.thing or ""].source
            self.logbook.note([Entry(now, source, arrival, fates.get(id(arrival), "known"))])
        self.logbook.note(Entry(now, message.source, message, "rejected") for message in rejected)

    def _due(self, thing: str) -> Due | None:
        return silence(self._specs[thing], self._states[thing], self.started_at)

    def _unseen(self, by_thing: Mapping[str, Sequence[Arrival]]) -> tuple[dict[str, list[Arrival]], list[SeenId]]:
        """The arrivals whose ids are new, the first of each id; and those ids."""
        ids = [(thing, a.reading.id) for thing, arrivals in by_thing.items() for a in arrivals if a.reading.id]
        with self._failure_noted():
            known = self._store.seen(ids) if ids else set()
        new: dict[str, list[Arrival]] = {thing: [] for thing in by_thing}
        seen: list[SeenId] = []
        for thing, arrivals in by_thing.items():
            for arrival in arrivals:
                key = (thing, arrival.reading.id or "")
                if not arrival.reading.id:
                    new[thing].append(arrival)
                elif key not in known:
                    known.add(key)
                    seen.append(key)
                    new[thing].append(arrival)
        return new, seen

    def _commit(
        self,
        now: datetime,
        steps: Mapping[str, Step],
        seen: tuple[SeenId, ...] = (),
        rejected: tuple[Rejected, ...] = (),
        resolved: tuple[int, ...] = (),
    ) -> None:
        states = tuple(step.state for thing, step in steps.items() if step.state != self._states[thing])
        changes = tuple(change for step in steps.values() for change in step.changes)
        if not (states or seen or rejected or resolved):
            return
        begun = time.monotonic()
        with self._failure_noted():
            self._store.commit(Batch(now, states, changes, seen, rejected, resolved))
        self.tally.committed(
            time.monotonic() - begun,
            [(change.thing, change.cause) for change in changes],
            [message.source for message in rejected],
        )
        self.store_error = None
        with self._telling:
            for state in states:
                self._pulled_back.discard(state.thing)
                self._tell(state)

    def _tell(self, state: State) -> None:
        self._states[state.thing] = state
        self._publish(state)

    @contextmanager
    def _failure_noted(self) -> Iterator[None]:
        try:
            yield
        except StoreError as error:
            self.store_error = error
            raise

    @contextmanager
    def _locked(self, things: Sequence[str] | Mapping[str, object]) -> Iterator[None]:
        with ExitStack() as held:
            for thing in sorted(things):
                held.enter_context(self._locks[thing])
            yield


def _fates(new: Mapping[str, Sequence[Arrival]], steps: Mapping[str, Step]) -> dict[int, Fate]:
    """What became of the last arrivals of each thing that were new, by their identity."""
    return {
        id(arrival): result or "older"
        for thing, step in steps.items()
        for arrival, result in zip(new[thing][-LAST:], step.results[-LAST:], strict=True)
    }
