"""The program of the fault suites, started and ended again and again on the same port."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from tests.builders import ROOT
from tests.faults.program import LIVE
from tests.servers import environment, request
from tests.waiting import free_port

START_WITHIN = 20.0


class Program:
    """See `tests.faults.program`. ``folder`` holds its `windsock.toml` and its store."""

    def __init__(self, folder: Path, delivery: str, env: Mapping[str, str] | None = None) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.starts = 0
        self._folder = folder
        self._delivery = delivery
        self._env = environment({"PYTHONPATH": str(ROOT), **(env or {})})
        self._process: subprocess.Popen[bytes] | None = None
        self._printed: list[bytes] = []
        self._reader: threading.Thread | None = None
        self._live = threading.Event()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def output(self) -> str:
        """What it printed since its last start."""
        return b"".join(self._printed).decode(errors="replace")

    def launch(self, *kill_at: object) -> None:
        """Start it, and wait for nothing. ``kill_at``: a step and a count, see `tests.faults.inject.kill_at`."""
        self.starts += 1
        self._live.clear()
        self._printed = []
        command = [sys.executable, "-m", "tests.faults.program", self._folder, self.port, self._delivery, *kill_at]
        # A pipe, and not a file: a disk that is full must not end what it has to say.
        self._process = subprocess.Popen(
            [str(part) for part in command],
            cwd=self._folder,
            env=self._env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process, self._printed))
        self._reader.start()

    def start(self, *kill_at: object) -> None:
        """`launch` it, and wait until it is live or has ended."""
        self.launch(*kill_at)
        deadline = time.monotonic() + START_WITHIN
        while not self._live.wait(0.02) and self.running:
            if time.monotonic() > deadline:
                raise TimeoutError(f"not live within {START_WITHIN} s:\n{self.output}")

    def wait(self, within: float) -> bool:
        """Whether it has ended by itself in so many seconds."""
        assert self._process is not None
        try:
            self._process.wait(within)
        except subprocess.TimeoutExpired:
            return False
        self._close()
        return True

    def end(self, number: int = signal.SIGKILL, within: float = 20.0) -> None:
        """End it with a signal, and wait until it has ended; no error if it has already."""
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(within)
        finally:
            self._process.kill()
            self._process.wait()
            self._close()

    def get(self, path: str) -> object:
        """The JSON that it answers."""
        return request("GET", self.url + path).json

    def _close(self) -> None:
        if self._reader:
            self._reader.join()
        if self._process and self._process.stdout:
            self._process.stdout.close()

    def _read(self, process: subprocess.Popen[bytes], printed: list[bytes]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            printed.append(line)
            if line.startswith(LIVE.encode()):
                self._live.set()
