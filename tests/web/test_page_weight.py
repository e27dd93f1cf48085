from __future__ import annotations

import gzip
import re

import pytest
from flask.testing import FlaskClient

from tests.web.apps import clouds

SHEET_OR_SCRIPT = re.compile(r'<(?:link rel="stylesheet" href|script [^>]*?src)="([^"]+)"')
SMALL = 7_000
"""Bytes, compressed, that `windsock.js` may have."""
ALL = 32_000
"""Bytes, compressed, that all may have for which the first view of a page waits."""


LATER = re.compile(r'data-(?:script|sheets)="([^"]+)"')
EVERYTHING = 80_000
"""Bytes, compressed, of all that a page loads, but for its pictures."""


@pytest.mark.parametrize("path", ["/", "/things/cloud"])
def test_the_first_view_waits_for_one_style_sheet_and_three_small_scripts(path: str) -> None:
    with clouds() as client:
        sizes = sizes_of(client, SHEET_OR_SCRIPT.findall(client.get(f"/windsock{path}").text))
    assert ["windsock.css", "socket.io.min.js", "windsock.js", "page.js"] == list(sizes)
    assert sizes["windsock.js"] < SMALL, sizes
    assert sum(sizes.values()) < ALL, sizes


def test_what_draws_the_past_comes_later_and_is_small_too() -> None:
    with clouds() as client:
        page = client.get("/windsock/things/cloud").text
        later = sizes_of(client, " ".join(LATER.findall(page)).split())
        first = sizes_of(client, SHEET_OR_SCRIPT.findall(page))
    assert ["timeline.js", "uPlot.min.css", "timeline.css"] == list(later)
    assert sum([*first.values(), *later.values(), len(gzip.compress(page.encode()))]) < EVERYTHING, (first, later)


def sizes_of(client: FlaskClient, addresses: list[str]) -> dict[str, int]:
    """What files weigh, compressed, by their names."""
    sizes = {}
    for address in addresses:
        with client.get(address) as answer:
            sizes[address.rpartition("/")[2].partition("?")[0]] = len(gzip.compress(answer.data))
    return sizes
