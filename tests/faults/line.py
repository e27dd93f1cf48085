"""The network between one viewer and the server: a TCP proxy that can be cut."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Literal, cast

from tests.faults.streams import HOST

Cut = Literal["closed", "silent", "held"]
"""How a line is cut. No byte passes, and: ``closed``: both ends hear of it at once, and nobody comes in; ``silent``:
the viewer hears of it when the line is back, the server never; ``held``: nobody hears of it, and what was sent arrives
late."""
CUTS: tuple[Cut, ...] = ("closed", "closed", "silent", "held")


class _End(asyncio.Protocol):
    """One end of a connection through the line; what comes in goes out at the other. The viewer's is there first."""

    def __init__(self, line: Line, other: _End | None = None) -> None:
        self.line = line
        self.viewers = other is None
        self.other = other
        # What came before there was another end: reading cannot be paused from the very first.
        self.early = b""
        self.transport: asyncio.Transport | None = None
        # Whether the other end is gone without this one having been told.
        self.alone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one, but does not say so
        self.line.ends.add(self)
        if self.viewers:
            self.line.accept(self)

    def data_received(self, data: bytes) -> None:
        if self.other and self.other.transport:
            if not self.alone and not self.other.transport.is_closing():
                self.other.transport.write(data)
        else:
            self.early += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.line.ends.discard(self)
        if not self.alone and self.other and self.other.transport:
            self.other.transport.close()

    def pause_writing(self) -> None:
        if self.other:
            self.other.pause()

    def resume_writing(self) -> None:
        if self.other and self.line.whole:
            self.other.go_on()

    def pause(self) -> None:
        if self.transport and not self.transport.is_closing():
            self.transport.pause_reading()

    def go_on(self) -> None:
        if self.transport and not self.transport.is_closing():
            self.transport.resume_reading()

    def abort(self) -> None:
        if self.transport:
            self.transport.abort()


class Line:
    """Listens on a port of its own, and passes everything on to ``target``. Touched only in its loop."""

    def __init__(self, target: Callable[[], int]) -> None:
        self.ends: set[_End] = set()
        self.whole = True
        self._target = target
        self._kind: Cut = "held"
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._server: asyncio.Server | None = None
        self._waiting: list[_End] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Begin to pass on."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _End(self), sock=self._listener)

    async def close(self) -> None:
        """Break off everything, also what has just come: a transport that is left keeps the loop from being closed."""
        if self._server:
            self._server.close()
        await asyncio.sleep(0)  # who was accepted is told so in the next turn
        while self.ends or self._tasks:
            for end in list(self.ends):
                end.abort()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await asyncio.sleep(0.001)
        self._listener.close()

    async def cut(self, kind: Cut, seconds: float) -> None:
        """Cut it, and mend it after so many seconds."""
        self.whole, self._kind = False, kind
        for end in list(self.ends):
            end.abort() if kind == "closed" else end.pause()
        try:
            await asyncio.sleep(seconds)
        finally:
            self._mend()

    def vanish(self) -> None:
        """Have whoever is connected be gone, without a word to the server."""
        for end in list(self.ends):
            if end.viewers:
                _tear(end)

    def accept(self, end: _End) -> None:
        """A viewer has come."""
        end.pause()
        if not self.whole and self._kind == "closed":
            end.abort()
        elif self.whole:
            self._connect(end)
        else:
            self._waiting.append(end)

    def _mend(self) -> None:
        self.whole = True
        waiting, self._waiting = self._waiting, []
        for end in list(self.ends):
            if end in waiting:
                continue
            if self._kind == "silent" and end.viewers:
                _tear(end)
            else:
                end.go_on()
        for end in waiting:
            self._connect(end)

    def _connect(self, end: _End) -> None:
        task = asyncio.ensure_future(self._reach(end))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reach(self, end: _End) -> None:
        beyond = end.other = _End(self, end)
        with suppress(OSError):
            await asyncio.get_running_loop().create_connection(lambda: beyond, HOST, self._target())
            if end not in self.ends and not end.alone:
                beyond.abort()  # the viewer went meanwhile, and nobody else would tell the server
            elif beyond.transport and end.early:
                beyond.transport.write(end.early)
            if self.whole:
                end.go_on()
            else:
                beyond.pause()
            return
        end.abort()


def _tear(viewer: _End) -> None:
    """The viewer's end is gone; the server's stays, and hears nothing any more."""
    viewer.alone = True
    if viewer.other:
        viewer.other.alone = True
    viewer.abort()
