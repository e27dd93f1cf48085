"""How much of the server one viewer, one address and all together may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Hard limits; times in seconds, sizes in bytes. ``connections`` None: as many as open files allow."""

    connections: int | None = None
    connections_per_address: int = 1000
    handshake_timeout: float = 10.0
    connect_timeout: float = 20.0
    message_size: int = 1_000_000
    waiting_size: int = 16_000_000
    things_per_viewer: int = 1000
    events_per_second: int = 100
    polling_sessions: int = 1000
    page_requests: int = 500


class TokenBucket:
    """Lets ``rate`` events a second through, and as many again in a burst. Pure: it is told the time."""

    __slots__ = ("_at", "_tokens")

    def __init__(self, rate: float, now: float) -> None:
        self._tokens = 2 * rate
        self._at = now

    def take(self, rate: float, now: float) -> bool:
        """Whether one more event may pass."""
        self._tokens = min(2 * rate, self._tokens + (now - self._at) * rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
