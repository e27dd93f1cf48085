"""What lies behind the engine: the namespaces of an application, carried by python-socketio in threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from windsock.engine.session import Session


class Application(Protocol):
    """All namespaces but ``/windsock``. The engine calls it in its loop, so nothing here may block."""

    def accepts(self, namespace: str) -> bool:
        """Whether there is such a namespace."""

    def receive(self, session: Session, message: str | bytes) -> None:
        """One Socket.IO packet whose header is valid, or one binary attachment of the packet before, in order."""

    def ended(self, session: Session, reason: str) -> None:
        """The session is over; called once, after its last `receive`, for sessions that had one."""


class NoApplication:
    """Where there is nothing but ``/windsock``."""

    def accepts(self, namespace: str) -> bool:
        return False

    def receive(self, session: Session, message: str | bytes) -> None:
        raise AssertionError("no namespace was accepted")

    def ended(self, session: Session, reason: str) -> None:
        raise AssertionError("nothing was received")
