"""SIGKILL at random moments while numbered messages flow through a real queue; then everything is counted.

As a command, with the size that the documentation quotes:

    .venv/bin/python -m tests.faults.kill_storm --kills 100 --messages 1000 --seed 1
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import requests
from azure.storage.queue import QueueClient

from tests.azurite import Azurite, azurite_in
from tests.delivery.viewers import OrderlyClient
from tests.servers import environment
from tests.waiting import WITHIN, free_port

QUEUE = "storm"
VIEWERS = 3
BURST = 10
"""Messages that come at once, so that a batch takes a while to be deleted, and a kill may fall into that."""
ALIVE = (0.2, 1.6)
"""Seconds from the start of a server to its end, the least and the most: a start takes about half a second."""
TOML = """
[server]
port = {port}
[things.counter]
source = "azure-queue://{queue}?visibility=1s&poll=100ms"
backlog = "every"
"""


@dataclass
class Viewer:
    """A stock Socket.IO client that keeps to the wire's rules, and notes where it was told to go back."""

    url: str
    seen: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = OrderlyClient(reconnection_delay=0.1, reconnection_delay_max=0.5)
        self.client.on("state", self._state, namespace="/windsock")

    def _state(self, message: dict[str, Any]) -> None:
        self.seen.append((message["epoch"], message["version"]))

    def connect(self) -> None:
        """Connect for the first time; after that the client comes back by itself."""
        ways = {"namespaces": ["/windsock"], "transports": ["websocket"]}
        self.client.connect(self.url, **ways, retry=True, wait_timeout=WITHIN)

    def is_at(self, version: int) -> bool:
        """Whether the last version it was told is this one."""
        return bool(self.seen) and self.seen[-1][1] == version

    def steps_back(self) -> int:
        """How often a version was lower than the one before it, or of another epoch."""
        pairs = zip(self.seen, self.seen[1:], strict=False)
        return sum(later[0] != earlier[0] or later[1] < earlier[1] for earlier, later in pairs)


@dataclass(frozen=True)
class Report:
    """What was counted in the end."""

    seed: int
    kills: int
    messages: int
    missing: int
    repeated: int
    consecutive: bool
    steps_back: int
    viewers_at_newest: int
    left_in_queue: int
    seconds: float

    def promises_kept(self) -> bool:
        """Whether every promise held."""
        lost_or_doubled = self.missing + self.repeated + self.steps_back + self.left_in_queue
        return not lost_or_doubled and self.consecutive and self.viewers_at_newest == VIEWERS


def storm(azurite: Azurite, folder: Path, kills: int, messages: int, seed: int) -> Report:
    """Let ``messages`` flow while the server is killed ``kills`` times; then let it finish, and count."""
    chance, started = random.Random(seed), time.monotonic()
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    (folder / "windsock.toml").write_text(TOML.format(port=port, queue=QUEUE))
    start = partial(_server, folder, environment({"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string}))
    with azurite.queue(QUEUE) as queue, _watching(url) as viewers, _feeding(queue, messages, kills) as feeder:
        for number in range(kills):
            with start() as server:
                if number == 0:
                    _until(lambda: _answers(url), 20)
                    _connect(viewers)
                # From the middle of its start to the middle of its work.
                time.sleep(chance.uniform(*ALIVE))
                server.kill()
        feeder.join()
        with start():
            _until(lambda: _answers(url), 20)
            with suppress(TimeoutError):  # what is missing then is counted
                _until(lambda: len(_numbers(url)) >= messages and not _left(queue), 30)
            newest = requests.get(f"{url}/api/v1/things/counter", timeout=5).json()["version"]
            with suppress(TimeoutError):
                _until(lambda: all(viewer.is_at(newest) for viewer in viewers), 15)
            return _count(url, queue, viewers, seed, kills, messages, time.monotonic() - started)


def _count(
    url: str, queue: QueueClient, viewers: list[Viewer], seed: int, kills: int, messages: int, seconds: float
) -> Report:
    changes = _changes(url)
    numbers = Counter(change["data"]["n"] for change in changes)
    versions = [change["version"] for change in changes]
    return Report(
        seed=seed,
        kills=kills,
        messages=messages,
        missing=len(set(range(messages)) - set(numbers)),
        repeated=sum(count - 1 for count in numbers.values()),
        consecutive=versions == list(range(1, len(versions) + 1)),
        steps_back=sum(viewer.steps_back() for viewer in viewers),
        viewers_at_newest=sum(viewer.is_at(versions[-1]) for viewer in viewers),
        left_in_queue=_left(queue),
        seconds=round(seconds, 1),
    )


@contextmanager
def _watching(url: str) -> Iterator[list[Viewer]]:
    viewers = [Viewer(url) for _ in range(VIEWERS)]
    try:
        yield viewers
    finally:
        for viewer in viewers:
            viewer.client.shutdown()


def _connect(viewers: list[Viewer]) -> None:
    for viewer in viewers:
        viewer.connect()


@contextmanager
def _feeding(queue: QueueClient, messages: int, kills: int) -> Iterator[threading.Thread]:
    """Messages that keep coming until about the last kill."""
    enough = threading.Event()
    pause = kills * sum(ALIVE) / 2 / messages * BURST

    def feed() -> None:
        for number in range(messages):
            queue.send_message(f'{{"state": "S{number % 7}", "data": {{"n": {number}}}}}')
            if number % BURST == 0 and enough.wait(pause):
                return

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        yield feeder
    finally:
        enough.set()
        feeder.join()


@contextmanager
def _server(folder: Path, env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "windsock", "serve"]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(10)


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=2).ok
    except requests.RequestException:
        return False


def _changes(url: str) -> list[dict[str, Any]]:
    changes: list[dict[str, Any]] = []
    while True:
        since = changes[-1]["version"] if changes else 0
        answer = requests.get(
            f"{url}/api/v1/things/counter/history", params={"since": since, "limit": 1000}, timeout=10
        ).json()
        changes += answer["changes"]
        if answer["complete"]:
            return changes


def _numbers(url: str) -> set[int]:
    return {change["data"]["n"] for change in _changes(url)}


def _left(queue: QueueClient) -> int:
    return queue.get_queue_properties().approximate_message_count or 0


def _until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so within {seconds} seconds")
        time.sleep(0.1)


def main() -> int:
    """Run one storm and print its report; 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, azurite_in(Path(folder)) as azurite:
        report = storm(azurite, Path(folder), given.kills, given.messages, given.seed)
    for name, value in vars(report).items():
        print(f"{name:20}{value}")
    print("every promise kept" if report.promises_kept() else "A PROMISE WAS BROKEN")
    return not report.promises_kept()


if __name__ == "__main__":
    sys.exit(main())
