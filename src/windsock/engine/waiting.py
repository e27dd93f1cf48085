"""Answers that wait for news: carried on in the loop, so that none of them holds a thread."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Protocol, cast, runtime_checkable

from windsock.engine.door import VIEWER_BUFFER, resize
from windsock.engine.polling import Receive, Scope, Send

if TYPE_CHECKING:
    from windsock.engine.engine import Engine

HANDOVER = "windsock.handover"
"""The key in a request's scope of the `Handover` that the application may make use of."""
LATER = "windsock.later"
"""The key in a request's environ of a function of a `Waiting`: the loop waits until that is over, and serves the
request again; what it is answered now is dropped. Absent where nothing can wait in a loop."""
WAITED = "windsock.waited"
"""The key in a request's environ of the `Waiting` after which it is served again."""
TRANSPORT = "windsock.transport"
"""The key in a request's scope of the connection that it came on."""
STUCK = 15.0
"""Seconds for which a reader may leave unread, or its machine unacknowledged, what it is sent."""


@runtime_checkable
class Waiting(Protocol):
    """Something that waits for news. As the body of a response it is a stream; beside one, a delay."""

    def begin(self, wake: Callable[[], None]) -> None:
        """Have ``wake`` called at news, from any thread. `take` may be called at once."""

    def take(self) -> bytes | None:
        """What is to be sent now; nothing, if it is to wait on; None when it is over. Does not block."""

    def patience(self) -> float:
        """After how many seconds `take` is to be called again, if there is no news."""

    def close(self) -> None:
        """Wait no more. Called once at the end, begun or not."""


class Handover:
    """What one request leaves to the loop. ``waited``: what it has waited for already."""

    def __init__(self, waited: Waiting | None) -> None:
        self.waited = waited
        self.stream: Waiting | None = None
        self.delay: Waiting | None = None

    def wait(self, waiting: Waiting) -> None:
        """See `LATER`."""
        self.delay = waiting

    def sender(self, send: Send) -> Send:
        """``send``, without the answer that is dropped, and without the end of one that goes on."""

        async def guarded(message: dict[str, object]) -> None:
            if self.delay is None and (self.stream is None or message["type"] == "http.response.start"):
                await send(message)

        return cast("Send", guarded)


class _Watch:
    """Looks after one that waits: wakes it, and cuts off a reader that does not read."""

    lingering: ClassVar[bool] = False
    finishing: ClassVar[bool] = False

    def __init__(self, engine: Engine, transport: asyncio.Transport | None) -> None:
        self._engine = engine
        self._transport = transport
        self._woken = asyncio.Event()
        self._sending = False
        self._slot: int | None = None

    def wake(self) -> None:
        self._woken.set()

    def expire(self) -> None:
        """See `Expiring`: its patience is over, or the server stops."""
        self._slot = None
        if self._sending and self._transport is not None:
            self._transport.abort()
        self._woken.set()

    async def sleep(self, seconds: float) -> None:
        """Until there is news, or the time is over."""
        if not self._woken.is_set():
            self._expect(seconds)
            await self._woken.wait()
            self.end()
        self._woken.clear()

    async def send(self, send: Send, part: bytes) -> None:
        """Returns when all that was sent before has left for the kernel."""
        self._sending = True
        self._expect(STUCK)
        try:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        finally:
            self._sending = False
            self.end()

    def end(self) -> None:
        if self._slot is not None:
            self._engine.expect_no_more(self, self._slot)
            self._slot = None

    def _expect(self, seconds: float) -> None:
        self._slot = self._engine.expect(self, seconds)


async def carry_on(engine: Engine, waiting: Waiting, scope: Scope, receive: Receive, send: Send | None) -> bool:
    """Wait until it is over, sending what it gives with ``send``; whether the client is still there then."""
    transport: asyncio.Transport | None = None if send is None else scope.get(TRANSPORT)
    watch = _Watch(engine, transport)
    gone = asyncio.ensure_future(_until_gone(receive))
    gone.add_done_callback(lambda _: watch.wake())
    if transport is not None:
        tend(transport)
    try:
        waiting.begin(lambda: engine.call(watch.wake))
        while not engine.stopping and not gone.done():
            if send is not None:
                await watch.send(send, b"")  # what is newest is asked for when it can be sent, not before
            part = waiting.take()
            if part is None:
                break
            if part and send is not None:
                await watch.send(send, part)
            else:
                await watch.sleep(waiting.patience())
        return not gone.done()
    finally:
        watch.end()
        gone.cancel()
        waiting.close()


async def finish(scope: Scope, send: Send) -> None:
    """End a stream, and its connection, which is tuned to nothing else."""
    await send({"type": "http.response.body", "body": b"", "more_body": False})
    scope[TRANSPORT].close()


def tend(transport: asyncio.Transport) -> None:
    """Keep little for a reader that is slow, and notice one that has vanished without a word."""
    transport.set_write_buffer_limits(high=1, low=0)
    resize(transport, VIEWER_BUFFER)
    kept = transport.get_extra_info("socket")
    if kept is not None:
        limit_silence(kept)


def limit_silence(kept: socket.socket) -> None:
    """Have the kernel end a connection whose peer acknowledges nothing for `STUCK` seconds, where it can."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None:
        kept.setsockopt(socket.IPPROTO_TCP, option, int(STUCK * 1000))


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
