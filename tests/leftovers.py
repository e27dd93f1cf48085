"""What of this process would outlive a test: its threads, child processes and open files."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import psutil

# engineio's server starts one for every client, and it sleeps for up to ping_interval after its client has gone.
_PING = "(_send_ping)"


def present() -> dict[object, str]:
    """Everything that is there now, each with a word for people."""
    found: dict[object, str] = {
        thread: f"thread {thread.name}" for thread in threading.enumerate() if _PING not in thread.name
    }
    for child in psutil.Process().children():
        found[child] = f"process {child.pid}"
    for path in Path("/dev/fd").iterdir():
        try:
            status = os.fstat(int(path.name))
        except OSError:  # the descriptor that the listing itself was read with
            continue
        found[path.name, status.st_dev, status.st_ino] = f"descriptor {path.name} ({_target(path)})"
    return found


def added(before: dict[object, str]) -> list[str]:
    """What there is now and was not before."""
    return sorted(what for key, what in present().items() if key not in before)


def _target(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except OSError:
        return "unknown"
