from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import anything, by_name
from windsock.runtime import Runtime
from windsock.web import feed
from windsock.web.feed import Feed, Shared, Subscription


@pytest.fixture
def running() -> Feed:
    """One of a runtime that is not started: what is told to it is all that happens."""
    made = Feed()
    made.start(Runtime(by_name(anything("kiln"), anything("oven")), "memory:", Path()))
    return made


def open_one(running: Feed, *things: str) -> tuple[Subscription, list[str]]:
    """A subscription, and how often it was woken."""
    woken: list[str] = []
    made = Subscription(running, things, watches=True)
    made.open(lambda: woken.append("woken"))
    return made, woken


def test_who_waits_is_woken_once_and_owed_each_thing_once(running: Feed) -> None:
    found, woken = open_one(running, "kiln", "oven")
    for _ in range(5):
        running.changed("oven")
        running.changed("kiln")
    assert (["woken"], {"oven": "state", "kiln": "state"}) == (woken, found.news())
    assert {} == found.news()
    running.changed("kiln")
    assert ["woken"] * 2 == woken


def test_a_state_is_not_made_less_by_clocks_that_come_after_it(running: Feed) -> None:
    found, _ = open_one(running, "kiln")
    running.changed("kiln")
    running.heard("kiln")
    assert {"kiln": "state"} == found.news()
    running.heard("kiln")
    running.changed("kiln")
    assert {"kiln": "state"} == found.news()
    running.heard("kiln")
    assert {"kiln": "heard"} == found.news()


def test_nobody_is_told_of_other_things_or_after_it_has_gone(running: Feed) -> None:
    found, woken = open_one(running, "kiln")
    running.changed("oven")
    found.close()
    found.close()
    running.changed("kiln")
    assert ([], None, 0) == (woken, found.news(), len(running))


def test_who_waits_when_it_stops_and_who_comes_later_is_told_that_there_is_no_more(running: Feed) -> None:
    found, woken = open_one(running, "kiln")
    running.stop()
    running.stop()
    late, _ = open_one(running, "kiln")
    assert (["woken"], None, None) == (woken, found.news(), late.news())


def test_what_is_made_is_made_once_for_all(running: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "FRESH", 60.0)
    made: list[str] = []

    def make(thing: str, base: str) -> int:
        made.append(f"{base}/{thing}")
        return len(made)

    shared = Shared(running, make)
    assert [1, 1] == [shared.get("kiln", ""), shared.get("kiln", "")]
    running.heard("kiln")
    assert 2 == shared.get("kiln", "")
    assert 3 == shared.get("kiln", "/other")
    running.changed("oven")
    assert 3 == shared.get("kiln", "/other")
    running.stop()
    running.start(Runtime(by_name(anything("kiln")), "memory:", Path()))
    assert 4 == shared.get("kiln", "/other")
    monkeypatch.setattr(feed, "FRESH", -1.0)
    assert 5 == shared.get("kiln", "/other")
