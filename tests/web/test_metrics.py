from __future__ import annotations

import http.client
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from flask.testing import FlaskClient
from prometheus_client import REGISTRY
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from tests.builders import ROOT
from tests.delivery.harness import Carry, Site, build, served
from tests.delivery.viewers import RawWebSocket, viewing
from tests.servers import request
from tests.waiting import eventually
from tests.web.apps import KEY, clouds, make_app, problem, put, running
from windsock.errors import StoreError
from windsock.model import Rejected
from windsock.times import utc_now
from windsock.web.site import site_of

STRANGER = {"REMOTE_ADDR": "203.0.113.5"}
METRICS = "/windsock/metrics"


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    with clouds() as started:
        yield started


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Every sample, by its name and the values of its labels, the thing first."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items(), key=lambda label: label[0] != "thing"))): (
            sample.value
        )
        for family in parse(text)
        for sample in family.samples
    }


def read(client: FlaskClient) -> dict[tuple[str, ...], float]:
    return samples(client.get(METRICS).text)


# ------------------------------------------------------------------------------------- what is counted


def test_readings_are_counted_by_what_they_did(client: FlaskClient) -> None:
    for body in ("HUGGING", "HUGGING", {"state": "HUGGING", "data": {"by": "Ada"}}, {"state": "NEUTRAL", "id": "1"}):
        put(client, body=body)
    put(client, body={"state": "NEUTRAL", "id": "1"})  # once more
    put(client, body={"state": "PUNCHING", "at": "2001-01-01T00:00:00Z"})  # too old to count
    put(client, body="no such state")
    found = read(client)
    assert (2, 1, 3) == tuple(
        found["windsock_readings_total", "cloud", result] for result in ("changed", "updated", "same")
    )
    assert (3, 0, 0) == tuple(
        found["windsock_changes_total", "cloud", cause] for cause in ("reported", "rest", "offline")
    )
    assert 0 == found["windsock_readings_total", "kiln", "changed"]


def test_readings_that_could_not_be_committed_are_not_counted(client: FlaskClient) -> None:
    store = site_of(client.application).runtime._running_store()
    with mock.patch.object(store, "commit", side_effect=StoreError("disk full")):
        assert 503 == put(client).status_code
    assert 0 == read(client)["windsock_readings_total", "cloud", "changed"]


def test_every_commit_is_timed(client: FlaskClient) -> None:
    before = read(client)
    put(client)
    after = read(client)
    assert before["windsock_commit_seconds_count",] + 1 == after["windsock_commit_seconds_count",]
    assert after["windsock_commit_seconds_bucket", "+Inf"] == after["windsock_commit_seconds_count",]
    assert after["windsock_commit_seconds_sum",] > 0


def test_a_store_that_fails_is_told_until_it_works_again(client: FlaskClient) -> None:
    store = site_of(client.application).runtime._running_store()
    fails = StoreError("disk full")
    with mock.patch.object(store, "commit", side_effect=fails), mock.patch.object(store, "check", side_effect=fails):
        put(client)
        assert 1 == read(client)["windsock_store_failing",]
    assert 0 == read(client)["windsock_store_failing",]


def test_messages_that_were_set_aside_are_counted_by_their_source(client: FlaskClient) -> None:
    message = Rejected("inbox:", b"?", "no reading", utc_now())
    site_of(client.application).runtime._running_recorder().record([], [message, message])
    assert 2 == read(client)["windsock_rejected_messages_total", "inbox:"]


def test_a_source_that_fails_is_told_and_how_often_it_did() -> None:
    app, windsock = make_app()
    oven = windsock.thing("oven")
    broken = [True]

    @oven.watch(every="10ms")
    def read_oven() -> str:
        if broken:
            raise RuntimeError("secret: /etc/oven")
        return "HOT"

    with running(app, windsock) as client:
        name = next(health.source for health in site_of(app).runtime.health())
        eventually(lambda: read(client)["windsock_source_failing", name])
        assert read(client)["windsock_source_failures_total", name] >= 1
        broken.clear()
        eventually(lambda: not read(client)["windsock_source_failing", name])
        assert read(client)["windsock_source_failures_total", name] >= 1
        assert "secret" not in client.get(METRICS).text


# ------------------------------------------------------------------------------------ on each delivery


@pytest.fixture
def site(carry: Carry) -> Iterator[Site]:
    with served(carry, build()) as started:
        yield started


def of(site: Site) -> dict[tuple[str, ...], float]:
    return samples(request("GET", f"http://127.0.0.1:{site.port}{METRICS}").text)


def test_viewers_and_what_they_are_sent_are_counted(site: Site) -> None:
    before = of(site)
    with viewing(site.port, auth={"things": ["cloud"]}) as viewer:
        eventually(lambda: viewer.newest("cloud"))
        during = of(site)
        assert (1, 1, 0) == (
            during["windsock_viewers",],
            during["windsock_thing_viewers", "cloud"],
            during["windsock_thing_viewers", "kiln"],
        )
        assert before["windsock_connections_total",] + 1 == during["windsock_connections_total",]
        site.report("cloud", "HUGGING")
        viewer.sees("cloud", "HUGGING")
        after = eventually(lambda: _past(of(site), before)) or {}
        sent = after["windsock_sent_bytes_total", "socketio"] - during["windsock_sent_bytes_total", "socketio"]
        assert 250 < sent < 2500
    eventually(lambda: 0 == of(site)["windsock_viewers",])


def _past(now: dict[Any, float], before: dict[Any, float]) -> dict[Any, float] | None:
    """What is told now, once another change has been delivered, which took some time."""
    more = now["windsock_delivery_seconds_count",] - before["windsock_delivery_seconds_count",]
    took = now["windsock_delivery_seconds_sum",] - before["windsock_delivery_seconds_sum",]
    return now if more >= 1 and 0 < took < 5 else None


def test_a_viewer_that_does_not_read_is_counted_as_overtaken(site: Site) -> None:
    before = of(site)["windsock_overtaken_states_total",]
    session = RawWebSocket(site.port, buffer=4096)
    try:
        session.send('40/windsock,{"things":["kiln"]}')
        eventually(lambda: of(site)["windsock_thing_viewers", "kiln"])
        for number in range(300):
            site.report("kiln", f"S{number}", filling=random.Random(number).randbytes(4000).hex())
        eventually(lambda: of(site)["windsock_overtaken_states_total",] - before > 150)
    finally:
        session.close()


def test_event_streams_are_counted_with_their_bytes(site: Site) -> None:
    before = of(site)
    link = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
    link.request("GET", "/windsock/api/v1/things/cloud/events")
    answer = link.getresponse()
    assert answer.fp.readline()
    eventually(lambda: of(site)["windsock_event_streams",])
    now = of(site)
    assert 1 == now["windsock_thing_viewers", "cloud"]
    assert now["windsock_sent_bytes_total", "events"] > before["windsock_sent_bytes_total", "events"]
    answer.close()
    link.close()
    eventually(lambda: not of(site)["windsock_event_streams",])


def test_the_build_says_which_delivery_it_is(site: Site) -> None:
    text = request("GET", f"http://127.0.0.1:{site.port}{METRICS}").text
    assert re.search(r'windsock_build_info\{.*delivery="(engine|flask-socketio)".*\} 1\.0', text)


# ------------------------------------------------------------------------------------------ the format


def test_a_stranger_may_read_it_and_nothing_of_it_is_kept(client: FlaskClient) -> None:
    with clouds(WINDSOCK_PUBLISHER_KEY=KEY) as keyed:
        answer = keyed.get(METRICS, environ_base=STRANGER)
    assert (200, "no-store") == (answer.status_code, answer.headers["Cache-Control"])
    assert "text/plain; version=0.0.4; charset=utf-8" == answer.content_type


def test_openmetrics_is_spoken_to_who_asks_for_it(client: FlaskClient) -> None:
    answer = client.get(METRICS, headers={"Accept": "application/openmetrics-text; version=1.0.0, text/plain;q=0.5"})
    assert answer.content_type.startswith("application/openmetrics-text; version=1.0.0")
    assert {"windsock_readings", "windsock_build"} <= {family.name for family in parse_openmetrics(answer.text)}  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "text/plain; version=x.y",
        "application/openmetrics-text; version=",
        "application/openmetrics-text; version=1.0.0; escaping=nonsense",
        "text/plain; version=1.0.0; escaping=values",
        "application/openmetrics-text; version=9999.9",
        "a" * 100_000,
        "text/plain; version=" + "1." * 300,
    ],
)
def test_whatever_a_client_asks_for_it_is_answered(client: FlaskClient, accept: str) -> None:
    answer = client.get(METRICS, headers={"Accept": accept})
    assert 200 == answer.status_code
    assert "windsock_viewers" in answer.text


def test_applications_of_one_process_share_no_counts_and_none_is_global(client: FlaskClient) -> None:
    put(client)
    with clouds() as other:
        assert 0 == read(other)["windsock_readings_total", "cloud", "changed"]
    assert [] == [family.name for family in REGISTRY.collect() if family.name.startswith("windsock")]


def test_before_the_start_there_is_nothing_to_measure() -> None:
    app, _ = make_app()
    app.testing = True
    assert (503, "unavailable") == problem(app.test_client().get(METRICS))[:2]


def names(client: FlaskClient) -> set[str]:
    return {family.name for family in parse(client.get(METRICS).text)}


def test_every_metric_is_documented(client: FlaskClient) -> None:
    reference = Path(ROOT / "docs" / "reference" / "rest.md").read_text()
    assert set() == {name for name in names(client) if f"`{name}" not in reference}


def test_names_follow_the_rules_of_prometheus(client: FlaskClient) -> None:
    for family in parse(client.get(METRICS).text):
        assert re.fullmatch(r"windsock_[a-z]+(_[a-z]+)*", family.name)
        assert family.documentation
        if family.type == "counter":
            assert all(sample.name.endswith("_total") for sample in family.samples)
        if family.type == "histogram":
            assert family.name.endswith("_seconds")
