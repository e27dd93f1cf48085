from __future__ import annotations

import re
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import click
import pytest

from tests.cli.typed import failed, succeeded, typed
from tests.servers import environment, windsock
from windsock.cli import main

VERBS = {"demo", "init", "serve", "run", "check", "send", "watch", "history", "rejected"}


def _commands() -> list[tuple[str, ...]]:
    """All verbs, and the verbs below them."""
    found: list[tuple[str, ...]] = []
    for name, command in main.commands.items():
        found.append((name,))
        if isinstance(command, click.Group):
            found += [(name, below) for below in command.commands]
    return found


def test_these_are_the_verbs() -> None:
    assert set(main.commands) >= VERBS


@pytest.mark.parametrize(
    ("verb", "without"),
    [
        ("send", {"flask", "socketio", "uvicorn"}),
        ("history", {"flask", "socketio", "uvicorn"}),
        ("rejected", {"flask", "socketio", "uvicorn"}),
        ("init", {"flask", "socketio", "uvicorn"}),
        ("watch", {"flask", "uvicorn"}),
    ],
)
def test_a_verb_that_serves_nothing_does_without_what_a_server_needs(verb: str, without: set[str]) -> None:
    code = (
        f"import sys; from windsock.cli import main; main(['{verb}', '-h'], standalone_mode=False); print(*sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], env=environment({}), capture_output=True, text=True, check=True)

    assert "windsock.cli" in ran.stdout.split()
    assert set() == without & set(ran.stdout.split())


@pytest.mark.parametrize("command", _commands(), ids=" ".join)
def test_the_help_of_every_verb_has_an_example_of_it(command: tuple[str, ...]) -> None:
    said = succeeded(*command, "--help")

    assert re.search(rf"^ +Example: windsock {' '.join(command)}\b", said, re.MULTILINE)
    assert " ".join(command) in said


def test_the_help_lists_every_verb_with_what_it_does() -> None:
    said = succeeded("--help")

    assert all(re.search(rf"^  {verb} +[A-Z]", said, re.MULTILINE) for verb in VERBS)


def test_h_is_short_for_help() -> None:
    assert succeeded("--help") == succeeded("-h")


def test_the_version_is_that_of_the_package() -> None:
    assert version("windsock") in succeeded("--version")


def test_a_verb_that_is_none_is_refused() -> None:
    said = failed("srve", code=2)
    assert "No such command 'srve'" in said
    assert "'serve'" in said


def test_no_verb_shows_the_help() -> None:
    assert "Usage: windsock" in typed().output


def test_the_program_is_installed_under_its_name(tmp_path: Path) -> None:
    program = Path(sys.executable).parent / "windsock"

    assert version("windsock") in subprocess.check_output([program, "--version"], text=True)
    assert version("windsock") in windsock(tmp_path, "--version").stdout


@pytest.mark.parametrize("verb", ["send", "watch", "history", "rejected"])
def test_the_help_says_where_an_application_has_its_windsock(verb: str) -> None:
    assert "http://127.0.0.1:5000/windsock" in succeeded(verb, "--help")


@pytest.mark.parametrize(
    ("program", "imported"),
    [
        (["-m", "windsock"], "click"),
        ([str(Path(sys.executable).parent / "windsock")], "click"),
        (["-m", "windsock", "serve"], "flask"),
        (["-m", "windsock", "watch", "door"], "socketio"),
    ],
)
def test_ctrl_c_ends_it_quietly_while_it_begins(tmp_path: Path, program: list[str], imported: str) -> None:
    # Comes instead of the real one, and presses Ctrl-C at once.
    (tmp_path / f"{imported}.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(30)\n"
    )
    env = environment({"PYTHONPATH": str(tmp_path)})
    done = subprocess.run([sys.executable, *program], env=env, capture_output=True, timeout=20, check=False)
    assert (-signal.SIGINT, b"", b"") == (done.returncode, done.stdout, done.stderr)  # a shell says 130


def test_what_was_started_not_to_hear_ctrl_c_does_not_hear_it_while_it_begins(tmp_path: Path) -> None:
    code = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nprint('went on')\nraise SystemExit\n"
    (tmp_path / "click.py").write_text(code)
    ignoring = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); os.execv(sys.executable, sys.argv[1:])"
    )
    env = environment({"PYTHONPATH": str(tmp_path)})
    command = [sys.executable, "-c", ignoring, sys.executable, "-m", "windsock"]
    done = subprocess.run(command, env=env, capture_output=True, timeout=20, check=False)
    assert b"went on\n" == done.stdout
