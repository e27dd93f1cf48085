"""When a viewer showed a thing as live, and until when it might. Pure: the time is an argument."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from windsock.times import parse_time

GRACE = 4.0
"""Seconds by which a busy machine may be late with telling that a thing went stale."""


class Liveness:
    """Of the things in ``silence``, with the seconds without a word after which each must not be shown as live."""

    def __init__(self, silence: Mapping[str, float]) -> None:
        self._silence = dict(silence)
        # Per thing when it began and ceased to be shown as live.
        self._claims: dict[str, list[tuple[float, bool]]] = {}
        self._silent_at: dict[str, float] = {}

    def tell(self, message: Mapping[str, Any], at: float) -> None:
        """A message with the clocks of a thing has come."""
        thing = message["thing"]
        if thing not in self._silence:
            return
        live = not message["stale"] and message["source"] == "ok"
        self._show(thing, at, live)
        self._silent_at.pop(thing, None)
        if live and message["heard_at"]:
            heard_for = (parse_time(message["now"]) - parse_time(message["heard_at"])).total_seconds()
            # Heard later than now: the server's clock was just set back, and has to be followed soon.
            left = 0 if heard_for < -GRACE else self._silence[thing] - heard_for
            self._silent_at[thing] = at + left + GRACE

    def late(self, at: float) -> list[str]:
        """What is shown as live though it must not be any more; each is said once."""
        found = {thing: until for thing, until in self._silent_at.items() if at > until}
        for thing in found:
            del self._silent_at[thing]
        return [
            f"{thing} was shown as live {at - until:.1f} s after it had to be stale" for thing, until in found.items()
        ]

    def forget(self, thing: str) -> None:
        """It is watched no longer."""
        self._silent_at.pop(thing, None)

    def forgive(self) -> None:
        """What was shown as live until now may go on to be: nobody can tell the viewer otherwise."""
        self._silent_at.clear()

    def lost(self, at: float) -> None:
        """The link is gone: nothing is shown as live."""
        self._silent_at.clear()
        for thing in self._claims:
            self._show(thing, at, live=False)

    def between(self, thing: str, begin: float, end: float) -> bool:
        """Whether a thing was shown as live at any moment of a time."""
        claims = self._claims.get(thing, [])
        ends = [at for at, _ in claims[1:]] + [float("inf")]
        pairs = zip(claims, ends, strict=False)
        return any(live and since < end and until > begin for (since, live), until in pairs)

    def _show(self, thing: str, at: float, live: bool) -> None:
        claims = self._claims.setdefault(thing, [])
        if not claims or claims[-1][1] != live:
            claims.append((at, live))
