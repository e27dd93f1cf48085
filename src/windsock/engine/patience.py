"""Slow clients of pages: they wait in the loop and not in a thread, and not for ever."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from windsock.engine.polling import Message, Receive, Scope, Send

if TYPE_CHECKING:
    from collections.abc import Callable

READ_AHEAD = 64 * 1024
"""Bytes of a body up to which it is read before a thread is asked to work at its request."""
SEND_WITHIN = 30.0
"""Seconds within which a client has to read some of a response, as much as the buffers beneath it hold."""


async def read_ahead(scope: Scope, receive: Receive) -> Receive | None:
    """What gives a request's body; a small one has been read then. None: its client has gone."""
    if not 0 < _size(scope) <= READ_AHEAD:
        return receive
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    waiting: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def in_time(send: Send, give_up: Callable[[], None]) -> Send:
    """``send``, but ``give_up`` is called when a client does not read; what follows goes nowhere then."""

    async def send_in_time(message: Message) -> None:
        try:
            async with asyncio.timeout(SEND_WITHIN):
                await send(message)
        except TimeoutError:
            give_up()

    return send_in_time


def _size(scope: Scope) -> int:
    """Bytes of the body, as far as the head says it."""
    declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(declared) if declared.isdigit() and len(declared) < 10 else 0
