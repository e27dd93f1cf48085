"""The load: many viewers in one C program on a core of its own, and what they saw."""

from __future__ import annotations

import json
import select
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from bench.machine import BENCH
from bench.program import BenchError, Program

PER_ADDRESS = 500
"""Viewers that come from one address: servers limit them."""
WINDOW = 64
"""Viewers that connect at the same time."""
_NANO = 1e-9


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds; ``count`` of what was timed."""

    count: int
    p50: float
    p95: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of viewers that were to connect. ``took`` and ``cpu`` (of the load) are seconds."""

    viewers: int
    ready: int
    ended: int
    took: float
    cpu: float
    joining: Times
    error: str


@dataclass(frozen=True, slots=True)
class Counted:
    """What viewers got since they were told what to expect. ``least`` and ``most`` are those of single viewers."""

    viewers: int
    ready: int
    ended: int
    received: int
    least: int
    most: int
    missed: int
    repeated: int
    backwards: int
    heartbeats: int
    least_bytes: int
    most_bytes: int
    took: float
    cpu: float
    latency: Times
    probes: Times
    pings: int
    error: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """What one viewer got when it read again: states that the kernel held, skips after these, overtaken ones after
    the first skip, how far it is behind the newest."""

    held: int
    jumps: int
    between: int
    behind: int
    ended: bool


def build(sources: Sequence[Path], target: Path) -> None:
    """Compile a C program. Raises BenchError if there is no compiler, or it refuses."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise BenchError("there is no C compiler (cc); on Debian and Ubuntu: apt-get install gcc libc6-dev")
    command = [compiler, "-std=gnu11", "-O2", "-Wall", "-Wextra", "-o", str(target), *map(str, sources)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise BenchError(f"the C compiler refused {target.name}:\n{done.stderr}")


def build_load(target: Path) -> None:
    """Compile the load. Raises BenchError."""
    build(sorted((BENCH / "native").glob("*.c")), target)


class Load:
    """The running load, towards one port. Raises BenchError if it does not answer in time."""

    def __init__(self, binary: Path, port: int, core: int, words: Sequence[str], log: IO[bytes]) -> None:
        command = [str(binary), str(port), "/windsock", str(PER_ADDRESS), *words]
        self._program = Program(command, core, {}, BENCH, log, talks=True)

    def open(self, viewers: int, window: int = WINDOW, receive_buffer: int = 0, seconds: int = 60) -> Opened:
        """Connect so many more viewers, and wait until each has its first state."""
        return read_opened(self._ask(f"open {viewers} {window} {receive_buffer} {seconds}", seconds))

    def expect(self, states: int) -> None:
        """Begin to count; each viewer is to get so many states."""
        self._ask(f"expect {states}")

    def wait(self, seconds: float) -> Counted:
        """Wait until all have got them, or time is up."""
        return read_counted(self._ask(f"await {max(round(seconds), 1)}", seconds))

    def report(self) -> Counted:
        """What was counted until now."""
        return read_counted(self._ask("report"))

    def halt(self, first: int, viewers: int) -> None:
        """Let these stop reading."""
        self._ask(f"halt {first} {viewers}")

    def resume(self) -> None:
        """Let them read again."""
        self._ask("resume")

    def resumed(self) -> list[Resumed]:
        """What those got that read again."""
        return [Resumed(**viewer) for viewer in self._ask("resumed")["viewers"]]

    def probe(self, milliseconds: float, viewers: int) -> None:
        """Send a WebSocket ping every so often, from the first viewers in turn."""
        self._ask(f"probe {round(milliseconds * 1000)} {viewers}")

    def stop(self) -> None:
        """Reset all connections."""
        self._program.stop()

    def _ask(self, command: str, seconds: float = 0.0) -> dict[str, Any]:
        self._program.tell(command)
        pipe = self._program.process.stdout
        assert pipe is not None
        deadline = time.monotonic() + seconds + 10
        # The load writes whole lines, one for each command: what can be read is the answer.
        if not select.select([pipe], [], [], max(deadline - time.monotonic(), 0))[0]:
            raise BenchError(f"the load did not answer to {command!r}")
        line = pipe.readline()
        if not line:
            raise BenchError(f"the load ended at {command!r}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def read_opened(answer: Mapping[str, Any]) -> Opened:
    """The load's answer to ``open``."""
    return Opened(**_read(answer, Opened, ("joining",)))


def read_counted(answer: Mapping[str, Any]) -> Counted:
    """The load's answer to ``await`` and ``report``."""
    return Counted(**_read(answer, Counted, ("latency", "probes")))


def _read(answer: Mapping[str, Any], kind: type, times: Sequence[str]) -> dict[str, Any]:
    fields = {name: answer[name] for name in kind.__dataclass_fields__}  # type: ignore[attr-defined]  # a dataclass
    fields |= {name: _times(answer[name]) for name in times}
    return fields | {name: answer[name] * _NANO for name in ("took", "cpu")}


def _times(answer: Mapping[str, int]) -> Times:
    return Times(answer["count"], *(answer[name] * _NANO for name in ("p50", "p95", "p99", "max")))
