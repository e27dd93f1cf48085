"""Is there a window in which a change falls between snapshot and stream? Chance looks for one.

As a command, for as long as one likes:

    .venv/bin/python -m tests.faults.windows --rounds 100 --seed 1

Viewers connect by every way, watch, stop watching, leave and are cut off, while four things change, one of them goes
stale and the source of another fails, and Windsock, or the whole server, is stopped and started again. Each viewer
holds what it is told against the wire's rules (`tests.faults.judge`), and in the end against the history.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from flask_socketio import SocketIO

from tests.faults.hosts import HOSTS, Host
from tests.faults.wanderer import Crowd
from tests.waiting import run_apart
from windsock import Thing, Windsock
from windsock.errors import SourceError, WindsockError
from windsock.model import Position, Reading

SILENCE = 0.15
"""Seconds after which the door is stale."""
REPORTED = ("cloud", "kiln", "door")
THINGS = (*REPORTED, "oven")
RESTS = 0.05
"""How likely it is that after a change there is a rest, in which all have to be told of it."""
FAILS = "the oven fails now and then"
SWITCHES = (0.005, 0.001, 0.0002)
"""Seconds for which a thread goes on at a time: the less, the more ways there are in which two can meet."""


@dataclass
class Findings:
    """What came of one round."""

    seed: int
    delivery: str
    counts: Counter[str]
    faults: list[str]
    packets: dict[str, list[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        again = f".venv/bin/python -m tests.faults.windows --rounds 1 --seed {self.seed} --delivery {self.delivery}"
        heads = [f"{self.delivery}, seed {self.seed}: {dict(sorted(self.counts.items()))}", *self.faults[:20]]
        logs = [f"--- {name}:\n" + "\n".join(lines) for name, lines in self.packets.items()]
        return "\n".join([*heads, *logs, *([again] if self.faults else [])])


class Stage:
    """A site that is served, and restarted; the store is the same all the time."""

    def __init__(self, delivery: str, folder: Path, chance: random.Random) -> None:
        self._make = HOSTS[delivery]
        self._folder = folder
        self._chance = chance
        self._things: dict[str, Thing] = {}
        self._number = 0
        self._host: Host | None = None
        self._newest: dict[str, Position] = {}
        self._calm, self._resting = threading.Event(), threading.Event()
        self.open()

    @property
    def port(self) -> int:
        return self._host.port if self._host else 1  # where nobody listens

    def open(self) -> None:
        """Serve an application that is made anew."""
        app = Flask("windows")
        app.config["WINDSOCK_STORE_URL"] = f"sqlite:///{self._folder}/windows.db"
        socketio = SocketIO(app, async_mode="threading", ping_interval=3)
        self._windsock, self._app = Windsock(app), app
        options: dict[str, dict[str, Any]] = {"door": {"offline_after": f"{int(SILENCE * 1000)}ms"}}
        self._things = {name: self._windsock.thing(name, **options.get(name, {})) for name in THINGS}
        self._things["oven"].watch(every="20ms")(self._bake)
        self._host = self._make(app, self._windsock, socketio)
        self._windsock.start(app)

    def close(self) -> None:
        host, self._host = self._host, None
        if self._chance.random() < 0.5:
            self._windsock.stop(self._app)
        if host:
            host.stop()
        self._windsock.stop(self._app)

    def restart(self) -> str:
        """Windsock alone, or all."""
        if self._chance.random() < 0.6:
            self._windsock.stop(self._app)
            time.sleep(self._chance.choice((0, 0, 0.02)))
            self._windsock.start(self._app)
            return "Windsock restarted"
        self.close()
        self.open()
        return "server restarted"

    def newest(self) -> Mapping[str, Position]:
        """What was committed by now; while Windsock is stopped, what was before."""
        with suppress(WindsockError):
            self._newest = {name: thing.state.position for name, thing in self._things.items()}
        return self._newest

    def change(self) -> bool:
        """Have a thing change; False: Windsock is just not there."""
        self._number += 1
        name = self._chance.choice(REPORTED)
        try:
            self._things[name].report(f"S{self._number % 5}", {"n": self._number})
        except WindsockError:
            return False
        return True

    def history(self) -> dict[tuple[str, Position], tuple[Any, Any]]:
        """Every version that there ever was, and what it was."""
        runtime = self._windsock.site(self._app).runtime
        found: dict[tuple[str, Position], tuple[Any, Any]] = {}
        for name in THINGS:
            since, whole = 0, False
            while not whole:
                part = runtime.history(name, None, since, 1000)
                whole = part.complete
                for change in part.changes:
                    found[name, Position(part.epoch, change.version)] = (change.state, change.data.get("n"))
                    since = change.version
        return found

    def calm(self) -> None:
        """Have the oven rest too; what it said before is recorded when this returns."""
        self._calm.set()
        assert self._resting.wait(20), "the oven is not looked at any more"

    def _bake(self) -> Reading | None:
        if self._calm.is_set():
            self._resting.set()
            return None
        luck = self._chance.random()
        if luck < 0.5:
            return None
        if luck < 0.55:
            raise SourceError(FAILS)
        self._number += 1
        return Reading(f"S{self._number % 5}", {"n": self._number})


def play(delivery: str, folder: Path, seed: int, seconds: float, viewers: int = 8) -> Findings:
    """One round."""
    chance = random.Random(f"{seed} {delivery}")
    usual = sys.getswitchinterval()
    stage = Stage(delivery, folder, random.Random(f"{seed} stage"))
    crowd = Crowd(lambda: stage.port, stage.newest, THINGS, {"door": SILENCE}, seed, viewers)
    counts = crowd.counts
    try:
        sys.setswitchinterval(chance.choice(SWITCHES))
        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(run_apart, crowd.run)
            _disturb(stage, crowd, chance, seconds)
            stage.calm()
            crowd.calm.set()
            done.result()
        truth = stage.history()
        faults = [*crowd.finish(stage.newest()), *(fault for judge in crowd.judges for fault in judge.differs(truth))]
    finally:
        sys.setswitchinterval(usual)
        stage.close()
    counts["versions"] = len(truth)
    packets = {judge.name: judge.evidence for judge in crowd.judges if judge.faults}
    return Findings(seed, delivery, counts, faults, packets)


def _is_little(counts: Counter[str]) -> bool:
    return counts["changes"] < 40 or not counts["gaps filled"]


def _disturb(stage: Stage, crowd: Crowd, chance: random.Random, seconds: float) -> None:
    over, counts = threading.Event(), crowd.counts
    one_at_a_time = threading.Lock()  # a restart would tell everybody, and so hide what was not told

    def change() -> None:
        pace = random.Random(chance.random())
        while not over.wait(pace.choice((0, 0, 0, 0.002, 0.02))):
            counts["changes"] += stage.change()
            if pace.random() < RESTS:
                with one_at_a_time:
                    crowd.rest({name: stage.newest()[name] for name in REPORTED})

    changer = threading.Thread(target=change)
    changer.start()
    try:
        end = time.monotonic() + seconds
        # A busy machine is given more time, or little would have happened.
        while (now := time.monotonic()) < end or (now < end + 20 and _is_little(counts)):
            time.sleep(chance.uniform(0.05, 0.6))
            with one_at_a_time:
                counts[stage.restart()] += 1
    finally:
        over.set()
        changer.join()


def main() -> int:
    """Play rounds and print what came of them; 1 if a rule was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=3.0, help="how long a round goes on")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the first round; the next has the next")
    parser.add_argument("--delivery", choices=HOSTS, action="append")
    given = parser.parse_args()
    broken, total = 0, Counter[str]()
    for number in range(given.rounds):
        for delivery in given.delivery or HOSTS:
            with tempfile.TemporaryDirectory() as folder:
                findings = play(delivery, Path(folder), given.seed + number, given.seconds)
            total.update(findings.counts)
            broken += bool(findings.faults)
            if findings.faults:
                print(findings)
    print(f"{given.rounds} rounds from seed {given.seed}: {dict(sorted(total.items()))}, {broken} with faults")
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
