from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.builders import unhurried
from tests.waiting import eventually
from tests.web.apps import API, KEY, STATES, clouds, make_app, problem, put, running
from windsock.errors import StoreError
from windsock.model import Rejected
from windsock.store import Batch
from windsock.testing.threaded import ThreadedServer
from windsock.times import utc_now
from windsock.web.problems import UNAVAILABLE
from windsock.web.site import site_of

STRANGER = {"REMOTE_ADDR": "203.0.113.5"}
BEARER = {"Authorization": f"Bearer {KEY}"}
CLOUD = f"{API}/things/cloud"
STATE_KEYS = {
    "thing", "epoch", "version", "state", "label", "image", "color", "data",
    "changed_at", "updated_at", "heard_at", "now", "stale", "source",
}  # fmt: skip


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    with clouds() as started:
        yield started


@pytest.fixture
def keyed() -> Iterator[FlaskClient]:
    with clouds(WINDSOCK_PUBLISHER_KEY=KEY) as started:
        yield started


def post(client: FlaskClient, *readings: Any, thing: str = "cloud") -> TestResponse:
    return client.post(f"{API}/things/{thing}/readings", json={"readings": readings})


def outcome(response: TestResponse) -> tuple[str, int]:
    assert (200, {"result", "epoch", "version"}) == (response.status_code, set(response.json or {}))
    assert response.json is not None
    return response.json["result"], response.json["version"]


def history(client: FlaskClient, **query: Any) -> tuple[list[int], bool]:
    answer = client.get(f"{CLOUD}/history", query_string=query).json
    assert answer is not None
    assert {"epoch", "changes", "complete"} == set(answer)
    return [change["version"] for change in answer["changes"]], answer["complete"]


def reject(client: FlaskClient, *bodies: bytes, source: str = "inbox:") -> None:
    """Set messages aside, as a watcher does."""
    messages = tuple(
        Rejected(source, body, f"no reading: {body!r:.40}", utc_now(), f"m{number}")
        for number, body in enumerate(bodies)
    )
    site_of(client.application).runtime._running_recorder().record([], messages)


# ---------------------------------------------------------------------------------------------- reading


def test_all_things_are_listed(client: FlaskClient) -> None:
    answer = client.get(f"{API}/things")
    assert ["cloud", "kiln"] == [thing["thing"] for thing in (answer.json or {})["things"]]
    assert ("application/json", "no-store") == (answer.content_type, answer.headers["Cache-Control"])


def test_a_thing_is_its_state_with_title_and_states(client: FlaskClient) -> None:
    put(client, body={"state": "HUGGING", "data": {"by": "Ada"}})
    thing = client.get(CLOUD).json or {}
    assert STATE_KEYS | {"title", "states"} == set(thing)
    assert ("The Huggable Cloud", "HUGGING", 1, {"by": "Ada"}) == tuple(
        thing[key] for key in ("title", "state", "version", "data")
    )
    assert [{"state": name, "label": name, "image": None, "color": None} for name in STATES] == thing["states"]


def test_a_thing_that_takes_any_state_lists_none(client: FlaskClient) -> None:
    kiln = client.get(f"{API}/things/kiln").json or {}
    assert ([], None, True, 0) == tuple(kiln[key] for key in ("states", "state", "stale", "version"))


@pytest.mark.parametrize("path", ["/things/fog", "/things/fog/history", "/things/%ff", "/things/%00", "/things/CLOUD"])
def test_an_unknown_thing_is_not_found(client: FlaskClient, path: str) -> None:
    assert (404, "unknown_thing") == problem(client.get(API + path))[:2]


def test_an_unknown_thing_cannot_be_written(client: FlaskClient) -> None:
    assert 404 == problem(put(client, "fog"))[0]
    assert 404 == problem(post(client, "HUGGING", thing="fog"))[0]


# ---------------------------------------------------------------------------------------- one reading


@pytest.mark.parametrize(
    ("body", "data"),
    [
        ('{"state": "HUGGING", "data": {"force": 3}}', {"force": 3}),
        ('{"state": " HUGGING ", "thing": "cloud", "unheard": "of"}', {}),
        ('{"state": "HUGGING", "data": null, "at": null, "id": null}', {}),
        ('["HUGGING", "0.93"]', {}),
        ('"HUGGING"', {}),
        ("HUGGING", {}),
        ("\ufeff \r\n HUGGING \n", {}),
    ],
)
def test_a_state_is_put_in_any_form_of_a_message(client: FlaskClient, body: str, data: dict[str, Any]) -> None:
    answer = client.put(f"{CLOUD}/state", data=body, content_type="application/json")
    assert ("changed", 1) == outcome(answer)
    state = site_of(client.application).runtime.state("cloud")
    assert ("HUGGING", data) == (state.state, state.data)


def test_the_answer_says_what_the_reading_did(client: FlaskClient) -> None:
    assert ("changed", 1) == outcome(put(client))
    assert ("same", 1) == outcome(put(client))
    assert ("updated", 2) == outcome(put(client, body={"state": "HUGGING", "data": {"force": 3}}))
    assert ("changed", 3) == outcome(put(client, body="NEUTRAL"))


def test_an_answer_means_that_the_change_is_there(client: FlaskClient) -> None:
    epoch = (put(client).json or {})["epoch"]
    thing = client.get(CLOUD).json or {}
    assert (epoch, 1, "HUGGING") == tuple(thing[key] for key in ("epoch", "version", "state"))


def test_an_id_that_came_before_changes_nothing(client: FlaskClient) -> None:
    assert ("changed", 1) == outcome(put(client, body={"state": "HUGGING", "id": "m1"}))
    assert ("same", 1) == outcome(put(client, body={"state": "NEUTRAL", "id": "m1"}))
    assert ("changed", 1) == outcome(put(client, "kiln", {"state": "HOT", "id": "m1"}))


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ('{"state": "HUGING"}', 422, "unknown_state"),
        ("HUGING", 422, "unknown_state"),
        ("", 400, "bad_reading"),
        ("{", 400, "bad_reading"),
        ("{}", 400, "bad_reading"),
        ("[]", 400, "bad_reading"),
        ("[[]]", 400, "bad_reading"),
        ('{"state": null}', 400, "bad_reading"),
        ('{"state": "HUGGING", "thing": "kiln"}', 400, "bad_reading"),
        ('{"state": "HUGGING", "data": []}', 400, "bad_reading"),
        ('{"state": "HUGGING", "data": {"x": NaN}}', 400, "bad_reading"),
        ('{"state": "HUGGING", "data": {"x": 1e999}}', 400, "bad_reading"),
        ('{"state": "HUGGING", "data": {"x": "\\ud800"}}', 400, "bad_reading"),
        ('{"state": "HUGGING", "at": "yesterday"}', 400, "bad_reading"),
        ('{"state": "HUGGING", "id": {}}', 400, "bad_reading"),
        ('{"state": "HUGGING", "data": {"x": "' + "x" * 16384 + '"}}', 413, "too_large"),
        ("[" * 30_000, 400, "bad_reading"),
        ('{"state": "HUGGING", "data": {"x": ' + "[" * 200 + "]" * 200 + "}}", 400, "bad_reading"),
        ('{"state": ' + "9" * 6000 + "}", 400, "bad_reading"),
        ("x" * 65 * 1024, 413, "too_large"),
    ],
)
def test_a_wrong_reading_is_refused_in_words(client: FlaskClient, body: str, status: int, code: str) -> None:
    found = problem(client.put(f"{CLOUD}/state", data=body, content_type="application/json"))
    assert (status, code) == found[:2]
    assert len(found[2].split()) > 2
    assert 0 == site_of(client.application).runtime.state("cloud").position.version


@pytest.mark.parametrize("body", [b"\xff\xfe", '"HUGGING"'.encode("utf-16"), b'{"state": "\xc3\x28"}'])
def test_a_body_that_is_not_utf8_is_refused(client: FlaskClient, body: bytes) -> None:
    answer = client.put(f"{CLOUD}/state", data=body, content_type="application/json")
    assert "the body is not UTF-8 text" in problem(answer)[2]


def test_a_thing_with_a_source_of_its_own_takes_no_reports() -> None:
    app, windsock = make_app()
    windsock.thing("oven").watch(every="1h")(lambda: None)
    with running(app, windsock) as client:
        status, code, detail = problem(put(client, "oven"))
        assert (409, "not_reportable") == (status, code)
        assert "watch:oven" in detail
        assert 409 == problem(post(client, "HOT", thing="oven"))[0]


# ------------------------------------------------------------------------------------- several readings


def test_several_readings_are_recorded_together(client: FlaskClient) -> None:
    assert ("changed", 1) == outcome(post(client, "NEUTRAL", {"state": "HUGGING", "data": {"force": 3}}, ["PUNCHING"]))
    assert "PUNCHING" == site_of(client.application).runtime.state("cloud").state


def test_with_every_reading_a_change_each_is_recorded() -> None:
    app, windsock = make_app()
    windsock.thing("cloud", backlog="every")
    with running(app, windsock) as client:
        assert ("changed", 3) == outcome(
            post(client, "A", "B", "B", {"state": "C", "id": "1"}, {"state": "D", "id": "1"})
        )
        assert ([1, 2, 3], True) == history(client)


@pytest.mark.parametrize(
    ("wrong", "status", "words"),
    [
        ("HUGING", 422, "no state 'HUGING'"),
        ({"state": "HUGGING", "thing": "kiln"}, 400, "for 'kiln'"),
        ({}, 400, "readings[1]: the object has no"),
        (None, 400, "readings[1]: expected a state name"),
        ({"state": "HUGGING", "data": {"x": "x" * 16384}}, 413, "readings[1]: data take"),
    ],
)
def test_one_wrong_reading_refuses_all(client: FlaskClient, wrong: Any, status: int, words: str) -> None:
    found = problem(post(client, "NEUTRAL", wrong, "HUGGING"))
    assert status == found[0]
    assert words in found[2]
    assert ([], True) == history(client)


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"readings": []}', '{"readings": {}}', '"HUGGING"', "HUGGING", "null"]
)
def test_readings_come_in_an_object(client: FlaskClient, body: str) -> None:
    answer = client.post(f"{CLOUD}/readings", data=body, content_type="application/json")
    assert (400, "bad_reading") == problem(answer)[:2]


def test_readings_may_be_larger_together_but_not_without_end(client: FlaskClient) -> None:
    large = {"state": "HUGGING", "data": {"x": "x" * 16000}}
    assert ("changed", 1) == outcome(post(client, *[large] * 20))
    assert (413, "too_large") == problem(post(client, *[large] * 80))[:2]


# --------------------------------------------------------------------------------------------- history


@pytest.fixture
def five(client: FlaskClient) -> FlaskClient:
    """A client of an application in which the cloud has changed five times."""
    for name in ("NEUTRAL", "HUGGING", "NEUTRAL", "PUNCHING", "NEUTRAL"):
        put(client, body=name)
    return client


def test_history_says_all_of_each_change(five: FlaskClient) -> None:
    change = (five.get(f"{CLOUD}/history").json or {})["changes"][1]
    assert {"version", "state", "data", "at", "cause"} == set(change)
    assert (2, "HUGGING", {}, "reported") == tuple(change[key] for key in ("version", "state", "data", "cause"))


@pytest.mark.parametrize(
    ("query", "versions", "complete"),
    [
        ({}, [1, 2, 3, 4, 5], True),
        ({"since": 0}, [1, 2, 3, 4, 5], True),
        ({"since": 3}, [4, 5], True),
        ({"since": 5}, [], True),
        ({"since": 99}, [1, 2, 3, 4, 5], False),
        ({"since": 1, "limit": 2}, [2, 3], False),
        ({"since": 3, "limit": 2}, [4, 5], True),
        ({"limit": 2}, [4, 5], False),
        ({"limit": 999999}, [1, 2, 3, 4, 5], True),
        ({"epoch": "another", "since": 3}, [1, 2, 3, 4, 5], False),
        ({"epoch": "", "since": 3}, [1, 2, 3, 4, 5], False),
        ({"epoch": "\ud83d\udca9".encode("utf-16", "surrogatepass").decode("utf-16")}, [1, 2, 3, 4, 5], False),
    ],
)
def test_history_goes_on_from_a_position(
    five: FlaskClient, query: dict[str, Any], versions: list[int], complete: bool
) -> None:
    assert (versions, complete) == history(five, **query)


def test_history_can_be_read_in_parts(five: FlaskClient) -> None:
    since, read = 0, []
    while not (part := history(five, since=since, limit=2))[1]:
        read += part[0]
        since = read[-1]
    assert [1, 2, 3, 4, 5] == read + part[0]


@pytest.mark.parametrize(
    "query", ["since=x", "since=-1", "since=1.5", "since=", "since=٣", "limit=0", "limit=-5", "since=" + "9" * 30]
)
def test_a_wrong_question_about_history_is_refused(client: FlaskClient, query: str) -> None:
    assert (400, "bad_request") == problem(client.get(f"{CLOUD}/history?{query}"))[:2]


# -------------------------------------------------------------------------------------------- who may


def test_without_a_key_another_host_is_refused(client: FlaskClient) -> None:
    answer = put(client, headers={"Host": "evil.example"})
    assert (403, "forbidden") == problem(answer)[:2]
    assert 0 == site_of(client.application).runtime.state("cloud").position.version


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_without_a_key_what_a_form_can_send_is_refused(client: FlaskClient, content_type: str) -> None:
    answer = client.put(f"{CLOUD}/state", data="HUGGING", content_type=content_type)
    assert "needs Content-Type: application/json" in problem(answer)[2]


def test_with_a_key_who_has_none_is_asked_for_it(keyed: FlaskClient) -> None:
    answer = put(keyed)
    assert (401, "forbidden") == problem(answer)[:2]
    assert "Bearer" == answer.headers["WWW-Authenticate"]


def test_with_a_wrong_key_one_is_refused(keyed: FlaskClient) -> None:
    assert (403, "forbidden") == problem(put(keyed, headers={"Authorization": "Bearer wrong"}))[:2]


def test_with_the_key_one_may_write_from_anywhere(keyed: FlaskClient) -> None:
    headers = BEARER | {"Host": "windsock.example", "X-Forwarded-For": "203.0.113.5", "Content-Type": "text/plain"}
    answer = keyed.put(f"{CLOUD}/state", data="HUGGING", headers=headers, environ_base={"REMOTE_ADDR": "203.0.113.5"})
    assert ("changed", 1) == outcome(answer)


def test_who_may_not_write_does_not_learn_what_there_is(keyed: FlaskClient) -> None:
    assert problem(put(keyed, "cloud")) == problem(put(keyed, "fog"))


def test_reading_needs_no_key(keyed: FlaskClient) -> None:
    for path in ("/things", "/things/cloud", "/things/cloud/history"):
        assert 200 == keyed.get(API + path, headers={"Host": "windsock.example"}).status_code


# --------------------------------------------------------------------------------------- set-aside ones


def test_messages_set_aside_are_listed_newest_first(client: FlaskClient) -> None:
    reject(client, b"HUGING", b"\xff\xfe", b"x" * 5000)
    long, odd, bare = (client.get(f"{API}/rejected").json or {})["rejected"]
    assert {"number", "source", "at", "reason", "id", "size", "body"} == set(bare)
    assert ("inbox:", "m0", 6, "HUGING") == tuple(bare[key] for key in ("source", "id", "size", "body"))
    assert "\\xff\\xfe" == odd["body"]
    assert (5000, 200, "…") == (long["size"], len(long["body"]), long["body"][-1])


def test_messages_set_aside_are_listed_in_parts(client: FlaskClient) -> None:
    reject(client, b"A", b"B", b"C")
    newest = (client.get(f"{API}/rejected?limit=2").json or {})["rejected"]
    rest = (client.get(f"{API}/rejected?limit=2&before={newest[-1]['number']}").json or {})["rejected"]
    assert ["C", "B", "A"] == [message["body"] for message in newest + rest]


def test_one_message_set_aside_is_shown_whole(client: FlaskClient) -> None:
    reject(client, b"x" * 5000)
    assert "x" * 5000 == (client.get(f"{API}/rejected/1").json or {})["body"]


def test_a_message_can_be_tried_again(client: FlaskClient) -> None:
    reject(client, b'{"thing": "cloud", "state": "HUGGING"}')
    assert ("changed", 1) == outcome(client.post(f"{API}/rejected/1/retry", json={}))
    assert 404 == problem(client.get(f"{API}/rejected/1"))[0]


def test_a_message_that_is_still_wrong_stays(client: FlaskClient) -> None:
    reject(client, b'{"thing": "cloud", "state": "HUGING"}', b"{")
    assert 422 == problem(client.post(f"{API}/rejected/1/retry", json={}))[0]
    assert 400 == problem(client.post(f"{API}/rejected/2/retry", json={}))[0]
    assert 200 == client.get(f"{API}/rejected/1").status_code


def test_a_message_of_a_source_that_is_gone_cannot_be_tried_again(client: FlaskClient) -> None:
    reject(client, b"HUGGING", source="azure-queue://gone")
    assert "nothing reads azure-queue://gone" in problem(client.post(f"{API}/rejected/1/retry", json={}))[2]


def test_a_message_can_be_dropped(client: FlaskClient) -> None:
    reject(client, b"HUGING")
    answer = client.delete(f"{API}/rejected/1", json={})
    assert (204, b"") == (answer.status_code, answer.data)
    assert 404 == problem(client.delete(f"{API}/rejected/1", json={}))[0]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/rejected"), ("GET", "/rejected/1"), ("POST", "/rejected/1/retry"), ("DELETE", "/rejected/1")],
)
def test_messages_set_aside_are_for_the_publisher_alone(keyed: FlaskClient, method: str, path: str) -> None:
    reject(keyed, b'{"thing": "cloud", "state": "HUGGING"}')
    assert 401 == problem(keyed.open(API + path, method=method))[0]
    assert keyed.open(API + path, method=method, headers=BEARER).status_code in (200, 204)


@pytest.mark.parametrize(("method", "path"), [("POST", "/rejected/1/retry"), ("DELETE", "/rejected/1")])
def test_without_a_key_no_form_touches_a_message(client: FlaskClient, method: str, path: str) -> None:
    reject(client, b'{"thing": "cloud", "state": "HUGGING"}')
    assert 403 == problem(client.open(API + path, method=method))[0]


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/retry"), ("DELETE", "")])
def test_a_number_beyond_what_a_store_counts_to_is_not_found(tmp_path: Path, method: str, path: str) -> None:
    with clouds(WINDSOCK_STORE_URL=f"sqlite:///{tmp_path}/w.db") as client:
        for number in (2**63 - 1, 2**63, 10**20):
            assert 404 == problem(client.open(f"{API}/rejected/{number}{path}", method=method, json={}))[0]


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "before=-1"])
def test_a_wrong_question_about_messages_is_refused(client: FlaskClient, query: str) -> None:
    assert 400 == problem(client.get(f"{API}/rejected?{query}"))[0]


# ---------------------------------------------------------------------------------------------- health


def test_a_process_that_is_up_says_so(client: FlaskClient) -> None:
    assert (200, {"status": "ok"}) == ((answer := client.get("/windsock/healthz")).status_code, answer.json)


def test_a_process_that_is_up_but_not_started_says_so_too() -> None:
    app, _ = make_app(TESTING=True)
    assert 200 == app.test_client().get("/windsock/healthz").status_code
    assert (503, "unavailable") == problem(app.test_client().get("/windsock/readyz"))[:2]


def test_a_service_whose_sources_work_is_ready(client: FlaskClient) -> None:
    answer = client.get("/windsock/readyz")
    assert (200, {"status": "ok", "reasons": []}) == (answer.status_code, answer.json)


def test_a_service_is_not_ready_while_a_source_fails() -> None:
    app, windsock = make_app()
    broken = [RuntimeError("out of gas")]
    windsock.thing("oven").watch(every="10ms")(mock.Mock(side_effect=lambda: _raise(next(iter(broken), None))))
    with running(app, windsock) as client:
        answer = eventually(lambda: (a := client.get("/windsock/readyz")).status_code == 503 and a)
        assert answer
        assert "failing" == (answer.json or {})["status"]
        assert "RuntimeError: out of gas" in (answer.json or {})["reasons"][0]
        broken.clear()
        eventually(lambda: client.get("/windsock/readyz").status_code == 200)


def test_only_who_may_publish_is_told_what_a_sources_exception_says() -> None:
    app, windsock = make_app()
    windsock.thing("oven").watch()(mock.Mock(side_effect=RuntimeError("postgres://admin:pw@db"), __qualname__="read"))
    with running(app, windsock) as client:
        whole = eventually(lambda: (client.get("/windsock/readyz").json or {})["reasons"])
        assert ["watch:oven (read): RuntimeError: postgres://admin:pw@db"] == whole
        answer = client.get("/windsock/readyz", environ_base=STRANGER)
        assert (503, ["watch:oven (read): RuntimeError"]) == (answer.status_code, (answer.json or {})["reasons"])


def test_only_who_may_publish_is_told_why_windsock_did_not_start(tmp_path: Path) -> None:
    app, _ = make_app(WINDSOCK_STORE_URL=f"sqlite:///{tmp_path}/missing/w.db")
    client = app.test_client()
    assert str(tmp_path) in problem(client.get(f"{API}/things"))[2]
    assert UNAVAILABLE == problem(client.get(f"{API}/things", environ_base=STRANGER))[2]


def _raise(error: Exception | None) -> None:
    if error:
        raise error


def test_what_a_stranger_is_not_told_is_in_the_log(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failing = mock.Mock(side_effect=StoreError("the disk is full"))
    monkeypatch.setattr(site_of(client.application).runtime._running_store(), "newest", failing)
    assert UNAVAILABLE == problem(client.get(f"{CLOUD}/history", environ_base=STRANGER))[2]
    assert "a request failed: the disk is full" in caplog.text


def test_a_service_is_not_ready_while_its_store_fails(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    store = site_of(client.application).runtime._running_store()

    def fail(batch: Batch | None = None) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(store, "commit", fail)
        broken.setattr(store, "check", fail, raising=False)
        assert (503, "unavailable", "the disk is full") == problem(put(client))
        answer = client.get("/windsock/readyz")
        assert (503, ["the disk is full"]) == (answer.status_code, (answer.json or {})["reasons"])
        assert [UNAVAILABLE] == (client.get("/windsock/readyz", environ_base=STRANGER).json or {})["reasons"]
    assert 200 == client.get("/windsock/readyz").status_code


# ------------------------------------------------------------------------------------- whatever else comes


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/things", {"GET", "HEAD", "OPTIONS"}),
        ("DELETE", "/things/cloud", {"GET", "HEAD", "OPTIONS"}),
        ("GET", "/things/cloud/state", {"PUT", "OPTIONS"}),
        ("GET", "/things/cloud/readings", {"POST", "OPTIONS"}),
        ("PUT", "/rejected/1", {"GET", "DELETE", "HEAD", "OPTIONS"}),
    ],
)
def test_a_method_that_there_is_not_is_refused_with_those_that_there_are(
    client: FlaskClient, method: str, path: str, allowed: set[str]
) -> None:
    answer = client.open(API + path, method=method)
    assert (405, allowed) == (answer.status_code, set(answer.headers["Allow"].split(", ")))


@pytest.mark.parametrize("declared", [70_000, 10**12])
def test_a_body_that_only_says_that_it_is_large_is_not_read(declared: int) -> None:
    with _listening() as connection:
        connection.putrequest("PUT", f"{CLOUD}/state")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(declared))
        connection.endheaders()
        assert 413 == connection.getresponse().status


@pytest.mark.parametrize(("size", "status"), [(1000, 200), (65_536, 200), (65_537, 413), (70_000, 413)])
def test_a_body_may_come_in_chunks(size: int, status: int) -> None:
    with _listening() as connection:
        body = json.dumps({"state": "HUGGING", "data": {}}).ljust(size)
        chunks = (body[start : start + 500].encode() for start in range(0, size, 500))
        headers = {"Content-Type": "application/json"}
        connection.request("PUT", f"{CLOUD}/state", chunks, headers, encode_chunked=True)
        answer = connection.getresponse()
        assert status == answer.status
        assert ("result" if status == 200 else "detail") in json.loads(answer.read())


class _Listening:
    """A real server, and a connection to it."""

    def __enter__(self) -> http.client.HTTPConnection:
        self._clouds = clouds()
        client = self._clouds.__enter__()
        self._server = ThreadedServer(client.application)
        self._server.start()
        self._connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=10)
        return self._connection

    def __exit__(self, *exception: object) -> None:
        self._connection.close()
        self._server.stop()
        self._clouds.__exit__(None, None, None)


_listening = _Listening


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[FlaskClient]:
    with clouds() as started:
        started.application.config["PROPAGATE_EXCEPTIONS"] = False
        yield started


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
readings = st.fixed_dictionaries(
    {"state": st.sampled_from(STATES) | json_values},
    optional=dict.fromkeys(("data", "at", "id", "thing"), json_values),
)
bodies = st.binary(max_size=200) | (json_values | readings).map(lambda value: json.dumps(value).encode())


def assert_no_failure(response: TestResponse) -> None:
    assert response.status_code < 500
    assert b"Traceback" not in response.data
    if response.status_code >= 400:
        problem(response)


@unhurried
@given(bodies)
def test_no_body_makes_a_write_fail(fuzzed: FlaskClient, body: bytes) -> None:
    assert_no_failure(fuzzed.put(f"{CLOUD}/state", data=body, content_type="application/json"))
    assert_no_failure(fuzzed.post(f"{CLOUD}/readings", data=body, content_type="application/json"))
    wrapped = b'{"readings": [' + body + b"]}"
    assert_no_failure(fuzzed.post(f"{CLOUD}/readings", data=wrapped, content_type="application/json"))


@unhurried
@given(
    st.sampled_from(["/things/cloud/history", "/rejected"]),
    st.dictionaries(st.sampled_from(["epoch", "since", "limit", "before", "x"]), st.text(max_size=30)),
)
def test_no_question_makes_a_read_fail(fuzzed: FlaskClient, path: str, query: dict[str, str]) -> None:
    assert_no_failure(fuzzed.get(API + path, query_string=query))


@unhurried
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/?#"), min_size=1))
def test_no_name_makes_a_read_fail(fuzzed: FlaskClient, name: str) -> None:
    response = fuzzed.get(f"{API}/things/{name}")
    assert response.status_code in (200, 308, 404)
