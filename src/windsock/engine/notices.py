"""What the log is told of refusals: each once, for whoever is refused tries again and again."""

from __future__ import annotations

import logging

from windsock.engine.protocol.handshake import UNSUPPORTED_VERSION, Refusal

log = logging.getLogger("windsock.engine")

MOST = 100
"""Warnings that are remembered; what they name, anybody can choose."""


class Notices:
    """Warnings that were given."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def once(self, text: str) -> None:
        """A warning, the first time only."""
        if text not in self._given and len(self._given) < MOST:
            self._given.add(text)
            log.warning("%s", text)

    def refusal(self, refusal: Refusal) -> None:
        """Tell what a person has to know: pages with a client that is too old will not come by themselves."""
        if refusal.code == UNSUPPORTED_VERSION:
            self.once(refusal.message)
        else:
            log.debug("refused with %d: %s", refusal.status, refusal.message)
            self.limit(refusal.message)

    def limit(self, words: str) -> None:
        """Tell of the limit that a viewer was told of, if ``words`` name one: it may be set too low."""
        _, found, name = words.partition("(the limit ")
        if found:
            self.once(f"viewers are cut off, for the limit {name.rstrip(')')} is reached")
