"""How many are watching is exact again within the heartbeat, however viewers have gone."""

from __future__ import annotations

import asyncio
import json
import random
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_socketio import SocketIO

from tests.faults.crowded import Changes, make_viewers, serve_in
from tests.faults.hosts import HOSTS
from tests.faults.judge import Judge
from tests.faults.line import Line
from tests.faults.program import DELIVERIES
from tests.faults.soak_client import open_link
from tests.faults.streams import Stream
from tests.faults.viewer import Viewer, stop, until
from tests.waiting import run_apart
from windsock import Windsock

PINGS = {"ping_interval": 0.5, "ping_timeout": 2.0}
HEARTBEAT = sum(PINGS.values())
COALESCED = 1.0
"""Seconds between two counts."""
SLACK = 5.0
"""Seconds by which a busy machine may be late."""
GUESTS = 5


@pytest.fixture(params=HOSTS)
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    """A served application with one thing and a quick heartbeat."""
    with _served(request.param, PINGS) as port:
        yield port


@pytest.fixture(params=HOSTS)
def patient_port(request: pytest.FixtureRequest) -> Iterator[int]:
    """The same, but it waits long for who does not answer."""
    with _served(request.param, {**PINGS, "ping_timeout": 60.0}) as port:
        yield port


@contextmanager
def _served(delivery: str, pings: dict[str, float]) -> Iterator[int]:
    app = Flask("presence")
    app.config["WINDSOCK_STORE_URL"] = "memory:"
    socketio = SocketIO(app, async_mode="threading", **pings)
    windsock = Windsock(app)
    windsock.thing("counter")
    host = HOSTS[delivery](app, windsock, socketio)
    windsock.start(app)
    try:
        yield host.port
    finally:
        host.stop()
        windsock.stop(app)


class Observer:
    """A viewer that asks how many are watching."""

    def __init__(self, port: int) -> None:
        self.counts: list[int] = []
        self._port = port

    async def run(self) -> None:
        opened: list[Stream] = []
        Stream.opened.set(opened)
        try:
            await self._watch()
        finally:
            for stream in opened:
                stream.reset()

    async def _watch(self) -> None:
        link = await open_link(self._port, "websocket")
        await link.send(f"40/windsock,{json.dumps({'things': ['counter'], 'viewers': True})}")
        while True:
            packet = await link.receive()
            assert isinstance(packet, str)
            if packet.startswith('42/windsock,["viewers"'):
                self.counts.append(json.loads(packet.partition(",")[2])[1]["count"])

    async def sees(self, count: int, within: float) -> None:
        """The last count is this one, in so many seconds."""
        assert await until(lambda: self.counts[-1:] == [count], within), f"not {count} in {within} s: {self.counts}"


class Company:
    """Guests of the thing, each behind a line of its own, and somebody who counts them."""

    def __init__(self, port: int, transport: str) -> None:
        self.observer = Observer(port)
        self.lines: list[Line] = []
        self._port, self._transport = port, transport
        self._tasks: list[asyncio.Task[None]] = []

    async def come(self) -> None:
        self._tasks.append(asyncio.create_task(self.observer.run()))
        for number in range(GUESTS):
            line = Line(lambda: self._port)
            await line.open()
            self.lines.append(line)
            guest = Viewer(
                Judge(f"guest {number}"),
                lambda line=line: line.port,  # type: ignore[misc]
                self._transport,
                ("counter",),
                dict,
                random.Random(number),
                HEARTBEAT,
            )
            self._tasks.append(asyncio.create_task(guest.run()))
        await self.observer.sees(1 + GUESTS, 10)

    async def go(self) -> None:
        await stop(self._tasks)
        for line in self.lines:
            await line.close()


def with_company(port: int, transport: str, scene: Callable[[Company], Coroutine[Any, Any, None]]) -> None:
    async def play() -> None:
        company = Company(port, transport)
        try:
            await company.come()
            await scene(company)
        finally:
            await company.go()

    run_apart(play)


async def vanish(company: Company, returning: bool) -> None:
    """All guests but one are gone, without a word to the server; with ``returning`` they come back at once."""
    for line in company.lines[1:]:
        if not returning:
            line.whole = False  # nobody gets through any more
        line.vanish()


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_who_vanishes_without_a_word_is_not_counted_after_the_heartbeat(port: int, transport: str) -> None:
    async def scene(company: Company) -> None:
        await vanish(company, returning=False)
        await company.observer.sees(2, HEARTBEAT + COALESCED + SLACK)

    with_company(port, transport, scene)


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_who_vanishes_and_comes_back_is_counted_once(port: int, transport: str) -> None:
    async def scene(company: Company) -> None:
        for _ in range(3):
            await vanish(company, returning=True)
            await asyncio.sleep(0.2)
        before = len(company.observer.counts)
        assert await until(lambda: len(company.observer.counts) > before, HEARTBEAT + COALESCED + SLACK)
        await company.observer.sees(1 + GUESTS, HEARTBEAT + COALESCED + SLACK)

    with_company(port, transport, scene)


def test_who_is_cut_off_with_a_word_is_counted_no_more_at_once(patient_port: int) -> None:
    async def scene(company: Company) -> None:
        cuts = [asyncio.create_task(line.cut("closed", 30)) for line in company.lines]
        try:
            await company.observer.sees(1, COALESCED + SLACK)
        finally:
            await stop(cuts)

    with_company(patient_port, "websocket", scene)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("delivery", DELIVERIES)
def test_counts_are_exact_after_the_server_has_ended(delivery: str, tmp_path: Path, number: signal.Signals) -> None:
    program = serve_in(tmp_path, delivery)
    program.start()

    async def scene() -> None:
        guests = make_viewers([lambda: program.port] * GUESTS, Changes(program.port), 7, fills=False)
        tasks = [asyncio.create_task(guest.run()) for guest in guests]
        try:
            had = dict.fromkeys(guests, 0)
            for links in (1, 2):
                assert await until(lambda had=had: all(guest.links > had[guest] for guest in guests), 20)  # type: ignore[misc]
                observer = Observer(program.port)
                counting = asyncio.create_task(observer.run())
                await observer.sees(1 + GUESTS, 10)
                await stop([counting])
                if links == 1:
                    had = {guest: guest.links for guest in guests}
                    await asyncio.to_thread(program.end, number)
                    await asyncio.to_thread(program.start)
        finally:
            await stop(tasks)

    try:
        run_apart(scene)
    finally:
        program.end()
