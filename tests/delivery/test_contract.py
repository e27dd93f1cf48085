"""What every delivery has to do, seen from outside: on real sockets, with the stock client and with a raw one."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any

import pytest

from tests.delivery.harness import KEY, Carry, Site, build, served
from tests.delivery.viewers import (
    TRANSPORTS,
    Payload,
    Raw,
    RawWebSocket,
    Refused,
    event,
    open_raw,
    raw,
    request,
    viewing,
)
from tests.waiting import eventually
from windsock import Reading, hub
from windsock.times import parse_time, utc_now

THINGS = ("cloud", "kiln", "door", "oven")
STATE_KEYS = {
    "thing", "epoch", "version", "state", "label", "image", "color", "data",
    "changed_at", "updated_at", "heard_at", "now", "stale", "source",
}  # fmt: skip
HEARD_KEYS = {"thing", "epoch", "version", "heard_at", "now", "stale", "source"}
HEARD_WORDS = ("thing", "version", "stale", "source")
VIEWERS = 200
CHANGES = 300


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def site(carry: Carry) -> Iterator[Site]:
    """Without a publisher key."""
    with served(carry, build()) as started:
        yield started


@pytest.fixture(scope="module")
def idle(carry: Carry) -> Iterator[Site]:
    """One for all tests in which nothing changes."""
    with served(carry, build()) as started:
        with viewing(started.port) as viewer:
            viewer.ask("history", {"thing": "kiln"})  # a server may start threads of its own with its first viewer
        yield started


@pytest.fixture
def keyed(carry: Carry) -> Iterator[Site]:
    """With a publisher key."""
    with served(carry, build(WINDSOCK_PUBLISHER_KEY=KEY)) as started:
        yield started


@contextmanager
def meanwhile(act: Callable[[], object]) -> Iterator[None]:
    """Do something again and again in another thread."""
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            act()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def take(session: Raw, count: int) -> list[tuple[str, Payload]]:
    """The next so many packets of a raw session."""
    return [event(session.receive()) for _ in range(count)]


def until(session: Raw, wanted: Callable[[str, Payload], bool]) -> list[tuple[str, Payload]]:
    """The packets of a raw session up to the wanted one."""
    got = [event(session.receive())]
    while not wanted(*got[-1]):
        got.append(event(session.receive()))
    return got


def until_version(session: Raw, thing: str, version: int) -> list[Payload]:
    """The states of a thing up to a version."""
    got = until(session, lambda _, payload: (payload.get("thing"), payload.get("version")) == (thing, version))
    return [payload for name, payload in got if name == "state" and payload["thing"] == thing]


def version_of(message: Payload | None) -> int | None:
    return message["version"] if message else None


def seconds_between(earlier: str, later: str) -> float:
    return (parse_time(later) - parse_time(earlier)).total_seconds()


# ------------------------------------------------------------------------------------------ connecting


def test_connect_is_answered_before_any_state(site: Site, transport: str) -> None:
    with meanwhile(lambda: site.report("kiln", "HOT", at=time.time())):
        for _ in range(10):
            with raw(site.port, transport) as session:
                assert ["connect", "state"] == [name for name, _ in take(session, 2)]


def test_every_watched_thing_is_told_once_after_connect(idle: Site, transport: str) -> None:
    with raw(idle.port, transport) as session:
        got = take(session, 5)
        assert sorted(THINGS) == sorted(payload["thing"] for name, payload in got if name == "state")
        assert [("ack", {"ok": True})] == request(session, "unwatch", {"things": []})


@pytest.mark.parametrize(
    ("auth", "watched"),
    [
        (None, THINGS),
        ({}, THINGS),
        ({"things": None}, THINGS),
        ({"unheard": "of"}, THINGS),
        ({"things": ["cloud", "kiln", "cloud"]}, ("cloud", "kiln")),
        ({"things": {"cloud": {"epoch": "another", "version": 41}, "kiln": None}}, ("cloud", "kiln")),
        ({"things": []}, ()),
        ({"things": {}}, ()),
    ],
)
def test_the_auth_names_what_is_watched(idle: Site, auth: object, watched: tuple[str, ...]) -> None:
    with raw(idle.port, auth=auth) as session:
        got = [*take(session, 1 + len(watched)), *request(session, "unwatch", {"things": []})]
        assert ["connect", *["state"] * len(watched), "ack"] == [name for name, _ in got]
        assert sorted(watched) == sorted(payload["thing"] for name, payload in got if name == "state")


@pytest.mark.parametrize(
    ("auth", "code", "words"),
    [
        ({"things": ["fog"]}, "unknown_thing", "there is no thing 'fog'"),
        ({"things": {"cloud": None, "fog": None}}, "unknown_thing", "there is no thing 'fog'"),
        ({"things": "cloud"}, "bad_request", '"things" must be a list of names'),
        ({"things": [1]}, "bad_request", '"things" must be a list of names'),
        ({"things": {"cloud": "41"}}, "bad_request", "a position must be an object"),
        ({"things": {"cloud": {"epoch": "e", "version": -1}}}, "bad_request", '"version" must be a whole number'),
        ({"token": 5}, "bad_request", '"token" must be a text'),
        ({"viewers": "yes"}, "bad_request", '"viewers" must be true or false'),
        ("cloud", "bad_request", "auth must be an object"),
        (["cloud"], "bad_request", "auth must be an object"),
    ],
)
def test_a_connect_that_asks_wrongly_is_refused_in_words(idle: Site, auth: object, code: str, words: str) -> None:
    with raw(idle.port, auth=auth) as session:
        name, answer = event(session.receive())
        assert ("refused", {"code": code}) == (name, answer["data"])
        assert words in answer["message"]


def test_the_stock_client_is_told_why_it_is_refused(idle: Site, transport: str) -> None:
    with pytest.raises(Refused, match="there is no thing 'fog'"), viewing(idle.port, transport, {"things": ["fog"]}):
        pass


def test_a_token_that_is_no_text_at_all_opens_nothing(keyed: Site) -> None:
    with raw(keyed.port, auth={"things": [], "token": "\ud800"}) as session:
        assert "connect" == take(session, 1)[0][0]
        assert "forbidden" == request(session, "report", {"thing": "kiln", "state": "HOT"})[-1][1]["code"]


def test_who_was_refused_receives_no_broadcast(site: Site) -> None:
    with raw(site.port, auth={"things": ["fog"]}) as session:
        assert "refused" == take(session, 1)[0][0]
        site.report("kiln", "HOT")
        session.send("40/windsock," + json.dumps({"things": []}))
        assert "connect" == take(session, 1)[0][0]


def test_a_second_connect_on_the_same_connection_changes_nothing(site: Site) -> None:
    with raw(site.port, auth={"things": ["kiln"]}) as session:
        take(session, 2)
        session.send("40/windsock,")
        assert "refused" == take(session, 1)[0][0]
        site.report("kiln", "HOT")
        assert ["HOT"] == [state["state"] for state in until_version(session, "kiln", 1)]


def test_the_namespace_can_be_left_and_joined_again(site: Site) -> None:
    with raw(site.port, auth={"things": ["kiln"]}) as session:
        take(session, 2)
        session.send("41/windsock,")
        eventually(lambda: not site.carried.held())
        site.report("kiln", "HOT")
        session.send("40/windsock," + json.dumps({"things": ["kiln"]}))
        assert [("connect", None), ("state", 1)] == [(name, p.get("version")) for name, p in take(session, 2)]


def test_the_first_request_of_a_process_may_be_a_viewer(carry: Carry, transport: str) -> None:
    with served(carry, build(), start=False) as site, viewing(site.port, transport) as viewer:
        eventually(lambda: sorted(THINGS) == sorted(state["thing"] for state in viewer.events("state")))
        site.report("kiln", "HOT")
        assert 1 == viewer.sees("kiln", "HOT")["version"]


# ------------------------------------------------------------------------------------------------ news


def test_a_change_reaches_those_who_watch(site: Site, transport: str) -> None:
    with viewing(site.port, transport) as viewer:
        site.report("cloud", "HUGGING", by="Ada")
        message = viewer.sees("cloud", "HUGGING")
        assert set(message) == STATE_KEYS
        assert ("cloud", 1, "HUGGING", {"by": "Ada"}) == tuple(
            message[k] for k in ("thing", "version", "state", "data")
        )
        assert site.state("cloud").position.epoch == message["epoch"]
        assert (False, "ok", None) == (message["stale"], message["source"], message["image"])


def test_the_state_before_the_first_reading_says_that_nothing_is_known(idle: Site) -> None:
    with viewing(idle.port) as viewer:
        message = eventually(lambda: viewer.newest("kiln")) or {}
        assert set(message) == STATE_KEYS
        assert (0, None, None, {}, True) == tuple(message[k] for k in ("version", "state", "label", "data", "stale"))
        assert (None, None, None) == (message["changed_at"], message["updated_at"], message["heard_at"])


def test_a_late_joiner_sees_the_state_at_once(site: Site, transport: str) -> None:
    site.report("kiln", "WARM")
    site.report("kiln", "HOT")
    with raw(site.port, transport, {"things": ["kiln"]}) as session:
        message = take(session, 2)[1][1]
        assert ("HOT", 2) == (message["state"], message["version"])


def test_versions_come_in_order(site: Site) -> None:
    with raw(site.port, auth={"things": ["kiln"]}) as session:
        for number in range(CHANGES):
            site.report("kiln", f"S{number}")
        versions = [state["version"] for state in until_version(session, "kiln", CHANGES)]
        assert sorted(versions) == versions


def test_what_one_does_not_watch_does_not_leak(site: Site) -> None:
    with raw(site.port, auth={"things": ["cloud"], "viewers": True}) as session:
        site.report("kiln", "HOT")
        site.report("kiln", "HOT", heat=9)
        site.report("cloud", "HUGGING")
        got = until(session, lambda _, payload: payload.get("state") == "HUGGING")
        assert {"cloud"} == {payload["thing"] for name, payload in got if name != "connect"}


def test_after_a_reconnect_the_newest_state_comes(site: Site, transport: str) -> None:
    with viewing(site.port, transport) as viewer:
        site.report("kiln", "HOT")
        seen = viewer.sees("kiln", "HOT")
    site.report("kiln", "COLD")
    auth = {"things": {"kiln": {"epoch": seen["epoch"], "version": seen["version"]}}}
    with viewing(site.port, transport, auth) as viewer:
        assert 2 == viewer.sees("kiln", "COLD")["version"]


def test_now_is_the_time_of_sending(site: Site) -> None:
    # A message that is the same for many viewers is made once for as long as this.
    old = timedelta(milliseconds=250)
    with viewing(site.port) as viewer:
        for number in range(5):
            before = utc_now()
            site.report("kiln", f"S{number}")
            message = viewer.sees("kiln", f"S{number}")
            assert before - old <= parse_time(message["now"]) <= utc_now()
    time.sleep(0.5)
    asked = utc_now()
    with viewing(site.port) as late:
        assert asked - old <= parse_time(late.sees("kiln", "S4")["now"]) <= utc_now()


def test_addresses_lie_under_the_script_root(carry: Carry) -> None:
    site = build()
    site.windsock.thing("flag", states={"UP": {"image": __file__}})
    inner = site.app.wsgi_app

    def mounted(environ: dict[str, Any], start_response: Any) -> Any:
        return inner({**environ, "SCRIPT_NAME": "/mounted"}, start_response)

    site.app.wsgi_app = mounted  # type: ignore[method-assign]
    with served(carry, site), viewing(site.port) as viewer:
        site.windsock.site().runtime.report("flag", Reading("UP"))
        assert viewer.sees("flag", "UP")["image"].startswith("/mounted/windsock/things/flag/images/UP?v=")


# ----------------------------------------------------------------------------------- clocks and honesty


def test_what_is_heard_again_is_told_with_its_clocks_but_seldom(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "HEARD_EVERY", timedelta(seconds=0.5))
    with viewing(site.port, auth={"things": ["cloud"]}) as viewer:
        eventually(lambda: viewer.newest("cloud"))
        began = time.monotonic()
        site.report("cloud", "HUGGING")
        with meanwhile(lambda: site.report("cloud", "HUGGING")):
            eventually(lambda: len(viewer.events("heard")) >= 3)
        heards = viewer.events("heard")
        assert len(heards) <= (time.monotonic() - began) / 0.5 + 1
        last = heards[-1]
        assert (HEARD_KEYS, "cloud", 1, False, "ok") == (set(last), *(last[k] for k in HEARD_WORDS))
        assert {0, 1} == {state["version"] for state in viewer.states("cloud")}


def test_silence_is_told_as_soon_as_it_is_too_long(site: Site) -> None:
    with viewing(site.port) as viewer:
        site.report("door", "OPEN")
        message = viewer.has("heard", lambda payload: payload["thing"] == "door" and payload["stale"])
        assert 0.4 <= seconds_between(message["heard_at"], message["now"]) < 3

        def back() -> Payload | None:
            site.report("door", "OPEN")  # anew: telling of it may take longer than the 400 ms of the door
            told = (payload for payload in viewer.events("heard", "door") if not payload["stale"])
            return next((payload for payload in told if payload["heard_at"] > message["heard_at"]), None)

        assert eventually(back)


def test_a_source_that_fails_is_told_at_once_and_so_is_its_recovery(site: Site) -> None:
    with viewing(site.port) as viewer:
        site.oven.says = "HOT"
        viewer.sees("oven", "HOT")
        site.oven.fails = RuntimeError("out of gas")
        viewer.has("heard", lambda payload: (payload["thing"], payload["source"]) == ("oven", "failing"))
        site.oven.fails = None
        eventually(lambda: viewer.events("heard", "oven")[-1]["source"] == "ok")


def test_who_comes_while_a_source_fails_is_told_so(site: Site) -> None:
    site.oven.fails = RuntimeError("out of gas")
    eventually(lambda: site.state("oven").source == "failing")
    with viewing(site.port) as viewer:
        assert "failing" == (eventually(lambda: viewer.newest("oven")) or {})["source"]


# -------------------------------------------------------------------------------------------- requests


def test_what_is_asked_for_comes_before_the_acknowledgement(site: Site, transport: str) -> None:
    site.report("kiln", "HOT")
    with raw(site.port, transport, {"things": []}) as session:
        take(session, 1)
        got = request(session, "watch", {"things": ["kiln", "cloud"]})
        # News of the kiln that are on their way may tell it twice.
        told = list(dict.fromkeys((name, payload.get("thing")) for name, payload in got))
        assert [("state", "kiln"), ("state", "cloud"), ("ack", None)] == told
        assert {"ok": True} == got[-1][1]


def test_watching_brings_news_too(site: Site, transport: str) -> None:
    with viewing(site.port, transport, {"things": []}) as viewer:
        assert viewer.ask("watch", {"things": {"kiln": {"epoch": "any", "version": 9}}})["ok"]
        site.report("kiln", "HOT")
        assert 1 == viewer.sees("kiln", "HOT")["version"]


def test_watching_again_sends_the_state_again(idle: Site) -> None:
    with raw(idle.port, auth={"things": ["kiln"]}) as session:
        take(session, 2)
        assert ["state", "ack"] == [name for name, _ in request(session, "watch", {"things": ["kiln"]})]


def test_who_stops_watching_gets_no_more_news(site: Site, transport: str) -> None:
    with viewing(site.port, transport, {"things": ["kiln", "cloud"]}) as viewer:
        assert {"ok": True} == viewer.ask("unwatch", {"things": ["kiln", "fog"]})
        site.report("kiln", "HOT")
        site.report("cloud", "HUGGING")
        viewer.sees("cloud", "HUGGING")
        assert [0] == [state["version"] for state in viewer.states("kiln")]


def test_one_unknown_thing_refuses_the_whole_watch(idle: Site) -> None:
    with viewing(idle.port, auth={"things": []}) as viewer:
        answer = viewer.ask("watch", {"things": ["kiln", "fog"]})
        assert {"ok": False, "code": "unknown_thing", "error": "there is no thing 'fog'"} == answer
        assert [] == viewer.states("kiln")


def test_history_goes_on_from_a_position(site: Site, transport: str) -> None:
    for name in ("COLD", "WARM", "HOT"):
        site.report("kiln", name, was=name)
    epoch = site.state("kiln").position.epoch
    with viewing(site.port, transport) as viewer:
        answer = viewer.ask("history", {"thing": "kiln", "epoch": epoch, "since": 1})
        assert {"ok", "epoch", "changes", "complete"} == set(answer)
        assert (True, epoch, True) == (answer["ok"], answer["epoch"], answer["complete"])
        assert [2, 3] == [change["version"] for change in answer["changes"]]
        assert {"version", "state", "data", "at", "cause"} == set(answer["changes"][0])
        assert ("WARM", {"was": "WARM"}, "reported") == tuple(
            answer["changes"][0][k] for k in ("state", "data", "cause")
        )


@pytest.mark.parametrize(
    ("asked", "versions", "complete"),
    [
        ({}, [1, 2, 3], True),
        ({"since": 3}, [], True),
        ({"since": 0, "limit": 2}, [1, 2], False),
        ({"since": 1, "limit": 2}, [2, 3], True),
        ({"limit": 1}, [3], False),
        ({"since": 9}, [1, 2, 3], False),
        ({"epoch": "another", "since": 1}, [1, 2, 3], False),
    ],
)
def test_history_says_whether_anything_is_missing(
    site: Site, asked: Payload, versions: list[int], complete: bool
) -> None:
    for name in ("COLD", "WARM", "HOT"):
        site.report("kiln", name)
    with viewing(site.port) as viewer:
        answer = viewer.ask("history", {"thing": "kiln"} | asked)
        assert (versions, complete) == ([change["version"] for change in answer["changes"]], answer["complete"])


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("watch", None, "bad_request"),
        ("watch", [], "bad_request"),
        ("watch", {}, "bad_request"),
        ("watch", {"things": "kiln"}, "bad_request"),
        ("unwatch", 5, "bad_request"),
        ("unwatch", {"things": [None]}, "bad_request"),
        ("history", "kiln", "bad_request"),
        ("history", {"thing": ["kiln"]}, "bad_request"),
        ("history", {"thing": "kiln", "epoch": 1}, "bad_request"),
        ("history", {"thing": "kiln", "since": True}, "bad_request"),
        ("history", {"thing": "kiln", "since": 2**63}, "bad_request"),
        ("history", {"thing": "kiln", "limit": 0}, "bad_request"),
        ("history", {"thing": "fog"}, "unknown_thing"),
        ("report", {"state": "HOT"}, "bad_request"),
        ("report", {"thing": "kiln"}, "bad_reading"),
        ("report", {"thing": "kiln", "state": 5}, "bad_reading"),
        ("report", {"thing": "kiln", "state": "x" * 65}, "bad_reading"),
        ("report", {"thing": "kiln", "state": "HOT", "data": []}, "bad_reading"),
        ("report", {"thing": "kiln", "state": "HOT", "data": {"long": "x" * 16384}}, "too_large"),
        ("report", {"thing": "kiln", "state": "HOT", "data": {"bytes": b"x"}}, "bad_reading"),
        ("report", {"thing": "cloud", "state": "HUGING"}, "unknown_state"),
        ("report", {"thing": "fog", "state": "HOT"}, "unknown_thing"),
        ("report", {"thing": "oven", "state": "HOT"}, "not_reportable"),
        ("watch", b"bytes", "bad_request"),
        ("subscribe", {"things": ["kiln"]}, "bad_request"),
        ("state", {"thing": "kiln", "version": 9}, "bad_request"),
        ("", {}, "bad_request"),
    ],
)
def test_a_wrong_request_is_answered_in_words(idle: Site, name: str, value: object, code: str) -> None:
    with viewing(idle.port, auth={"things": []}) as viewer:
        answer = viewer.ask(name, value)
        assert (False, code, {"ok", "code", "error"}) == (answer["ok"], answer["code"], set(answer))
        assert len(answer["error"].split()) > 2
        assert viewer.ask("unwatch", {"things": []})["ok"]


@pytest.mark.parametrize("name", [5, None, {"a": 1}, ["watch"], True, "x" * 10_000])
def test_a_request_whose_name_is_odd_is_answered_too(idle: Site, name: object) -> None:
    with raw(idle.port, auth={"things": []}) as session:
        take(session, 1)
        answer = request(session, name, {})[-1][1]
        assert (False, "bad_request") == (answer["ok"], answer["code"])
        assert len(answer["error"]) < 200


def test_a_request_without_acknowledgement_is_carried_out(idle: Site) -> None:
    with raw(idle.port, auth={"things": []}) as session:
        take(session, 1)
        session.send('42/windsock,["watch",{"things":["kiln"]},"more","than","asked"]')
        assert "state" == take(session, 1)[0][0]


# ------------------------------------------------------------------------------------------- reporting


def test_this_machine_may_report_where_there_is_no_key(site: Site, transport: str) -> None:
    with viewing(site.port, transport, {"things": ["kiln"]}) as viewer:
        answer = viewer.ask("report", {"thing": "kiln", "state": "HOT", "data": {"heat": 9}, "id": "1"})
        assert {"ok": True, "result": "changed", "epoch": answer["epoch"], "version": 1} == answer
        assert {"heat": 9} == viewer.sees("kiln", "HOT")["data"]
        again = viewer.ask("report", {"thing": "kiln", "state": "COLD", "id": "1"})
        assert ("same", 1) == (again["result"], again["version"])


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "windsock.example"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
    ],
)
def test_without_a_key_nobody_else_may_report(idle: Site, headers: Mapping[str, str]) -> None:
    with viewing(idle.port, auth={"things": []}, headers=headers) as viewer:
        assert "forbidden" == viewer.ask("report", {"thing": "kiln", "state": "HOT"})["code"]
    assert 0 == idle.state("kiln").position.version


@pytest.mark.parametrize("auth", [{}, {"token": ""}, {"token": "wrong"}, {"token": KEY + "é"}])
def test_with_a_key_reporting_needs_it(keyed: Site, auth: Payload) -> None:
    with viewing(keyed.port, auth={"things": []} | auth) as viewer:
        assert "forbidden" == viewer.ask("report", {"thing": "kiln", "state": "HOT"})["code"]


def test_with_the_key_one_may_report_from_anywhere(keyed: Site, transport: str) -> None:
    forwarded = {"X-Forwarded-For": "203.0.113.5", "Host": "windsock.example"}
    with viewing(keyed.port, transport, {"things": [], "token": KEY}, forwarded) as viewer:
        assert "changed" == viewer.ask("report", {"thing": "kiln", "state": "HOT"})["result"]


def test_who_may_not_report_does_not_learn_what_there_is(keyed: Site) -> None:
    with viewing(keyed.port, auth={"things": []}) as viewer:
        known, unknown = (viewer.ask("report", {"thing": thing, "state": "HOT"}) for thing in ("kiln", "fog"))
        assert known == unknown


def test_an_event_named_connect_does_not_pass_for_one(idle: Site) -> None:
    pretended = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost"}
    with raw(idle.port, auth={"things": []}, headers={"Host": "evil.example"}) as session:
        take(session, 1)
        assert [("ack", "bad_request")] == [(n, p.get("code")) for n, p in request(session, "connect", pretended, {})]
        assert "forbidden" == request(session, "report", {"thing": "kiln", "state": "HOT"})[-1][1]["code"]


def test_an_event_named_disconnect_does_not_pass_for_one(site: Site) -> None:
    with raw(site.port, auth={"things": ["kiln"]}) as session:
        take(session, 2)
        assert "bad_request" == request(session, "disconnect", "transport close")[-1][1]["code"]
        site.report("kiln", "HOT")
        assert 1 == until_version(session, "kiln", 1)[-1]["version"]


# --------------------------------------------------------------------------------------------- viewers


def test_who_asks_is_told_how_many_watch(site: Site) -> None:
    with viewing(site.port, "polling", {"things": ["kiln"], "viewers": True}) as counting:
        counting.has("viewers", lambda payload: {"thing": "kiln", "count": 1} == payload)
        with viewing(site.port, auth={"things": ["kiln"]}) as other:
            counting.has("viewers", lambda payload: payload["count"] == 2)
            assert [] == other.events("viewers")
        eventually(lambda: counting.events("viewers")[-1]["count"] == 1)


def test_counts_are_told_seldom(site: Site) -> None:
    began = time.monotonic()
    with viewing(site.port, auth={"things": ["kiln"], "viewers": True}) as counting, ExitStack() as others:
        for _ in range(20):
            others.enter_context(viewing(site.port))
        counting.has("viewers", lambda payload: payload["count"] == 21)
        assert len(counting.events("viewers")) <= time.monotonic() - began + 4


def test_every_first_count_arrives(site: Site) -> None:
    with ExitStack() as all_of_them:
        auth = {"viewers": True}
        viewers = [all_of_them.enter_context(viewing(site.port, auth=auth)) for _ in range(10)]
        for viewer in viewers:
            eventually(lambda viewer=viewer: set(THINGS) == {p["thing"] for p in viewer.events("viewers")})  # type: ignore[misc]


# --------------------------------------------------------------------------------- many, slow, and gone


def test_two_hundred_viewers_converge_to_the_newest(site: Site) -> None:
    with ExitStack() as all_of_them:
        sessions = [all_of_them.enter_context(raw(site.port, auth={"things": ["kiln"]})) for _ in range(VIEWERS)]
        for number in range(100):
            site.report("kiln", f"S{number}")
            time.sleep(0.005)  # the pace of the changes, not a wait for anything
        for session in sessions:
            versions = [state["version"] for state in until_version(session, "kiln", 100)]
            assert sorted(versions) == versions
        assert 1 == len(site.oven.readers)


@contextmanager
def stalled(site: Site) -> Iterator[RawWebSocket]:
    """A viewer of the kiln that has stopped reading, so that its news no longer fits into the kernel's buffers."""
    session = RawWebSocket(site.port, buffer=4096)
    try:
        session.send("40/windsock," + json.dumps({"things": ["kiln"]}))
        take(session, 2)
        yield session
    finally:
        session.close()


def flood(site: Site, count: int = CHANGES) -> int:
    """Many large changes of the kiln; the last version."""
    for number in range(count):
        site.report("kiln", "HOT", number=number, ballast=ballast(number))
    return site.state("kiln").position.version


def ballast(number: int) -> str:
    """8 kB that do not compress."""
    words = random.Random(number)
    return "".join(words.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=8000))


def test_a_viewer_that_stops_reading_holds_almost_nothing_in_memory(site: Site) -> None:
    with stalled(site):
        longest = 0
        for _ in range(20):
            flood(site, CHANGES // 10)
            longest = max(longest, site.carried.longest_queue())
        assert longest <= 2


def test_a_viewer_that_stops_reading_slows_nobody(site: Site) -> None:
    with stalled(site), viewing(site.port, auth={"things": ["cloud", "kiln"]}) as viewer:
        flood(site)
        late = []
        for number in range(20):
            began = time.monotonic()
            site.report("cloud", "HUGGING", number=number)
            eventually(lambda number=number: (viewer.newest("cloud") or {}).get("data", {}).get("number") == number)  # type: ignore[misc]
            late.append(time.monotonic() - began)
        assert sorted(late)[len(late) // 2] < 0.5  # who waits for a blocked one waits for seconds
        eventually(lambda: version_of(viewer.newest("kiln")) == CHANGES)


def test_a_viewer_that_reads_again_gets_what_was_on_the_way_and_then_the_newest(site: Site) -> None:
    with stalled(site) as session:
        last = flood(site, 1000)
        versions = [state["version"] for state in until_version(session, "kiln", last)]
        assert sorted(versions) == versions
        assert versions[-1] - versions[-2] > 100
        assert [("ack", {"ok": True})] == request(session, "unwatch", {"things": []})


def test_who_is_gone_is_forgotten(site: Site, transport: str) -> None:
    with viewing(site.port, transport, {"viewers": True}):
        eventually(site.carried.held)
    eventually(lambda: not site.carried.held())


def test_a_viewer_that_goes_while_it_is_slow_is_forgotten(site: Site) -> None:
    with stalled(site):
        flood(site)
        eventually(site.carried.longest_queue)
    eventually(lambda: not site.carried.held())
    site.report("kiln", "COLD")
    assert 0 == site.carried.held()


def test_who_asks_and_goes_at_once_is_forgotten(site: Site) -> None:
    for _ in range(30):
        with raw(site.port) as session:
            session.send('42/windsock,1["watch",{"things":["kiln","cloud"]}]')
    eventually(lambda: not site.carried.held())


def test_names_that_nobody_knows_take_no_memory(idle: Site) -> None:
    with viewing(idle.port) as viewer:
        before = idle.carried.names()
        viewer.ask("unwatch", {"things": [f"fog-{number}" for number in range(100)]})
        assert before == idle.carried.names()


# ------------------------------------------------------------------------------ the application's events


def _done(_: object) -> None:
    """For handlers whose answer would mean something."""


def test_handlers_of_the_application_may_report(carry: Carry) -> None:
    site = build()
    kiln = site.things["kiln"]
    site.socketio.on("connect")(lambda: _done(kiln.report("CONNECTED")))
    site.socketio.on("disconnect")(lambda reason: _done(kiln.report("DISCONNECTED")))
    site.socketio.on("heat")(lambda heat: _done(kiln.report("HOT", {"heat": heat})))
    with served(carry, site), viewing(site.port) as viewer:
        session = open_raw(site.port)
        session.send("40")
        viewer.sees("kiln", "CONNECTED")
        session.send('421["heat",9]')
        assert {"heat": 9} == viewer.sees("kiln", "HOT")["data"]
        session.close()
        viewer.sees("kiln", "DISCONNECTED")


def test_the_application_s_own_namespace_goes_on_beside_windsock_s(carry: Carry) -> None:
    site = build()
    site.socketio.on("shout")(lambda text: site.socketio.emit("echo", text))
    with served(carry, site):
        session = open_raw(site.port)
        session.send("40")
        session.send("40/windsock," + json.dumps({"things": ["kiln"]}))
        got = {session.receive().partition("{")[0] for _ in range(3)}
        assert {"40", "40/windsock,", '42/windsock,["state",'} == got
        session.send('42["shout","hi"]')
        assert '42["echo","hi"]' == session.receive()
        session.close()
