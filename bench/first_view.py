"""How soon a page shows its state, and how much is sent for it, with nothing in the browser's cache; on loopback.

    .venv/bin/python -m bench.first_view --runs 20

A real `windsock demo` and a real Chromium, a new profile for each run. Told: from the start of the navigation until the
state's label was first painted, until the page was live, and the bytes that were sent in all, pictures included.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser import chromium
from tests.servers import serving

PATHS = ("/", "/things/cloud", "/things/cloud/embed")
SETTLED = 1500
"""Milliseconds after the page is live in which the rest of it comes."""
# The label is in the page as it is sent: it is seen with the first paint of contents.
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
LIVE = "() => window.liveAt"
NOTE_LIVE = """
  const look = () => {
    if (document.querySelector('[data-thing][data-liveness="live"]')) window.liveAt ??= performance.now();
    else requestAnimationFrame(look);
  };
  look();
"""


@dataclass
class Views:
    """What was measured: milliseconds, and bytes."""

    painted: list[float] = field(default_factory=list)
    live: list[float] = field(default_factory=list)
    sizes: list[float] = field(default_factory=list)


def view(browser: Browser, url: str, found: Views) -> None:
    """Open a page once."""
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(NOTE_LIVE)
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    sizes: list[float] = []
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(url)
    page.wait_for_function(LIVE)
    page.wait_for_timeout(SETTLED)
    found.painted.append(page.evaluate(PAINTED))
    found.live.append(page.evaluate(LIVE))
    found.sizes.append(sum(sizes) / 1000)
    context.close()


def said(values: list[float]) -> str:
    """Median, with minimum and maximum."""
    return f"{statistics.median(values):.0f} ({min(values):.0f}–{max(values):.0f})"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), verb="demo") as server,
        sync_playwright() as playwright,
    ):
        browser = chromium(playwright)
        for path in PATHS:
            found = Views()
            for _ in range(runs + 1):
                view(browser, server.url + path, found)
            kept = Views(found.painted[1:], found.live[1:], found.sizes[1:])  # the first one warms the server up
            print(
                f"{path:<22} state seen after {said(kept.painted)} ms, live after {said(kept.live)} ms, "
                f"{said(kept.sizes)} kB sent",
                flush=True,
            )
        browser.close()


if __name__ == "__main__":
    main()
