"""What goes wrong in a case of the fault suite."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
import time
from functools import partial

from tests.builders import ROOT
from tests.faults import inject, queue_proxy, rude
from tests.faults.line import CUTS
from tests.faults.liveness import GRACE
from tests.faults.suite_case import Act, Case
from tests.servers import environment

DIES_WITHIN = 30.0
"""Seconds until a step is reached; most are at the first message."""
HOUR = 3600.0


async def kill(step: str, case: Case) -> None:
    """The server is killed at a step, while messages keep coming; often something else is wrong too."""
    await asyncio.to_thread(case.program.end, case.chance.choice((signal.SIGKILL, signal.SIGTERM)))
    case.proxy.mood = case.chance.choice((queue_proxy.GOOD, queue_proxy.GOOD, "slow", "twice", "shuffled", "late"))
    if case.chance.random() < 0.3:
        inject.tell(case.folder, store="slow")
    await case.send(5)  # several at once, so that it is seen if any of them counts twice
    await asyncio.to_thread(case.program.start, step, case.chance.randint(1, 2))
    cut = asyncio.create_task(_cut(case)) if case.chance.random() < 0.3 else None
    deadline = time.monotonic() + DIES_WITHIN
    while case.program.running and time.monotonic() < deadline:
        await case.send(2, 0.02)
    if case.program.running:
        case.faults.append(f"it did not come to the step {step!r}")
    case.proxy.mood = queue_proxy.GOOD
    inject.tell(case.folder)
    await asyncio.to_thread(case.program.end)
    await asyncio.to_thread(case.program.start)
    if cut:
        await cut


async def disturb_store(fault: str, case: Case) -> None:
    """The disk is full, or whatever; then it is well again."""
    inject.tell(case.folder, store=fault)
    await case.send(10, 0.05)
    if case.chance.random() < 0.3:
        await _cut(case)
    inject.tell(case.folder)
    await case.send(3)


async def disturb_queue(mood: str, case: Case) -> None:
    """The queue service has a bad moment."""
    case.proxy.mood = mood
    await case.send(15, 0.05)
    case.proxy.mood = queue_proxy.GOOD
    await case.send(3)


async def take_queue_away(mood: str, case: Case) -> None:
    """Nothing can be known of the things, and every viewer has to be told so."""
    case.proxy.mood = mood
    began = time.monotonic()
    await case.send(20, 0.1)
    await asyncio.sleep(max(began + GRACE + 1 - time.monotonic(), 0))
    case.judge_live(began + GRACE, time.monotonic())
    case.proxy.mood = queue_proxy.GOOD


async def silence(case: Case) -> None:
    """No message at all, for longer than the lamp may be silent: the viewers' judges know what has to be told."""
    await asyncio.sleep(GRACE + 1.5)


async def set_clock_back(case: Case) -> None:
    """An hour back, for a while, and forward again."""
    inject.tell(case.folder, clock=-HOUR)
    await case.send(10, 0.05)
    await silence(case)
    if case.chance.random() < 0.5:
        await asyncio.to_thread(case.program.end)
        await asyncio.to_thread(case.program.start)
    inject.tell(case.folder)
    await case.send(5)


async def be_rude(kind: str, case: Case) -> None:
    """Bad company among the viewers."""
    rudeness = rude.visit(kind, case.program.port, random.Random(case.chance.random()), 12)
    await asyncio.gather(rudeness, case.send(15, 0.02))


async def vanish(case: Case) -> None:
    """The viewers' networks are gone, without a word to the server; the viewers come back."""
    for line in case.lines:
        line.vanish()
    await case.send(10, 0.02)


async def cut(case: Case) -> None:
    """The viewers' networks are cut, each in its way."""
    await asyncio.gather(_cut(case), case.send(20, 0.05))


async def restart(case: Case) -> None:
    """A restart in good order."""
    await asyncio.to_thread(case.program.end, signal.SIGTERM)
    await case.send(5)
    await asyncio.to_thread(case.program.start)


async def start_second(case: Case) -> None:
    """A second process on the same store: it has to refuse."""
    command = [sys.executable, "-m", "windsock", "serve", "--port", "0", "--config", str(case.folder / "windsock.toml")]
    env = environment({"AZURE_STORAGE_CONNECTION_STRING": case.connection_string})
    second = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(30):
            said, _ = await second.communicate()
        case.second_watchers += b"held by" not in said or not second.returncode
    except TimeoutError:
        case.second_watchers += 1
        second.kill()
        await second.wait()


async def _cut(case: Case) -> None:
    for viewer in case.viewers:
        viewer.judge.cannot_know()
    await asyncio.gather(*(line.cut(case.chance.choice(CUTS), 1.0) for line in case.lines))


KILLS: list[tuple[str, Act]] = [(f"killed: {step}", partial(kill, step)) for step in inject.STEPS]
FAULTS: list[tuple[str, Act]] = [
    *((f"store: {fault}", partial(disturb_store, fault)) for fault in inject.STORE_FAULTS),
    *((f"queue: {mood}", partial(disturb_queue, mood)) for mood in queue_proxy.MOODS),
    *((f"queue: {mood}", partial(take_queue_away, mood)) for mood in queue_proxy.AWAY),
    *((f"viewers: {kind}", partial(be_rude, kind)) for kind in rude.RUDE),
    ("viewers: vanish", vanish),
    ("viewers: cut off", cut),
    ("nothing comes", silence),
    ("clock: an hour back", set_clock_back),
    ("restarted", restart),
    ("a second process", start_second),
]
DECKS = {"kills": KILLS, "faults": FAULTS}
