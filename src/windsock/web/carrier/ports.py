"""What the carrier needs of the engine, so that it can be tried without one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Session(Protocol):
    """One Engine.IO session; what is read here may be read in any thread."""

    @property
    def sid(self) -> str:
        """Its id."""

    @property
    def head(self) -> bytes:
        """The HTTP head of the request that opened it."""

    @property
    def client(self) -> tuple[str, int]:
        """The viewer's address and port."""

    @property
    def server(self) -> tuple[str, int]:
        """The address and port that it came to."""

    @property
    def scheme(self) -> str:
        """``http`` or ``https``."""

    @property
    def transport(self) -> str:
        """``polling`` or ``websocket``."""


class Engine(Protocol):
    """Safe from any thread, and never waits. Whoever is gone gets nothing."""

    def send(self, sid: str, messages: Sequence[str | bytes]) -> None:
        """Send Socket.IO packets, each with its attachments after it, to one session."""

    def broadcast(self, sids: Sequence[str], messages: Sequence[str | bytes]) -> None:
        """Send the same to many sessions; it is framed once."""

    def close(self, sid: str) -> None:
        """End a session."""
