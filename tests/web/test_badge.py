from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import unhurried
from windsock.web.badge import GREY, LONGEST, PLAIN, STYLES, Badge, badge_of, draw
from windsock.web.colors import contrast, rgb

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text><script>alert(1)</script>\"'&"


def thing(**fields: Any) -> dict[str, Any]:
    """What a page is given of a door that is open."""
    usual = {"title": "The door", "state": "OPEN", "label": "Come in", "color": "seagreen", "offline": None}
    return usual | {"stale": False, "source": "ok"} | fields


def texts(svg: str) -> list[str]:
    # Made by ourselves, a moment ago.
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314


def test_a_badge_says_what_the_thing_is_and_how_it_is_in_the_colour_of_the_state() -> None:
    assert Badge("The door", "Come in", (46, 139, 87)) == badge_of(thing())


def test_a_badge_can_show_the_name_of_the_state_and_another_title() -> None:
    badge = badge_of(thing(), title="Workshop", show="state")
    assert ("Workshop", "OPEN") == (badge.left, badge.right)


def test_an_empty_title_leaves_the_left_away() -> None:
    badge = badge_of(thing(), title="")
    assert ["Come in"] == texts(draw(badge))
    assert "Come in" == badge.words


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"stale": True}, "Come in (silent)"),
        ({"source": "failing"}, "Come in (source failing)"),
        ({"source": "failing", "stale": True}, "Come in (source failing)"),
        ({"state": None, "label": None, "color": None}, "nothing known yet"),
        ({"state": None, "label": None, "color": None, "source": "failing"}, "source failing"),
    ],
)
@pytest.mark.parametrize("style", STYLES)
def test_what_is_not_live_is_grey_and_says_why(fields: dict[str, Any], said: str, style: str) -> None:
    badge = badge_of(thing(**fields))
    assert GREY == badge.color
    assert said.lower() == texts(draw(badge, style))[-1].lower()
    assert f"The door: {said}" == badge.words


def test_why_it_is_not_live_is_never_cut_off() -> None:
    svg = draw(badge_of(thing(label="x" * 200, stale=True)))
    assert texts(svg)[1] == f"{'x' * (LONGEST - 1)}… (silent)"
    assert "x" * 200 in svg  # in words it is whole


def test_a_thing_that_is_offline_is_in_that_state_and_says_so() -> None:
    offline = {"state": "OFF", "label": "Asleep", "offline": "OFF"}
    assert Badge("The door", "Asleep", GREY) == badge_of(thing(**offline, color=None))
    assert (255, 0, 0) == badge_of(thing(**offline, color="red")).color


@pytest.mark.parametrize("color", [None, "blurple"])
def test_a_state_without_a_colour_has_a_plain_one(color: str | None) -> None:
    assert PLAIN == badge_of(thing(color=color)).color


@pytest.mark.parametrize("color", ["#000", "#fff", "yellow", "navy", "#777", "seagreen", "crimson"])
@pytest.mark.parametrize("style", ["flat", "flat-square", "for-the-badge"])
def test_the_text_can_be_read_on_its_ground(color: str, style: str) -> None:
    svg = draw(badge_of(thing(color=color)), style)
    grounds = re.findall(r'<rect x="[^>]*fill="(#\w+)"', svg)
    inks = re.findall(r'<text [^>]*fill="(#\w+)"', svg)
    assert [rgb(color)] == [rgb(grounds[1])]
    for ground, ink in zip(grounds, inks, strict=True):
        assert contrast(rgb(ground) or (0, 0, 0), rgb(ink) or (0, 0, 0)) >= 4.5


@pytest.mark.parametrize("style", STYLES)
@unhurried
@given(left=st.text(max_size=80), right=st.text(max_size=80))
def test_a_badge_is_a_picture_whatever_it_says(style: str, left: str, right: str) -> None:
    svg = draw(Badge(left, right), style)
    root = ET.fromstring(svg)  # noqa: S314  # made by ourselves
    assert {"img"} == {root.get("role")}
    assert root.get("aria-label") == root.findtext(f"{SVG}title")
    allowed = {"svg", "title", "g", "text", "rect", "clipPath", "circle", "style"}
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= allowed
    assert float(root.get("width") or 0) > 0


@pytest.mark.parametrize("style", STYLES)
def test_nothing_that_is_typed_becomes_markup(style: str) -> None:
    svg = draw(badge_of(thing(label=HOSTILE, title=HOSTILE)), style)
    assert "<script" not in svg
    assert [HOSTILE.lower()] * 2 == [text.lower() for text in texts(svg)]


def test_a_longer_text_has_more_room() -> None:
    def wide(text: str) -> int:
        return int(re.findall(r'width="(\d+)"', draw(Badge("door", text)))[0])

    assert wide("i") < wide("W") < wide("WW") < wide("Come in")


def test_an_unknown_style_is_the_usual_one() -> None:
    assert draw(Badge("a", "b")) == draw(Badge("a", "b"), "plastic")


def test_the_dot_follows_the_scheme_of_the_page() -> None:
    svg = draw(badge_of(thing()), "dot")
    assert "prefers-color-scheme:dark" in svg
    assert 'fill="#2e8b57"' in svg
