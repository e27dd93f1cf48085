"""What a viewer knows, and what it is to be told next. Pure: messages come in, states come out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from windsock.client.state import State, liveness, position_of, read_change, read_state
from windsock.model import Position

Message = Mapping[str, Any]
_CLOCKS = ("now", "heard_at")


@dataclass(frozen=True, slots=True)
class Ask:
    """The history of a thing is needed to go on: the changes of ``epoch`` after version ``since``."""

    thing: str
    epoch: str
    since: int


@dataclass(slots=True)
class _Entry:
    # The newest message, and whether it came since the link was made; the next one is right whatever its version.
    message: Message | None = None
    confirmed: bool = False
    first: bool = True
    # What was given out last, and by what it is told from the next.
    position: Position | None = None
    given: State | None = None
    shown: object = None
    past: deque[State] = field(default_factory=deque)
    lost: bool = False  # the history does not have what is missing before the newest


class Tracker:
    """Newest wins: what came between two calls of `next` is skipped, and counted as a gap. With ``every``, gaps are
    filled from the history, and counted only if it does not have them.

    ``things`` None: all that the server has. ``url`` is where the server is, ``since`` where to begin.
    """

    def __init__(self, url: str, things: Iterable[str] | None, every: bool, since: Mapping[str, Position]) -> None:
        self._url = url
        self._every = every
        self._all = things is None
        self._linked = False
        self._failed = False
        self._reason = ""
        self._entries: dict[str, _Entry] = {thing: _Entry() for thing in things or ()}
        for thing, position in since.items():
            self._entry(thing).position = position

    @property
    def things(self) -> Mapping[str, Position | None] | None:
        """What to name at CONNECT: each thing with the position that is known of it."""
        return None if self._all else {thing: entry.position for thing, entry in self._entries.items()}

    # ------------------------------------------------------------------------------------------------------ coming in

    def link(self) -> None:
        """The link is there; what it is about to tell is right, whatever was known."""
        self._linked = True
        for entry in self._entries.values():
            entry.first, entry.confirmed = True, False

    def unlink(self, reason: str) -> None:
        """The link is lost, or could not be made."""
        self._linked, self._failed, self._reason = False, True, reason
        for entry in self._entries.values():
            entry.past.clear()  # it may be longer by now, and is asked for again

    def state(self, message: Message) -> None:
        """The event ``state``."""
        entry = self._entry(message["thing"])
        lead = _lead(entry.message, message)
        if entry.first or lead is None or lead >= 0:
            if lead != 0:
                entry.lost = False
            entry.message, entry.first, entry.confirmed = message, False, True

    def heard(self, message: Message) -> bool:
        """The event ``heard``; whether its thing is to be watched again, for this viewer is behind."""
        entry = self._entry(message["thing"])
        if entry.first:
            return False  # its state is on the way
        lead = _lead(entry.message, message)
        if lead == 0:
            clocks = {name: message[name] for name in ("heard_at", "now", "stale", "source")}
            entry.message = {**(entry.message or {}), **clocks}
        entry.first = lead is None or lead > 0
        return entry.first

    def fill(self, ask: Ask, epoch: str, changes: Iterable[Message]) -> None:
        """The answer to ``ask``."""
        entry = self._entry(ask.thing)
        found = [change for change in changes if change["version"] > ask.since] if epoch == ask.epoch else []
        newest = entry.message["version"] if entry.message else 0
        entry.lost = not any(change["version"] < newest for change in found)
        before = entry.given
        for change in found:
            before = read_change(ask.thing, epoch, change, before)
            entry.past.append(before)

    # ------------------------------------------------------------------------------------------------------ going out

    def next(self) -> State | Ask | None:
        """What to tell next; None: there is no news."""
        for thing, entry in list(self._entries.items()):
            found = self._unlinked(thing, entry) if not (self._linked and entry.confirmed) else self._news(thing, entry)
            if found is not None:
                # Others first next time: one that changes all the time must not keep them waiting.
                self._entries[thing] = self._entries.pop(thing)
                return found
        return None

    @property
    def now(self) -> list[State]:
        """All that is known, as it is known now; it does not count as told."""
        found = []
        for thing, entry in self._entries.items():
            if entry.message is None:
                found.append(State(thing, Position("", 0), reason=self._reason))
            else:
                there = self._linked and entry.confirmed
                live = liveness(entry.message) if there else "unlinked"
                found.append(read_state(entry.message, self._url, live, "" if there else self._reason))
        return found

    def _news(self, thing: str, entry: _Entry) -> State | Ask | None:
        assert entry.message is not None
        there, had = position_of(entry.message), entry.position
        if self._every and had is not None and not entry.lost:
            since = had.version if had.epoch == there.epoch else 0
            if since + 1 < there.version:
                return self._past(entry, there) or Ask(thing, there.epoch, since)
        live = liveness(entry.message)
        shown = {name: value for name, value in entry.message.items() if name not in _CLOCKS}
        if entry.shown == (shown, live):
            return None
        entry.shown = (shown, live)
        return self._give(entry, read_state(entry.message, self._url, live))

    def _past(self, entry: _Entry, newest: Position) -> State | None:
        had = entry.position
        while entry.past and (entry.past[0].position.epoch != newest.epoch or entry.past[0].version < newest.version):
            state = entry.past.popleft()
            there = state.position
            if there.epoch == newest.epoch and not (had and had.epoch == there.epoch and had.version >= there.version):
                return self._give(entry, state)
        return None

    def _unlinked(self, thing: str, entry: _Entry) -> State | None:
        if self._linked or not self._failed or entry.shown == "unlinked":
            return None  # about to be known, or told already
        entry.shown = "unlinked"
        if self._every or entry.message is None:
            last = entry.given or State(thing, entry.position or Position("", 0))
            return replace(last, liveness="unlinked", reason=self._reason, new=False, gap=0, anew=False)
        return self._give(entry, read_state(entry.message, self._url, "unlinked", self._reason))

    def _give(self, entry: _Entry, state: State) -> State:
        """Note that a state is given out, with what was missed before it."""
        had, there = entry.position, state.position
        if had is None:
            state = replace(state, new=True)
        elif had != there:
            forward = had.epoch == there.epoch and there.version > had.version
            gap = there.version - had.version - 1 if forward else 0
            state = replace(state, new=True, gap=gap, anew=not forward)
        entry.position, entry.given = there, state
        return state

    def _entry(self, thing: str) -> _Entry:
        return self._entries.setdefault(thing, _Entry())


def _lead(old: Message | None, new: Message) -> int | None:
    """How many versions a message is ahead of another; None: they cannot be compared."""
    if old is None or old["epoch"] != new["epoch"]:
        return None
    return int(new["version"]) - int(old["version"])
