"""The wire's rules, as one viewer may expect them to be kept. Pure: it is told each packet, and the time.

See `docs/reference/wire.md`. What breaks a rule is written down in `faults`; `evidence` shows what led to the first.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.faults.liveness import Liveness
from tests.faults.packets import Packet, read
from windsock.model import Position

STOPS_WITHIN = 0.9
"""Seconds in which everybody is put out by a Windsock that is stopped."""
LOGGED = 100
"""Packets that are kept to show what led to a fault."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Versions of a thing that were passed over: those after ``since`` and before ``until``."""

    thing: str
    epoch: str
    since: int
    until: int


class Judge:
    """One viewer's. ``silence``: after how many seconds without a word a thing must not be shown as live."""

    def __init__(self, name: str, silence: Mapping[str, float] | None = None) -> None:
        self.name = name
        self.faults: list[str] = []
        # The packets that led to the first fault.
        self.evidence: list[str] = []
        self._log: deque[str] = deque(maxlen=LOGGED)
        self.shown: dict[str, Position] = {}
        self.gaps: list[Gap] = []
        self.counts: dict[str, int] = {}
        # How often each version was shown anew, or filled in.
        self.had: Counter[tuple[str, Position]] = Counter()
        self.liveness = Liveness(silence or {})
        self._content: dict[tuple[str, Position], tuple[Any, Any]] = {}
        self._epochs: dict[str, set[str]] = {}
        self._entered = self._leaving = False
        self.watched: set[str] = set()
        # Whose first state is still to come, and what it must not be older than.
        self._due: dict[str, Position | None] = {}
        self._asked: dict[str, Position | None] = {}
        self._came: set[str] = set()
        self._behind: set[str] = set()
        # What is a fault, unless Windsock was just being stopped and the viewer is put out; and when that is known.
        self._doubts: list[tuple[float, str]] = []
        self._now = 0.0

    # ------------------------------------------------------------------------------------- what the viewer does

    def connects(self, things: Iterable[str], newest: Mapping[str, Position], again: bool = False) -> None:
        """A CONNECT for things is sent; ``newest`` was committed before.

        ``again``: the namespace was left just now, and what is still on its way from before counts for nothing.
        """
        self._note(f"-> CONNECT {sorted(things)}")
        self._entered, self._leaving = False, again
        self.watched = set(things)
        self._due = {thing: newest.get(thing) for thing in things}
        self._asked, self._came = {}, set()

    def asks(self, things: Iterable[str], newest: Mapping[str, Position]) -> None:
        """A ``watch`` is sent; no other request is under way.

        Of what is watched already, a state that is still on its way is not sent once more: the newest follows it.
        """
        self._note(f"-> watch {sorted(things)}")
        self._asked = {thing: None if thing in self.watched else newest.get(thing) for thing in things}
        self._came = set()
        self.watched.update(things)

    def was_answered(self) -> None:
        """The ``watch`` is acknowledged."""
        for thing, least in self._asked.items():
            if thing not in self._came:
                self._doubt(f"the watch of {thing} was acknowledged before its state came")
            self._require(thing, least, "after it was watched")
        self._asked = {}

    def stops(self, things: Iterable[str]) -> None:
        """An ``unwatch`` is acknowledged: from now on nothing of the things may come."""
        self._note(f"-- unwatched {sorted(things)}")
        for thing in things:
            self.watched.discard(thing)
            self._due.pop(thing, None)
            self._behind.discard(thing)
            self.liveness.forget(thing)

    def lost(self, at: float, why: str = "") -> None:
        """The link is gone, or the namespace was left: nothing is shown as live."""
        self._note(f"-- lost {why}")
        self.still(at)
        self.liveness.lost(at)
        self.counts.clear()
        self.watched, self._due, self._asked, self._entered = set(), {}, {}, False
        self._behind.clear()
        self._doubts.clear()

    def cannot_know(self) -> None:
        """Its network is being cut: what it was shown as live until now it may go on to, until it notices."""
        self._note("-- cut")
        self.liveness.forgive()

    def still(self, at: float) -> None:
        """It is now ``at``: see whether anything should have been told by then."""
        for text in self.liveness.late(at):
            self.accuse(text)

    # ---------------------------------------------------------------------------------------- what it is told

    def take(self, encoded: str, at: float) -> Packet:
        """The next packet. Raises ValueError if it is none."""
        self._note(f"{at:.3f} {encoded[:230]}")
        packet = read(encoded)
        self._now = at
        self._decide(packet.kind == "out")
        if self._leaving and packet.kind not in ("connect", "refused"):
            return packet
        if packet.kind == "connect":
            self._leaving = False
            if self._entered:
                self.accuse("CONNECT was answered twice")
            self._entered = True
        elif packet.kind == "out":
            self.lost(at, "put out")
        elif packet.kind != "refused" and not self._entered:
            self.accuse(f"{packet.kind} came before CONNECT was answered")
        if packet.kind == "state":
            self._take_state(packet.body, at)
        elif packet.kind == "heard":
            self._take_heard(packet.body, at)
        elif packet.kind == "viewers":
            self._require_watched("viewers", packet.body)
            self.counts[packet.body["thing"]] = packet.body["count"]
        return packet

    def fill(self, gap: Gap, answer: dict[str, Any]) -> None:
        """The answer of ``history`` for a gap, asked with its size as the limit."""
        self._note(f"-- {gap} filled by {str(answer)[:200]}")
        changes = answer.get("changes", ())
        versions = [change["version"] for change in changes]
        if not answer.get("ok") or versions != list(range(gap.since + 1, gap.until)):
            self.accuse(f"the history of {gap} has {versions}")
        for change in changes:
            self._have(gap.thing, Position(gap.epoch, change["version"]), change)

    def _take_state(self, message: dict[str, Any], at: float) -> None:
        thing, position = message["thing"], _position(message)
        self._require_watched("state", message)
        self._go_to(thing, position)
        if thing in self._due:
            self._require(thing, self._due.pop(thing), "first after CONNECT")
        self._came.add(thing)
        self._same(thing, position, message)
        self._behind.discard(thing)
        self.still(at)
        self.liveness.tell(message, at)

    def _take_heard(self, message: dict[str, Any], at: float) -> None:
        thing, position = message["thing"], _position(message)
        self._require_watched("heard", message)
        last = self.shown.get(thing)
        if thing in self._due:
            self.accuse(f"clocks of {thing} came before its state")
        elif last and last.epoch == position.epoch and position.version < last.version:
            self.accuse(f"clocks of {thing} went back from {last.version} to {position.version}")
        elif position != last:
            self._behind.add(thing)
        self.still(at)
        self.liveness.tell(message, at)

    def _go_to(self, thing: str, position: Position) -> None:
        last = self.shown.get(thing)
        epochs = self._epochs.setdefault(thing, set())
        if last is None or position.epoch != last.epoch:
            if position.epoch in epochs:
                self.accuse(f"{thing} went back to the epoch {position.epoch}")
            epochs.add(position.epoch)
            last = Position(position.epoch, 0)
        if position.version < last.version:
            self.accuse(f"{thing} went back from {last.version} to {position.version}")
            return
        if position.version > last.version + 1:
            self.gaps.append(Gap(thing, position.epoch, last.version, position.version))
        if position != self.shown.get(thing) and position.version:
            self.had[thing, position] += 1
        self.shown[thing] = position

    def _have(self, thing: str, position: Position, change: Mapping[str, Any]) -> None:
        self.had[thing, position] += 1
        self._same(thing, position, change)

    def _same(self, thing: str, position: Position, message: Mapping[str, Any]) -> None:
        """A version looks the same, whenever and however it is told."""
        content = (message["state"], message["data"].get("n"))
        known = self._content.setdefault((thing, position), content)
        if known != content:
            self.accuse(f"{thing} at {position} was {known} and is {content}")

    def _require(self, thing: str, least: Position | None, when: str) -> None:
        shown = self.shown.get(thing)
        if least and shown and shown.epoch == least.epoch and shown.version < least.version:
            self._doubt(f"{thing} is at {shown.version} {when}, but {least.version} was committed before")

    def _doubt(self, text: str) -> None:
        self._note(f"?? {text}")
        self._doubts.append((self._now + STOPS_WITHIN, text))

    def _decide(self, out: bool) -> None:
        for until, text in self._doubts:
            if not out and until < self._now:
                self.accuse(text)
        self._doubts = [] if out else [doubt for doubt in self._doubts if doubt[0] >= self._now]

    def _require_watched(self, what: str, message: Mapping[str, Any]) -> None:
        if message["thing"] not in self.watched:
            self.accuse(f"{what} of {message['thing']}, which is not watched")

    # --------------------------------------------------------------------------------------------- in the end

    def behind(self, newest: Mapping[str, Position]) -> list[str]:
        """What it watches, but was not told of though it was committed."""
        told = [thing for thing in list(self.watched) if self._entered and thing not in self._due]
        pairs = [(thing, self.shown.get(thing), newest.get(thing)) for thing in told]
        return [
            thing
            for thing, shown, least in pairs
            if shown and least and shown.epoch == least.epoch and shown.version < least.version
        ]

    def shown_now(self, thing: str) -> bool:
        """Whether a thing's state came over this link."""
        return self._entered and thing in self.watched and thing not in self._due

    def settled(self, newest: Mapping[str, Position]) -> bool:
        """Whether everything that it watches is shown at its newest version."""
        return self._entered and not self._due and all(self.shown.get(t) == newest.get(t) for t in self.watched)

    def finish(self, newest: Mapping[str, Position]) -> list[str]:
        """What was wrong, now that nothing changes any more."""
        self._now += 2 * STOPS_WITHIN
        self._decide(out=False)
        for thing in self.watched:
            if self.shown.get(thing) != newest.get(thing):
                self.accuse(f"{thing} ends at {self.shown.get(thing)}, and the newest is {newest.get(thing)}")
        if self._due:
            self.accuse(f"no state came of {sorted(self._due)}")
        return self.faults

    def uneven(self, thing: str, newest: Position) -> list[int]:
        """The versions up to the newest that it does not have exactly once."""
        versions = range(1, newest.version + 1)
        return [version for version in versions if self.had[thing, Position(newest.epoch, version)] != 1]

    def differs(self, truth: Mapping[tuple[str, Position], tuple[Any, Any]]) -> list[str]:
        """What it was shown that never was so."""
        return [
            f"{self.name}: {key} was shown as {content}, and was {truth.get(key)}"
            for key, content in self._content.items()
            if key[1].version and truth.get(key) != content
        ]

    def remark(self, line: str) -> None:
        """Something to be seen between the packets."""
        self._note(f"== {line}")

    def _note(self, line: str) -> None:
        self._log.append(line)

    def accuse(self, text: str) -> None:
        """Write down that a rule was broken."""
        self._note(f"!! {text}")
        self.evidence = self.evidence or list(self._log)
        self.faults.append(f"{self.name}: {text}")


def _position(message: Mapping[str, Any]) -> Position:
    return Position(message["epoch"], message["version"])
