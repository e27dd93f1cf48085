"""How the engine speaks Engine.IO."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal

from windsock.engine.protocol.request import Request

TRANSPORTS = ("polling", "websocket")

Origins = Collection[str] | Callable[[Request, str], bool] | Literal["*"] | None
"""Which pages may connect, beside those of the server's own origin: none more, all, these, or those for which a
function of the request and its scheme says so."""


@dataclass(frozen=True, slots=True)
class Options:
    """Times in seconds. ``path`` is where the endpoint lies. ``cookie`` makes a Set-Cookie header of a session id."""

    path: str = "/socket.io/"
    ping_interval: float = 25.0
    ping_timeout: float = 20.0
    max_payload: int = 1_000_000
    transports: Collection[str] = TRANSPORTS
    allow_upgrades: bool = True
    origins: Origins = None
    cookie: Callable[[str], str] | None = None

    @property
    def patience(self) -> float:
        """After how many seconds without a pong a session is dead."""
        return self.ping_interval + self.ping_timeout

    def upgrades(self, transport: str) -> list[str]:
        """To what a session that begins on ``transport`` may be upgraded."""
        possible = transport == "polling" and self.allow_upgrades and "websocket" in self.transports
        return ["websocket"] if possible else []
