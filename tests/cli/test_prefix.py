"""The verbs that talk to a running server, where its Windsock is below a prefix."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.typed import failed, succeeded
from tests.servers import Server, serving

APPLICATION = """
from flask import Flask
from windsock import Windsock
app = Flask("app")
app.config["WINDSOCK_STORE_URL"] = "memory:"
Windsock(app).thing("kiln")
"""
COMMANDS = [["send", "kiln", "HOT"], ["history", "kiln"], ["history", "kiln", "--since", "0"], ["rejected"], ["watch"]]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WINDSOCK_KEY", raising=False)


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Flask application, with its Windsock below the usual prefix."""
    folder = tmp_path_factory.mktemp("application")
    (folder / "app.py").write_text(APPLICATION)
    with serving(folder, verb="run", arguments=["app:app"]) as running:
        yield running


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_where_windsock_is_below_a_prefix_it_is_said_what_to_do(application: Server, command: list[str]) -> None:
    assert (
        f"windsock: there is no Windsock at {application.url} (404). If it is a Flask application, its "
        f"Windsock is below a prefix: --url {application.url}/windsock\n"
    ) == failed(*command, "--url", application.url)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_wrong_prefix_is_said(application: Server, command: list[str]) -> None:
    said = failed(*command, "--url", f"{application.url}/winsock/")
    assert f"windsock: there is no Windsock at {application.url}/winsock (404). Is its path right? " in said
    assert "below /windsock, unless WINDSOCK_URL_PREFIX names another prefix\n" in said


def test_below_its_prefix_it_is_found(application: Server) -> None:
    assert "kiln is HOT" in succeeded("send", "kiln", "HOT", "--url", f"{application.url}/windsock/")
    assert "there is no thing 'oven'" in failed("history", "oven", "--url", f"{application.url}/windsock")
