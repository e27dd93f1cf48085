"""The one background worker of a source: receive, decode, fold, commit, announce, delete.

Viewers hear of a change as soon as it is durable, before its message is deleted: deleting is a request to the
queue for each message, and nobody has to wait for that. See `docs/decisions/004-announce-before-delete.md`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from windsock.decode import check, decode
from windsock.detect import Arrival, arrive
from windsock.errors import BadReading, SourceError
from windsock.model import Reading, Rejected, ThingSpec
from windsock.recorder import Recorder
from windsock.sources import Message, Source, Wait
from windsock.times import Clock

log = logging.getLogger("windsock.watcher")

LONGEST_LOOK = 60.0
"""Seconds after which a source that has nothing is looked at anew."""


class Watcher:
    """Reads one source, for the things that name it. Used by one thread; what a step raises ends it there.

    A message is deleted only after what it caused is durable; so a step that ends anywhere loses nothing.
    """

    def __init__(self, source: Source, specs: Mapping[str, ThingSpec], recorder: Recorder, clock: Clock) -> None:
        self.source = source
        self.things = tuple(specs)
        self._specs = specs
        self._recorder = recorder
        self._clock = clock

    def step(self, wait: Wait) -> None:
        """One look at the source, and all that follows from it.

        Raises SourceError and StoreError, and whatever a source of the user's own code raises.
        """
        looked_at = self._clock()
        messages = self.source.receive(wait, self._patience())
        if messages:
            self._record(messages)
            self.source.delete(messages)
        for thing in self.things:
            self._recorder.conclude_silence(thing, _known_until(messages, looked_at))

    def _patience(self) -> float:
        """Seconds until silence changes something, for then the source has to be looked at again."""
        due = self._recorder.next_due(self.things)
        if due is None:
            return LONGEST_LOOK
        return min(max((due - self._clock()).total_seconds(), 0.0), LONGEST_LOOK)

    def _record(self, messages: Sequence[Message]) -> None:
        arrivals: list[Arrival] = []
        rejected: list[Rejected] = []
        for message in messages:
            try:
                arrivals.append(self._arrival(message))
            except BadReading as error:
                rejected.append(self._set_aside(message, error))
        self._recorder.record(arrivals, rejected)

    def _arrival(self, message: Message) -> Arrival:
        body = message.body
        if isinstance(body, Reading):
            reading = check(body, self._specs)
        else:
            reading = decode(body, self._specs, self.source.encoding)
        if reading.id is None and message.id is not None:
            # A prefix of its own: an id that a publisher chose cannot be taken for one of the queue's.
            reading = replace(reading, id=f"queue:{message.id}")
        return arrive(reading, self._clock(), message.inserted_at, self.source.resolution)

    def _set_aside(self, message: Message, error: BadReading) -> Rejected:
        if isinstance(message.body, Reading):
            # Code gave it, so it would give it again at every look: that is a failure to mend, not a message.
            raise SourceError(f"{self.source.name}: {error}") from None
        body = message.body.encode(errors="surrogatepass") if isinstance(message.body, str) else message.body
        log.warning("%s: a message was set aside: %s", self.source.name, error)
        return Rejected(self.source.name, body, str(error), self._clock(), message.id)


def _known_until(messages: Sequence[Message], looked_at: datetime) -> datetime:
    """Until when a look knows all that was reported: what came in later may still be waiting.

    A look that found nothing knows all until it began. A queue that gave something gives in order of insertion,
    so it has nothing left that came in before the newest: a busy thing does not keep the others from resting,
    and a backlog is not taken for silence.
    """
    inserted = [message.inserted_at for message in messages if message.inserted_at]
    return min(looked_at, max(inserted)) if inserted else looked_at
