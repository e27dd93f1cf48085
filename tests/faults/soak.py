"""A server among viewers that come and go in every way there is: in the end it holds what it held in the beginning.

As a command, for as long as the documentation quotes:

    .venv/bin/python -m tests.faults.soak --seconds 600 --seed 1

`windsock run` serves an application with rooms, acknowledgements and binary data and a thing that changes 20 times a
second. Well-behaved viewers stay, and get every state in order: at once, or from the history that they ask for what
they missed. Around them others come, break off anywhere, go silent, stop reading, or talk rubbish.

It is compared with itself after a warm-up of the same kind: the same number of viewers at once, all pools of threads
full, all caches filled. Each time everybody leaves, and every timeout of the server passes, before it is looked at.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from tests.faults.soak_acts import MESSAGE_SIZE, SLACK, TIMEOUT, WAITING_SIZE, World, crowd
from tests.faults.soak_client import Http, connect, open_link
from tests.faults.soak_report import Inventory, Report
from tests.faults.soak_rubbish import ACTS
from tests.faults.soak_steady import Company
from tests.faults.streams import Ended, Stream
from tests.servers import Server
from tests.waiting import run_apart

APP = Path(__file__).with_name("soak_app.py")
"""Copied, and not imported: it changes what Windsock does in its process."""
TOML = f"""
[server]
drain = "5s"
[store]
url = "memory:"
[limits]
handshake_timeout = "{TIMEOUT:g}s"
connect_timeout = "{TIMEOUT:g}s"
message_size = {MESSAGE_SIZE}
waiting_size = {WAITING_SIZE}
"""
COUNTED = {"PYTHONMALLOC": "malloc", "MALLOC_ARENA_MAX": "1", "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}
"""What makes memory countable. Python's own allocator keeps what a peak once needed, and so do the C library's caches
for each thread. What the C library has besides those it gives back, and it counts what is in use."""
ACTORS = 150
"""How many do something at a time; each pauses for a moment when it is done. They are no more than a server has time
for: one that has not gets later and later, and ends viewers that it could not hear in time."""
PAUSE = 0.2
"""Seconds of that, on average."""
CROWD_EVERY = 20.0
"""Seconds."""
SETTLED_WITHIN = 30.0
"""Seconds in which everything has to be gone that has a timeout; the longest is that of `PING_TIMES`."""


def soak(
    folder: Path, seconds: float, seed: int, warm_up: float, env: Mapping[str, str], idle: bool, actors: int = ACTORS
) -> Report:
    """Run a server in ``folder`` through it all.

    ``env`` is for the server; ``idle``: wait until all threads have ended that do when there is nothing to do.
    """
    shutil.copy(APP, folder / "main.py")
    (folder / "windsock.toml").write_text(TOML, encoding="utf-8")
    server = Server(folder, {**COUNTED, **env}, "run", "main:app")
    server.start()
    try:
        report = run_apart(lambda: _Soak(server, seed, idle, actors).run(warm_up, seconds))
        code = server.stop()
        if code:
            report.findings.append(f"it ended with {code}")
    finally:
        server.kill()
    report.compare()
    report.read(server.output)
    return report


class _Soak:
    def __init__(self, server: Server, seed: int, idle: bool, actors: int) -> None:
        self._seed = seed
        self._idle = idle
        self._actors = actors
        self._process = psutil.Process(server.process.pid)
        self._world = World(server.port, self._process)
        self._company = Company(server.port)

    async def run(self, warm_up: float, seconds: float) -> Report:
        await self._ask("POST", "/fill")
        before = await self._phase(f"{self._seed} warm-up", warm_up)
        self._world.done.clear()
        used, began = self._cpu(), time.monotonic()
        after = await self._phase(f"{self._seed}", seconds)
        load = [(after - before) / (time.monotonic() - began) for before, after in zip(used, self._cpu(), strict=True)]
        watchers, chatters = self._company.watchers, self._company.chatters
        return Report(
            self._seed,
            seconds,
            before,
            after,
            self._world.done,
            sum(watcher.states for watcher in watchers),
            sum(watcher.gaps for watcher in watchers),
            sum(watcher.filled for watcher in watchers),
            sum(chatter.rounds for chatter in chatters),
            (load[0], load[1]),
            self._world.problems,
        )

    async def _phase(self, seed: str, seconds: float) -> Inventory:
        """Everything for so many seconds, and what is left when it is over."""
        self._company = Company(self._world.port)
        self._company.begin()
        await self._ask("POST", "/pace/go")
        until = asyncio.get_running_loop().time() + seconds
        actors = (self._act(random.Random(f"{seed} {number}"), until) for number in range(self._actors))
        others = asyncio.gather(self._fill_pools(), self._crowds(until), self._look(seconds), *actors)
        await asyncio.sleep(seconds)
        await self._ask("POST", "/pace/stop")
        await self._converge()
        self._world.problems += await self._company.leave()
        await others  # they do to the end what they began
        return await self._settle()

    def _cpu(self) -> list[float]:
        """Seconds of the processor that the server has used, and this process."""
        return [sum(process.cpu_times()[:2]) for process in (self._process, psutil.Process())]

    # ------------------------------------------------------------------------------------------------------- acting

    async def _act(self, chance: random.Random, until: float) -> None:
        """One actor: one act after the other."""
        while asyncio.get_running_loop().time() < until:
            await asyncio.sleep(chance.expovariate(1 / PAUSE))
            await self._do(chance.choices(list(ACTS), list(ACTS.values()))[0], chance)

    async def _do(self, act: Any, chance: random.Random) -> None:
        opened = Stream.opened.set([])
        self._world.done[act.__name__] += 1
        try:
            async with asyncio.timeout(60):
                await act(self._world, chance)
        except (Ended, OSError, TimeoutError, ValueError) as error:
            self._world.problems.append(f"{act.__name__}: {error!r}")
        finally:
            for stream in Stream.opened.get():
                stream.reset()
            Stream.opened.reset(opened)

    async def _crowds(self, until: float) -> None:
        while asyncio.get_running_loop().time() < until:
            await self._do(crowd, random.Random())
            await asyncio.sleep(min(CROWD_EVERY, until - asyncio.get_running_loop().time()))

    async def _fill_pools(self) -> None:
        """Have every thread begin that may: how many do is chance otherwise, and they stay."""
        for target in ("/slow", "/large"):
            await asyncio.gather(*(self._ask("GET", target) for _ in range(64)))
        links = []
        for _ in range(32):  # each connects at once, for the server waits for that some seconds only
            links.append(await open_link(self._world.port, "websocket"))
            await connect(links[-1])
        for _ in range(10):
            for link in links:
                await link.send('42/windsock,["history",{"thing":"counter","limit":50}]')
        await asyncio.sleep(0.5)
        for link in links:
            link.reset()

    # ------------------------------------------------------------------------------------------------------ looking

    async def _ask(self, method: str, target: str) -> bytes:
        http = await Http.open(self._world.port)
        status, body = await http.request(method, target)
        http.stream.finish()
        if status != 200:
            raise Ended(f"{method} {target} was answered with {status}")
        return body

    async def _look(self, seconds: float) -> None:
        """Everything that has to be gone in the end has to be there meanwhile, or it is looked for in vain."""
        loop, seen = asyncio.get_running_loop(), set[str]()
        until = loop.time() + seconds
        while not GOES <= seen and loop.time() < until:
            await asyncio.sleep(seconds / 10)
            seen |= json.loads(await self._ask("GET", "/inventory"))["objects"].keys()
        self._world.require(GOES <= seen, f"there is none of {GOES - seen}")

    async def _converge(self) -> None:
        """All who stayed come to the newest version, and have been told of every other."""
        newest = json.loads(await self._ask("GET", "/windsock/api/v1/things/counter"))["version"]
        for _ in range(int(SLACK / 0.1)):
            if not self._company.behind(newest):
                return
            await asyncio.sleep(0.1)
        self._world.problems += self._company.behind(newest)

    async def _settle(self) -> Inventory:
        """What the server holds as soon as it holds nobody."""
        deadline = time.monotonic() + SETTLED_WITHIN
        while True:
            await asyncio.sleep(0.5)
            found = json.loads(await self._ask("GET", "/inventory"))
            busy = sum(name.startswith("windsock-events") for name in found["threads"]) > 1
            if (not (self._idle and busy) and not GOES & found["objects"].keys()) or time.monotonic() > deadline:
                return Inventory.of(self._process, found)


GOES = {
    "windsock.engine.session.Session",
    "windsock.engine.connection.Connection",
    "windsock.engine.polling.PollingLink",
    "windsock.engine.door.Door",
    "windsock.web.carrier.inbox.Inbox",
    "windsock.web.carrier.books.Client",
}
"""Of what there is one for each viewer, and so none in the end."""


def main() -> int:
    """Run, and print what was done and found; 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--source", type=Path, help="a folder with another copy of the package, to be served instead")
    given = parser.parse_args()
    env = {"PYTHONPATH": str(given.source.resolve())} if given.source else {}
    with tempfile.TemporaryDirectory() as folder:
        report = soak(Path(folder), given.seconds, given.seed, min(60.0, given.seconds / 4), env, idle=True)
    report.show()
    return bool(report.findings)


if __name__ == "__main__":
    sys.exit(main())
