"""What the build puts into the package for browsers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import hatch_build
from hatch_build import SCRIPTS, SOURCES, STATIC, VENDOR, FetchError, provide
from tests.builders import ROOT


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout in which nothing was built, beside the Node packages of this one."""
    shutil.copytree(ROOT / SOURCES, tmp_path / SOURCES)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / STATIC).mkdir(parents=True)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    return tmp_path


@pytest.fixture
def nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(command: list[str], **options: Any) -> None:
        pytest.fail(f"ran {command}")

    monkeypatch.setattr(subprocess, "run", refuse)


def test_what_is_served_here_is_built_from_the_sources_as_they_are(nothing_runs: None) -> None:
    provide(ROOT)


def test_a_checkout_gets_libraries_scripts_and_types(tree: Path) -> None:
    provide(tree)
    names = {*SCRIPTS, "windsock.d.ts", "windsock.d.mts"}
    assert names | {"vendor"} == {path.name for path in (tree / STATIC).iterdir()}
    assert {"jquery.min.js", "socket.io.min.js"} < {path.name for path in (tree / VENDOR).iterdir()}
    assert "export{" in (tree / STATIC / "windsock.mjs").read_text()


def test_what_is_up_to_date_is_left_as_it_is(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    provide(tree)
    monkeypatch.setattr(hatch_build, "fill", lambda *_: pytest.fail("built again"))
    provide(tree)
    # As in an archive, whose scripts are there and whose Node packages are not.
    (tree / "node_modules").unlink()
    provide(tree)


@pytest.mark.parametrize("name", ["words.js", "page/view.js", "windsock.d.ts"])
def test_a_source_that_changed_is_built_again(tree: Path, name: str) -> None:
    provide(tree)
    before = {path: (tree / STATIC / path).read_bytes() for path in SCRIPTS}
    with (tree / SOURCES / name).open("a") as source:
        source.write("\n// changed\n")
    provide(tree)
    assert all(before[path] != (tree / STATIC / path).read_bytes() for path in SCRIPTS)


def test_a_source_with_a_fault_is_named(tree: Path) -> None:
    (tree / SOURCES / "words.js").write_text("export const ago = (;\n")
    with pytest.raises(FetchError, match=r"words\.js"):
        provide(tree)


def test_without_node_a_checkout_says_what_it_lacks(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree / "node_modules").unlink()
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(FetchError, match=r"Node 20\+"):
        provide(tree)
