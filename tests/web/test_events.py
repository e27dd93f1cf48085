"""Server-sent events, on both servers."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from tests.delivery.harness import Carry, Site, build, served
from tests.delivery.viewers import viewing
from tests.engine.raw import Wire, head
from tests.waiting import eventually
from tests.web.apps import API
from windsock.web import event_stream, feed

Payload = dict[str, Any]
STREAM = f"{API}/things/cloud/events"


@pytest.fixture
def site(carry: Carry) -> Iterator[Site]:
    with served(carry, build()) as started:
        yield started


class Reader:
    """One who reads a stream: its head, and its blocks one after the other."""

    def __init__(self, wire: Wire, path: str, headers: dict[str, str] | None = None, method: str = "GET") -> None:
        self.wire = wire
        self._text = ""
        wire.send(head(method, path, headers))
        status, *lines = wire.read_until(b"\r\n\r\n").decode().split("\r\n")[:-2]
        self.status = int(status.split(" ")[1])
        self.headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        self._chunked = "transfer-encoding" in self.headers

    def block(self) -> dict[str, str] | None:
        """The fields of the next block, a comment's under the empty name; None at the end."""
        while "\n\n" not in self._text:
            part = self._part()
            if not part:
                return None
            self._text += part
        block, _, self._text = self._text.partition("\n\n")
        return dict(line.split(":", 1) for line in block.replace(": ", ":").split("\n"))

    def event(self) -> tuple[str, Payload, str | None]:
        """The next event: its name, its data and its id."""
        while (block := self.block()) is not None:
            if "event" in block:
                return block["event"], json.loads(block["data"]), block.get("id")
        raise AssertionError("the stream has ended")

    def state(self) -> Payload:
        """The next state."""
        name, data, _ = self.event()
        return data if name == "state" else self.state()

    def ended(self) -> bool:
        while self.block() is not None:
            pass
        return True

    def _part(self) -> str:
        if not self._chunked:
            return self.wire.read(1).decode("latin-1")
        size = self.wire.read_until(b"\r\n")
        return self.wire.read(int(size, 16) + 2)[:-2].decode() if size else ""


@contextmanager
def reading(site: Site, path: str = STREAM, **headers: str) -> Iterator[Reader]:
    with Wire(site.port) as wire:
        yield Reader(wire, path, {name.replace("_", "-"): value for name, value in headers.items()})


def readers(site: Site) -> int:
    return len(site.windsock.site(site.app).feed)


# -------------------------------------------------------------------------------------------------- what comes


def test_the_state_comes_first_and_then_each_change(site: Site) -> None:
    outcome = site.report("cloud", "NEUTRAL")
    with reading(site) as reader:
        name, data, position = reader.event()
        assert ("state", "cloud", "NEUTRAL", 1) == (name, data["thing"], data["state"], data["version"])
        assert f"{outcome.position.epoch}:1" == position
        site.report("cloud", "HUGGING", force=3)
        name, data, position = reader.event()
        assert ("state", "HUGGING", {"force": 3}) == (name, data["state"], data["data"])
        assert f"{outcome.position.epoch}:2" == position


def test_the_head_says_what_it_is(site: Site) -> None:
    with reading(site) as reader:
        assert (200, "text/event-stream", "no-store", "no") == (
            reader.status,
            reader.headers["content-type"],
            reader.headers["cache-control"],
            reader.headers["x-accel-buffering"],
        )
        block = reader.block()
        assert block is not None
        assert 1000 <= int(block["retry"]) <= 3000


def test_only_its_head_can_be_asked_for(site: Site) -> None:
    with Wire(site.port) as wire:
        reader = Reader(wire, STREAM, method="HEAD")
        assert (200, "text/event-stream") == (reader.status, reader.headers["content-type"])
    assert 0 == readers(site)


def test_clocks_come_without_an_id(site: Site) -> None:
    site.report("cloud", "NEUTRAL")
    with reading(site) as reader:
        reader.state()
        eventually(lambda: readers(site))
        site.windsock.site(site.app).feed.heard("cloud")
        name, data, position = reader.event()
        assert ("heard", "cloud", 1, None) == (name, data["thing"], data["version"], position)
        assert {"thing", "epoch", "version", "heard_at", "now", "stale", "source"} == set(data)


def test_a_thing_that_falls_silent_says_so(site: Site) -> None:
    with reading(site, f"{API}/things/door/events") as reader:
        reader.state()  # nothing is known of it yet, however long it takes to come here
        site.report("door", "OPEN")
        told = [reader.event()[:2]]
        while not told[-1][1]["stale"]:
            told.append(reader.event()[:2])
        assert 1 == told[-1][1]["version"]
        assert "heard" == told[-1][0] or 1 == len(told)


@pytest.mark.parametrize("position", ["", "e1:1", "nonsense", "x" * 5000, ":", "e1:-1", "e1:99999999999999999999"])
def test_who_comes_back_is_sent_the_newest_wherever_it_was(site: Site, position: str) -> None:
    site.report("cloud", "NEUTRAL")
    site.report("cloud", "HUGGING")
    with reading(site, Last_Event_ID=position) as reader:
        assert 2 == reader.state()["version"]


def test_all_things_come_in_one_stream_without_ids(site: Site) -> None:
    with reading(site, f"{API}/events") as reader:
        events = [reader.event() for _ in range(4)]
        assert {"cloud", "kiln", "door", "oven"} == {data["thing"] for _, data, _ in events}
        assert {None} == {position for _, _, position in events}


def test_things_can_be_chosen(site: Site) -> None:
    with reading(site, f"{API}/events?thing=kiln&thing=cloud&thing=kiln") as reader:
        assert ["kiln", "cloud"] == [reader.state()["thing"] for _ in range(2)]
        site.report("door", "OPEN")
        site.report("kiln", "HOT")
        assert "kiln" == reader.state()["thing"]


def test_addresses_are_those_of_the_mount(carry: Carry, tmp_path: Any) -> None:
    (tmp_path / "hot.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    built = build()
    built.windsock.thing("pan", states={"HOT": {"image": str(tmp_path / "hot.svg")}})
    with served(carry, built) as site:
        next(thing for thing in site.windsock.things if thing.name == "pan").report("HOT")
        with reading(site, f"{API}/things/pan/events") as reader:
            assert reader.state()["image"].startswith("/windsock/things/pan/images/HOT?v=")


@pytest.mark.parametrize("path", [f"{API}/things/fog/events", f"{API}/events?thing=cloud&thing=fog"])
def test_an_unknown_thing_is_refused(site: Site, path: str) -> None:
    with Wire(site.port) as wire:
        answer = wire.request("GET", path)
        assert (404, "unknown_thing") == (answer.status, answer.json["code"])


# -------------------------------------------------------------------------------------------------- slow and gone


def test_a_slow_reader_gets_the_newest_and_little_of_what_was_between(site: Site) -> None:
    with Wire(site.port, buffer=4096) as wire:
        reader = Reader(wire, STREAM)
        reader.state()
        for number in range(300):
            site.report("cloud", "NEUTRAL", number=number, filling="x" * 8000)
        version = site.report("cloud", "HUGGING").position.version
        versions = [1]
        while versions[-1] < version:
            versions.append(reader.state()["version"])
        assert versions == sorted(set(versions))
        assert len(versions) < 250


def test_silence_is_filled_with_comments(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT", 0.05)
    with reading(site, f"{API}/things/kiln/events") as reader:
        reader.state()
        assert [{"": ""}] * 3 == [reader.block() for _ in range(3)]


def test_a_reader_that_has_gone_is_forgotten(site: Site) -> None:
    with reading(site) as reader:
        reader.state()
        assert 1 == readers(site)
    eventually(lambda: not readers(site))


def test_a_reader_that_resets_its_connection_is_forgotten(site: Site) -> None:
    with reading(site) as reader:
        reader.state()
        reader.wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    eventually(lambda: not readers(site))


def test_streams_end_when_windsock_stops(site: Site) -> None:
    with reading(site) as reader, reading(site, f"{API}/events") as other:
        reader.state()
        other.state()
        site.windsock.stop(site.app)
        assert reader.ended()
        assert other.ended()
        with Wire(site.port) as wire:
            assert 503 == wire.request("GET", STREAM).status
        site.windsock.start(site.app)
        with reading(site) as again:
            assert "cloud" == again.state()["thing"]


def test_more_than_may_read_are_told_to_come_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "MOST_WAITING", 1)
    with reading(site) as reader:
        reader.state()
        with Wire(site.port) as wire:
            answer = wire.request("GET", STREAM)
            assert (503, "5", "unavailable") == (answer.status, answer.headers["retry-after"], answer.json["code"])
        site.report("cloud", "HUGGING")
        assert "HUGGING" == reader.state()["state"]


def test_a_guard_of_the_application_holds_for_streams(site: Site) -> None:
    site.app.before_request(lambda: ("no", 403))
    with Wire(site.port) as wire:
        assert 403 == wire.request("GET", STREAM).status


def test_no_change_is_lost_between_the_state_and_the_news(site: Site) -> None:
    """Readers come while it changes: each sees versions that only grow, and ends at the newest."""
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            site.report("cloud", "NEUTRAL", at=str(site.state("cloud").position.version))

    thread = threading.Thread(target=change)
    thread.start()
    try:
        with ExitStack() as stack:
            streams = [stack.enter_context(reading(site)) for _ in range(20)]
            seen = [[stream.state()["version"] for _ in range(5)] for stream in streams]
            stop.set()
            thread.join()
            last = site.report("cloud", "HUGGING").position.version
            for stream, versions in zip(streams, seen, strict=True):
                while versions[-1] < last:
                    versions.append(stream.state()["version"])
                assert versions == sorted(set(versions))
    finally:
        stop.set()
        thread.join()


def test_a_stream_counts_among_those_who_watch_and_a_delayed_answer_does_not(site: Site) -> None:
    with viewing(site.port, auth={"things": ["cloud"], "viewers": True}) as viewer:
        viewer.has("viewers", lambda told: told["count"] == 1)
        with Wire(site.port) as stream, Wire(site.port) as delayed:
            tag = delayed.request("GET", f"{API}/things/cloud").headers["etag"]
            delayed.send(head("GET", f"{API}/things/cloud", {"If-None-Match": tag, "Prefer": "wait=30"}))
            Reader(stream, STREAM).block()
            viewer.has("viewers", lambda told: told["count"] == 2)
        eventually(lambda: viewer.events("viewers")[-1]["count"] == 1)
    assert {1, 2} == {told["count"] for told in viewer.events("viewers")}
