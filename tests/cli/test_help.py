from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import click
import pytest

from tests.cli.typed import failed, succeeded, typed
from tests.servers import windsock
from windsock.cli import main

VERBS = {"demo", "serve", "check", "send", "history", "rejected"}


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


@pytest.mark.parametrize("command", _commands(), ids=" ".join)
def test_the_help_of_every_verb_has_an_example_of_it(command: tuple[str, ...]) -> None:
    said = succeeded(*command, "--help")

    assert re.search(rf"^ +Example: windsock {' '.join(command[:1])}\b", said, re.MULTILINE)
    assert " ".join(command) in said


def test_the_help_lists_every_verb_with_what_it_does() -> None:
    said = succeeded("--help")

    assert all(re.search(rf"^  {verb} +[A-Z]", said, re.MULTILINE) for verb in VERBS)


def test_h_is_short_for_help() -> None:
    assert succeeded("--help") == succeeded("-h")


def test_the_version_is_that_of_the_package() -> None:
    assert version("windsock") in succeeded("--version")


def test_a_verb_that_is_none_is_refused() -> None:
    assert "No such command 'srve'" in failed("srve", code=2)


def test_no_verb_shows_the_help() -> None:
    assert "Usage: windsock" in typed().output


def test_the_program_is_installed_under_its_name(tmp_path: Path) -> None:
    program = Path(sys.executable).parent / "windsock"

    assert version("windsock") in subprocess.check_output([program, "--version"], text=True)
    assert version("windsock") in windsock(tmp_path, "--version").stdout
