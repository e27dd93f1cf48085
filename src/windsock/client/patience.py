"""How long a link is believed in."""

from __future__ import annotations

GRACE = 5.0
"""Seconds after which a ping of the server's is overdue, and the link lost: nobody would know of a change meanwhile."""


class PingTimeout:
    """The attribute ``ping_timeout`` of a stock client: what the server says, but no more than `GRACE`."""

    def __get__(self, client: object, kind: type[object]) -> float | None:
        given: float | None = client.__dict__.get("ping_timeout")
        return None if given is None else min(given, GRACE)

    def __set__(self, client: object, seconds: float | None) -> None:
        client.__dict__["ping_timeout"] = seconds
