from __future__ import annotations

import pytest

from windsock.web.widths import width


def test_letters_have_the_width_that_verdana_gives_them() -> None:
    assert width("iiii", 2048) == 4 * 562
    assert width("WORLD", 2048) == 2025 + 1612 + 1424 + 1140 + 1578
    assert width("", 11) == 0


@pytest.mark.parametrize(("text", "like"), [("é", "e"), ("Ü", "U"), ("e\u0301", "e"), ("a\u200b", "a")])
def test_marks_take_no_room(text: str, like: str) -> None:
    assert width(like, 11) == width(text, 11)


def test_what_verdana_does_not_have_is_given_enough_room() -> None:
    assert width("窯", 2048) == 2048
    assert width("Ж", 2048) > width("ж", 2048) > width("i", 2048)
