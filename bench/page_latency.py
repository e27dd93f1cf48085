"""How long from `PUT …/state` to the changed page in Chromium, on loopback.

    .venv/bin/python -m bench.page_latency --changes 60

A real `windsock serve` with its SQLite store, a real page, one change at a time. The clock starts just before the
request is sent and stops when the page's label has changed; both ends read this machine's wall clock.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser import chromium
from tests.servers import Server, serving
from tests.waiting import eventually

STATES = ("NEUTRAL", "HUGGING")
CLOUD = """
[things.cloud.states]
NEUTRAL = { label = "The cloud floats" }
HUGGING = { label = "Somebody is hugging the cloud" }
"""
# Notes the time of every change of the label, in milliseconds since 1970.
OBSERVE = """() => {
  window.changedAt = [];
  const note = () => window.changedAt.push(performance.timeOrigin + performance.now());
  const label = document.getElementById("label");
  new MutationObserver(note).observe(label, { childList: true, characterData: true, subtree: true });
}"""


def measure(page: Page, server: Server, changes: int) -> list[float]:
    """Milliseconds for each change; the first, which warms everything up, is left out."""
    server.put_state("cloud", STATES[1])
    page.goto(f"{server.url}/things/cloud")
    page.locator("#link", has_text="Live").wait_for()
    page.evaluate(OBSERVE)
    times = []
    for number in range(changes + 1):
        sent = time.time() * 1000
        server.put_state("cloud", STATES[number % 2])
        times.append(eventually(partial(page.evaluate, "number => window.changedAt[number]", number)) - sent)
        page.wait_for_timeout(50)
    return times[1:]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=60)
    changes = parser.parse_args().changes
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), CLOUD) as server,
        sync_playwright() as playwright,
    ):
        browser = chromium(playwright)
        times = sorted(measure(browser.new_page(), server, changes))
        browser.close()
    print(f"from PUT to the changed page, {len(times)} changes, milliseconds:")
    print(
        f"  minimum {times[0]:.1f}  median {statistics.median(times):.1f}  "
        f"95th percentile {times[int(len(times) * 0.95)]:.1f}  maximum {times[-1]:.1f}"
    )


if __name__ == "__main__":
    main()
