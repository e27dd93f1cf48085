"""Every page, looked over by axe-core, and gone through with nothing but a keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import OpenPage
from tests.builders import ROOT
from tests.servers import Server, serving

AXE = ROOT / "node_modules/axe-core/axe.min.js"
THINGS = """
[things.cloud]
title = "The Huggable Cloud"
offline_after = "1h"
[things.cloud.states]
NEUTRAL = { label = "The cloud floats", color = "#8fb8de" }
HUGGING = { label = "Somebody is hugging the cloud", color = "#e2557f" }
[things.silent]
offline_after = "100ms"
[things.broken]
source = "python:broken:read"
[things.unknown]
""" + "".join(f"[things.t{number}]\n" for number in range(16))
PAGES = {
    "board": "/",
    "thing": "/things/cloud",
    "silent thing": "/things/silent",
    "unknown thing": "/things/unknown",
    "thing whose source fails": "/things/broken",
    "missing thing": "/things/nosuch",
    "embed": "/things/cloud/embed",
    "kiosk": "/things/cloud?kiosk",
    "kiosk board": "/?kiosk",
    "operator": "/operator",
    "reference": "/api",
}
WINDOWS: dict[str, dict[str, Any]] = {
    "phone, dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
    "desktop, light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
}
# Where the keyboard is, in a way that tells two places apart; None: it has left the page.
FOCUS = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const { width, height } = at.getBoundingClientRect();
  const style = getComputedStyle(at);
  const all = [...document.querySelectorAll("*")];
  // The mark may be around a part of it, as that of a card is around the whole card.
  const lined = (one, part) => getComputedStyle(one, part).outlineStyle !== "none";
  const parts = [at, ...at.querySelectorAll("*")];
  const marked = style.boxShadow !== "none" || parts.some((one) => lined(one) || lined(one, "::after"));
  return { at: all.indexOf(at), seen: width > 0 && height > 0, marked };
}"""
REACHABLE = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, [tabindex='0']")]
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled && one.type !== "radio").length"""


@pytest.fixture
def window_of(browser: Browser) -> Iterator[OpenPage]:
    """A window for any page, also for one that is not there."""
    contexts: list[BrowserContext] = []

    def opened(url: str, **options: Any) -> Page:
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("pages")
    (folder / "broken.py").write_text("def read():\n    raise OSError('no thermometer')\n")
    with serving(folder, THINGS) as started:
        for thing in ("cloud", "silent", "t1"):
            started.put_state(thing, "HUGGING" if thing == "cloud" else "ON", {"force": 3})
        started.put_state("cloud", "NEUTRAL", {"force": 4})
        yield started


def opened(open_in: OpenPage, server: Server, path: str, window: str) -> Page:
    page = open_in(f"{server.url}{path}", reduced_motion="reduce", **WINDOWS[window])
    if path.startswith("/things/cloud") and "embed" not in path and "kiosk" not in path:
        expect(page.locator("[role=slider]")).to_be_visible()
    page.wait_for_timeout(400)  # whatever fades in has done so
    return page


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_axe_finds_nothing_to_complain_of(window_of: OpenPage, server: Server, path: str, window: str) -> None:
    page = opened(window_of, server, path, window)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    told = [(one["id"], one["help"], [node["html"] for node in one["nodes"]][:3]) for one in found["violations"]]
    assert [] == told


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_all_that_can_be_used_is_reached_by_the_tabulator_key_and_seen_to_be(
    window_of: OpenPage, server: Server, path: str
) -> None:
    page = opened(window_of, server, path, "desktop, light")
    expected = min(page.evaluate(REACHABLE), 25)
    places: list[dict[str, Any]] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        place = page.evaluate(FOCUS)
        if place is None or place["at"] in [one["at"] for one in places]:
            break
        places.append(place)
    assert [] == [place for place in places if not (place["seen"] and place["marked"])]
    assert len(places) >= expected


def test_axe_is_there_and_would_complain(window_of: OpenPage, server: Server) -> None:
    page = opened(window_of, server, "/things/cloud", "desktop, light")
    page.evaluate("() => document.querySelector('main').append(document.createElement('button'))")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    assert ["button-name"] == [one["id"] for one in found["violations"]]
