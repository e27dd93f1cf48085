"""Where a server and the load meet: each on its core, for one run."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import payload
from bench.catalog import Kind
from bench.load import Load, build_load
from bench.machine import ROOT
from bench.program import BenchError, Program, wait_for_port

_FOREIGN = ("WINDSOCK_", "FLASK_", "NODE_", "PYTHON", "GEVENT_")


@dataclass(frozen=True, slots=True)
class Pair:
    """A server that listens, and a load that has no viewers yet."""

    server: Program
    load: Load


@dataclass(frozen=True, slots=True)
class Arena:
    """``folder`` is for what is compiled and for what the programs say.

    ``window`` is how many seconds a measurement lasts at least, ``settle`` how many pass from the last connect until
    memory is read. ``waiting``: the load waits in epoll, and servers pay for waking it up.
    """

    folder: Path
    server_core: int = 0
    load_core: int = 1
    window: float = 3.0
    settle: float = 1.0
    waiting: bool = False

    @contextmanager
    def pair(self, kind: Kind, **settings: str) -> Iterator[Pair]:
        """Start both, and end both afterwards. ``settings`` are given to the server as environment.

        Raises BenchError, with the end of what the server said.
        """
        binary = self.folder / "load"
        if not binary.exists():
            build_load(binary)
        port = _free_port()
        with tempfile.TemporaryFile(dir=self.folder) as log:
            server = Program(kind.command(port, self.folder), self.server_core, _env(settings), ROOT, log)
            try:
                wait_for_port(server, port)
                words = ["bare"] * kind.bare + ["waiting"] * self.waiting
                load = Load(binary, port, self.load_core, words, log)
                try:
                    yield Pair(server, load)
                finally:
                    load.stop()
                if server.ended is not None:
                    raise BenchError(f"the server ended during the run, with {server.ended}")
            except BenchError as error:
                raise BenchError(f"{error}{_end_of(log.fileno())}") from None
            finally:
                server.stop()


def _env(settings: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return own | {"BENCH_STATE": payload.state_json()} | dict(settings)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _end_of(descriptor: int) -> str:
    """The last lines that a program wrote; it may still hold the file open, so the place in it is left alone."""
    size = os.fstat(descriptor).st_size
    text = os.pread(descriptor, 2000, max(size - 2000, 0)).decode(errors="replace").strip()
    return f"; it said:\n{text}" if text else ""
