"""`windsock watch`, as it is typed: piped, as JSON, and in a terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.typed import failed
from tests.servers import Server, command, environment, serving
from tests.waiting import WITHIN, eventually, free_port

TOML = """
[things.kiln]
offline_after = "1h"
[things.kiln.states]
COLD = { label = "It is cold", color = "steelblue" }
HOT = { label = "It is hot", color = "#d9480f" }
[things.oven]
"""


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WINDSOCK_KEY", raising=False)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "server").mkdir()
    with serving(tmp_path / "server", TOML) as running:
        yield running


class Watching:
    """`windsock watch` in a process of its own; ``lines`` are what it has printed."""

    def __init__(self, *arguments: str) -> None:
        self.log = Path("watch.log").absolute()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command("watch", *arguments), env=environment({}), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    @property
    def lines(self) -> list[str]:
        return self.log.read_text().splitlines()

    def says(self, words: str) -> str:
        found = eventually(lambda: next((line for line in self.lines if words in line), ""))
        assert words in found
        return found


@contextmanager
def watching(*arguments: str) -> Iterator[Watching]:
    started = Watching(*arguments)
    try:
        yield started
    finally:
        started.process.kill()
        started.process.wait()


# --------------------------------------------------------------------------------------------------------- piped


def test_piped_each_change_is_a_line(server: Server) -> None:
    server.put_state("kiln", "COLD")
    with watching("kiln", "--url", server.url) as found:
        at = server.get("/api/v1/things/kiln").json["updated_at"]
        assert f"{at} kiln: It is cold (COLD)" == found.says("cold")
        server.put_state("kiln", "HOT", {"degrees": 1200})
        assert found.says("hot").endswith(' kiln: It is hot (HOT) {"degrees": 1200}')
        assert 2 == len(found.lines)


def test_a_server_that_goes_away_and_comes_back_is_said(server: Server) -> None:
    server.put_state("kiln", "COLD")
    with watching("kiln", "--url", server.url) as found:
        found.says("cold")
        server.stop()
        assert "kiln: It is cold (COLD) [not live: no connection: the server has ended the connection]" in found.says(
            "not live"
        )
        server.start()
        server.put_state("kiln", "HOT")
        found.says("hot")
        assert "[not live" not in found.lines[-1]


def test_as_json_each_line_is_an_object(server: Server) -> None:
    server.put_state("kiln", "HOT", {"degrees": 1200})
    with watching("kiln", "--json", "--url", server.url) as found:
        message = json.loads(found.says("HOT"))
        wanted = {name: value for name, value in server.get("/api/v1/things/kiln").json.items() if name != "now"}
        assert wanted.items() >= {key: value for key, value in message.items() if key in wanted}.items()
        assert ("live", "", 0, False) == tuple(message[key] for key in ("liveness", "reason", "gap", "anew"))
        server.kill()
        message = json.loads(found.says("unlinked"))
        assert ("HOT", False) == (message["state"], message["liveness"] == "live")


def test_all_things_are_watched_if_none_is_named(server: Server) -> None:
    with watching("--url", server.url) as found:
        for thing in ("kiln", "oven"):
            found.says(f"{thing}: nothing is known yet [not live: nothing was reported yet]")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_is_ended_without_a_word(server: Server, number: signal.Signals) -> None:
    with watching("kiln", "--url", server.url) as found:
        found.says("kiln")
        found.process.send_signal(number)
        assert 0 == found.process.wait(WITHIN)
        assert 1 == len(found.lines)


def test_it_ends_when_nobody_reads_it_any_more(server: Server) -> None:
    with subprocess.Popen(
        command("watch", "kiln", "--url", server.url),
        env=environment({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        for number in range(100):
            server.put_state("oven", f"S{number}")
            server.put_state("kiln", "HOT", {"n": number})
            if process.poll() is not None:
                break
        process.wait(WITHIN)
        assert b"Traceback" not in process.stderr.read()


# ------------------------------------------------------------------------------------------------------- mistakes


def test_a_wrong_thing_is_said(server: Server) -> None:
    assert "windsock: there is no thing 'house'\n" == failed("watch", "house", "--url", server.url)


def test_a_server_that_does_not_run_is_said() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    said = failed("watch", "kiln", "--url", url)
    assert (
        f"windsock: no server at {url}: Connection refused. Start one with `windsock serve`, or name it with --url\n"
        == said
    )


def test_an_address_that_is_none_is_said() -> None:
    assert "expected an address such as" in failed("watch", "--url", "kiln")


# ------------------------------------------------------------------------------------------------------- a terminal


class Terminal:
    """One in which `windsock watch` runs; ``shown`` is all that it was sent."""

    def __init__(self, *arguments: str, columns: int = 100, rows: int = 24) -> None:
        self._parent, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(
            command("watch", *arguments),
            env=environment({"TERM": "xterm", "COLORTERM": "truecolor"}),
            stdin=child,
            stdout=child,
            stderr=child,
        )
        os.close(child)
        self.shown = ""

    def shows(self, words: str) -> str:
        """The frame that shows these words, as soon as there is one. The last one may have come in part only."""
        deadline = time.monotonic() + WITHIN
        while not (found := [frame for frame in self.frames[:-1] if words in frame]):
            assert time.monotonic() < deadline, f"{words!r} was not shown, but\n{self.shown}"
            self.read()
        return found[-1]

    @property
    def frames(self) -> list[str]:
        return self.shown.split("\x1b[J")

    def read(self) -> bool:
        """Take in what it was sent; False at the end."""
        if not select.select([self._parent], [], [], 0.1)[0]:
            return True
        try:
            got = os.read(self._parent, 65536)
        except OSError:  # how Linux tells of the end of a terminal
            return False
        self.shown += got.decode()
        return bool(got)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._parent)


@contextmanager
def terminal(*arguments: str) -> Iterator[Terminal]:
    started = Terminal(*arguments)
    try:
        yield started
    finally:
        started.close()


def test_in_a_terminal_it_is_a_live_view(server: Server) -> None:
    server.put_state("kiln", "COLD", {"degrees": 20})
    with terminal("--url", server.url) as found:
        frame = found.shows("It is cold")
        assert "\x1b[38;2;70;130;180mkiln  ● It is cold (COLD)" in frame
        assert "degrees=20" in frame
        assert "oven  ○ nothing is known yet" in frame
        assert "connected, last word" in frame
        server.put_state("kiln", "HOT")
        assert "It is cold" not in found.shows("It is hot")


def test_its_clocks_tick_without_news(server: Server) -> None:
    server.put_state("kiln", "COLD")
    with terminal("kiln", "--url", server.url) as found:
        deadline = time.monotonic() + WITHIN
        while len(set(re.findall(r"changed (\d+) s ago", found.shown))) < 3:
            assert time.monotonic() < deadline, found.shown
            found.read()


def test_a_lost_link_is_shown_at_once_and_it_comes_back_by_itself(server: Server) -> None:
    server.put_state("kiln", "COLD")
    with terminal("kiln", "--url", server.url) as found:
        found.shows("● It is cold")
        server.kill()
        frame = found.shows("CONNECTION LOST")
        assert "○ It is cold" in frame
        assert "NOT LIVE: no connection" in frame
        server.start()
        server.put_state("kiln", "HOT")
        assert "CONNECTION LOST" not in found.shows("● It is hot")


def test_ctrl_c_leaves_the_terminal_as_it_was(server: Server) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        with terminal("--url", server.url) as found:
            assert "\x1b[?25l" in found.shown or found.shows("connected")
            found.process.send_signal(number)
            while found.read() and found.process.poll() is None:
                pass
            found.read()
            assert 0 == found.process.wait(WITHIN)
            assert found.shown.endswith("\x1b[?25h")
            assert "Traceback" not in found.shown
