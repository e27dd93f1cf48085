"""One case of the fault suite: a server, its queue, its viewers, and what was told to whom."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azure.storage.queue import QueueClient

from tests.azurite import Azurite, connection_string
from tests.faults import inject
from tests.faults.crowded import PATIENCE, time_until
from tests.faults.judge import Judge
from tests.faults.line import Line
from tests.faults.queue_proxy import GOOD, QueueProxy
from tests.faults.rude import FORBIDDEN
from tests.faults.server import Program
from tests.faults.soak_client import WAYS
from tests.faults.viewer import Viewer, stop
from windsock.model import Position

if TYPE_CHECKING:
    from tests.faults.suite import Report

COUNTER, LAMP = "counter", "lamp"
SILENCE = 1.0
"""Seconds after which the lamp is stale."""
NEVER = float("inf")
"""The counter may go unheard for ever; but nothing may have been heard later than now."""
SETTLE_WITHIN = 40.0
TOML = """
[server]
publisher_key = "only for publishers"
[things.counter]
source = "azure-queue://{queue}?visibility=1s&poll=100ms"
backlog = "every"
[things.lamp]
source = "azure-queue://{queue}?visibility=1s&poll=100ms"
backlog = "every"
offline_after = "1s"
[things.note]
"""
Truth = dict[tuple[str, Position], tuple[Any, Any]]
Act = Callable[["Case"], Awaitable[None]]


class Case:
    """All of it. Touched in the loop of `run`; `count` comes after."""

    def __init__(
        self, azurite: Azurite, queue: QueueClient, folder: Path, delivery: str, chance: random.Random
    ) -> None:
        self.chance, self.folder = chance, folder
        self.acts: Counter[str] = Counter()
        self.faults: list[str] = []
        self.second_watchers = 0
        self.proxy = QueueProxy(azurite.port, chance)
        self.sent: Counter[str] = Counter()
        self._queue = queue
        self._delivery = delivery
        self._newest: dict[str, Position] = {}
        self._truth: Truth = {}
        self._left = 0
        self.lines: list[Line] = []
        self.viewers: list[Viewer] = []

    async def run(self, deck: Sequence[tuple[str, Act]], seconds: float) -> None:
        """Everything, from the first start to the last count."""
        await self.proxy.open()
        self.connection_string = connection_string(self.proxy.port)
        env = {"AZURE_STORAGE_CONNECTION_STRING": self.connection_string}
        (self.folder / "windsock.toml").write_text(TOML.format(queue=self._queue.queue_name))
        self.program = Program(self.folder, self._delivery, env)
        tasks: list[asyncio.Task[None]] = []
        try:
            await asyncio.to_thread(self.program.start)
            tasks = await self._invite()
            await self._play(deck, seconds)
            await self._settle()
        finally:
            await stop(tasks)
            for line in self.lines:
                await line.close()
            await asyncio.to_thread(self.program.end)
            await self.proxy.close()

    async def send(self, messages: int, pause: float = 0.01) -> None:
        """Put the next messages into the queue."""
        for _ in range(messages):
            thing = LAMP if self.chance.random() < 0.2 else COUNTER
            number = self.sent[thing]
            self.sent[thing] += 1
            text = f'{{"thing": "{thing}", "state": "S{number % 7}", "data": {{"n": {number}}}}}'
            await asyncio.to_thread(self._queue.send_message, text)
            await asyncio.sleep(pause)

    def judge_live(self, begin: float, end: float) -> None:
        """From one moment to another nothing could be known of the things: nobody may have shown them as live."""
        for viewer in self.viewers:
            for thing in (COUNTER, LAMP):
                if viewer.judge.liveness.between(thing, begin, end):
                    viewer.judge.accuse(f"{thing} was shown as live while its source failed")

    def count(self, report: Report) -> None:
        """Fill in the report."""
        numbers = Counter((thing, content[1]) for (thing, _), content in self._truth.items())
        sent = {(thing, number) for thing, count in self.sent.items() for number in range(count)}
        versions = {thing: sorted(at.version for name, at in self._truth if name == thing) for thing in (COUNTER, LAMP)}
        report.messages = len(sent)
        report.missing = len(sent - numbers.keys())
        report.twice = sum(numbers.values()) - len(numbers)
        report.consecutive = all(found == list(range(1, len(found) + 1)) for found in versions.values())
        report.left_in_queue = self._left
        report.written_without_key = sum(1 for thing, _ in self._truth if thing == FORBIDDEN)
        report.second_watchers = self.second_watchers
        report.acts, report.viewers = self.acts, len(self.viewers)
        report.faults += self.faults
        for viewer in self.viewers:
            judge = viewer.judge
            report.viewers_at_newest += judge.settled(self._newest)
            report.viewers_with_every_version_once += not any(judge.uneven(t, self._newest[t]) for t in versions)
            found = [*judge.finish(self._newest), *judge.differs(self._truth)]
            report.shown_live_wrongly += sum("shown as live" in fault for fault in found)
            report.faults += [*found, *(judge.evidence if found else ())]
        if report.faults or not report.promises_kept():
            report.faults.append(self.program.output[-3000:])

    async def _invite(self) -> list[asyncio.Task[None]]:
        """Viewers of every kind, each with a network of its own, that are there before the first message."""
        things = (COUNTER, LAMP)
        for number, way in enumerate((*WAYS, "websocket")):
            line = Line(lambda: self.program.port)
            await line.open()
            self.lines.append(line)
            judge = Judge(f"viewer {number} by {way}", {COUNTER: NEVER, LAMP: SILENCE})
            chance = random.Random(self.chance.random())
            self.viewers.append(
                Viewer(judge, lambda line=line: line.port, way, things, dict, chance, PATIENCE, fills=True)  # type: ignore[misc]
            )
        tasks = [asyncio.create_task(viewer.run()) for viewer in self.viewers]
        if await time_until(lambda: all(v.judge.shown_now(LAMP) for v in self.viewers), 20) is None:
            self.faults.append("not all viewers came")
        return tasks

    async def _play(self, deck: Sequence[tuple[str, Act]], seconds: float) -> None:
        """Every act once before any comes again."""
        end, left = time.monotonic() + seconds, list[tuple[str, Act]]()
        while time.monotonic() < end:
            left = left or self.chance.sample(deck, len(deck))
            name, act = left.pop()
            for viewer in self.viewers:
                viewer.judge.remark(name)
            self.acts[name] += 1
            await act(self)

    async def _settle(self) -> None:
        """Nothing fails any more: see what it comes to."""
        inject.tell(self.folder)
        self.proxy.mood = GOOD
        if not self.program.running:
            await asyncio.to_thread(self.program.start)
        await self._wait(self._all_taken)
        for thing in (COUNTER, LAMP, FORBIDDEN):
            await self._read(thing)
        await self._wait(self._all_settled)

    async def _wait(self, condition: Callable[[], Awaitable[bool]]) -> None:
        deadline = time.monotonic() + SETTLE_WITHIN
        while not await condition() and time.monotonic() < deadline:  # noqa: ASYNC110  # what is missing is counted
            await asyncio.sleep(0.1)

    async def _all_taken(self) -> bool:
        found = await asyncio.to_thread(self._queue.get_queue_properties)
        self._left = found.approximate_message_count or 0
        return not self._left

    async def _all_settled(self) -> bool:
        return all(viewer.judge.settled(self._newest) and viewer.complete for viewer in self.viewers)

    async def _read(self, thing: str) -> None:
        """The whole history of a thing."""
        since, whole, epoch = 0, False, ""
        while not whole:
            path = f"/api/v1/things/{thing}/history?since={since}&limit=1000"
            part: Any = await asyncio.to_thread(self.program.get, path)
            whole, epoch = part["complete"], part["epoch"]
            for change in part["changes"]:
                since = change["version"]
                content = (change["state"], change["data"].get("n"))
                self._truth[thing, Position(epoch, since)] = content
        self._newest[thing] = Position(epoch, since)
