"""The past on a thing's page, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import OpenPage
from tests.servers import Server, serving
from tests.waiting import eventually
from windsock.model import Change, Position, State
from windsock.store import Batch, SqliteStore
from windsock.times import utc_now

CLOUD = """
[things.cloud]
title = "The Huggable Cloud"
[things.cloud.states]
NEUTRAL = { label = "The cloud floats", image = "neutral.svg", color = "#8fb8de" }
HUGGING = { label = "Somebody is hugging the cloud", image = "hugging.svg", color = "#e2557f" }
PUNCHING = { label = "Ouch", image = "punching.svg", color = "#d9480f" }
[things.kiln]
"""
STATES = ("NEUTRAL", "HUGGING", "PUNCHING")
MINUTE = timedelta(minutes=1)
# The colours of the pixels along the middle of the band, from one end to the other, each once in a row.
COLORS = """() => {
  const canvas = document.querySelector("#band canvas");
  const { width, height } = canvas;
  const row = canvas.getContext("2d").getImageData(0, Math.round(height * 0.3), width, 1).data;
  const seen = [];
  for (let x = 0; x < width; x += 1) {
    const [r, g, b, a] = row.slice(4 * x, 4 * x + 4);
    const color = "#" + [r, g, b].map((part) => part.toString(16).padStart(2, "0")).join("");
    if (a === 255 && color !== seen.at(-1)) seen.push(color);
  }
  return seen;
}"""
MARK = "new DOMMatrix(getComputedStyle(document.querySelector('#band .mark')).transform).e"


def fill(folder: Path, ages: Sequence[timedelta]) -> datetime:
    """A store with a change at each of these ages, oldest first; the time from which they were counted."""
    now = utc_now()
    store = SqliteStore(folder / "windsock.db")
    changes = tuple(
        Change("cloud", version, STATES[version % 3], {"force": version, "by": f"Ada {version}"}, now - age, "reported")
        for version, age in enumerate(ages, 1)
    )
    last = changes[-1]
    position = Position(store.epoch, last.version)
    store.commit(Batch(last.at, (State("cloud", position, last.state, last.data, last.at, last.at, last.at),), changes))
    store.close()
    return now


def draw_pictures(folder: Path) -> None:
    for state in STATES:
        picture = f'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><title>{state}</title></svg>'
        (folder / f"{state.lower()}.svg").write_text(picture)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Server]:
    """A cloud that was hugged 40 minutes ago, punched 30 minutes ago, and floats since 20 minutes."""
    draw_pictures(tmp_path)
    fill(tmp_path, [40 * MINUTE, 30 * MINUTE, 20 * MINUTE])
    with serving(tmp_path, CLOUD) as server:
        yield server


def opened(open_page: OpenPage, server: Server, **options: object) -> Page:
    """The cloud's page, with its past drawn."""
    page = open_page(f"{server.url}/things/cloud", **options)
    drawn(page)
    return page


def drawn(page: Page) -> None:
    page.locator("#timeline[data-known] #band canvas").wait_for()


def then(page: Page, label: str, state: str, force: int) -> None:
    """The page shows a moment of the past, with all that it shows of the present, and says so in each place."""
    expect(page.locator("#label")).to_have_text(label)
    expect(page.locator("#picture")).to_have_attribute("alt", label)
    eventually(lambda: f"/images/{state}?" in page.evaluate("document.getElementById('picture').src"))
    expect(page.locator("#data dd")).to_have_text([f"Ada {force}", str(force)])
    expect(page.locator("main")).to_have_attribute("data-liveness", "then")
    expect(page.locator("#link")).to_have_text("Then")
    expect(page.locator("#then strong")).to_have_text(re.compile("^As it was on .* at .*"))
    expect(page).to_have_title(f"(then) {label} · The Huggable Cloud")


def now(page: Page, label: str) -> None:
    """The page shows the present, and nothing says otherwise."""
    expect(page.locator("#label")).to_have_text(label)
    expect(page.locator("#link")).to_have_text("Live")
    expect(page.locator("main")).to_have_attribute("data-liveness", "live")
    expect(page.locator("#then")).to_be_hidden()
    expect(page).to_have_title(f"{label} · The Huggable Cloud")


def test_the_past_is_a_band_in_the_colours_of_its_states(cloud: Server, open_page: OpenPage) -> None:
    page = opened(open_page, cloud)
    own = [color for color in page.evaluate(COLORS) if color in ("#e2557f", "#d9480f", "#8fb8de")]
    assert ["#e2557f", "#d9480f", "#8fb8de"] == own


def test_a_table_tells_how_long_it_was_in_each_state_and_of_how_much_nothing_is_known(
    cloud: Server, open_page: OpenPage
) -> None:
    page = opened(open_page, cloud)
    expect(page.locator("#spent caption")).to_have_text("Time in each state, last hour")
    expect(page.locator("#spent tbody th")).to_have_text(
        ["The cloud floats", "Somebody is hugging the cloud", "Ouch"], use_inner_text=True
    )
    expect(page.locator("#spent tbody td:last-child")).to_have_text([re.compile("3[345] %"), "17 %", "17 %"])
    expect(page.locator("#spent tfoot")).to_contain_text(re.compile("3[234] %"))


def test_arrow_keys_show_the_thing_as_it_was_and_escape_is_back_to_now(cloud: Server, open_page: OpenPage) -> None:
    page = opened(open_page, cloud)
    page.locator("#band").focus()
    for _ in range(5):
        page.keyboard.press("Shift+ArrowLeft")  # five minutes each
    then(page, "Ouch", "PUNCHING", 2)
    expect(page.locator("#changed dd")).to_have_text("5 min before")
    expect(page.locator("#band")).to_have_attribute("aria-valuetext", re.compile(r"\d+:\d\d:\d\d.*: Ouch$"))
    page.keyboard.press("PageDown")
    page.keyboard.press("PageDown")
    then(page, "Somebody is hugging the cloud", "HUGGING", 1)
    page.locator("#play").focus()
    page.keyboard.press("Escape")
    now(page, "The cloud floats")
    expect(page.locator("#data dd")).to_have_text(["Ada 3", "3"])


def test_what_was_before_all_that_is_known_is_said_to_be_unknown(cloud: Server, open_page: OpenPage) -> None:
    page = opened(open_page, cloud)
    page.locator("#band").press("Home")
    expect(page.locator("#label")).to_have_text("Nothing is known of this time")
    eventually(lambda: "unknown.svg" in page.evaluate("document.getElementById('picture').src"))
    page.locator("#band").press("End")
    now(page, "The cloud floats")


def test_the_band_is_dragged(cloud: Server, open_page: OpenPage) -> None:
    page = opened(open_page, cloud)
    now(page, "The cloud floats")  # no banner comes and moves the band
    page.locator("#band").scroll_into_view_if_needed()
    box = page.locator("#band .u-over").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 10)
    page.mouse.down()
    then(page, "Somebody is hugging the cloud", "HUGGING", 1)
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 200, steps=5)
    then(page, "Ouch", "PUNCHING", 2)
    page.mouse.up()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 10)
    then(page, "Ouch", "PUNCHING", 2)
    expect(page.locator("#readout")).to_contain_text("Somebody is hugging the cloud")  # where the mouse is


def test_buttons_go_from_change_to_change_and_to_now(cloud: Server, open_page: OpenPage) -> None:
    page = opened(open_page, cloud)
    previous, following = page.locator("[data-replay=previous]"), page.locator("[data-replay=next]")
    previous.click()
    then(page, "The cloud floats", "NEUTRAL", 3)
    previous.click()
    then(page, "Ouch", "PUNCHING", 2)
    following.click()
    then(page, "The cloud floats", "NEUTRAL", 3)
    following.click()
    now(page, "The cloud floats")
    previous.click()
    page.locator("#then button").click()
    now(page, "The cloud floats")
    expect(page.locator("#band")).to_be_focused()  # not lost with the button that is gone


def test_a_change_changes_nothing_of_what_was_but_is_told(cloud: Server, open_page: OpenPage) -> None:
    page = opened(open_page, cloud)
    now(page, "The cloud floats")  # what is the first state that a page is told is not announced
    for _ in range(2):
        page.locator("[data-replay=previous]").click()
    expect(page.locator("#then span")).to_have_text("Now: The cloud floats")
    cloud.put_state("cloud", "HUGGING", {"force": 9})
    expect(page.locator("#then span")).to_have_text("Changed meanwhile, now: Somebody is hugging the cloud")
    then(page, "Ouch", "PUNCHING", 2)
    expect(page.locator("#announcer")).to_have_text("")
    page.keyboard.press("Escape")
    now(page, "Somebody is hugging the cloud")
    expect(page.locator("#announcer")).to_have_text("The Huggable Cloud: Somebody is hugging the cloud.")


def test_a_lost_link_is_told_beside_the_past(cloud: Server, open_page: OpenPage) -> None:
    page = opened(open_page, cloud)
    page.locator("[data-replay=previous]").click()
    then(page, "The cloud floats", "NEUTRAL", 3)
    cloud.kill()
    expect(page.locator("#then span")).to_have_text("Now: The cloud floats (Connection lost – trying again)")
    then(page, "The cloud floats", "NEUTRAL", 3)
    cloud.start()
    expect(page.locator("#then span")).to_have_text("Now: The cloud floats")


def test_changes_lengthen_the_band_without_another_request(cloud: Server, open_page: OpenPage) -> None:
    page = opened(open_page, cloud)
    now(page, "The cloud floats")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    cloud.put_state("cloud", "PUNCHING", {"force": 7, "heat": 1})
    expect(page.locator(".chart figcaption b")).to_have_text(["7", "1"])
    page.locator("[data-replay=previous]").click()
    page.locator("[data-replay=previous]").click()
    expect(page.locator("#then span")).to_have_text("Now: Ouch")
    assert [] == [url for url in asked if "/timeline" in url]


def test_it_is_played_until_now_and_then_is_live_again(cloud: Server, open_page: OpenPage) -> None:
    page = opened(open_page, cloud)
    page.locator("#timeline select").select_option("3600")
    page.locator("#band").press("PageDown")
    expect(page.locator("#link")).to_have_text("Then")
    page.locator("#band").press(" ")
    now(page, "The cloud floats")  # five minutes in a twelfth of a second
    expect(page.locator("#play")).to_have_attribute("aria-label", "Play")
    expect(page.locator("#timeline-said")).to_have_text("Back to now: The cloud floats.")


def test_play_begins_where_something_is_known_and_space_holds_it(cloud: Server, open_page: OpenPage) -> None:
    page = opened(open_page, cloud, reduced_motion="no-preference")
    page.locator("#play").click()
    expect(page.locator("#link")).to_have_text("Then")
    expect(page.locator("#label")).to_have_text("Somebody is hugging the cloud")
    before = page.evaluate(MARK)
    eventually(lambda: page.evaluate(MARK) > before + 2)
    page.locator("#band").press(" ")
    expect(page.locator("#play")).to_have_attribute("aria-label", "Play")
    held = page.locator("#readout").inner_text()
    page.wait_for_timeout(300)
    assert held == page.locator("#readout").inner_text()


def test_who_wants_less_motion_sees_it_played_in_steps(cloud: Server, open_page: OpenPage) -> None:
    page = opened(open_page, cloud, reduced_motion="reduce")
    page.evaluate(
        """() => {
          window.moves = 0;
          const count = () => (window.moves += 1);
          new MutationObserver(count).observe(document.querySelector("#band .mark"), { attributeFilter: ["style"] });
        }"""
    )
    page.locator("#play").click()
    page.wait_for_timeout(1500)
    assert 1 <= page.evaluate("window.moves") <= 5


def test_numbers_of_the_data_are_drawn_over_the_same_time(cloud: Server, open_page: OpenPage) -> None:
    page = opened(open_page, cloud)
    chart = page.locator(".chart")
    expect(chart.locator("figcaption")).to_contain_text(["force"])
    expect(chart.locator("figcaption span")).to_have_text("from 1 to 3")
    expect(chart.locator("[role=img]")).to_have_attribute("aria-label", "force over time, from 1 to 3")
    inked = """() => {
      const canvas = document.querySelector(".chart canvas");
      const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      return pixels.filter((value, index) => index % 4 === 3 && value > 0).length;
    }"""
    assert page.evaluate(inked) > 500
    left = "[...document.querySelectorAll('.u-over')].map((part) => part.getBoundingClientRect().left)"
    assert 1 == len(set(page.evaluate(left)))
    page.locator("#band").focus()
    for _ in range(5):
        page.keyboard.press("PageDown")
    expect(chart.locator("figcaption b")).to_have_text("2")
    expect(chart.locator(".mark")).to_be_visible()


def test_a_day_and_a_week_are_shown_too_and_what_was_shown_stays(cloud: Server, open_page: OpenPage) -> None:
    page = opened(open_page, cloud)
    page.get_by_role("radio", name="Day").check(force=True)
    expect(page.locator("#spent caption")).to_have_text("Time in each state, last day")
    expect(page.locator("#timeline select")).to_have_value("600")
    page.locator("#band").focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    then(page, "Ouch", "PUNCHING", 2)
    page.get_by_role("radio", name="Hour").check(force=True)
    then(page, "Ouch", "PUNCHING", 2)
    page.keyboard.press("Escape")
    page.get_by_role("radio", name="Week").check(force=True)
    expect(page.locator("#spent caption")).to_have_text("Time in each state, last week")


def test_a_thing_that_never_reported_has_a_friendly_word_until_it_does(cloud: Server, open_page: OpenPage) -> None:
    page = open_page(f"{cloud.url}/things/kiln")
    expect(page.locator("#timeline-empty")).to_have_text("It has no past yet: that begins with its first report.")
    expect(page.locator("#band")).to_be_hidden()
    cloud.put_state("kiln", "HOT")
    drawn(page)
    expect(page.locator("#timeline-empty")).to_be_hidden()
    expect(page.locator("#spent tbody th")).to_have_text("HOT")


def test_a_past_that_cannot_be_read_is_said_and_tried_again(cloud: Server, open_page: OpenPage) -> None:
    page = open_page(f"{cloud.url}/static/logo.svg")
    page.add_init_script(
        """(() => {
          window.failing = true;
          const real = window.fetch;
          const fails = (address) => window.failing && address.includes("/timeline?");
          window.fetch = (address, ...more) => (fails(address) ? Promise.reject(new Error()) : real(address, ...more));
        })()"""
    )
    page.goto(f"{cloud.url}/things/cloud")
    expect(page.locator("#timeline-failure")).to_contain_text("Its past cannot be read just now.")
    now(page, "The cloud floats")
    # At once, for it is tried again by itself too.
    page.evaluate("failing = false, document.querySelector('#timeline-failure button').click()")
    drawn(page)
    expect(page.locator("#timeline-failure")).to_be_hidden()


def test_without_javascript_there_is_nothing_of_it(cloud: Server, open_page: OpenPage) -> None:
    page = open_page(f"{cloud.url}/things/cloud", java_script_enabled=False)
    expect(page.locator("#label")).to_have_text("The cloud floats")
    for part in ("#timeline", "#then", "#spent", "#charts", "#note"):
        expect(page.locator(part)).to_be_hidden()


def test_a_card_has_no_past(cloud: Server, open_page: OpenPage) -> None:
    page = open_page(f"{cloud.url}/")
    expect(page.locator("[data-thing=cloud]")).to_be_visible()
    assert 0 == page.locator("#timeline").count()


@pytest.mark.parametrize("colors", ["light", "dark"])
def test_it_fits_on_a_phone(cloud: Server, open_page: OpenPage, colors: str) -> None:
    page = opened(open_page, cloud, viewport={"width": 360, "height": 780}, color_scheme=colors)
    page.locator("[data-replay=previous]").click()
    then(page, "The cloud floats", "NEUTRAL", 3)
    assert 360 == page.evaluate("document.documentElement.scrollWidth")


def test_a_past_of_many_changes_is_thinned_and_says_so(tmp_path: Path, open_page: OpenPage) -> None:
    fill(tmp_path, [timedelta(hours=1) * (1 - number / 20_000) for number in range(20_000)])
    with serving(tmp_path, "[things.cloud]") as server:
        page = opened(open_page, server)
        expect(page.locator("#note")).to_contain_text(re.compile(r"\d\d,\d\d\d changes are too close together"))
        expect(page.locator("#spent tbody td").first).to_have_text(re.compile("^about 20 min|^about 19 min"))
        held: list[Route] = []
        page.route("**/timeline?*span=1ms*", lambda route: held.append(route))
        page.locator("#band").press("PageDown")
        expect(page.locator("#then strong")).to_contain_text("around")
        page.unroute("**/timeline?*span=1ms*")
        for route in held:
            route.continue_()
        # Not only the data of the change near by, which may be there before it is known which one it was.
        expect(page.locator("#then strong")).not_to_contain_text("around")
        expect(page.locator("#data dd").last).to_have_text(re.compile(r"^18[0-6]\d\d$"))


def test_at_rest_a_moment_is_shown_as_it_was_though_changes_near_it_are_not_drawn(
    tmp_path: Path, open_page: OpenPage
) -> None:
    draw_pictures(tmp_path)
    ages = [timedelta(seconds=second) for second in range(3500, 0, -1)]
    now = fill(tmp_path, ages)
    with serving(tmp_path, CLOUD) as server:
        page = opened(open_page, server)
        expect(page.locator("#note")).to_contain_text("too close together to be drawn")
        band = page.locator("#band")
        for _ in range(4):
            for _ in range(3):
                band.press("ArrowLeft")
            expect(page.locator("#readout")).not_to_contain_text("Around ")
            shown = datetime.fromtimestamp(int(band.get_attribute("aria-valuenow") or 0), now.tzinfo)
            expected = sum(now - age <= shown for age in ages)
            page.locator("main:not([data-waiting])").wait_for()
            [version] = map(int, re.findall(r"Ada (\d+)", page.locator("[data-part=data]").text_content() or ""))
            assert abs(version - expected) <= 1  # the slider tells whole seconds
            labels = ("The cloud floats", "Somebody is hugging the cloud", "Ouch")
            expect(page.locator("#label")).to_have_text(labels[version % 3])


def test_what_could_not_be_read_is_read_when_the_server_is_back_also_in_the_past(
    cloud: Server, open_page: OpenPage
) -> None:
    page = opened(open_page, cloud)
    page.locator("#band").press("ArrowLeft")
    expect(page.locator("#link")).to_have_text("Then")
    page.locator("main:not([data-waiting])").wait_for()  # nothing is under way that would break off
    cloud.kill()
    page.get_by_text("Week").click()
    expect(page.locator("#timeline-failure")).to_be_visible()
    cloud.start()
    expect(page.locator("#timeline-failure")).to_be_hidden(timeout=20_000)
    expect(page.locator("#link")).to_have_text("Then")
