"""TCP connections of viewers that can be broken off anywhere."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextvars import ContextVar
from typing import Any, ClassVar

HOST = "127.0.0.1"
ANSWER_WITHIN = 10.0
"""Seconds for any answer: far more than a busy machine takes, and far less than for ever."""


class Ended(Exception):
    """The server ended it, or refused; why, as far as it said."""


class Stream:
    """A TCP connection. ``buffer`` is how much the kernel receives before anybody reads, in bytes.

    ``within``: how many seconds it waits for what has to come.
    """

    opened: ClassVar[ContextVar[list[Stream]]] = ContextVar("opened")
    """All of whoever wants to know."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, within: float) -> None:
        self.reader, self.writer = reader, writer
        self._within = within
        self.opened.get([]).append(self)

    @classmethod
    async def open(cls, port: int, buffer: int | None = None, within: float = ANSWER_WITHIN) -> Stream:
        made = socket.socket()
        made.setblocking(False)
        if buffer is not None:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        try:
            await asyncio.get_running_loop().sock_connect(made, (HOST, port))
            return cls(*await asyncio.open_connection(sock=made, limit=buffer or 65536), within)
        except BaseException:
            made.close()
            raise

    def send(self, data: bytes) -> None:
        """Raises Ended if it is known to be over."""
        try:
            self.writer.write(data)
        except RuntimeError as error:  # uvloop's, of a transport that is closed
            raise Ended(repr(error)) from None

    async def take(self, size: int) -> bytes:
        """So many bytes. Raises Ended."""
        return await self._answer(self.reader.readexactly(size))

    async def take_until(self, separator: bytes) -> bytes:
        """All up to and with a separator. Raises Ended."""
        return await self._answer(self.reader.readuntil(separator))

    async def _answer(self, coming: Any) -> bytes:
        try:
            async with asyncio.timeout(self._within):
                found: bytes = await coming
                return found
        except (asyncio.IncompleteReadError, OSError) as error:
            raise Ended(repr(error)) from None

    async def ended(self, within: float) -> bool:
        """Whether the server ends it in so many seconds; what it says until then is of no interest."""
        try:
            async with asyncio.timeout(within):
                while await self.reader.read(65536):
                    pass
        except TimeoutError:
            return False
        except OSError:
            return True
        return True

    def finish(self) -> None:
        """Close it as programs do that end well."""
        self.writer.close()

    def reset(self) -> None:
        """Close it as a crash does, or a middlebox: with RST."""
        made = self.writer.get_extra_info("socket")
        if made is not None and made.fileno() >= 0:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
