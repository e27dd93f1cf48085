"""Wires the parts together: sources, store, watchers and hub. Started once in the process that serves."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from windsock import past
from windsock.decode import check, decode
from windsock.detect import arrive
from windsock.errors import (
    BadReading,
    ConfigError,
    NotReportable,
    NotStarted,
    StoreError,
    UnknownThing,
)
from windsock.hub import Hub
from windsock.logbook import Entry
from windsock.model import Reading, Rejected, State, ThingSpec
from windsock.past import History
from windsock.recorder import Outcome, Recorder
from windsock.retention import Retention
from windsock.sources import Source, create_source, name_once
from windsock.store import Store, open_store
from windsock.supervisor import Health, Supervisor
from windsock.tally import Tally
from windsock.timeline import Timeline
from windsock.times import Clock, utc_now
from windsock.watcher import Watcher

log = logging.getLogger("windsock")

TICK = 0.25
"""Seconds between two looks at what only time changes."""
STOP_WITHIN = 0.5
"""Seconds that a stop waits for all watchers; a look still going on then is given up, and loses nothing."""


class Runtime:
    """Everything behind the pages. Construction opens nothing; `start` does, once per process.

    ``sources`` are sources in code, by the name that things have as their ``source``; all others are URLs.
    """

    def __init__(
        self,
        specs: Mapping[str, ThingSpec],
        store_url: str,
        base: Path,
        sources: Mapping[str, Source] | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self.specs = dict(specs)
        self._store_url = store_url
        self._base = base
        self._given = dict(sources or {})
        self._clock = clock
        self.hub = Hub(self.specs, clock)
        self.tally = Tally()
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._store: Store | None = None
        self._recorder: Recorder | None = None
        self._supervisors: dict[str, Supervisor] = {}
        self._retention: Retention | None = None
        self._stop_ticking = threading.Event()
        self._ticker: threading.Thread | None = None

    @property
    def started(self) -> bool:
        """Whether it runs, in this process: a forked child has the object, but not the threads."""
        return self._pid == os.getpid()

    def start(self) -> None:
        """Open the store, and start one watcher for each source. A second call does nothing.

        Raises ConfigError for a source or store that cannot be, StoreError or StoreInUse if the store cannot be
        opened; nothing is left open or running then.
        """
        with self._lock:
            if self.started:
                return
            sources = self._create_sources()
            with ExitStack() as undone_on_failure:
                store = open_store(self._store_url, self._base)
                undone_on_failure.callback(store.close)
                recorder = Recorder(store, self.specs, self.hub.publish, self._clock, self.tally)
                self.hub.start({thing: recorder.state(thing) for thing in self.specs})
                self._store, self._recorder = store, recorder
                self._supervisors = self._make_watchers(sources, recorder)
                undone_on_failure.callback(self._stop_watchers)
                for supervisor in self._supervisors.values():
                    supervisor.start()
                self._retention = Retention(store, self.specs, self._clock)
                undone_on_failure.callback(self._retention.stop)
                self._retention.start()
                self._start_ticking()
                self._pid = os.getpid()
                undone_on_failure.pop_all()

    def stop(self) -> None:
        """Stop watching and let go of the store. A second call does nothing."""
        with self._lock:
            if not self.started:
                return
            self._stop_ticking.set()
            self._stop_watchers()
            if self._ticker:
                self._ticker.join()
            if self._retention:
                self._retention.stop()
            store = self._running_store()
            self._pid = None
            store.close()

    def state(self, thing: str) -> State:
        """The state of a thing now. Raises UnknownThing."""
        self._running_recorder()
        return self.hub.current(thing)

    def report(self, thing: str, reading: Reading) -> Outcome:
        """Record a reading of a thing, from any thread; returns when it is durable.

        Raises UnknownThing, BadReading or UnknownState if it cannot be, StoreError if the store fails.
        """
        return self.report_all(thing, [reading])

    def report_all(self, thing: str, readings: Sequence[Reading]) -> Outcome:
        """Record several readings, all or none. Raises as `report` does."""
        recorder = self._running_recorder()
        spec = self.spec(thing)
        now = self._clock()
        arrivals = [arrive(check(reading, {thing: spec}), now) for reading in readings]
        outcome = recorder.record(arrivals)[thing]
        self._supervisors[spec.source].wake()  # silence is counted from now
        return outcome

    def require_inbox(self, thing: str) -> None:
        """Raises NotReportable if the thing's readings come from elsewhere, UnknownThing if there is none."""
        source = self.spec(thing).source
        if source != "inbox:":
            raise NotReportable(f"{thing} takes no reports: its readings come from {source}")

    def history(self, thing: str, epoch: str | None, since: int | None, limit: int) -> History:
        """See `past.history`. Raises UnknownThing."""
        newest = self.state(thing).position
        return past.history(self._running_store(), thing, newest, epoch, since, limit)

    def timeline(self, thing: str, begin: datetime, end: datetime, slices: int = past.USUAL_SLICES) -> Timeline:
        """See `past.read_timeline`. Raises UnknownThing."""
        self.spec(thing)
        return past.read_timeline(self._running_store(), thing, begin, end, slices)

    def rejected(self, limit: int = 100, before: int | None = None) -> list[Rejected]:
        """The messages set aside, newest first."""
        return self._running_store().rejected(limit, before)

    def rejected_message(self, number: int) -> Rejected | None:
        """One message that was set aside."""
        return self._running_store().rejected_message(number)

    def retry(self, number: int) -> Outcome | None:
        """Read a message again that was set aside, by the configuration of today; None: there is none.

        It keeps its time, so what was heard since is not overrun. Raises BadReading if it still cannot be read;
        it stays where it is then.
        """
        message = self.rejected_message(number)
        if message is None:
            return None
        supervisor = next((s for s in self._supervisors.values() if s.health.source == message.source), None)
        if supervisor is None:
            raise BadReading(f"nothing reads {message.source} any more, so the message cannot be retried")
        specs = {thing: self.specs[thing] for thing in supervisor.health.things}
        reading = decode(message.body, specs, supervisor.encoding)
        if reading.id is None and message.message_id:
            reading = replace(reading, id=f"queue:{message.message_id}")
        arrival = arrive(reading, self._clock(), message.at)
        return self._running_recorder().record([arrival], resolved=[number])[arrival.reading.thing or ""]

    def drop(self, number: int) -> bool:
        """Forget a message that was set aside; False: there is none."""
        if self.rejected_message(number) is None:
            return False
        self._running_recorder().record([], resolved=[number])
        return True

    def health(self) -> list[Health]:
        """How every source is."""
        return [supervisor.health for supervisor in self._supervisors.values()]

    def problems(self) -> list[str]:
        """Why the service is not ready: every failing source, and the store. None: it is ready."""
        store_error = self.store_error()
        found = [f"{h.source}: {h.reason}" for h in self.health() if h.status == "failing"]
        return [*found, *([str(store_error)] if store_error else [])]

    def store_error(self) -> StoreError | None:
        """Why the store fails, tried anew if it failed; None: it does not."""
        recorder = self._running_recorder()
        recorder.check_store()
        return recorder.store_error

    def last_readings(self) -> list[Entry]:
        """What was read last and what became of it, the newest first, since the start."""
        return self._running_recorder().logbook.last()

    def failures(self) -> dict[str, int]:
        """How often each source failed since the start."""
        return {supervisor.health.source: supervisor.failed for supervisor in self._supervisors.values()}

    def look_again(self) -> None:
        """Have all that waits for a time look at the clock: it was turned."""
        self.hub.tick()
        for supervisor in self._supervisors.values():
            supervisor.wake()

    def spec(self, thing: str) -> ThingSpec:
        """What is configured of a thing. Raises UnknownThing."""
        if thing not in self.specs:
            raise UnknownThing(f"there is no thing {thing!r}")
        return self.specs[thing]

    def _create_sources(self) -> dict[str, Source]:
        sources: dict[str, Source] = {"inbox:": create_source("inbox:", self._base)}
        urls: dict[str, str] = {}
        problems = []
        for thing, spec in self.specs.items():
            try:
                if spec.source not in sources:
                    sources[spec.source] = self._given.get(spec.source) or create_source(spec.source, self._base)
                    name_once(sources[spec.source], spec.source, urls)
            except ConfigError as error:
                problems += [f"things.{thing}.source: {problem}" for problem in error.problems]
        if problems:
            raise ConfigError(problems)
        return sources

    def _make_watchers(self, sources: Mapping[str, Source], recorder: Recorder) -> dict[str, Supervisor]:
        served: dict[str, dict[str, ThingSpec]] = defaultdict(dict)
        for thing, spec in self.specs.items():
            served[spec.source][thing] = spec
        return {
            url: Supervisor(Watcher(source, served[url], recorder, self._clock), self._clock, self._note_health)
            for url, source in sources.items()
            if served[url]
        }

    def _stop_watchers(self) -> None:
        for supervisor in self._supervisors.values():
            supervisor.stop()
        deadline = time.monotonic() + STOP_WITHIN
        for supervisor in self._supervisors.values():
            if not supervisor.join(max(deadline - time.monotonic(), 0)):
                log.warning("%s did not answer in time and was left behind", supervisor.health.source)

    def _note_health(self, health: Health) -> None:
        self.hub.set_source(health.things, "failing" if health.status == "failing" else "ok")

    def _start_ticking(self) -> None:
        self._stop_ticking = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="windsock-ticker", daemon=True)
        self._ticker.start()

    def _tick(self) -> None:
        while not self._stop_ticking.wait(TICK):
            try:
                self.hub.tick()
                for supervisor in self._supervisors.values():
                    supervisor.check()
                self._follow_clock()
            except Exception:  # whatever one tick meets, the next one must come
                log.exception("the clocks were not told")

    def _follow_clock(self) -> None:
        if self._recorder and self._recorder.follow_clock():
            for supervisor in self._supervisors.values():
                supervisor.wake()  # silence ends earlier than it seemed

    def _running_store(self) -> Store:
        if self._store is None or not self.started:
            raise _not_started()
        return self._store

    def _running_recorder(self) -> Recorder:
        if self._recorder is None or not self.started:
            raise _not_started()
        return self._recorder


def _not_started() -> NotStarted:
    return NotStarted(
        "Windsock has not been started in this process: call windsock.start(), or let the application serve a "
        "request (under app.testing only the call starts it)"
    )
