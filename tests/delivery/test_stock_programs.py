"""The programs of "Watch with any Socket.IO client" in `docs/how-to.md`, run as they stand there."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.builders import ROOT
from tests.faults.line import Cut, Line
from tests.faults.server import Program
from tests.faults.viewer import until
from tests.servers import environment, request
from tests.waiting import run_apart

HOW_TO = (ROOT / "docs" / "how-to.md").read_text(encoding="utf-8")
SECTION = HOW_TO.partition("## Watch with any Socket.IO client\n")[2].partition("\n## ")[0]
PROGRAMS = {"python": ("watch.py", [sys.executable]), "js": ("watch.cjs", ["node"])}
TOML = """
[things.door]
offline_after = "12s"
"""
WITHIN = 30.0


class Shown:
    """What a program of the documentation prints."""

    def __init__(self, folder: Path, language: str, port: int) -> None:
        name, command = PROGRAMS[language]
        (folder / name).write_text(re.findall(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)[0], encoding="utf-8")
        self.lines: list[str] = []
        self._process = subprocess.Popen(
            [*command, name, f"http://127.0.0.1:{port}", "door"],
            cwd=folder,
            env=environment({"NODE_PATH": str(ROOT / "node_modules")}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    async def ends_with(self, line: str) -> None:
        """The last line is this one, before long."""
        assert await until(lambda: self.lines[-1:] == [line], WITHIN), self.lines

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self.lines.append(line.strip())


class Stage:
    """A server, and a program that watches it through a line that can be cut."""

    def __init__(self, folder: Path, delivery: str, language: str) -> None:
        (folder / "windsock.toml").write_text(TOML)
        self.server = Program(folder, delivery)
        self.server.start()
        self.line = Line(lambda: self.server.port)
        self.shown = Shown(folder, language, self.line.port)

    async def change(self, state: str) -> None:
        address = f"{self.server.url}/api/v1/things/door/state"
        body = f'{{"state": "{state}"}}'.encode()
        answer = await asyncio.to_thread(request, "PUT", address, body, {"Content-Type": "application/json"})
        assert 200 == answer.status, answer

    def close(self) -> None:
        self.shown.close()
        self.server.end()


@contextmanager
def staged(folder: Path, delivery: str, language: str) -> Iterator[Stage]:
    stage = Stage(folder, delivery, language)
    try:
        yield stage
    finally:
        stage.close()


@pytest.mark.parametrize(("delivery", "language"), [("engine", "js"), ("flask-socketio", "python")])
def test_the_programs_of_the_documentation_show_the_newest_and_nothing_wrongly_as_live(
    tmp_path: Path, delivery: str, language: str
) -> None:
    with staged(tmp_path, delivery, language) as stage:
        run_apart(lambda: _watch(stage))


async def _watch(stage: Stage) -> None:
    await stage.line.open()
    try:
        assert await until(lambda: bool(stage.shown.lines), WITHIN)  # it is there
        await stage.change("OPEN")
        await stage.shown.ends_with("live 1 OPEN")
        await stage.change("CLOSED")
        await stage.shown.ends_with("live 2 CLOSED")
        for number, kind in enumerate(("closed", "silent")):
            await _cut(stage, kind, 3 + number)  # type: ignore[arg-type]
        await _restart(stage)
        await stage.shown.ends_with("not live 5 S5")  # for it is silent for too long
        await stage.change("OPEN")
        await stage.shown.ends_with("live 6 OPEN")
    finally:
        await stage.line.close()


async def _cut(stage: Stage, kind: Cut, version: int) -> None:
    """While the network is cut the thing changes: that is seen afterwards, and until then nothing is live."""
    cut = asyncio.create_task(stage.line.cut(kind, 2.0))
    await stage.shown.ends_with(f"not live {version - 1} {'CLOSED' if version == 3 else 'S3'}")
    await stage.change(f"S{version}")
    await cut
    await stage.shown.ends_with(f"live {version} S{version}")


async def _restart(stage: Stage) -> None:
    await asyncio.to_thread(stage.server.end, signal.SIGKILL)
    await stage.shown.ends_with("not live 4 S4")
    await asyncio.to_thread(stage.server.start)
    await stage.change("S5")
    await stage.shown.ends_with("live 5 S5")
