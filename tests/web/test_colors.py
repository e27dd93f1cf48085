from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from windsock.web.colors import NAMED, as_hex, contrast, ink, rgb

channel = st.integers(0, 255)


@pytest.mark.parametrize(
    ("color", "expected"),
    [
        ("#8fb8de", (143, 184, 222)),
        ("#8FB8DE", (143, 184, 222)),
        ("#fa0", (255, 170, 0)),
        ("teal", (0, 128, 128)),
        ("SeaGreen", (46, 139, 87)),
    ],
)
def test_a_colour_is_known_by_number_and_by_name(color: str, expected: tuple[int, int, int]) -> None:
    assert expected == rgb(color)


@pytest.mark.parametrize("color", ["", "#", "#12", "#1234567", "blurple", "currentcolor", "red;fill:url(x)"])
def test_what_no_browser_would_paint_is_no_colour(color: str) -> None:
    assert rgb(color) is None


def test_every_name_has_the_colour_that_a_browser_gives_it(browser: Browser) -> None:
    page = browser.new_page()
    painted = page.evaluate(
        """names => names.map((name) => {
          document.body.style.color = "";
          document.body.style.color = name;
          return getComputedStyle(document.body).color;
        })""",
        list(NAMED),
    )
    page.close()
    assert {name: "rgb({}, {}, {})".format(*(rgb(name) or ())) for name in NAMED} == dict(
        zip(NAMED, painted, strict=True)
    )


@given(st.tuples(channel, channel, channel))
def test_ink_can_be_read_on_every_colour(ground: tuple[int, int, int]) -> None:
    chosen = rgb(ink(ground))
    assert chosen
    assert contrast(ground, chosen) >= 4.5
    assert ground == rgb(as_hex(ground))


def test_contrast_is_that_of_wcag() -> None:
    assert 21 == pytest.approx(contrast((0, 0, 0), (255, 255, 255)))
    assert 1 == contrast((9, 9, 9), (9, 9, 9))
    assert 4.54 == pytest.approx(contrast((118, 118, 118), (255, 255, 255)), abs=0.01)
