from __future__ import annotations

import pytest

from windsock.cli.init.spelling import spelt


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("Front Door", "front-door"),
        ("ÖFFEN", "offen"),
        ("Straße 7", "strasse-7"),
        ("Łódź", "lodz"),
        ("Ærø", "aero"),
        ("in_use", "in_use"),
        ("--a--", "a"),
        ("ﬁre²", "fire2"),
        ("雲", ""),
    ],
)
def test_letters_are_written_as_ascii_has_them(text: str, spelling: str) -> None:
    assert spelling == spelt(text)
