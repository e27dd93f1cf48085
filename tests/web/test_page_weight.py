from __future__ import annotations

import gzip
import re

import pytest

from tests.web.apps import clouds

SHEET_OR_SCRIPT = re.compile(r'<(?:link rel="stylesheet" href|script [^>]*?src)="([^"]+)"')
SMALL = 7_000
"""Bytes, compressed, that `windsock.js` may have."""
ALL = 32_000
"""Bytes, compressed, that all may have for which the first view of a page waits."""


@pytest.mark.parametrize("path", ["/", "/things/cloud"])
def test_the_first_view_waits_for_one_style_sheet_and_three_small_scripts(path: str) -> None:
    with clouds() as client:
        addresses = SHEET_OR_SCRIPT.findall(client.get(f"/windsock{path}").text)
        sizes = {}
        for address in addresses:
            with client.get(address) as answer:
                sizes[address.rpartition("/")[2].partition("?")[0]] = len(gzip.compress(answer.data))
    assert ["windsock.css", "socket.io.min.js", "windsock.js", "page.js"] == list(sizes)
    assert sizes["windsock.js"] < SMALL, sizes
    assert sum(sizes.values()) < ALL, sizes
