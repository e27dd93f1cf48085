from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.engine.raw import Wire, head, viewer
from tests.servers import Server, serving, windsock
from tests.waiting import eventually

PLAIN = """
import time
from flask import Flask

app = Flask(__name__)

@app.get("/")
def page():
    return "a page"

@app.get("/slow")
def slow():
    print("waiting", flush=True)
    time.sleep(60)
    return "done"
"""
BOTH = """
from flask import Flask
from flask_socketio import SocketIO, emit
from windsock import Windsock

def create_app():
    app = Flask("both")
    socketio = SocketIO(app)
    windsock = Windsock(app)
    kiln = windsock.thing("kiln")

    @app.put("/kiln/<state>")
    def report(state):
        return str(kiln.report(state).position.version)

    @socketio.on("ask")
    def ask(value):
        emit("answer", value)

    return app

app = create_app()

"""


@contextmanager
def running(folder: Path, code: str, name: str = "main:app", *more: str, toml: str = "") -> Iterator[Server]:
    """`windsock run` of a module `main`, in a folder with a `windsock.toml` if one is given."""
    (folder / "main.py").write_text(code)
    if toml:
        (folder / "windsock.toml").write_text(toml)
    with serving(folder, None, verb="run", arguments=(name, *more)) as server:
        yield server


def failing(folder: Path, code: str, name: str, *more: str) -> str:
    """What it prints instead of running."""
    (folder / "main.py").write_text(code)
    ended = windsock(folder, "run", name, "--port", "0", *more)
    assert 0 != ended.returncode
    assert "Traceback" not in ended.stderr
    return ended.stderr


def stopped(server: Server, number: int = signal.SIGTERM) -> float:
    """Have a signal end it, well; after how many seconds."""
    began = time.monotonic()
    server.signal(number)
    assert 0 == server.wait()
    assert "Stopped." == server.output.splitlines()[-1]
    return time.monotonic() - began


# --------------------------------------------------------------------------------------------------- serving


def test_an_application_is_served_with_all_that_it_has(tmp_path: Path) -> None:
    with running(tmp_path, BOTH, "main:create_app()") as server:
        with viewer(server.port) as found:
            found.connect("kiln")
            found.say("40")
            assert found.hear().startswith("40{")
            found.say('42["ask",5]')
            assert '42["answer",5]' == found.hear()
            assert "1" == server.request("PUT", "/kiln/HOT").text
            assert ("HOT", 1) == ((state := found.state())["state"], state["version"])
        assert 200 == server.get("/windsock/healthz").status
        assert stopped(server) < 3  # a second, and what a busy machine takes besides
        assert "Traceback" not in server.output


def test_an_application_without_windsock_is_served_too(tmp_path: Path) -> None:
    with running(tmp_path, PLAIN) as server:
        assert "a page" == server.get("/").text
        assert "viewers" in server.output


# --------------------------------------------------------------------------------------------- configuration


def pings(server: Server) -> tuple[int, int]:
    """The heartbeat that it announces, in milliseconds."""
    opened = json.loads(server.get("/socket.io/?EIO=4&transport=polling").text[1:])
    return opened["pingInterval"], opened["pingTimeout"]


def test_the_configuration_of_the_folder_counts(tmp_path: Path) -> None:
    with running(tmp_path, PLAIN, toml='[server]\nping_interval = "3s"\n') as server:
        assert (3000, 10_000) == pings(server)


def test_the_configuration_that_is_named_counts(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('[server]\nping_timeout = "4s"\n[limits]\nconnections = 1\n')
    with running(tmp_path, PLAIN, "main:app", "--config", str(other), toml="[server]\nport = 1\n") as server:
        assert (10_000, 4000) == pings(server)
        assert 503 == server.get("/socket.io/?EIO=4&transport=polling").status
        assert "for the limit connections (1) is reached" in server.output


def test_the_configuration_of_the_applications_windsock_counts(tmp_path: Path) -> None:
    code = PLAIN + '\nfrom windsock import Windsock\napp.config["WINDSOCK_STORE_URL"] = "memory:"\nWindsock(app)\n'
    with running(tmp_path, code, toml='[server]\nping_interval = "2s"\n[things.kiln]\n') as server:
        assert (2000, 10_000) == pings(server)
        assert 200 == server.get("/windsock/things/kiln").status


# ------------------------------------------------------------------------------------------------ what fails


@pytest.mark.parametrize(
    ("code", "name", "words"),
    [
        (PLAIN, "mian:app", "mian"),
        ("app = 5\n", "main:app", "Flask"),
        ("def make():\n    raise RuntimeError('no oven')\n", "main:make()", "no oven"),
    ],
)
def test_what_cannot_be_run_is_said_without_a_traceback(tmp_path: Path, code: str, name: str, words: str) -> None:
    assert words in failing(tmp_path, code, name)


def test_a_configuration_that_is_wrong_is_said_with_its_key(tmp_path: Path) -> None:
    (tmp_path / "windsock.toml").write_text('[limits]\nconnections = "many"\n')
    assert "limits.connections" in failing(tmp_path, PLAIN, "main:app")


# -------------------------------------------------------------------------------------------------- the end


def catches(pid: int, number: int) -> bool:
    """Whether a process has a handler for a signal: proc(5), the mask SigCgt of its status."""
    [mask] = re.findall(r"^SigCgt:\s*(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return bool(int(mask, 16) >> (number - 1) & 1)


def test_it_ends_within_a_second_while_pages_are_open(tmp_path: Path) -> None:
    with running(tmp_path, PLAIN) as server, viewer(server.port) as found:
        server.signal(signal.SIGINT)
        assert 1012 == found.closing()[0]
        assert found.wire.ended()
        assert 0 == server.wait(4)  # what would hold it up takes five seconds


def test_it_ends_within_the_drain_time_while_a_page_hangs(tmp_path: Path) -> None:
    with running(tmp_path, PLAIN, toml='[server]\ndrain = "1s"\n') as server, Wire(server.port) as wire:
        wire.send(head("GET", "/slow"))
        eventually(lambda: "waiting" in server.output)
        assert stopped(server) < 4
        assert "Traceback" not in server.output


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with running(tmp_path, PLAIN, toml='[server]\ndrain = "60s"\n') as server, Wire(server.port) as wire:
        wire.send(head("GET", "/slow"))
        eventually(lambda: "waiting" in server.output)
        server.signal(signal.SIGTERM)
        eventually(lambda: not catches(server.process.pid, signal.SIGTERM))
        assert server.process.poll() is None  # it must not be the first one that ends it
        server.signal(signal.SIGTERM)
        assert -signal.SIGTERM == server.wait(10)
