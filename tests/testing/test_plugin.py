"""What `docs/testing.md` says, run as its readers run it: pytest in a process and a folder of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import ROOT
from tests.servers import environment
from windsock.sources import Source
from windsock.testing import LiveServer, RecordingViewer, ScriptedSource, TurnableClock

DOCUMENT = (ROOT / "docs" / "testing.md").read_text()
APP, TESTS, FAILING = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
FAILURE = re.findall(r"```\n(E .*?)```", DOCUMENT, re.DOTALL)[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with the application of the document."""
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


def run(folder: Path, tests: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What pytest says of tests, with warnings as errors."""
    (folder / "test_app.py").write_text(tests)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment({"PYTHONPATH": str(folder)}), capture_output=True, text=True, check=False
    )


def test_the_tests_of_the_document_pass(folder: Path) -> None:
    said = run(folder, TESTS, "-q")

    assert (0, True) == (said.returncode, f"{TESTS.count('def test_')} passed" in said.stdout), said.stdout


def test_a_test_that_fails_is_told_what_the_document_says(folder: Path) -> None:
    # The document's half second may be too short for a new process on a busy machine.
    said = run(folder, "from app import create_app\n" + FAILING.replace("within=0.5", "within=3"), "-q")
    failure = "".join(line for line in said.stdout.splitlines(keepends=True) if line.startswith("E  "))

    assert _shape(FAILURE.replace("within 0.5 s", "within 3 s")) == _shape(failure)
    assert "test_app.py:6: AssertionError" in said.stdout
    assert (1, "1 failed") == (said.returncode, said.stdout.splitlines()[-1][:8])


def _shape(failure: str) -> list[str]:
    """A failure without its times and without the blanks before its lines."""
    return [re.sub(r"\d\.\d{3} s", "… s", line).removeprefix("E").strip() for line in failure.splitlines()]


def test_who_does_not_use_the_fixture_imports_nothing_of_windsock(folder: Path) -> None:
    said = run(folder, "import sys\ndef test_other():\n    assert 'windsock' not in sys.modules\n", "-q")

    assert 0 == said.returncode, said.stdout


@pytest.mark.parametrize("kind", [LiveServer, ScriptedSource, RecordingViewer, TurnableClock])
def test_everything_that_a_test_may_call_is_documented(kind: type) -> None:
    names = {name for name in vars(kind) if not name.startswith("_")}
    for_others = {name for name in vars(Source) if not name.startswith("_")} | {"on_turn", "resolution", "encoding"}
    written = re.findall(r"\.(\w+)", DOCUMENT)

    assert set() == names - for_others - {"open", "start", "stop", "close"} - set(written)


def test_pytest_lists_the_fixture_with_what_it_does(folder: Path) -> None:
    said = run(folder, "", "--fixtures", "-q")

    assert "windsock_server" in said.stdout
    assert "Serves a Flask application until the end of the test" in said.stdout
