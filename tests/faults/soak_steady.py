"""Viewers that behave well and stay all the time: whatever others do, they get everything, in order."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from itertools import count
from typing import Any

from tests.faults.soak_client import Link, connect, open_link
from tests.faults.streams import Ended

THING = "counter"


class Watcher:
    """A viewer of ``/windsock`` that fills every gap from the history, and knows what each version has to look like."""

    def __init__(self, port: int, way: str) -> None:
        self.name = f"watcher by {way}"
        self._port, self._way = port, way
        self.link: Link | None = None
        self.version = 0
        self.states = self.gaps = self.filled = 0
        self.problems: list[str] = []
        self._epoch = ""
        self._ids = count(1)
        # The versions that an answer has to have.
        self._asked: dict[int, set[int]] = {}

    def complete(self) -> bool:
        """Whether every version that it missed has been told to it afterwards."""
        return not self._asked

    async def run(self) -> None:
        """Until it is cancelled."""
        try:
            self.link = await open_link(self._port, self._way)
            for packet in await connect(self.link):
                await self._take(packet)
            while True:
                await self._take(await self.link.receive())
        except (Ended, OSError, TimeoutError) as error:
            self.problems.append(f"{self.name}: cut off after {self.states} states: {error!r}")
        finally:
            if self.link is not None:
                self.link.finish()

    async def _take(self, packet: str | bytes) -> None:
        assert isinstance(packet, str)
        kind, _, rest = packet.partition("/windsock,")
        if kind == "43":
            number, _, body = rest.partition("[")
            self._take_history(int(number), json.loads(f"[{body}")[0])
        elif kind == "42":
            event, message = json.loads(rest)
            if event == "state" and message["thing"] == THING:
                await self._take_state(message)

    async def _take_state(self, message: dict[str, Any]) -> None:
        last, version = self.version, message["version"]
        self.states += 1
        self._epoch = self._epoch or message["epoch"]
        if message["epoch"] != self._epoch or version < last:
            self.problems.append(f"{self.name}: went back from {last} to {message}")
        if message["data"]["n"] != version:
            self.problems.append(f"{self.name}: version {version} shows {message['data']['n']}")
        if last and version > last + 1:
            self.gaps += 1
            number = next(self._ids)
            self._asked[number] = set(range(last + 1, version))
            asked = {"thing": THING, "epoch": self._epoch, "since": last}
            assert self.link is not None
            await self.link.send(f'42/windsock,{number}["history",{json.dumps(asked)}]')
        self.version = max(version, last)

    def _take_history(self, number: int, answer: dict[str, Any]) -> None:
        missed = self._asked.pop(number)
        told = {change["version"]: change["data"]["n"] for change in answer.get("changes", [])}
        self.filled += len(missed)
        if not answer.get("complete") or missed - told.keys() or any(told[version] != version for version in missed):
            self.problems.append(f"{self.name}: asked for {sorted(missed)} it was told {answer!s:.200}")


class Chatter:
    """A client of the application: what it sends comes back as it was, and in order, binary data included."""

    def __init__(self, port: int, way: str) -> None:
        self.name = f"chatter by {way}"
        self._port, self._way = port, way
        self.rounds = 0
        self.problems: list[str] = []

    async def run(self) -> None:
        """Until it is cancelled."""
        link: Link | None = None
        try:
            link = await open_link(self._port, self._way)
            await connect(link, "/")
            await link.send('42["enter","steady"]')
            while True:
                await self._say(link, self.rounds)
                self.rounds += 1
                await asyncio.sleep(0.2)
        except (Ended, OSError, TimeoutError, ValueError) as error:
            self.problems.append(f"{self.name}: failed after {self.rounds} rounds: {error!r}")
        finally:
            if link is not None:
                link.finish()

    async def _say(self, link: Link, number: int) -> None:
        """Its own words come before the acknowledgement, since that is sent after them; others' may come between."""
        data = number.to_bytes(4) * (1 + number % 700)
        await link.send(f'451-{number + 1}["echo",{{"_placeholder":true,"num":0}},{number}]', data)
        await self._expect(link, f'461-{number + 1}[{{"_placeholder":true,"num":0}},{number}]')
        echoed = await link.receive()
        if echoed != data:
            raise ValueError(f"{len(data)} bytes came back as {echoed!r:.60}")
        words = f"{self.name}: {number}"
        await link.send(f'42{number + 1}["say","steady",{json.dumps(words)}]')
        await self._expect(link, f'42["said",{json.dumps(words)}]')
        await self._expect(link, f"43{number + 1}[{len(words)}]")

    async def _expect(self, link: Link, wanted: str) -> None:
        while (found := await link.receive()) != wanted:
            if isinstance(found, str) and (self.name in found or found.startswith(("43", "46"))):
                raise ValueError(f"expected {wanted}, got {found!r:.200}")


class Company:
    """A handful of both, by every way, from `begin` to `leave`."""

    def __init__(self, port: int) -> None:
        self.watchers = [Watcher(port, way) for way in ("websocket", "websocket", "upgrade", "polling")]
        self.chatters = [Chatter(port, way) for way in ("websocket", "polling")]
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self) -> None:
        runs = [*(watcher.run() for watcher in self.watchers), *(chatter.run() for chatter in self.chatters)]
        self._tasks = [asyncio.create_task(run) for run in runs]

    async def leave(self) -> list[str]:
        """Have them leave; what went wrong for them."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        problems = [watcher.problems for watcher in self.watchers] + [chatter.problems for chatter in self.chatters]
        return [problem for found in problems for problem in found]

    def behind(self, newest: int) -> list[str]:
        """Who has not come to the newest version, or not been told of all that it missed."""
        return [
            f"{one.name} stays at {one.version} of {newest}, {'with' if one.complete() else 'without'} all it missed"
            for one in self.watchers
            if one.version != newest or not one.complete()
        ]
