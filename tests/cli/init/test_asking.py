from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import time
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.servers import command, environment
from windsock.cli import main
from windsock.cli.init import command as verb

WITHIN = 20.0


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed comes from somebody who can be asked."""
    monkeypatch.setattr(verb, "_at_a_terminal", lambda: True)


def answered(*lines: str, arguments: tuple[str, ...] = ()) -> Result:
    """What became of `windsock init`, with what was typed, line by line."""
    typed = "".join(f"{line}\n" for line in lines)
    return CliRunner().invoke(main, ["init", *arguments], input=typed, catch_exceptions=False)


def written() -> dict[str, Any]:
    return tomllib.loads(Path("windsock.toml").read_text(encoding="utf-8"))


def test_enter_takes_what_is_offered(terminal: None) -> None:
    result = answered("", "", "", "", "")
    assert 0 == result.exit_code
    for offer in ("[door]", "[The door]", "[OPEN, SHUT]", "[inbox]", "[1h]"):
        assert offer in result.output
    door = written()["things"]["door"]
    assert ("The door", "inbox:", "1h") == (door["title"], door["source"], door["offline_after"])
    assert ["OPEN", "SHUT"] == list(door["states"])


def test_what_is_offered_follows_from_what_was_answered(terminal: None) -> None:
    result = answered("kiln-2", "", "", "python", "", "")
    for offer in ("[The kiln 2]", "[ON, OFF]", "[readings:read_kiln_2]", "[1m]"):
        assert offer in result.output


def test_what_cannot_be_meant_is_asked_again(terminal: None) -> None:
    lines = ["My Kiln", "my-kiln", "Der Ofen", " , ", "COLD, HOT", "carrier-pigeon", "inbox", "soon", "never"]
    result = answered(*lines)
    assert 0 == result.exit_code
    for words in ("my-kiln would do", "at least one state", "expected a source such as", "is not a duration"):
        assert words in result.output
    kiln = written()["things"]["my-kiln"]
    assert ("Der Ofen", ["COLD", "HOT"]) == (kiln["title"], list(kiln["states"]))
    assert "offline_after" not in kiln


@pytest.mark.parametrize(
    ("answers", "source"),
    [
        (["azure", "doors"], "azure-queue://doors"),
        (["azure", ""], "azure-queue://door"),
        (["azure", "Doors", "doors"], "azure-queue://doors"),
        (["python", "hall:read"], "python:hall:read?every=5s"),
        (["python", "hall", "hall:read"], "python:hall:read?every=5s"),
        (["azure-queue://doors?poll=5s"], "azure-queue://doors?poll=5s"),
    ],
)
def test_a_queue_or_a_function_is_asked_for(terminal: None, answers: list[str], source: str) -> None:
    assert 0 == answered("", "", "", *answers, "").exit_code
    assert source == written()["things"]["door"]["source"]


def test_where_to_listen_is_not_asked_but_can_be_said(terminal: None) -> None:
    assert 0 == answered("", "", "", "", "", arguments=("--port", "8080")).exit_code
    assert 8080 == written()["server"]["port"]


def test_whoever_goes_away_in_between_leaves_nothing(terminal: None, tmp_path: Path) -> None:
    assert 1 == answered("", "").exit_code
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [("--yes",), ("--thing", "door"), ("--states", "ON,OFF")])
def test_it_asks_nothing_if_that_is_wanted(terminal: None, arguments: tuple[str, ...]) -> None:
    result = answered(arguments=arguments)
    assert (0, False) == (result.exit_code, "?" in result.output)


def test_nothing_is_asked_if_nothing_could_be_written(terminal: None) -> None:
    Path("windsock.toml").touch()
    result = answered()
    assert (1, "") == (result.exit_code, result.stdout)


# ----------------------------------------------------------------------------------- at a real terminal


class Terminal:
    """`windsock init` in a process of its own, at a terminal, and what is typed there when it asks."""

    def __init__(self, folder: Path) -> None:
        self.shown = b""
        self._master, slave = pty.openpty()
        env = environment({"TERM": "dumb"})
        self.process = subprocess.Popen(
            command("init"), cwd=folder, env=env, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)

    def wait_for(self, question: str) -> None:
        while question.encode() not in self.shown:
            assert self._read(), f"it ended before it asked {question!r}: {self.shown.decode()}"
        self.shown = b""

    def answer(self, question: str, text: str) -> None:
        self.wait_for(question)
        os.write(self._master, f"{text}\n".encode())

    def interrupt(self) -> None:
        """Press Ctrl-C, until it is heard: Python does not hear it in the moment between a question and its reading."""
        deadline = time.monotonic() + WITHIN
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"Ctrl-C did not end it: {self.shown.decode()}"
            self.process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(0.5)

    def end(self) -> int:
        """What it ended with; all that it showed after the last question is in `shown`."""
        while self._read():
            pass
        os.close(self._master)
        return self.process.wait(WITHIN)

    def _read(self) -> bool:
        """Whether there is more, or may be."""
        readable = select.select([self._master], [], [], WITHIN)[0]
        assert readable, f"nothing more came: {self.shown.decode()}"
        try:
            read = os.read(self._master, 4096)
        except OSError:  # how Linux says that nobody is at the other end any more
            return False
        self.shown += read
        return bool(read)


def test_at_a_terminal_it_asks_and_then_says_what_to_do(tmp_path: Path) -> None:
    real = Terminal(tmp_path)
    for question, text in (("door]", "lamp"), ("The lamp]", "Die Ömpel"), ("OFF]", ""), ("inbox]", ""), ("1h]", "")):
        real.answer(question, text)
    assert 0 == real.end()
    assert b"windsock serve" in real.shown
    assert "Die Ömpel" == written()["things"]["lamp"]["title"]


def test_ctrl_c_ends_it_quietly_and_leaves_nothing(tmp_path: Path) -> None:
    real = Terminal(tmp_path)
    real.wait_for("[door]")
    real.interrupt()
    assert real.end() != 0
    assert b"Traceback" not in real.shown
    assert [] == list(tmp_path.iterdir())
