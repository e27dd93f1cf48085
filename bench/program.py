"""A program on a core of its own, and what it uses of the machine."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_KILO = 1024


class BenchError(Exception):
    """A run cannot go on; the text says why, for the report."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes: resident, and resident with shared pages counted in part."""

    resident: int
    proportional: int


class Program:
    """Runs from construction to `stop`, as the leader of a process group of its own. ``log`` takes what it says.

    With ``talks`` its standard output is a pipe.
    """

    def __init__(
        self, command: Sequence[str], core: int, env: Mapping[str, str], cwd: Path, log: IO[bytes], talks: bool = False
    ) -> None:
        with _on_core(core):  # children inherit it
            self.process = subprocess.Popen(  # noqa: S603
                command,
                cwd=cwd,
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if talks else log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def ended(self) -> int | None:
        """Its exit code; None while it runs."""
        return self.process.poll()

    def tell(self, line: str) -> None:
        """Write a line to its standard input. Raises BenchError if it has ended."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(f"{line}\n".encode())
            self.process.stdin.flush()
        except OSError:
            raise BenchError(f"the program had ended, with {self.process.wait(5)}") from None

    def cpu(self) -> float:
        """Seconds of processor time that it and its children have used, in all threads, to the nanosecond."""
        return sum(_cpu(pid) for pid in self._family())

    def memory(self) -> Memory:
        """Of it and its children together."""
        resident = proportional = 0
        for pid in self._family():
            sizes = _sizes(Path(f"/proc/{pid}/smaps_rollup"))
            resident += sizes.get("Rss", 0)
            proportional += sizes.get("Pss", 0)
        return Memory(resident, proportional)

    def stop(self, patience: float = 3.0) -> None:
        """End it and its children, if need be by force."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.ended is None:
                os.killpg(self.process.pid, number)
                try:
                    self.process.wait(patience)
                except subprocess.TimeoutExpired:
                    continue
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                _close(pipe)

    def _family(self) -> list[int]:
        family = [self.process.pid]
        for pid in family:  # grows while it is walked
            family += [int(child) for tasks in _children_of(pid) for child in tasks.split()]
        return family


def busy(core: int) -> float:
    """Seconds for which a core has been at work since the machine started, whoever it was for."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *times = line.split()
        if name == f"cpu{core}":
            user, nice, system, _idle, _iowait, irq, softirq, *_ = map(int, times)
            return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")
    raise BenchError(f"there is no core {core}")


def kernel_socket_memory() -> int:
    """Bytes that the kernel holds for the buffers of all TCP sockets."""
    for line in Path("/proc/net/sockstat").read_text().splitlines():
        if line.startswith("TCP:"):
            return int(line.split()[-1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def wait_for_port(program: Program, port: int, patience: float = 20.0) -> None:
    """Wait until somebody listens there. Raises BenchError if the program ends, or after ``patience`` seconds."""
    deadline = time.monotonic() + patience
    while not _listens(port):
        if program.ended is not None:
            raise BenchError(f"the server ended at its start, with {program.ended}")
        if time.monotonic() > deadline:
            raise BenchError(f"the server did not listen within {patience:.0f} s")
        time.sleep(0.02)


def _listens(port: int) -> bool:
    # Trying to connect would be a first viewer, before the first viewer.
    local, listening = f"0100007F:{port:04X}", "0A"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1] == local and fields[3] == listening:
            return True
    return False


def _cpu(pid: int) -> float:
    # The clock of another process as clock_getcpuclockid(3) encodes it on Linux: CPUCLOCK_SCHED, threads that ended
    # included. The times in /proc have steps of 10 ms.
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def _children_of(pid: int) -> list[str]:
    return [_text(path) for path in Path(f"/proc/{pid}/task").glob("*/children")]


def _sizes(path: Path) -> dict[str, int]:
    sizes = {}
    for line in _text(path).splitlines():
        name, _, value = line.partition(":")
        if value.endswith("kB"):
            sizes[name] = int(value.removesuffix("kB")) * _KILO
    return sizes


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _close(pipe: IO[bytes]) -> None:
    with suppress(OSError):  # what was to be flushed into it
        pipe.close()


@contextmanager
def _on_core(core: int) -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
