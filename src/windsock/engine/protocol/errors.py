"""What is wrong with what a viewer sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from windsock.errors import WindsockError


class ProtocolError(WindsockError):
    """The viewer broke a protocol, so its session ends. The text is the reason, for people and for the log."""


class WebSocketError(ProtocolError):
    """The WebSocket protocol was broken. ``code`` is the close code to answer with (RFC 6455, 7.4.1).

    ``events`` are those that were complete before the mistake in the same bytes: they still count.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.events: Sequence[Any] = ()
