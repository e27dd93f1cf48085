"""`windsock history`: in parts, as JSON, as comma-separated values."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.typed import failed, succeeded
from tests.servers import Server, command, environment, request, serving

CHANGES = 2500
PART = 500


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WINDSOCK_KEY", raising=False)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One whose kiln has changed more often than one answer holds."""
    toml = '[store]\nurl = "memory:"\n[things.kiln]\nbacklog = "every"\n[things.oven]\n'
    with serving(tmp_path_factory.mktemp("server"), toml) as running:
        for first in range(0, CHANGES, PART):
            readings = [{"state": f"S{number}", "data": {"n": number}} for number in range(first, first + PART)]
            body = json.dumps({"readings": readings}).encode()
            headers = {"Content-Type": "application/json"}
            assert 200 == request("POST", f"{running.url}/api/v1/things/kiln/readings", body, headers).status
        yield running


def versions(*arguments: str, url: str) -> list[int]:
    lines = succeeded("history", "kiln", "--json", *arguments, "--url", url).splitlines()
    return [json.loads(line)["version"] for line in lines]


def test_as_json_each_change_is_a_line(server: Server) -> None:
    said = succeeded("history", "kiln", "--json", "--limit", "2", "--url", server.url).splitlines()
    changes = [json.loads(line) for line in said]
    assert [{"version", "state", "data", "at", "cause"}] * 2 == [set(change) for change in changes]
    assert [(CHANGES - 1, f"S{CHANGES - 2}"), (CHANGES, f"S{CHANGES - 1}")] == [
        (change["version"], change["state"]) for change in changes
    ]


@pytest.mark.parametrize("limit", [1, 20, 999, 1000, 1001, 2300, CHANGES, CHANGES + 1, 100_000])
def test_as_many_of_the_newest_are_listed_as_are_asked_for(server: Server, limit: int) -> None:
    wanted = list(range(max(CHANGES - limit, 0) + 1, CHANGES + 1))
    assert wanted == versions("--limit", str(limit), url=server.url)


def test_if_nothing_is_said_it_is_the_newest_twenty(server: Server) -> None:
    assert 20 == len(versions(url=server.url))


@pytest.mark.parametrize(("since", "count"), [(0, CHANGES), (1400, 1100), (CHANGES - 1, 1), (CHANGES, 0)])
def test_all_that_came_since_a_version_is_listed(server: Server, since: int, count: int) -> None:
    assert list(range(since + 1, since + count + 1)) == versions("--since", str(since), url=server.url)


def test_the_first_of_those_since_a_version_can_be_asked_for(server: Server) -> None:
    assert [11, 12, 13] == versions("--since", "10", "--limit", "3", url=server.url)


def test_a_version_that_there_is_not_yet_is_refused(server: Server) -> None:
    said = failed("history", "kiln", "--since", "9999", "--url", server.url)
    assert f"windsock: kiln has no version 9999 yet: the newest is {CHANGES}\n" == said


def test_where_nothing_changed_it_says_so(server: Server) -> None:
    said = succeeded("history", "kiln", "--since", str(CHANGES), "--url", server.url)
    assert f"Nothing has changed since version {CHANGES} of kiln.\n" == said
    assert "" == succeeded("history", "kiln", "--since", str(CHANGES), "--json", "--url", server.url)


def test_as_comma_separated_values_everything_comes_back(server: Server) -> None:
    for state, data in (('HOT, "very"', {}), ("=1+1", {"a": "x,\ny"}), ("\x85\u202e"[1:] + "z", {})):
        server.put_state("oven", state, data)
    said = succeeded("history", "oven", "--csv", "--limit", "3", "--url", server.url)
    head, *rows = csv.reader(io.StringIO(said))
    assert ["version", "at", "state", "cause", "data"] == head
    assert ['HOT, "very"', "=1+1", "\u202ez"] == [row[2] for row in rows]
    assert {"a": "x,\ny"} == json.loads(rows[1][4])
    assert {"reported"} == {row[3] for row in rows}


@pytest.mark.parametrize("form", ["--csv", "--json", ""])
def test_a_terminal_is_sent_nothing_that_it_would_obey(server: Server, form: str) -> None:
    server.put_state("oven", "\u202ered", {"a": "\x1b[31m"})
    parent, child = pty.openpty()
    arguments = ["history", "oven", "--limit", "1", "--url", server.url, *([form] if form else [])]
    try:
        subprocess.run(command(*arguments), stdout=child, env=environment({}), check=True, timeout=30)
        said = os.read(parent, 65536).decode()
    finally:
        os.close(parent)
        os.close(child)
    assert "red" in said
    assert not {"\x1b", "\u202e"} & set(said)
