"""Clients as people install them, of the oldest version that is served and of the newest, on the engine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.clients.guests import NEWEST, OLDEST, PYTHON, WAYS, Guest, JavaScriptGuest, Wanted, knocking, meets, visiting
from tests.servers import Server, serving
from tests.waiting import eventually

PARLOUR = Path(__file__).with_name("parlour.py")
PACKAGES = [NEWEST, OLDEST, PYTHON]
ALL = ("/", "/desk", "/windsock")
PICTURE = bytes(range(256)) * 20


@contextmanager
def parlour(folder: Path) -> Iterator[Server]:
    """The application, on the engine."""
    shutil.copy(PARLOUR, folder)
    with serving(folder, None, verb="run", arguments=("parlour:app",)) as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with parlour(tmp_path_factory.mktemp("parlour")) as running:
        yield running


every_client = pytest.mark.parametrize("package", PACKAGES)
every_way = pytest.mark.parametrize("way", WAYS)


def report(server: Server, state: str) -> int:
    """Report a state of the kiln; its version."""
    path = "/windsock/api/v1/things/kiln/state"
    body, headers = f'{{"state": "{state}"}}'.encode(), {"Content-Type": "application/json"}
    answer = server.request("PUT", path, body, headers)
    assert 200 == answer.status, answer
    return int(answer.json["version"])


def cookie(server: Server, name: str) -> dict[str, str]:
    """What a browser that took a name sends along."""
    headers = {key.lower(): value for key, value in server.get(f"/name/{name}").headers.items()}
    return {"Cookie": headers["set-cookie"].partition(";")[0]}


def sees(guest: Guest, state: str) -> Any:
    """The message with which a client sees the kiln in a state, as soon as it has come."""

    def look() -> Any:
        states = [met.values[1] for met in guest.met if met.what == "event" and met.values[0] == "state"]
        return next((payload for payload in states if payload["state"] == state), None)

    return eventually(look)


@every_client
@every_way
def test_rooms_namespaces_sessions_and_acknowledgements(server: Server, package: str, way: str) -> None:
    wanted = Wanted(server.url, way, ("/", "/desk"), {"key": "right"}, cookie(server, "Ada"))
    with visiting(package, wanted) as guest, visiting(PYTHON, Wanted(server.url)) as other:
        meets(guest, "event", "/", "welcome", {"auth": {"key": "right"}, "name": "Ada"})
        meets(other, "event", "/", "welcome", {"auth": None, "name": None})
        assert [["kitchen"]] == guest.ask("join", "kitchen")
        other.emit("say", "kitchen", {"text": "ü€😀"})
        meets(guest, "event", "/", "said", {"text": "ü€😀"})
        guest.ask("leave", "kitchen")
        other.ask("say", "kitchen", "is anybody there")
        assert [1, None, {"a": []}] == guest.ask("echo", 1, None, {"a": []})
        assert [["what", 1], ["what", 2]] == [guest.ask("ask", "what", namespace="/desk") for _ in range(2)]
        assert not [met for met in guest.met if "is anybody there" in met.values]
        guest.emit("leave", namespace="/desk")
        meets(guest, "disconnect", "/desk")
        assert [7] == guest.ask("echo", 7)


@every_client
@every_way
def test_binary_data_in_every_direction(server: Server, package: str, way: str) -> None:
    nested = {"list": [b"\x00\xff", {"deep": PICTURE}], "empty": b"", "text": "x"}
    with (
        visiting(package, Wanted(server.url, way)) as guest,
        visiting(PYTHON, Wanted(server.url, "polling")) as polls,
        visiting(NEWEST, Wanted(server.url)) as other,
    ):
        assert [nested, b"\x01"] == guest.ask("echo", nested, b"\x01")
        meets(guest, "event", "/", "echoed", nested, b"\x01")
        guest.emit("question me", nested, 7)
        meets(guest, "event", "/", "understood", nested, 7)
        for each in (guest, polls, other):
            each.ask("join", f"gallery-{package}-{way}")
        guest.emit("say", f"gallery-{package}-{way}", nested)
        for each in (guest, polls, other):
            meets(each, "event", "/", "said", nested)


@every_client
@every_way
def test_windsocks_own_namespace_beside_the_applications(server: Server, package: str, way: str) -> None:
    with visiting(package, Wanted(server.url, way, ALL, {"key": "right", "things": ["kiln"]})) as guest:
        version = report(server, f"HOT-{package}-{way}")
        seen = sees(guest, f"HOT-{package}-{way}")
        assert version == seen["version"]
        asked = {"thing": "kiln", "epoch": seen["epoch"], "since": version - 1}
        [history] = guest.ask("history", asked, namespace="/windsock")
        assert [True, True, [seen["state"]]] == [
            history["ok"],
            history["complete"],
            [change["state"] for change in history["changes"]],
        ]
        assert [{"ok": True}] == guest.ask("unwatch", {"things": ["kiln"]}, namespace="/windsock")
        assert [7] == guest.ask("echo", 7)


@every_client
def test_whoever_is_refused_is_told_why(server: Server, package: str) -> None:
    for namespace, words in (
        ("/desk", ["wrong key", {"hint": "another one"}]),
        ("/attic", ["Invalid namespace", None]),
    ):
        with knocking(package, Wanted(server.url, namespaces=(namespace,))) as guest:
            assert words == meets(guest, "connect_error", namespace).values


@every_client
def test_numbers_from_a_background_task_keep_their_order(server: Server, package: str) -> None:
    with visiting(package, Wanted(server.url)) as guest:
        guest.emit("later", 300)
        eventually(lambda: 300 == len([met for met in list(guest.met) if met.values[:1] == ["number"]]))
        got = [met.values[1] for met in list(guest.met) if met.values[:1] == ["number"]]
        # The Python client hands each event to a thread of its own.
        assert list(range(300)) == (sorted(got) if package == PYTHON else got)


def test_all_clients_are_back_after_a_restart(tmp_path: Path) -> None:
    with parlour(tmp_path) as server, ExitStack() as stack:
        headers = cookie(server, "Ada")
        guests = [
            stack.enter_context(visiting(package, Wanted(server.url, way, ALL, {"key": "right"}, headers, True)))
            for package in PACKAGES
            for way in WAYS
        ]
        assert 0 == server.stop()
        for guest in guests:
            for namespace in ALL:
                meets(guest, "disconnect", namespace)
        before = [len(guest.met) for guest in guests]
        server.start()
        report(server, "HOT")
        for guest, seen in zip(guests, before, strict=True):
            for namespace in ALL:
                meets(guest, "connect", namespace, after=seen)
            # The Python client forgets the header Cookie when it is upgraded.
            if isinstance(guest, JavaScriptGuest):
                meets(guest, "event", "/", "welcome", {"auth": {"key": "right"}, "name": "Ada"}, after=seen)
            assert "HOT" == sees(guest, "HOT")["state"]
            assert [["hall"]] == guest.ask("join", "hall")
        guests[0].emit("say", "hall", b"we are back")
        for guest in guests:
            meets(guest, "event", "/", "said", b"we are back")
