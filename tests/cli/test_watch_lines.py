"""What `windsock watch` prints of a state where its output is no terminal."""

from __future__ import annotations

import json

import pytest

from windsock.cli.watch import json_line, text_line
from windsock.client.state import State
from windsock.model import Position


def told(**changed: object) -> State:
    return State(**{"thing": "kiln", "position": Position("e1", 3), "state": "HOT", "liveness": "live"} | changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "line"),
    [
        (told(), "- kiln: HOT"),
        (told(label="Hot"), "- kiln: Hot (HOT)"),
        (told(gap=1), "- kiln: HOT [1 change in between]"),
        (told(gap=4), "- kiln: HOT [4 changes in between]"),
        (told(anew=True), "- kiln: HOT [the history began anew]"),
        (told(liveness="silent"), "- kiln: HOT [not live: nothing was heard for too long]"),
        (told(state="\x1b[31m\u202e"), "- kiln: \\x1b[31m\\u202e"),
        (told(data={"a": "\x1b"}), '- kiln: HOT {"a": "\\u001b"}'),
    ],
)
def test_a_line_says_what_there_is_to_say(state: State, line: str) -> None:
    assert line == text_line(state)


def test_json_is_harmless_to_a_terminal() -> None:
    line = json_line(told(state="\x1b\u202e\x9bé"))
    assert line.isascii()
    assert "\x1b\u202e\x9bé" == json.loads(line)["state"]
