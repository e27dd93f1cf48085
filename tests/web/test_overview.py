from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from tests.delivery.harness import Carry, Site, build, served
from tests.delivery.viewers import viewing
from tests.servers import request
from tests.waiting import eventually
from tests.web.apps import API, KEY, clouds, make_app, problem, put, running
from windsock import Windsock
from windsock.cli import main
from windsock.errors import StoreError
from windsock.model import Rejected
from windsock.store.sqlite import SqliteStore
from windsock.times import parse_time, utc_now
from windsock.web.overview import REJECTED
from windsock.web.rest import EXCERPT
from windsock.web.site import site_of

STRANGER = {"REMOTE_ADDR": "203.0.113.5"}
BEARER = {"Authorization": f"Bearer {KEY}"}
OVERVIEW = f"{API}/overview"


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    with clouds() as started:
        yield started


def look(client: FlaskClient) -> dict[str, Any]:
    answer = client.get(OVERVIEW)
    assert (200, "application/json", "no-store") == (
        answer.status_code,
        answer.content_type,
        answer.headers["Cache-Control"],
    )
    found: dict[str, Any] = answer.get_json()
    return found


def of(things: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(thing for thing in things if thing["thing"] == name)


# -------------------------------------------------------------------------------------- who may see it


def test_without_a_key_only_this_machine_sees_it(client: FlaskClient) -> None:
    assert (403, "forbidden") == problem(client.get(OVERVIEW, environ_base=STRANGER))[:2]
    assert 403 == client.get(OVERVIEW, headers={"X-Forwarded-For": "203.0.113.5"}).status_code
    assert 403 == client.get(OVERVIEW, headers={"Origin": "https://elsewhere.example"}).status_code
    assert 200 == client.get(OVERVIEW).status_code


def test_with_a_key_only_who_has_it_sees_it() -> None:
    with clouds(WINDSOCK_PUBLISHER_KEY=KEY) as keyed:
        assert (401, "forbidden") == problem(keyed.get(OVERVIEW))[:2]
        assert (403, "forbidden") == problem(keyed.get(OVERVIEW, headers={"Authorization": "Bearer other"}))[:2]
        assert 200 == keyed.get(OVERVIEW, headers=BEARER, environ_base=STRANGER).status_code


def test_before_the_start_it_says_so() -> None:
    app, _ = make_app()
    app.testing = True
    assert (503, "unavailable") == problem(app.test_client().get(OVERVIEW))[:2]


# ---------------------------------------------------------------------------------------- what it says


def test_a_thing_is_told_with_its_clocks_its_version_and_its_counts(client: FlaskClient) -> None:
    put(client)
    put(client)
    put(client, body={"state": "HUGGING", "data": {"by": "Ada"}})
    thing = of(look(client)["things"], "cloud")
    expected = {"title": "The Huggable Cloud", "state": "HUGGING", "label": "HUGGING", "version": 2, "stale": False}
    assert expected | {"source": "ok", "viewers": 0, "readings": 3, "changes": 2} == {
        key: value for key, value in thing.items() if key not in ("thing", "changed_at", "heard_at", "reportable")
    }
    assert parse_time(thing["changed_at"]) <= parse_time(thing["heard_at"])


def test_a_thing_of_which_nothing_is_known_is_told_too(client: FlaskClient) -> None:
    kiln = of(look(client)["things"], "kiln")
    assert (None, None, 0, None, None) == tuple(
        kiln[key] for key in ("state", "label", "version", "changed_at", "heard_at")
    )


def test_what_may_be_reported_is_told_for_things_with_an_inbox() -> None:
    app, windsock = make_app()
    windsock.thing("cloud", states={"HUGGING": {"label": "A hug"}})
    windsock.thing("kiln")
    windsock.thing("hour", source="clock:")
    with running(app, windsock) as client:
        found = {thing["thing"]: thing["reportable"] for thing in look(client)["things"]}
    assert {"cloud": [{"state": "HUGGING", "label": "A hug"}], "kiln": [], "hour": None} == found


def test_rates_are_told_of_the_last_minutes(client: FlaskClient) -> None:
    put(client)
    put(client)
    rates = look(client)["rates"]
    assert (2, 1) == (sum(rates["readings"]), sum(rates["changes"]))
    assert len(rates["readings"]) * rates["every"] == 600


def test_the_last_readings_are_told_with_what_became_of_them(client: FlaskClient) -> None:
    put(client, body={"state": "HUGGING", "data": {"by": "A" * 1000}})
    put(client)
    site_of(client.application).runtime._running_recorder().record([], [Rejected("inbox:", b"?", "no", utc_now())])
    rejected, updated, changed = look(client)["readings"]
    assert ("inbox:", None, None, "?", "rejected", "set aside: no") == tuple(
        rejected[key] for key in ("source", "thing", "state", "data", "fate", "words")
    )
    assert ("cloud", "HUGGING", None, "updated") == tuple(updated[key] for key in ("thing", "state", "data", "fate"))
    assert ('{"by":"AAAA', EXCERPT, "changed") == (changed["data"][:11], len(changed["data"]), changed["words"])
    assert parse_time(changed["made_at"]) <= parse_time(changed["at"])


def test_the_newest_messages_set_aside_are_told_with_their_beginnings(client: FlaskClient) -> None:
    messages = [Rejected("inbox:", b"?" * 1000, f"no reading {number}", utc_now()) for number in range(REJECTED + 5)]
    site_of(client.application).runtime._running_recorder().record([], messages)
    found = look(client)["rejected"]
    assert REJECTED == len(found)
    assert f"no reading {REJECTED + 4}" == found[0]["reason"]
    assert (1000, EXCERPT) == (found[0]["size"], len(found[0]["body"]))
    assert len(messages) == look(client)["sources"][0]["rejected"]


def test_a_store_that_fails_costs_only_what_is_in_it(client: FlaskClient) -> None:
    store = site_of(client.application).runtime._running_store()
    fails = StoreError("disk full")
    with (
        mock.patch.object(store, "commit", side_effect=fails),
        mock.patch.object(store, "check", side_effect=fails),
        mock.patch.object(store, "rejected", side_effect=fails),
    ):
        put(client)
        found = look(client)
    assert ("failing", "disk full") == (found["store"]["status"], found["store"]["words"])
    assert (None, ["cloud", "kiln"]) == (found["rejected"], [thing["thing"] for thing in found["things"]])
    assert "ok" == look(client)["store"]["status"]


def test_viewers_are_told_on_each_delivery(carry: Carry) -> None:
    with served(carry, build()) as site, viewing(site.port, auth={"things": ["cloud"]}) as viewer:
        eventually(lambda: viewer.newest("cloud"))
        found = _of_server(site)
        assert {"connected": 1, "streams": 0, "waiting": 0} == found["viewers"]
        assert (1, 0) == (of(found["things"], "cloud")["viewers"], of(found["things"], "kiln")["viewers"])


def test_a_source_that_fails_is_told_on_each_delivery(carry: Carry) -> None:
    with served(carry, build()) as site:
        site.oven.fails = RuntimeError("no heat")
        source = eventually(lambda: next((s for s in _of_server(site)["sources"] if s["status"] == "failing"), None))
        assert source is not None
        assert ("RuntimeError: no heat", ["oven"]) == (source["words"], source["things"])
        assert source["failures"] >= 1
        assert "failing" == of(_of_server(site)["things"], "oven")["source"]


def _of_server(site: Site) -> dict[str, Any]:
    found: dict[str, Any] = request("GET", f"http://127.0.0.1:{site.port}{OVERVIEW}").json
    return found


# ------------------------------------------------------------------ the same words as `windsock check`

OVEN = """
[store]
url = "sqlite:///windsock.db"
[things.oven]
source = "python:{module}:read?every=2s"
[things.door]
"""


def checked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The lines of `windsock check`, without that of the configuration."""
    monkeypatch.chdir(folder)
    return set(CliRunner().invoke(main, ["check"], prog_name="windsock").stdout.splitlines()[1:])


def shown(folder: Path) -> set[str]:
    """What the operator's page is told, once each source has been looked at, as lines of `windsock check`."""
    app = Flask("app", instance_path=str(folder))
    app.config["WINDSOCK_CONFIG"] = str(folder / "windsock.toml")
    windsock = Windsock(app)
    with running(app, windsock) as client:
        runtime = site_of(app).runtime
        eventually(lambda: all(h.status != "starting" for h in runtime.health() if h.source != "inbox:"))
        runtime._running_recorder().store_error = StoreError("it is tried again")
        found = look(client)
    told = [(source["source"], source) for source in found["sources"]] + [(found["store"]["store"], found["store"])]
    return {
        f"{'ok  ' if of['status'] == 'ok' else 'FAIL'}  {name.removesuffix(':')}: {of['words']}" for name, of in told
    }


def write_oven(folder: Path, module: str) -> None:
    (folder / "windsock.toml").write_text(OVEN.format(module=module))


def test_check_says_the_same_of_sources_and_a_store_that_are_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "oven_that_works.py").write_text("def read():\n    return 'HOT'\n")
    write_oven(tmp_path, "oven_that_works")
    told = shown(tmp_path)
    assert {
        "ok    python:oven_that_works:read: can be read",
        "ok    inbox: can be read",
        "ok    sqlite:///windsock.db: can be written",
    } == told
    assert told == checked(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("module", "code", "words"),
    [
        ("oven_nowhere", None, "No module named 'oven_nowhere'"),
        ("oven_without", "def other():\n    pass\n", "the module oven_without has no function read"),
        ("oven_that_raises", "raise RuntimeError('no heat')\n", "RuntimeError: no heat"),
        ("oven_that_fails", "def read():\n    raise RuntimeError('no heat')\n", "RuntimeError: no heat"),
        ("oven_that_errs", "def read():\n    return 5\n", "gave 5, expected a state name"),
    ],
)
def test_check_says_the_same_of_a_source_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, code: str | None, words: str
) -> None:
    if code:
        (tmp_path / f"{module}.py").write_text(code)
    write_oven(tmp_path, module)
    told = shown(tmp_path)
    assert [True] == [words in line for line in told if line.startswith(f"FAIL  python:{module}:read: ")]
    assert told == checked(tmp_path, monkeypatch)


def test_check_says_the_same_of_a_store_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "oven_with_a_disk.py").write_text("def read():\n    return None\n")
    write_oven(tmp_path, "oven_with_a_disk")
    shown(tmp_path)  # makes the store
    with mock.patch.object(SqliteStore, "check", side_effect=StoreError("windsock.db: the disk is full")):
        told, said = shown(tmp_path), checked(tmp_path, monkeypatch)
    assert "FAIL  sqlite:///windsock.db: windsock.db: the disk is full" in told
    assert told == said
