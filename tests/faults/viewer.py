"""A light viewer that stays: it comes back after every cut, resumes by position, and asks for what it missed."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import count

from tests.faults.judge import Gap, Judge
from tests.faults.packets import Packet
from tests.faults.soak_client import Link, open_link
from tests.faults.streams import Ended, Stream
from windsock.model import Position

Newest = Callable[[], Mapping[str, Position]]
"""What was committed by now, by thing."""

BACK_WITHIN = (0.05, 0.5)
"""Seconds that it waits before it tries again."""
FAILURES = (Ended, OSError, TimeoutError, ValueError, IndexError)
"""What a broken link looks like: half an answer is none."""


class Viewer:
    """A viewer of ``things``, at a port that may change. ``fills``: it asks the history for every version it missed.

    ``patience``: after how many seconds without a word, a ping included, it gives its link up.
    """

    def __init__(
        self,
        judge: Judge,
        port: Callable[[], int],
        way: str,
        things: tuple[str, ...],
        newest: Newest,
        chance: random.Random,
        patience: float,
        fills: bool = False,
    ) -> None:
        self.judge = judge
        self.links = self.filled = 0
        self.link: Link | None = None
        self._port = port
        self._way = way
        self._things = things
        self._newest = newest
        self._chance = chance
        self._patience = patience
        self._fills = fills
        self._numbers = count(1)
        self._asked: dict[int, Gap] = {}

    @property
    def complete(self) -> bool:
        """Whether it has been told of everything that it missed."""
        return not self._asked and not (self._fills and self.judge.gaps)

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            opened: list[Stream] = []
            Stream.opened.set(opened)
            try:
                await self._visit()
            except FAILURES as error:
                self.judge.lost(time.monotonic(), repr(error)[:100])
            finally:
                self.link = None
                self.judge.gaps = [*self._asked.values(), *self.judge.gaps]
                self._asked.clear()
                for stream in opened:
                    stream.reset()
            await asyncio.sleep(self._chance.uniform(*BACK_WITHIN))

    async def _visit(self) -> None:
        link = await open_link(self._port(), self._way, self._patience)
        self.judge.connects(self._things, self._newest())
        await link.send(f"40/windsock,{json.dumps({'things': self._positions()})}")
        while True:
            packet = await link.receive()
            assert isinstance(packet, str)
            taken = self.judge.take(packet, time.monotonic())
            if taken.kind in ("out", "refused"):
                return
            if taken.kind == "connect":
                self.link, self.links = link, self.links + 1
            elif taken.kind == "ack":
                self._take_answer(taken)
            if self._fills and self.judge.gaps and self.link is not None:
                await self._ask(link)

    def _positions(self) -> dict[str, dict[str, object] | None]:
        return {thing: plain(self.judge.shown.get(thing)) for thing in self._things}

    async def _ask(self, link: Link) -> None:
        gaps = {next(self._numbers): gap for gap in self.judge.gaps}
        self.judge.gaps = []
        self._asked |= gaps
        for number, gap in gaps.items():
            missing = gap.until - gap.since - 1
            asked = {"thing": gap.thing, "epoch": gap.epoch, "since": gap.since, "limit": missing}
            await link.send(f'42/windsock,{number}["history",{json.dumps(asked)}]')

    def _take_answer(self, packet: Packet) -> None:
        gap = self._asked.pop(packet.number or 0, None)
        if gap is not None:
            self.judge.fill(gap, packet.body)
            self.filled += gap.until - gap.since - 1


def plain(position: Position | None) -> dict[str, object] | None:
    """A position as it is sent."""
    return None if position is None else {"epoch": position.epoch, "version": position.version}


async def stop(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel tasks, and wait until they have ended; raises what one of them ended with."""
    while left := [task for task in tasks if not task.done()]:
        for task in left:  # a timeout that comes at the same time takes a cancellation for its own
            task.cancel()
        await asyncio.wait(left, timeout=1)
    for task in tasks:
        with suppress(asyncio.CancelledError):
            task.result()


async def until(condition: Callable[[], bool], within: float, every: float = 0.02) -> bool:
    """Whether a condition comes true in time."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(every)
    return True
