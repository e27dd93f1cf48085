"""A queue service on a bad day: an HTTP proxy in front of the real one.

It can be slow, refuse, fail before or after it did what it was asked for, break off; and give messages twice, in
another order, or late.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from contextlib import suppress
from typing import NamedTuple

from tests.faults.streams import HOST

GOOD = "well"
AWAY = ("refuses", "is gone")
"""Moods in which nothing at all can be read."""
MOODS = (
    "slow",
    "fails",
    "fails after the deed",
    "breaks off",
    "breaks off after the deed",
    "twice",
    "shuffled",
    "late",
)
_MESSAGE = re.compile(rb"<QueueMessage>.*?</QueueMessage>", re.DOTALL)
_UNAVAILABLE = b"HTTP/1.1 503 Server Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class _Answer(NamedTuple):
    head: bytes
    body: bytes

    def encode(self) -> bytes:
        kept = [
            line
            for line in self.head.split(b"\r\n")
            if line and not line.lower().startswith((b"content-length:", b"transfer-encoding:", b"connection:"))
        ]
        kept += [b"Content-Length: %d" % len(self.body), b"Connection: close"]
        return b"\r\n".join(kept) + b"\r\n\r\n" + self.body


class QueueProxy:
    """Passes requests on to a queue service at ``target``, in its ``mood``. Touched only in its loop."""

    def __init__(self, target: int, chance: random.Random) -> None:
        self.mood = GOOD
        self.done: Counter[str] = Counter()
        self.port = 0
        self._target = target
        self._chance = chance
        self._server: asyncio.Server | None = None
        self._earlier: list[bytes] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_server(self._serve, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listen no more, and break off what is under way."""
        if self._server:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.transport.abort() if self.mood.startswith("breaks") else writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await _message(reader)
        mood, unlucky = self.mood, self._chance.random() < 0.6
        if mood == "is gone" or (mood == "breaks off" and unlucky):
            writer.transport.abort()
            return
        if mood == "slow":
            await asyncio.sleep(self._chance.uniform(0.05, 0.5))
        if mood == "refuses" or (mood == "fails" and unlucky):
            writer.write(_UNAVAILABLE)
            return
        answer = await self._ask(request)
        if unlucky and mood == "fails after the deed":
            writer.write(_UNAVAILABLE)
        elif unlucky and mood == "breaks off after the deed":
            writer.transport.abort()
        else:
            writer.write(self._spoil(answer, mood).encode())
            await writer.drain()

    async def _ask(self, request: _Answer) -> _Answer:
        reader, writer = await asyncio.open_connection(HOST, self._target)
        try:
            writer.write(request.encode())
            return await _message(reader)
        finally:
            writer.close()

    def _spoil(self, answer: _Answer, mood: str) -> _Answer:
        """What it gives is not what there is, or not as it is."""
        messages: list[bytes] = _MESSAGE.findall(answer.body)
        if not messages:
            return answer
        given = list(messages)
        if mood == "twice":
            given += self._chance.sample(self._earlier, min(len(self._earlier), 3)) + given[:2]
        elif mood == "shuffled":
            self._chance.shuffle(given)
        elif mood == "late":
            given = [message for message in given if self._chance.random() < 0.5]
        self.done[f"messages given {mood}"] += len(given)
        self._earlier = (self._earlier + messages)[-50:]
        begin, end = answer.body.index(messages[0]), answer.body.rindex(messages[-1]) + len(messages[-1])
        return answer._replace(body=answer.body[:begin] + b"".join(given) + answer.body[end:])


async def _message(reader: asyncio.StreamReader) -> _Answer:
    """One request or answer, whole."""
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    if b"transfer-encoding: chunked" in lower:
        return _Answer(head, await _chunks(reader))
    length = re.search(rb"content-length: *(\d+)", lower)
    return _Answer(head, await reader.readexactly(int(length[1])) if length else b"")


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    found = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        found += (await reader.readexactly(size + 2))[:-2]
    await reader.readexactly(2)
    return found
