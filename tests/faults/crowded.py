"""What the suites with many viewers share: a thing that changes on a real server, and the truth about it."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.faults.judge import Judge
from tests.faults.program import PING_INTERVAL, PING_TIMEOUT
from tests.faults.server import Program
from tests.faults.soak_client import Http
from tests.faults.viewer import FAILURES, Viewer
from windsock.model import Position

THING = "counter"
TOML = f"""
[things.{THING}]
"""
WAYS = ("websocket", "websocket", "websocket", "polling", "upgrade")
PATIENCE = PING_INTERVAL + PING_TIMEOUT
"""Seconds without a word after which a client of Engine.IO gives its link up."""


def serve_in(folder: Path, delivery: str) -> Program:
    """The program, with one thing; not started yet."""
    (folder / "windsock.toml").write_text(TOML, encoding="utf-8")
    return Program(folder, delivery)


class Changes:
    """Changes the thing by REST; what it was told was committed."""

    def __init__(self, port: int) -> None:
        self.newest: Mapping[str, Position] = {}
        self.made = 0
        self._port = port
        self._http: Http | None = None

    async def make(self, number: int) -> None:
        """One change, tried again until the server has taken it. Each has an id, so it is made once."""
        body = {"state": f"S{number % 7}", "data": {"n": number}, "id": f"change {number}"}
        while not await self._report(json.dumps(body).encode()):  # noqa: ASYNC110  # asked again, for nobody tells
            await asyncio.sleep(0.05)
        self.made += 1

    async def close(self) -> None:
        if self._http:
            self._http.stream.reset()

    async def _report(self, body: bytes) -> bool:
        try:
            if self._http is None:
                self._http = await Http.open(self._port)
            target = f"/api/v1/things/{THING}/state"
            status, answer = await self._http.request("PUT", target, body, "application/json")
        except FAILURES:
            await self.close()
            self._http = None
            return False
        if status != 200:
            return False
        found = json.loads(answer)
        self.newest = {THING: Position(found["epoch"], found["version"])}
        return True


def make_viewers(
    ports: Sequence[Callable[[], int]], changes: Changes, seed: int, fills: bool, ways: Sequence[str] = WAYS
) -> list[Viewer]:
    """A viewer for each port."""
    return [
        Viewer(
            Judge(f"viewer {number} by {ways[number % len(ways)]}"),
            port,
            ways[number % len(ways)],
            (THING,),
            lambda: changes.newest,
            random.Random(f"{seed} viewer {number}"),
            PATIENCE,
            fills,
        )
        for number, port in enumerate(ports)
    ]


def behind(viewers: Sequence[Viewer], newest: Mapping[str, Position]) -> list[Viewer]:
    """Who is not at the newest version, or was not told of everything that it missed."""
    return [one for one in viewers if not (one.judge.settled(newest) and one.complete)]


async def time_until(condition: Callable[[], bool], within: float) -> float | None:
    """After how many seconds it came true; None: not in time."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > within:
            return None
        await asyncio.sleep(0.01)
    return time.monotonic() - began


def truth(program: Program) -> dict[tuple[str, Position], tuple[Any, Any]]:
    """Every version that there ever was, and what it was."""
    found: dict[tuple[str, Position], tuple[Any, Any]] = {}
    since, whole = 0, False
    while not whole:
        part: Any = program.get(f"/api/v1/things/{THING}/history?since={since}&limit=1000")
        whole = part["complete"]
        for change in part["changes"]:
            since = change["version"]
            found[THING, Position(part["epoch"], since)] = (change["state"], change["data"].get("n"))
    return found


def numbers(found: Mapping[tuple[str, Position], tuple[Any, Any]]) -> list[int]:
    """The numbers of the changes, in order of version."""
    return [content[1] for _, content in sorted(found.items(), key=lambda item: item[0][1].version)]


async def paced(acts: Sequence[Callable[[], Awaitable[None]]], seconds: float) -> None:
    """One act after the other, spread over a time."""
    began = time.monotonic()
    for number, act in enumerate(acts):
        with suppress(TimeoutError):
            await asyncio.sleep(began + number * seconds / len(acts) - time.monotonic())
        await act()


def packets(viewers: Sequence[Viewer]) -> list[str]:
    """What a few of those were told for whom something went wrong."""
    wrong = [one.judge for one in viewers if one.judge.faults][:3]
    return [f"--- {judge.name}:\n" + "\n".join(judge.evidence) for judge in wrong]
