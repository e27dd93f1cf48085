from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import NOW, at, seconds
from windsock.cli.colors import red_green_blue
from windsock.cli.following import Shown
from windsock.cli.screen import Ink, cut, draw, frame
from windsock.cli.words import ago
from windsock.client.state import State
from windsock.model import Position

PLAIN = Ink(colors=False)


def hugging(**changed: Any) -> State:
    known = State(
        "cloud", Position("e1", 1), "HUGGING", "Somebody hugs", None, "#e2557f", {"force": 3}, NOW, NOW, NOW, NOW
    )
    usual: dict[str, Any] = {"stale": False, "liveness": "live"}
    return replace(known, **usual | changed)


def shown(*states: State, **changed: Any) -> Shown:
    return replace(Shown(states, at(12), seconds(1), None, ""), **changed)


def test_a_live_state_is_shown_with_its_three_clocks() -> None:
    assert [
        "cloud  ● Somebody hugs (HUGGING)",
        "  force=3",
        "  changed 12 s ago · heard 10 s ago · live",
        "connected, last word just now (Ctrl-C ends)",
    ] == frame(shown(hugging(heard_at=at(2))), 80, 20, PLAIN)


@pytest.mark.parametrize(
    ("liveness", "words"),
    [
        ("silent", "nothing was heard for too long"),
        ("source-failing", "its source fails"),
        ("unlinked", "no connection"),
        ("unknown", "nothing was reported yet"),
    ],
)
def test_what_is_not_live_looks_so_and_says_why(liveness: str, words: str) -> None:
    lines = frame(shown(hugging(liveness=liveness)), 120, 20, Ink())
    assert "○" in lines[0]
    assert f"NOT LIVE: {words}" in lines[2]
    assert all(line.startswith("\x1b[2m") for line in lines[:3]), "dim"
    assert "\x1b[38;" not in lines[0], "and without its colour"


def test_a_lost_link_is_said_last() -> None:
    found = shown(hugging(liveness="unlinked"), lost=seconds(70), reason="Connection refused")
    assert "CONNECTION LOST 1 min ago, trying again: Connection refused" == frame(found, 80, 20, PLAIN)[-1]


def test_colours_are_as_the_terminal_can() -> None:
    state = shown(hugging())
    assert "\x1b[38;2;226;85;127m" in frame(state, 80, 20, Ink(exact=True))[0]
    assert "\x1b[38;5;168m" in frame(state, 80, 20, Ink(exact=False))[0]
    assert "\x1b" not in "".join(frame(state, 80, 20, PLAIN))


@pytest.mark.parametrize(
    ("environ", "ink"),
    [
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, Ink(colors=True, exact=True)),
        ({"TERM": "xterm"}, Ink(colors=True, exact=False)),
        ({"TERM": "xterm", "NO_COLOR": "1"}, Ink(colors=False, exact=False)),
        ({"TERM": "dumb"}, Ink(colors=False, exact=False)),
        ({}, Ink(colors=False, exact=False)),
    ],
)
def test_the_environment_says_what_the_terminal_can(environ: dict[str, str], ink: Ink) -> None:
    assert ink == Ink.of_terminal(environ)


def test_nothing_of_a_state_is_obeyed() -> None:
    evil = "\x1b[2J\u202e\x9b31m\r\n"
    state = hugging(state=evil, label=f"{evil} label", data={evil: evil}, color="red\x1b[1m")
    found = shown(state, lost=seconds(5), reason=evil)
    assert not {"\x1b", "\u202e", "\x9b", "\r", "\n"} & set("".join(frame(found, 200, 20, PLAIN)))


def test_no_line_is_longer_than_the_terminal_is_wide() -> None:
    state = hugging(label="漢字" * 50, data={"x": "y" * 500})
    for width in (1, 2, 10, 41):
        for line in frame(shown(state), width, 20, PLAIN):
            assert sum(2 if char in "漢字" else 1 for char in line) <= width


@pytest.mark.parametrize("height", range(1, 12))
def test_no_more_lines_are_shown_than_there_is_room_for(height: int) -> None:
    lines = frame(shown(*[hugging()] * 5), 80, height, PLAIN)
    assert len(lines) <= height
    assert "connected" in lines[-1]
    if height > 2:
        assert any("more" in line for line in lines)


def test_a_frame_takes_the_place_of_the_one_before() -> None:
    assert "\r\x1b[Ja\nb\n" == draw(["a", "b"], 0)
    assert "\x1b[2F\x1b[Jc\n" == draw(["c"], 2)


@pytest.mark.parametrize(
    ("text", "width", "found"),
    [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("漢字", 3, "漢…"), ("e\u0301e", 2, "e\u0301e"), ("ab", 0, "")],
)
def test_a_text_is_cut_where_its_columns_end(text: str, width: int, found: str) -> None:
    assert found == cut(text, width)


@pytest.mark.parametrize(
    ("color", "parts"),
    [
        ("#e2557f", (226, 85, 127)),
        ("#fff", (255, 255, 255)),
        ("teal", (0, 128, 128)),
        ("SeaGreen", (46, 139, 87)),
        ("rebeccapurple", (102, 51, 153)),
        ("nosuch", None),
        ("#12345", None),
        ("", None),
    ],
)
def test_a_css_colour_has_three_parts(color: str, parts: tuple[int, int, int] | None) -> None:
    assert parts == red_green_blue(color)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (None, "never"),
        (0, "just now"),
        (1.9, "just now"),
        (2, "2 s ago"),
        (61, "1 min ago"),
        (7200, "2 h ago"),
        (200_000, "2 d ago"),
    ],
)
def test_spans_of_time_are_in_words(span: float | None, words: str) -> None:
    assert words == ago(None if span is None else timedelta(seconds=span))


def test_a_clock_that_is_ahead_is_never_in_the_future() -> None:
    assert "changed just now" in frame(shown(hugging(changed_at=at(99))), 80, 20, PLAIN)[2]
