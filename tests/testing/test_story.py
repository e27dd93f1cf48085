from __future__ import annotations

import pytest

from tests.testing.test_seen import seen
from windsock.testing.diary import Entry
from windsock.testing.seen import Gap
from windsock.testing.story import not_seen, wanted_words

CONNECTED = Entry(0.002, "link", words="connected")
SHOWN = Entry(0.5, "state", "cloud", seen=seen())


@pytest.mark.parametrize(
    ("state", "thing", "stale", "source", "words"),
    [
        ("HUGGING", None, None, None, "HUGGING"),
        ("HUGGING", "cloud", None, None, "HUGGING of cloud"),
        (None, None, True, None, "a state, stale"),
        (None, None, False, "failing", "a state, not stale, its source failing"),
    ],
)
def test_it_says_what_was_waited_for(
    state: str | None, thing: str | None, stale: bool | None, source: str | None, words: str
) -> None:
    assert words == wanted_words(state, thing, stale, source)


def test_it_shows_what_came_instead_with_its_times() -> None:
    gap = Entry(0.6, "gap", "cloud", gap=Gap("cloud", 2, 4))
    counted = Entry(0.7, "viewers", "cloud", count=2)

    assert [
        "the viewer of cloud did not see NEUTRAL within 5 s; it saw instead:",
        "     0.500 s  state    cloud  version 1  HUGGING  {}",
        "     0.600 s  gap      cloud  versions 2 to 4 passed over: a viewer gets the newest",
        "     0.700 s  viewers  cloud  2",
        "Before that:",
        "     0.002 s  link     connected",
    ] == not_seen("cloud", "NEUTRAL", 5.0, [CONNECTED, SHOWN, gap, counted], 3, []).splitlines()


def test_where_nothing_came_it_says_so_and_what_was_there_before() -> None:
    assert [
        "the viewer of cloud did not see NEUTRAL within 0.5 s; nothing came.",
        "Before that:",
        "     0.002 s  link     connected",
        "     0.500 s  state    cloud  version 1  HUGGING  {}",
    ] == not_seen("cloud", "NEUTRAL", 0.5, [CONNECTED, SHOWN], 0, []).splitlines()


def test_it_says_what_the_server_says_of_itself() -> None:
    text = not_seen("cloud", "NEUTRAL", 5.0, [], 0, ["scripted:cloud: no answer"])

    assert ["The server says:", "  scripted:cloud: no answer"] == text.splitlines()[1:]


def test_of_very_much_it_shows_the_first_and_the_last() -> None:
    entries = [Entry(float(n), "state", "cloud", seen=seen(n)) for n in range(100)]
    lines = not_seen("cloud", "NEUTRAL", 5.0, entries, 100, []).splitlines()

    assert 42 == len(lines)
    assert ("version 0 ", "  … 60 more …", "version 99 ") == (
        lines[1][30:40],
        lines[21],
        lines[-1][30:41],
    )
