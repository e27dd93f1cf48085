"""Waiting for what another thread or process does: looked at often, never longer than a limit."""

from __future__ import annotations

import asyncio
import socket
import time
import warnings
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")

WITHIN = 10.0
"""Seconds. What a test waits for comes long before, so only a failure takes as long."""


def eventually(look: Callable[[], T], within: float = WITHIN) -> T:
    """What ``look`` gives as soon as that is true; the test fails if it is not in time."""
    deadline = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {within} s; the last look gave {found!r}"
        time.sleep(0.005)
    return found


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def run_apart(coroutine: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end in a thread and a loop of its own: a browser keeps one running in this one.

    Fails if it leaves a transport open. The warnings of that are gathered: uvloop cannot close a loop in which one of
    them is an error, and would try for ever.
    """

    def run() -> T:
        with warnings.catch_warnings(record=True) as left:
            warnings.simplefilter("always", ResourceWarning)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                found = runner.run(coroutine())
        assert not left, [str(warning.message) for warning in left]
        return found

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(run).result()
