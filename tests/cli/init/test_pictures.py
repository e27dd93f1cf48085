from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import unhurried
from windsock.cli.init.palette import looks
from windsock.cli.init.pictures import draw, file_names, initials

SVG = "{http://www.w3.org/2000/svg}"
KNOWN = ["OPEN", "SHUT", "ON", "OFF", "READY", "FAILED", "IDLE", "BUSY"]
names = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=64).filter(str.strip)


def pictures(*states: str) -> dict[str, ET.Element]:
    letters = initials(states)
    drawn = {state: draw(state, *look, letters[state]) for state, look in looks(states).items()}
    return {state: ET.fromstring(svg) for state, svg in drawn.items()}  # noqa: S314  # our own


def written(picture: ET.Element) -> str:
    return "".join(text.text or "" for text in picture.iter(f"{SVG}text"))


def luminance(color: str) -> float:
    """WCAG 2.2, "relative luminance"."""
    parts = [part / 255 for part in bytes.fromhex(color[1:])]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


@unhurried
@given(st.lists(names, min_size=1, max_size=6, unique=True))
def test_any_state_has_a_picture_that_browsers_can_read(states: list[str]) -> None:
    for picture in pictures(*states).values():
        assert f"{SVG}svg" == picture.tag
        assert "script" not in {element.tag.removeprefix(SVG) for element in picture.iter()}


@unhurried
@given(st.lists(names, min_size=1, max_size=6, unique=True))
def test_every_state_has_a_file_of_its_own_on_every_file_system(states: list[str]) -> None:
    found = list(file_names(states).values())
    assert len(found) == len({name.lower() for name in found})
    assert all(re.fullmatch(r"[a-z0-9-]{1,70}\.svg", name) for name in found)


def test_names_that_differ_in_case_only_have_two_files() -> None:
    assert {"Open": "open.svg", "OPEN": "open-2.svg", "开": "state.svg", "?": "state-2.svg"} == file_names(
        ["Open", "OPEN", "开", "?"]
    )


@pytest.mark.parametrize(
    ("states", "letters"),
    [
        (["HUGGING", "NEUTRAL"], ["H", "N"]),
        (["SHAKING", "SPINNING", "HUGGING"], ["SH", "SP", "H"]),
        (["not yet", "nearly"], ["NY", "NE"]),
        (["*", "ß"], ["•", "S"]),
    ],
)
def test_states_whose_names_say_nothing_known_have_their_initials(states: Sequence[str], letters: list[str]) -> None:
    assert letters == [written(picture) for picture in pictures(*states).values()]


def test_states_whose_names_are_known_have_a_drawing() -> None:
    assert [""] * len(KNOWN) == [written(picture) for picture in pictures(*KNOWN).values()]


def test_what_a_name_says_decides_the_colour_wherever_it_stands() -> None:
    assert looks(["A", "OPEN"])["OPEN"] == looks(["OPEN", "B"])["OPEN"]
    assert looks(["NOT_CONNECTED"]) == {"NOT_CONNECTED": looks(["idle"])["idle"]}


def test_no_two_states_look_the_same_as_long_as_there_are_colours() -> None:
    states = [*KNOWN, *"ABCDE"]
    assert len(states) == len({color for color, _ in looks(states).values()})
    assert len({color for color, _ in looks([str(number) for number in range(40)]).values()}) > 7


def test_white_is_seen_on_every_colour_and_every_colour_on_light_and_dark() -> None:
    colors = {
        color for color, _ in looks([*KNOWN, "OK", "DONE", "OFFLINE", "DOWN", "RED", "WAITING", *"ABCDEFGH"]).values()
    }
    for color in colors:
        assert contrast(color, "#ffffff") >= 3, color
        assert contrast(color, "#f3f5f9") >= 3, color
        assert contrast(color, "#11151c") >= 3, color
