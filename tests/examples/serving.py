"""The examples as their readers run them: copied into a folder of their own, with what npm would put there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.builders import ROOT
from tests.servers import environment, request


def copied(example: str, folder: Path) -> Path:
    """A copy of an example."""
    copy = folder / example
    shutil.copytree(ROOT / "examples" / example, copy)
    # What `npm install jquery socket.io-client` would put there.
    (copy / "node_modules").symlink_to(ROOT / "node_modules")
    return copy


@contextmanager
def running(folder: Path, *command: str) -> Iterator[Path]:
    """An example, served by a Python command; its log is shown if the test fails."""
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=folder, env=environment({}), stdout=output, stderr=output
        )
    try:
        yield log
    finally:
        process.kill()
        process.wait()
        print(log.read_text())


def answers(url: str) -> bool:
    """Whether there is a page at an address."""
    try:
        return request("GET", url).status == 200
    except OSError:
        return False
