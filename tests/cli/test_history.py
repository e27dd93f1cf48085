"""`windsock history`: in parts, as JSON, as comma-separated values."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.typed import failed, succeeded, typed
from tests.servers import Server, command, environment, request, serving
from windsock.cli.history import harmless

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


def test_a_position_is_a_version_with_its_epoch(server: Server) -> None:
    epoch = server.get("/api/v1/things/kiln").json["epoch"]
    assert [11, 12] == versions("--since", f"{epoch}:10", "--limit", "2", url=server.url)


def test_of_a_history_that_began_anew_all_is_listed_and_that_is_said(server: Server) -> None:
    found = typed("history", "kiln", "--since", "another:10", "--limit", "2", "--json", "--url", server.url)
    assert [1, 2] == [json.loads(line)["version"] for line in found.stdout.splitlines()]
    assert "windsock: the history of kiln began anew since then; this is all of it (" in found.stderr


@pytest.mark.parametrize("wrong", ["x", "-1", "e:", "9" * 30, ""])
def test_what_is_no_version_is_refused_in_words(wrong: str) -> None:
    assert "is not a version, such as 41" in failed("history", "kiln", "--since", wrong, code=2)


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
    assert ['HOT, "very"', "'=1+1", "\u202ez"] == [row[2] for row in rows]
    assert {"a": "x,\ny"} == json.loads(rows[1][4])
    assert {"reported"} == {row[3] for row in rows}


@pytest.mark.parametrize(
    ("state", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(1)", "'@SUM(1)"),
        ("-", "'-"),
        ("-3.5", "-3.5"),
        ("+40", "+40"),
        ("-1e3", "-1e3"),
        ("HOT", "HOT"),
    ],
)
def test_no_spreadsheet_runs_a_state_and_numbers_stay_numbers(server: Server, state: str, cell: str) -> None:
    server.put_state("oven", state, {"=1+1": "=1+1", "degrees": -3.5})
    said = succeeded("history", "oven", "--csv", "--limit", "1", "--url", server.url)
    [[_, _, found, _, data]] = list(csv.reader(io.StringIO(said)))[1:]
    assert cell == found
    assert {"=1+1": "=1+1", "degrees": -3.5} == json.loads(data)


@pytest.mark.parametrize("text", ["\t=1+1", "\r=1+1", "\n=1+1", "\uff1d1+1"])
def test_what_spreadsheets_pass_over_hides_no_formula(text: str) -> None:
    assert f"'{text}" == harmless(text)


@pytest.fixture(scope="module")
def forgetful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One whose store has lost the versions 1 to 3 and 5, of 7."""
    folder = tmp_path_factory.mktemp("forgetful")
    with serving(folder) as running:
        for number in range(7):
            running.put_state("kiln", f"S{number}")
        running.stop()
        with closing(sqlite3.connect(folder / "windsock.db")) as store, store:
            store.execute("DELETE FROM changes WHERE version IN (1, 2, 3, 5)")
        running.start()
        yield running


@pytest.mark.parametrize("form", ["--csv", "--json", ""])
@pytest.mark.parametrize(
    ("since", "told"),
    [
        (0, ["versions 1 to 3 of kiln are", "version 5 of kiln is"]),
        (2, ["version 3 of kiln is", "version 5 of kiln is"]),
        (3, ["version 5 of kiln is"]),
        (5, []),
    ],
)
def test_versions_that_are_not_kept_any_more_are_told_beside_the_output(
    forgetful: Server, since: int, told: list[str], form: str
) -> None:
    arguments = ["history", "kiln", "--since", str(since), "--url", forgetful.url, *([form] if form else [])]
    found = typed(*arguments)
    assert (0, "".join(f"windsock: {words} not kept any more\n" for words in told)) == (found.exit_code, found.stderr)
    assert "not kept" not in found.stdout


def test_those_that_were_not_asked_for_are_not_told(forgetful: Server) -> None:
    found = typed("history", "kiln", "--since", "3", "--limit", "1", "--json", "--url", forgetful.url)
    assert ([4], "") == ([json.loads(line)["version"] for line in found.stdout.splitlines()], found.stderr)


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
