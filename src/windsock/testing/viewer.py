"""A recording viewer: notes everything that it is told, and shows a test what came instead of what it waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, NoReturn, Self

from windsock.model import SourceStatus
from windsock.testing.diary import Entry, Kind
from windsock.testing.follower import Follower
from windsock.testing.seen import Gap, Seen
from windsock.testing.source import WITHIN
from windsock.testing.story import not_seen, wanted_words

Explain = Callable[[], Sequence[str]]
"""Lines that say what may be wrong on the server's side."""


class RecordingViewer:
    """A program that watches things by the wire's rules. Made by `LiveServer.viewer`, or for any server's address.

    ``address`` is the server's Socket.IO endpoint (``ws://127.0.0.1:5000/socket.io/``); no ``things``: all.
    As a context manager it is connected and has every thing's state within, and leaves at the end. It comes back by
    itself when the link is lost, from where it was.

    What it `sees` it reads as one reads a page: once, and in order.
    """

    def __init__(
        self,
        address: str,
        things: Sequence[str] = (),
        token: str | None = None,
        counts: bool = False,
        explain: Explain = tuple,
    ) -> None:
        self.things = tuple(things)
        auth = {"viewers": counts} | ({} if token is None else {"token": token})
        self._follower = Follower(address, self.things, auth)
        self._explain = explain

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> Self:
        """Connect; returns when every thing's state has come. Raises ViewerRefused, or LinkLost if nobody is there."""
        __tracebackhide__ = True
        self._follower.open()
        try:
            self._settle()
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """Leave, as a page does that is closed. A second call does nothing."""
        self._follower.close()

    # ----------------------------------------------------------------------------------------- what a test waits for

    def sees(
        self,
        state: str | None = None,
        *,
        thing: str | None = None,
        stale: bool | None = None,
        source: SourceStatus | None = None,
        within: float = WITHIN,
    ) -> Seen:
        """Wait until it is shown a state, and read on to there; what it was shown then.

        Messages that only say that a thing was heard count where ``stale`` or ``source`` is asked for. Raises
        AssertionError, with all that came instead, if it is not shown within so many seconds.
        """
        __tracebackhide__ = True
        kinds: tuple[Kind, ...] = ("state",) if stale is None and source is None else ("state", "heard")

        def wanted(entry: Entry) -> bool:
            seen = entry.seen
            if seen is None or entry.kind not in kinds or thing not in (None, entry.thing):
                return False
            return state in (None, seen.state) and stale in (None, seen.stale) and source in (None, seen.source)

        found = self._find(wanted, wanted_words(state, thing, stale, source), within).seen
        assert found is not None
        return found

    def sees_link(self, link: Literal["lost", "back"], within: float = WITHIN) -> None:
        """Wait until its connection is lost, or back. Raises AssertionError as `sees` does."""
        __tracebackhide__ = True
        self._find(lambda entry: entry.kind == "link" and entry.words.startswith(link), f"its link {link}", within)

    def sees_viewers(self, count: int, thing: str | None = None, within: float = WITHIN) -> None:
        """Wait until it is told that so many watch a thing; it has to be one with ``counts``. Raises as `sees` does."""
        __tracebackhide__ = True
        self._find(
            lambda entry: (entry.kind, entry.count) == ("viewers", count) and thing in (None, entry.thing),
            f"{count} viewers" + (f" of {thing}" if thing else ""),
            within,
        )

    def refresh(self, thing: str | None = None) -> Seen:
        """Ask for a thing's newest state, and give it: whatever was recorded before is in it.

        Raises AssertionError if no answer comes, ValueError if it watches several things and none is named.
        """
        __tracebackhide__ = True
        name = self._one(thing)
        self.ask("watch", {"things": [name]})
        return self.shown(name)

    def ask(self, event: str, payload: Mapping[str, Any], within: float = WITHIN) -> dict[str, Any]:
        """The answer to ``watch``, ``unwatch``, ``history`` or ``report``. Raises AssertionError if none comes."""
        __tracebackhide__ = True
        answer = self._follower.ask(event, payload, within)
        if answer is None:
            self._fail(f"an answer to {event!r}", within)
        return answer

    # ----------------------------------------------------------------------------------------------- what it has noted

    def shown(self, thing: str | None = None) -> Seen:
        """What it shows of a thing now. Raises ValueError if it was told of none of this name."""
        name = self._one(thing)
        if name not in self._follower.shown:
            raise ValueError(f"this viewer was told nothing of {name!r}")
        return self._follower.shown[name]

    def states(self, thing: str | None = None) -> list[Seen]:
        """All states that it was sent, in order; those of one thing, if it is named."""
        return [entry.seen for entry in self._noted("state", thing) if entry.seen]

    def heard(self, thing: str | None = None) -> list[Seen]:
        """What it showed after each message that only moved the clocks, in order."""
        return [entry.seen for entry in self._noted("heard", thing) if entry.seen]

    def gaps(self, thing: str | None = None) -> list[Gap]:
        """The versions that it was not sent."""
        return [entry.gap for entry in self._noted("gap", thing) if entry.gap]

    @property
    def entries(self) -> Sequence[Entry]:
        """Everything that happened to it, in order."""
        return self._follower.diary.entries

    # ------------------------------------------------------------------------------------------- what it goes through

    @contextmanager
    def away(self) -> Iterator[None]:
        """Within it the link is broken; at the end it is back, and the viewer has what it missed."""
        self._must(lambda: self._follower.linked, "its link")
        self._follower.leave()
        try:
            self._must(lambda: not self._follower.linked, "its link lost")
            yield
        finally:
            self._follower.come_back()
        self._must(lambda: self._follower.linked, "its link back")
        self._settle()

    @contextmanager
    def not_reading(self) -> Iterator[None]:
        """Within it the viewer reads nothing, nor does it answer the server's pings."""
        self.vanish()
        try:
            yield
        finally:
            self._follower.read_on()

    def vanish(self) -> None:
        """Neither read nor say anything any more, not even goodbye: like a machine that lost its power."""
        self._follower.stop_reading()

    # --------------------------------------------------------------------------------------------------- how it waits

    def _settle(self) -> None:
        """Wait for the states that follow CONNECT: an answer comes after them."""
        __tracebackhide__ = True
        self.ask("watch", {"things": []})

    def _one(self, thing: str | None) -> str:
        known = self.things or tuple(self._follower.shown)
        if thing is None and len(known) != 1:
            raise ValueError(f"this viewer watches {', '.join(known) or 'nothing'}: name the thing")
        return thing or known[0]

    def _noted(self, kind: Kind, thing: str | None) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind == kind and thing in (None, entry.thing)]

    def _find(self, wanted: Callable[[Entry], bool], words: str, within: float) -> Entry:
        __tracebackhide__ = True
        entry = self._follower.diary.find(wanted, within)
        if entry is None:
            self._fail(words, within)
        return entry

    def _must(self, true: Callable[[], bool], words: str) -> None:
        __tracebackhide__ = True
        if not self._follower.diary.wait_for(true, WITHIN):
            self._fail(words, WITHIN)

    def _fail(self, words: str, within: float) -> NoReturn:
        __tracebackhide__ = True
        diary = self._follower.diary
        who = ", ".join(self.things) or "all things"
        raise AssertionError(not_seen(who, words, within, diary.entries, len(diary.unread), self._explain()))
