"""What the namespace ``/windsock`` needs to know of the application, and keeps of each viewer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Protocol

from windsock import wire
from windsock.engine.topics import Encoder, Topic
from windsock.errors import WindsockError

if TYPE_CHECKING:
    from windsock.engine.session import Session


class Refused(WindsockError):
    """The viewer's request did not get through to the application."""


class StateSite(Protocol):
    """What the states are taken from. Methods marked so may block, and are called in a thread."""

    @property
    def started(self) -> bool:
        """Whether there are states to be sent."""

    @property
    def inline(self) -> bool:
        """Whether `enter` and `may_publish` are quick, so that they may be called in the loop."""

    def start_for_viewer(self) -> None:
        """Start, for the first viewer; if that fails, `things` says why. May block."""

    def enter(self, session: Session) -> str:
        """What a viewer's addresses begin with. Raises Refused. May block if not `inline`."""

    def may_publish(self, session: Session, token: str | None) -> bool:
        """Whether a viewer may report. May block if not `inline`."""

    def things(self) -> Collection[str]:
        """All that can be watched. Raises NotStarted, or why it could not start."""

    def others(self, thing: str) -> int:
        """How many watch a thing over plain HTTP, beside the viewers."""

    def encoder(self, thing: str, base: str) -> Encoder:
        """Makes the frames of a thing."""

    def history(self, value: object) -> wire.Payload:
        """Carry out ``history``. Raises WindsockError. May block."""

    def report(self, value: object, allowed: bool) -> wire.Payload:
        """Carry out ``report``. Raises WindsockError. May block."""

    def words(self, error: WindsockError, publisher: bool) -> str:
        """What a viewer is told of an error."""


class StateViewer:
    """One viewer of the namespace. ``things`` may be shared by many, so it is never changed, only replaced.

    ``token`` is the key that it brought along: whether that is the right one is looked at when it reports.
    """

    __slots__ = ("asked", "base", "things", "token")

    def __init__(self, base: str, token: str | None) -> None:
        self.base = base
        self.token = token
        # How many of its requests are being worked at in threads, or wait for one.
        self.asked = 0
        self.things: Mapping[str, Topic] = {}
