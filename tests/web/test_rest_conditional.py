"""ETag and ``Prefer: wait``: what a reader is told that names what it has."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.builders import cloud, seconds, state
from tests.delivery.harness import Carry, Site, build, served
from tests.engine.raw import Response, Wire, head
from tests.waiting import WITHIN, eventually
from tests.web.apps import API, clouds, put
from windsock import wire
from windsock.web import feed
from windsock.web.conditional import LONGEST_WAIT, tag_of_thing, wait_of
from windsock.web.site import site_of

CLOUD = f"{API}/things/cloud"


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    with clouds() as started:
        yield started


def get(client: FlaskClient, tag: str | None = None, path: str = CLOUD, **headers: str) -> TestResponse:
    return client.get(path, headers={**headers, **({"If-None-Match": tag} if tag else {})})


# -------------------------------------------------------------------------------------------------- tags


def test_a_tag_is_weak_and_begins_with_the_position(client: FlaskClient) -> None:
    put(client)
    answer = get(client)
    epoch, version = ((answer.json or {})[key] for key in ("epoch", "version"))
    assert answer.headers["ETag"].startswith(f'W/"{epoch}-{version}-')


@pytest.mark.parametrize("path", [CLOUD, f"{API}/things"])
def test_what_the_reader_has_is_not_sent_again(client: FlaskClient, path: str) -> None:
    put(client)
    first = get(client, path=path)
    again = get(client, first.headers["ETag"], path)
    assert (304, b"") == (again.status_code, again.data)
    assert (first.headers["ETag"], "no-store") == (again.headers["ETag"], again.headers["Cache-Control"])
    assert "Content-Type" not in again.headers


@pytest.mark.parametrize("path", [CLOUD, f"{API}/things"])
def test_after_a_change_it_is_sent(client: FlaskClient, path: str) -> None:
    put(client)
    tag = get(client, path=path).headers["ETag"]
    put(client, body="NEUTRAL")
    answer = get(client, tag, path)
    assert 200 == answer.status_code
    assert tag != answer.headers["ETag"]


@pytest.mark.parametrize("form", ["*", '"other", {}', '{}, W/"other"'])
def test_every_form_of_a_condition_is_understood(client: FlaskClient, form: str) -> None:
    tag = get(client).headers["ETag"]
    assert 304 == get(client, form.replace("{}", tag)).status_code


@pytest.mark.parametrize("tag", ['"other"', 'W/"other"', "rubbish", 'W/"'])
def test_what_the_reader_does_not_have_is_sent(client: FlaskClient, tag: str) -> None:
    assert 200 == get(client, tag).status_code


def described(**changed: Any) -> wire.Payload:
    """What REST says of the cloud."""
    spec, found = cloud(), state("HUGGING", version=3)
    return {**wire.state_message(spec, found, "/hugging.svg", found.heard_at), "title": spec.title} | changed  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changed",
    [{"stale": True}, {"source": "failing"}, {"label": "Hug"}, {"color": "red"}, {"image": None}, {"title": "C"},
     {"data": {"force": 3}}, {"version": 4}, {"epoch": "e2"}],
)  # fmt: skip
def test_whatever_a_reader_is_shown_makes_another_tag(changed: dict[str, Any]) -> None:
    assert tag_of_thing(described()) != tag_of_thing(described(**changed))


@pytest.mark.parametrize("moved", ["now", "heard_at"])
def test_mere_clocks_make_none(moved: str) -> None:
    assert tag_of_thing(described()) == tag_of_thing(described(**{moved: "2027-01-01T00:00:00.000Z"}))


def test_a_stale_value_never_passes_as_unmodified(client: FlaskClient) -> None:
    put(client)
    tag = get(client).headers["ETag"]
    hub = site_of(client.application).runtime.hub
    hub._entries["cloud"].spec = replace(hub._entries["cloud"].spec, offline_after=seconds(0.001))
    answer = eventually(lambda: (found := get(client, tag)).status_code == 200 and found)
    assert isinstance(answer, TestResponse)
    assert (answer.json or {})["stale"]


# ----------------------------------------------------------------------------------------------- preferences


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        (["wait=30"], 30),
        (["wait=0"], 0),
        (['Wait = "5"'], 5),
        (["respond-async, wait=7"], 7),
        (["respond-async", "wait=7"], 7),
        (["wait=7; urgent, wait=9"], 7),
        (['say="wait=3, or not", wait=4'], 4),
        (["wait=99999"], LONGEST_WAIT),
        ([], None),
        (["wait"], None),
        (["wait="], None),
        (["wait=-1"], None),
        (["wait=1.5"], None),
        (["wait=soon"], None),
        (["wait=٣"], None),
        (["await=3"], None),
        (["wait=" + "9" * 50], None),
        (['say="wait=3'], None),
        (['"' * 5000], None),
    ],
)
def test_a_preference_is_read_as_its_rfc_says(headers: list[str], wait: int | None) -> None:
    assert wait == wait_of(headers)


# -------------------------------------------------------------------------------------------------- waiting


@pytest.fixture
def site(carry: Carry) -> Iterator[Site]:
    with served(carry, build()) as started:
        yield started


def waiting(wire: Wire, tag: str | None, wait: int = 30, thing: str = "cloud", **headers: str) -> None:
    """Send a request that may wait."""
    conditions = {"If-None-Match": tag} if tag else {}
    wire.send(head("GET", f"{API}/things/{thing}", {"Prefer": f"wait={wait}", **conditions, **headers}))


def tag_now(site: Site, thing: str = "cloud") -> str:
    with Wire(site.port) as wire:
        return wire.request("GET", f"{API}/things/{thing}").headers["etag"]


def waiters(site: Site) -> int:
    return len(site.windsock.site(site.app).feed)


def timed(act: Callable[[], Response]) -> tuple[Response, float]:
    start = time.monotonic()
    return act(), time.monotonic() - start


def test_an_answer_waits_until_it_differs(site: Site) -> None:
    site.report("cloud", "NEUTRAL")
    with Wire(site.port) as wire:
        waiting(wire, tag_now(site))
        eventually(lambda: waiters(site))
        site.report("cloud", "HUGGING", force=3)
        answer = wire.response()
        assert (200, "HUGGING", {"force": 3}) == (answer.status, answer.json["state"], answer.json["data"])
        assert ("wait=30", tag_now(site)) == (answer.headers["preference-applied"], answer.headers["etag"])
    eventually(lambda: not waiters(site))


def test_after_the_time_it_says_that_nothing_is_new(site: Site) -> None:
    tag = tag_now(site)
    with Wire(site.port) as wire:
        began = time.monotonic()
        waiting(wire, tag, 1)
        answer = wire.response()
        took = time.monotonic() - began
        assert (304, b"", tag, "wait=1") == (
            answer.status,
            answer.body,
            answer.headers["etag"],
            answer.headers["preference-applied"],
        )
        assert 0.9 < took < WITHIN
    eventually(lambda: not waiters(site))


def test_being_heard_and_another_thing_wake_nobody(site: Site) -> None:
    site.report("cloud", "NEUTRAL")
    with Wire(site.port) as wire:
        began = time.monotonic()
        waiting(wire, tag_now(site), 3)
        eventually(lambda: waiters(site))
        site.report("cloud", "NEUTRAL")
        site.report("kiln", "HOT")
        site.windsock.site(site.app).feed.heard("cloud")
        assert 304 == wire.response().status
        assert time.monotonic() - began > 2.5


def test_a_thing_that_falls_silent_wakes(site: Site) -> None:
    def fresh() -> str | None:
        """The tag of the state before it is silent for too long, if the machine is fast enough this time."""
        site.report("door", "OPEN")
        with Wire(site.port) as asking:
            answer = asking.request("GET", f"{API}/things/door")
        return None if answer.json["stale"] else answer.headers["etag"]

    with Wire(site.port) as wire:
        waiting(wire, eventually(fresh) or "", thing="door")
        answer = wire.response()
        assert (200, True) == (answer.status, answer.json["stale"])


def test_a_source_that_fails_wakes(site: Site) -> None:
    site.oven.says = "HOT"
    eventually(lambda: site.state("oven").state == "HOT")
    with Wire(site.port) as wire:
        waiting(wire, tag_now(site, "oven"), thing="oven")
        eventually(lambda: waiters(site))
        site.oven.fails = OSError("out of order")
        assert "failing" == wire.response().json["source"]


def test_without_a_condition_and_with_another_one_it_answers_at_once(site: Site) -> None:
    for tag in (None, '"other"', "*"):
        with Wire(site.port) as wire:
            waiting(wire, tag)
            answer, took = timed(wire.response)
            assert took < WITHIN / 2
            assert (304 if tag == "*" else 200) == answer.status
            assert ("wait=30" if tag == '"other"' else None) == answer.headers.get("preference-applied")


def test_a_request_with_a_body_does_not_wait(site: Site) -> None:
    tag = tag_now(site)
    with Wire(site.port) as wire:
        wire.send(head("GET", f"{API}/things/cloud", {"Prefer": "wait=30", "If-None-Match": tag}, length=2) + b"{}")
        answer, took = timed(wire.response)
        assert (304, True) == (answer.status, took < WITHIN / 2)


def test_whoever_waits_is_answered_when_windsock_stops(site: Site) -> None:
    with Wire(site.port) as wire:
        waiting(wire, tag_now(site))
        eventually(lambda: waiters(site))
        site.windsock.stop(site.app)
        assert 503 == wire.response().status


def test_more_than_may_wait_are_told_to_come_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MOST_WAITING", 1)
    tag = tag_now(site)
    with Wire(site.port) as first, Wire(site.port) as second:
        waiting(first, tag)
        eventually(lambda: waiters(site))
        waiting(second, tag)
        answer = second.response()
        assert (503, "5") == (answer.status, answer.headers["retry-after"])
        assert "unavailable" == answer.json["code"]
        site.report("cloud", "HUGGING")
        assert 200 == first.response().status


def test_a_guard_of_the_application_holds_for_who_waits(site: Site) -> None:
    allowed = [True]
    site.app.before_request(lambda: None if allowed[0] else ("no", 403))
    with Wire(site.port) as wire:
        waiting(wire, tag_now(site))
        eventually(lambda: waiters(site))
        allowed[0] = False
        with Wire(site.port) as other:
            waiting(other, None)
            assert 403 == other.response().status
