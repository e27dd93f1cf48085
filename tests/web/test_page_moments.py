"""The moment of the past that a page's address names, in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser import OpenPage
from tests.servers import Server
from tests.web.test_page_timeline import cloud, drawn, now, opened, then  # noqa: F401  # cloud is a fixture

THEN = re.compile(r"#then=20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ&span=1h$")


def test_a_moment_is_still_shown_after_a_reload_and_now_is_no_part_of_the_address(
    cloud: Server,  # noqa: F811
    open_page: OpenPage,
) -> None:
    page = opened(open_page, cloud)
    page.locator("[data-replay=previous]").click()
    page.locator("[data-replay=previous]").click()
    then(page, "Ouch", "PUNCHING", 2)
    page.wait_for_timeout(600)  # the address follows what rests
    expect(page).to_have_url(THEN)
    page.reload()
    drawn(page)
    then(page, "Ouch", "PUNCHING", 2)
    page.keyboard.press("Escape")
    now(page, "The cloud floats")
    expect(page).to_have_url(f"{cloud.url}/things/cloud")


def test_a_moment_can_be_sent_to_somebody_with_the_span_around_it(cloud: Server, open_page: OpenPage) -> None:  # noqa: F811
    page = opened(open_page, cloud)
    page.get_by_text("Day", exact=True).click()
    page.locator("[data-replay=previous]").click()
    expect(page).to_have_url(re.compile("&span=1d$"))
    floats = page.url
    page.locator("[data-replay=previous]").click()
    expect(page).not_to_have_url(floats)
    other = open_page(page.url, viewport={"width": 390, "height": 844})
    then(other, "Ouch", "PUNCHING", 2)
    expect(other.get_by_label("Day", exact=True)).to_be_checked()


def test_a_moment_that_is_typed_into_the_address_is_shown(cloud: Server, open_page: OpenPage) -> None:  # noqa: F811
    page = opened(open_page, cloud)
    page.locator("[data-replay=previous]").click()
    expect(page).to_have_url(THEN)
    floats = page.url
    page.locator("[data-replay=previous]").click()
    expect(page).not_to_have_url(floats)
    ouch = page.evaluate("location.hash")
    page.keyboard.press("Escape")
    expect(page).to_have_url(f"{cloud.url}/things/cloud")
    page.evaluate("(hash) => { location.hash = hash; }", ouch)
    then(page, "Ouch", "PUNCHING", 2)
    page.evaluate("location.hash = '#then=never'")
    now(page, "The cloud floats")


def test_back_leads_out_of_the_past_and_what_else_the_address_holds_is_left_alone(
    cloud: Server,  # noqa: F811
    open_page: OpenPage,
) -> None:
    page = opened(open_page, cloud)
    page.evaluate("location.hash = '#spent'")
    page.get_by_text("Day", exact=True).click()
    page.wait_for_timeout(600)  # the address follows what rests
    expect(page).to_have_url(f"{cloud.url}/things/cloud#spent")
    age = 25 * 60 * 1000
    page.evaluate("(age) => { location.hash = `#then=${new Date(Date.now() - age).toISOString()}`; }", age)
    then(page, "Ouch", "PUNCHING", 2)
    page.go_back()
    now(page, "The cloud floats")
    expect(page).to_have_url(f"{cloud.url}/things/cloud#spent")
