"""What the log is told of a link that is not there: who watches all things may have no state yet to tell it by."""

from __future__ import annotations

import logging

from windsock.client.options import NoLink

log = logging.getLogger("windsock.client")


class Losses:
    """Tells of each loss once, however often the link cannot be made then, and of each kind of reason for that."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._told: set[type[NoLink]] = set()

    def lost(self, reason: str, kind: type[NoLink] = NoLink) -> None:
        """The link is lost, or could not be made."""
        if kind not in self._told:
            self._told.add(kind)
            log.warning("no link to %s: %s; trying again until there is one", self._url, reason)

    def linked(self) -> None:
        """The link is there."""
        if self._told:
            log.info("linked to %s again", self._url)
        self._told.clear()
