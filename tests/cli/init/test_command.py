from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.azurite import Azurite
from tests.cli.typed import failed, succeeded, typed
from tests.servers import serving, windsock
from tests.waiting import eventually
from windsock.cli.init import closing
from windsock.sources.azure_queue import CONNECTION_STRING

ALL = {"windsock.toml", "images/open.svg", "images/shut.svg", "templates/windsock/thing.html"}


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(CONNECTION_STRING, raising=False)


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def said(path: Path = Path("windsock.toml")) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def test_without_a_terminal_it_asks_nothing_and_all_is_well(tmp_path: Path) -> None:
    printed = windsock(tmp_path, "init")
    assert (0, "") == (printed.returncode, printed.stderr)
    assert ALL == files(tmp_path)
    assert "ok    windsock.toml: 1 thing" == succeeded("check").splitlines()[0]


def test_it_says_what_it_wrote_and_what_to_do_next() -> None:
    printed = succeeded("init", "--yes").splitlines()
    assert ["wrote  images/open.svg", "wrote  images/shut.svg"] == printed[:2]
    assert "wrote  windsock.toml" in printed
    assert "Next:" in printed
    assert [
        "windsock check           tries what was written",
        "windsock serve           shows it at http://127.0.0.1:5000/",
        "windsock send door OPEN  in another terminal: open pages change",
    ] == [line.strip() for line in printed if line.startswith("  windsock")]


def test_what_it_wrote_is_served_and_can_be_sent(tmp_path: Path) -> None:
    succeeded("init", "--thing", "kiln", "--states", "COLD, HOT")
    with serving(tmp_path, None) as server:
        assert "changed: kiln is HOT" in succeeded("send", "kiln", "HOT", "--url", server.url)
        page = server.get("/things/kiln")
        assert (200, True) == (page.status, "The kiln" in page.text)
        picture = server.get("/api/v1/things/kiln").json["image"]
        assert "<svg" in server.get(picture).text


def test_the_options_are_what_the_file_says() -> None:
    succeeded(
        *("init", "--thing", "door", "--title", 'The "front" door \\ Türe', "--states", "OPEN, come in,OPEN,,SHUT"),
        *("--source", "python:sensors:read?every=2s", "--offline-after", "never", "--host", "::1", "--port", "0"),
    )
    found = said()
    door = found["things"]["door"]
    assert {"host": "::1", "port": 0} == found["server"]
    assert 'The "front" door \\ Türe' == door["title"]
    assert ["OPEN", "come in", "SHUT"] == list(door["states"])
    assert "python:sensors:read?every=2s" == door["source"]
    assert "offline_after" not in door


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        (
            "--thing",
            "Front Door",
            "lower-case letters, digits, hyphens and underscores, at most 64; front-door would do",
        ),
        ("--thing", "../up", "up would do"),
        ("--title", " ", "some text"),
        ("--title", "a\nb", "without control characters"),
        ("--states", " , ", "at least one state"),
        ("--states", "A" * 65, "at most 64 characters"),
        ("--source", "mqtts", 'found "mqtts", expected a source such as'),
        ("--source", "azure-queue://Door", '"Door" is no name of an Azure queue'),
        ("--source", "python:door", "expected python:module:function"),
        ("--offline-after", "soon", "is not a duration"),
        ("--offline-after", "0s", "longer than nothing"),
        ("--host", "", "some text"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_option(tmp_path: Path, option: str, value: str, words: str) -> None:
    error = " ".join(failed("init", option, value, code=2).split())
    assert f"Invalid value for {option}: " in error
    assert words in error
    assert set() == files(tmp_path)


@pytest.mark.parametrize("arguments", [(), ("--yes",), ("--thing", "kiln")])
def test_a_configuration_that_is_there_is_not_touched_nor_is_anything_else(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "windsock.toml").write_text("# mine\n")
    error = failed("init", *arguments)
    assert "windsock: windsock.toml is there already; nothing was written.\n" in error
    assert "[things.NAME]" in error
    assert "--config other.toml" in error
    assert {"windsock.toml"} == files(tmp_path)
    assert "# mine\n" == (tmp_path / "windsock.toml").read_text()


def test_other_files_that_are_there_are_left_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "open.svg").write_text("mine")
    printed = succeeded("init", "--yes")
    assert "left   images/open.svg (is there)" in printed
    assert "wrote  images/shut.svg" in printed
    assert "mine" == (tmp_path / "images" / "open.svg").read_text()


def test_a_link_that_leads_nowhere_is_there_too(tmp_path: Path) -> None:
    (tmp_path / "windsock.toml").symlink_to(tmp_path / "elsewhere.toml")
    assert "is there already" in failed("init", "--yes")
    assert not (tmp_path / "elsewhere.toml").exists()


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "images").write_text("no folder")
    result = typed("init", "--yes")
    assert 1 == result.exit_code
    assert "windsock: images: cannot be written: File exists" in result.stderr
    assert not (tmp_path / "windsock.toml").exists()


def test_a_configuration_elsewhere_has_its_files_beside_it_and_is_named_in_what_to_do(tmp_path: Path) -> None:
    printed = succeeded("init", "--yes", "--config", "my kiln/kiln.toml", "--port", "8080")
    assert {f"my kiln/{name}" for name in ALL - {"windsock.toml"} | {"kiln.toml"}} == files(tmp_path)
    assert "windsock check --config 'my kiln/kiln.toml'" in printed
    assert "windsock send door OPEN --url http://127.0.0.1:8080" in printed
    assert "1 thing" in succeeded("check", "--config", "my kiln/kiln.toml")


@pytest.mark.parametrize("title", ["--yes", "'; rm -rf /", "${HOME} ${NOT_SET}", "\N{PILE OF POO} “x”"])
def test_whatever_a_thing_is_called_the_check_passes(title: str) -> None:
    succeeded("init", f"--title={title}", f"--states={title}")
    assert [title] == list(said()["things"]["door"]["states"])
    succeeded("check")


# ---------------------------------------------------------------------------------------------- Azure


def test_for_azure_it_says_which_variable_is_wanted_and_the_check_passes_with_it(
    azurite: Azurite, monkeypatch: pytest.MonkeyPatch
) -> None:
    with azurite.queue("door-readings") as queue:
        printed = succeeded("init", "--source", f"azure-queue://{queue.queue_name}")
        assert 'export AZURE_STORAGE_CONNECTION_STRING="…"' in printed
        assert "windsock send" not in printed
        assert "AZURE_STORAGE_CONNECTION_STRING is not set" in typed("check").stdout
        monkeypatch.setenv(CONNECTION_STRING, azurite.connection_string)
        succeeded("check")


@pytest.mark.parametrize(("thing", "queue"), [("my_door", "my-door"), ("a", "a-readings"), ("a--b", "a-b")])
def test_the_queue_that_is_offered_has_a_name_that_azure_takes(thing: str, queue: str) -> None:
    succeeded("init", "--thing", thing, "--source", "azure")
    assert f"azure-queue://{queue}" == said()["things"][thing]["source"]


@pytest.mark.parametrize("there", [True, False])
def test_the_sdk_is_to_be_installed_if_it_is_not_there(there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "_is_installed", lambda module: there)
    assert there == ('pip install "windsock[azure]"' not in succeeded("init", "--source", "azure"))


# -------------------------------------------------------------------------------------------- a function


def test_a_function_to_begin_with_is_written_and_reports(tmp_path: Path) -> None:
    succeeded("init", "--thing", "front-door", "--source", "python", "--states", 'A "b",C\\n')
    assert "def read_front_door():" in (tmp_path / "readings.py").read_text(encoding="utf-8")
    # In a process of its own, which is the only one to import it.
    checked = windsock(tmp_path, "check")
    assert (0, "") == (checked.returncode, checked.stderr)
    with serving(tmp_path, None) as server:
        assert eventually(lambda: server.get("/api/v1/things/front-door").json["state"]) in ('A "b"', "C\\n")


def test_a_function_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "sensors.py").write_text("def read():\n    return 'OPEN'\n")
    assert "left   sensors.py (is there)" in succeeded("init", "--source", "python:sensors:read")
    assert 0 == windsock(tmp_path, "check").returncode


def test_no_file_is_written_for_a_module_that_is_installed(tmp_path: Path) -> None:
    succeeded("init", "--source", "python:random:random")
    assert ALL == files(tmp_path)


def test_a_module_in_a_package_lies_in_its_folder(tmp_path: Path) -> None:
    succeeded("init", "--source", "python:hall.door:read")
    assert "hall/door.py" in files(tmp_path)
    assert 0 == windsock(tmp_path, "check").returncode
