"""The times spent in each state, below the past on a thing's page, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.browser import OpenPage
from tests.servers import Server, serving
from tests.web.test_page_timeline import CLOUD, draw_pictures, drawn, fill


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Server]:
    """A cloud that changed every second for half an hour: more often than can be drawn, so the server counts."""
    draw_pictures(tmp_path)
    fill(tmp_path, [timedelta(seconds=seconds) for seconds in range(1800, 0, -1)])
    with serving(tmp_path, CLOUD) as server:
        yield server


def test_times_are_never_those_of_another_span(busy: Server, open_page: OpenPage) -> None:
    page = open_page(f"{busy.url}/things/cloud")
    drawn(page)
    page.get_by_text("Day", exact=True).click()
    expect(page.locator("#spent caption")).to_have_text("Time in each state, last day")
    held: list[Route] = []
    page.route("**/timeline?*span=1h*", lambda route: held.append(route))
    page.get_by_text("Hour", exact=True).click()  # which can be drawn from the day, but not counted
    expect(page.locator("#spent")).to_be_hidden()
    page.wait_for_timeout(1200)  # the band moves on each second
    expect(page.locator("#spent")).to_be_hidden()
    expect(page.locator("#note")).to_have_text("")
    for route in held:
        route.continue_()
    expect(page.locator("#spent caption")).to_have_text("Time in each state, last hour")
    expect(page.locator("#spent")).to_be_visible()
