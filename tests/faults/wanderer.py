"""Viewers that do whatever a viewer may do, in an order that chance gives, and judge what they are told."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

from tests.faults.judge import Judge
from tests.faults.soak_client import WAYS, Link, open_link
from tests.faults.streams import Ended, Stream
from tests.faults.viewer import FAILURES, Newest, plain, until
from windsock.model import Position
from windsock.wire import MAX_HISTORY

PATIENCE = 10.0
SETTLE_WITHIN = 10.0
"""Seconds until everybody has to be at the newest state, once nothing changes any more."""


class Crowd:
    """So many viewers, from `run` until it is ``calm`` and they have settled."""

    def __init__(
        self,
        port: Callable[[], int],
        newest: Newest,
        things: Sequence[str],
        silence: Mapping[str, float],
        seed: int,
        viewers: int,
    ) -> None:
        self.calm, self.resting = threading.Event(), threading.Event()
        self.counts: Counter[str] = Counter()
        self.port, self.newest, self.things = port, newest, things
        self._wanderers = [
            Wanderer(self, Judge(f"viewer {number}", silence), random.Random(f"{seed} viewer {number}"))
            for number in range(viewers)
        ]

    def rest(self, newest: Mapping[str, Position]) -> None:
        """Nothing changes and nobody does anything: whoever watches has to be told of ``newest`` before long."""
        self.resting.set()
        deadline = time.monotonic() + SETTLE_WITHIN
        while any(judge.behind(newest) for judge in self.judges) and time.monotonic() < deadline:
            time.sleep(0.005)
        for judge in self.judges:
            for thing in judge.behind(newest):
                judge.accuse(f"{thing} is still at {judge.shown[thing]}, {SETTLE_WITHIN:g} s after {newest[thing]}")
        self.counts["rests"] += 1
        self.resting.clear()

    @property
    def judges(self) -> list[Judge]:
        return [wanderer.judge for wanderer in self._wanderers]

    async def run(self) -> None:
        await asyncio.gather(*(wanderer.run() for wanderer in self._wanderers))

    def finish(self, newest: Mapping[str, Position]) -> list[str]:
        """What was wrong."""
        return [fault for wanderer in self._wanderers for fault in wanderer.finish(newest)]


class Wanderer:
    """One viewer."""

    def __init__(self, crowd: Crowd, judge: Judge, chance: random.Random) -> None:
        self.judge = judge
        self._crowd = crowd
        self._chance = chance
        self._numbers = count(1)
        self._answers: dict[int, tuple[asyncio.Future[Any], Callable[[], None]]] = {}
        self._entered: asyncio.Future[None] | None = None
        self._listener: asyncio.Task[None] | None = None
        self._last: tuple[set[str], dict[str, Position]] = (set(), {})
        self._final = False

    async def run(self) -> None:
        """Visit after visit; the last one lasts until it has settled."""
        while not self._final:
            opened: list[Stream] = []
            Stream.opened.set(opened)
            port = self._crowd.port()
            try:
                await self._visit(port)
            except TimeoutError:
                if self._crowd.port() == port:  # else that server has ended, and with it all that was under way
                    self.judge.accuse(f"nothing came for {PATIENCE:g} s that had to")
            except FAILURES as error:
                self._crowd.counts["cut off"] += 1
                self.judge.lost(time.monotonic(), repr(error)[:100])
            finally:
                for stream in opened:
                    stream.reset()
            await asyncio.sleep(self._chance.choice((0, 0, 0.01, 0.05)))

    def finish(self, newest: Mapping[str, Position]) -> list[str]:
        """What was wrong; it was connected when it was calm, so it has to be at the newest of what it watched."""
        watched, shown = self._last
        for thing in watched:
            if shown.get(thing) != newest.get(thing, shown.get(thing)):
                self.judge.accuse(f"{thing} ends at {shown.get(thing)}, and the newest is {newest[thing]}")
        return self.judge.faults

    async def _visit(self, port: int) -> None:
        way = self._chance.choice(WAYS)
        link = await open_link(port, way, PATIENCE)
        self._listener = asyncio.create_task(self._listen(link))
        try:
            await self._enter(link)
            self._crowd.counts[f"came by {way}"] += 1
            for _ in range(self._chance.choice((0, 1, 2, 5, 20))):
                await self._pause()
                if self._crowd.calm.is_set():
                    break
                await self._act(link)
            await self._pause()
            if self._crowd.calm.is_set():
                await self._settle(link)
            await self._leave(link)
        finally:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
            self._answers.clear()
            self.judge.lost(time.monotonic(), "left")

    async def _listen(self, link: Link) -> None:
        while True:
            packet = await link.receive()
            assert isinstance(packet, str)
            taken = self.judge.take(packet, time.monotonic())
            if taken.kind in ("out", "refused"):
                raise Ended(taken.kind)
            if taken.kind == "connect" and self._entered:
                self._entered.set_result(None)
            elif taken.kind == "ack":
                answer, then = self._answers.pop(taken.number or 0)
                if taken.body["ok"]:
                    then()
                answer.set_result(taken.body)

    async def _ask(self, link: Link, event: str, value: object, then: Callable[[], None] = lambda: None) -> Any:
        """The answer; ``then`` is done, if it says yes, before anything that comes after it is looked at."""
        number = next(self._numbers)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer, then
        await link.send(f"42/windsock,{number}{json.dumps([event, value])}")
        await self._expect(answer)
        return answer.result()

    async def _expect(self, coming: asyncio.Future[Any]) -> None:
        """Raises Ended if the link ends before it has come."""
        assert self._listener is not None
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait({coming, self._listener}, return_when=asyncio.FIRST_COMPLETED)
        if not coming.done():
            raise Ended("cut off while it waited")

    async def _pause(self) -> None:
        assert self._listener is not None
        while self._crowd.resting.is_set() and not self._listener.done():  # noqa: ASYNC110  # set in another thread
            await asyncio.sleep(0.005)

    async def _enter(self, link: Link, again: bool = False) -> None:
        things = self._some()
        hello: dict[str, Any] = {"viewers": self._chance.random() < 0.3}
        if len(things) == len(self._crowd.things) and self._chance.random() < 0.5:
            pass  # all things, without naming them
        elif self._chance.random() < 0.5:
            hello["things"] = things
        else:
            hello["things"] = {thing: plain(self.judge.shown.get(thing)) for thing in things}
        self._entered = asyncio.get_running_loop().create_future()
        self.judge.connects(things, self._crowd.newest(), again)
        await link.send(f"40/windsock,{json.dumps(hello)}")
        await self._expect(self._entered)

    async def _act(self, link: Link) -> None:
        act = self._chance.choice(("wait", "wait", "watch", "watch", "unwatch", "again", "fill"))
        self._crowd.counts[act] += 1
        things = self._some()
        if act == "wait":
            await asyncio.sleep(self._chance.choice((0, 0.005, 0.05)))
        elif act == "watch":
            self.judge.asks(things, self._crowd.newest())
            await self._ask(link, "watch", {"things": things}, self.judge.was_answered)
        elif act == "unwatch":
            await self._ask(link, "unwatch", {"things": things}, lambda: self.judge.stops(things))
        elif act == "again":
            await link.send("41/windsock,")
            await self._enter(link, again=True)
        else:
            await self._fill(link)

    async def _fill(self, link: Link) -> None:
        gaps, self.judge.gaps = self.judge.gaps, []
        for gap in gaps[-5:]:
            missing = gap.until - gap.since - 1
            asked = {"thing": gap.thing, "epoch": gap.epoch, "since": gap.since, "limit": missing}
            if missing <= MAX_HISTORY:
                self.judge.fill(gap, await self._ask(link, "history", asked))
                self._crowd.counts["gaps filled"] += 1

    async def _settle(self, link: Link) -> None:
        """Stay to the end: by itself, it has to come to the newest of all that it watches."""
        listener = self._listener
        assert listener is not None
        await until(lambda: listener.done() or self.judge.settled(self._crowd.newest()), SETTLE_WITHIN)
        if listener.done():
            raise Ended("put out by the last restart")
        await self._fill(link)
        self._last = set(self.judge.watched), dict(self.judge.shown)
        self._final = True

    async def _leave(self, link: Link) -> None:
        way = self._chance.choice(("fin", "rst", "packet", "namespace", "stay"))
        self._crowd.counts[f"left by {way}"] += 1
        if way == "fin":
            link.finish()
        elif way == "packet":
            await link.send("1")
        elif way == "namespace":
            await link.send("41/windsock,")
        elif way == "stay" and not self._final:
            await asyncio.sleep(self._chance.uniform(0, 0.3))

    def _some(self) -> list[str]:
        things = self._crowd.things
        return self._chance.sample(things, self._chance.randint(1, len(things)))
