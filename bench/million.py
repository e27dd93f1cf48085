"""What a timeline costs with a million changes, and what forgetting them costs those who commit.

    .venv/bin/python -m bench.million --changes 1000000
    .venv/bin/python -m bench.million --store windsock.db    # one that was made before

A real `windsock serve` with a SQLite store that holds the changes of a week, more and more towards its end, with
numbers in their data. Told: how long a timeline of an hour, a day and a week takes over HTTP on loopback; how long it
takes in Chromium until the band is drawn, from the request for it and from the navigation to the page; and how long a
PUT takes while nothing else is done, and while most of the history is being forgotten.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import chromium
from tests.servers import Server, request, serving
from windsock.model import Change, Position, State
from windsock.store import Batch, SqliteStore
from windsock.times import utc_now

STATES = ("NEUTRAL", "HUGGING", "PUNCHING", "SHAKING", "SPINNING", "THROWING", "NOTCONNECTED")
WEEK = timedelta(days=7)
SPANS = ("1h", "1d", "7d")
CLOUD = "[things.cloud]\n"
CHUNK = 10_000
# Notes when the band is drawn, at each frame that follows a change of what is said of the times.
WATCH = """() => {
  window.drawn = [];
  const note = () => requestAnimationFrame(() => window.drawn.push(performance.now()));
  addEventListener("DOMContentLoaded", () => {
    const said = document.querySelector("#spent");
    new MutationObserver(note).observe(said, { childList: true, characterData: true, subtree: true });
  });
}"""
# When the last request for a timeline began and ended, and when the band was drawn after it, since the navigation.
DRAWN = """() => {
  const asked = performance.getEntriesByType("resource").filter(({ name }) => name.includes("/timeline?")).at(-1);
  const drawn = asked?.responseEnd && window.drawn.find((time) => time > asked.responseEnd);
  return drawn ? [asked.startTime, drawn] : null;
}"""


def changes(count: int, seed: int = 1) -> Iterator[Change]:
    """So many changes in the week up to now."""
    chance = random.Random(seed)
    end = utc_now()
    ages = sorted((chance.random() ** 2 for _ in range(count)), reverse=True)
    for version, age in enumerate(ages, 1):
        data = {"force": round(chance.gauss(5, 2), 2), "by": "somebody"}
        yield Change("cloud", version, chance.choice(STATES), data, end - age * WEEK, "reported")


def fill(path: Path, count: int) -> None:
    """A store with so many changes, and the state that they lead to."""
    store = SqliteStore(path)
    made = changes(count)
    while chunk := tuple(islice(made, CHUNK)):
        last = chunk[-1]
        position = Position(store.epoch, last.version)
        state = State("cloud", position, last.state, last.data, last.at, last.at, last.at)
        store.commit(Batch(last.at, (state,), chunk))
    store.close()


def milliseconds(work: Callable[[], object], times: int) -> list[float]:
    """How long each of some runs took."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begun) * 1000)
    return taken


def said(what: str, taken: list[float]) -> str:
    """A line of the report."""
    ordered = sorted(taken)
    late = ordered[int(len(ordered) * 0.99)]
    return (
        f"{what:<42} minimum {ordered[0]:7.1f}  median {statistics.median(ordered):7.1f}  99th {late:7.1f}  "
        f"maximum {ordered[-1]:7.1f} ms"
    )


def timelines(server: Server, runs: int) -> Iterator[str]:
    """How long timelines of several spans take."""
    for span in SPANS:
        url = f"{server.url}/api/v1/things/cloud/timeline?span={span}"
        size = len(request("GET", url).text)
        taken = milliseconds(partial(request, "GET", url), runs)
        yield said(f"timeline of {span} ({size / 1000:.0f} kB)", taken)


def bands(browser: Browser, server: Server, runs: int) -> Iterator[str]:
    """How long it takes until a band is drawn, one page after the other."""
    taken: dict[str, list[float]] = {}
    for _ in range(runs):
        page = opened(browser, server)
        asked, drawn = band(page)
        taken.setdefault("from the navigation, cold", []).append(drawn)
        taken.setdefault("of 1h, from the request", []).append(drawn - asked)
        for span in SPANS[1:]:
            page.evaluate("() => { window.drawn = []; performance.clearResourceTimings(); }")
            page.locator(f"input[value='{span}']").check(force=True)
            asked, drawn = band(page)
            taken.setdefault(f"of {span}, from the request", []).append(drawn - asked)
        page.context.close()
    yield from (said(f"band {what}", times) for what, times in taken.items())


def opened(browser: Browser, server: Server) -> Page:
    """The thing's page in a window of its own, with nothing in its cache, drawn."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.add_init_script(f"({WATCH})()")
    page.goto(f"{server.url}/things/cloud")
    band(page)
    return page


def band(page: Page) -> tuple[float, float]:
    """When the band was asked for, and when it was drawn."""
    asked, drawn = page.wait_for_function(DRAWN).json_value()
    return asked, drawn


def reports(server: Server, runs: int) -> list[float]:
    """How long a PUT takes until it is durable."""
    numbers = iter(range(10**9))
    return milliseconds(lambda: server.put_state("cloud", STATES[next(numbers) % 7]), runs)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--windows", type=int, default=10, help="how many pages are opened in Chromium")
    parser.add_argument("--store", type=Path, help="a store to copy, in place of one that is made")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begun = time.perf_counter()
        if given.store:
            shutil.copy(given.store, folder / "windsock.db")
        else:
            fill(folder / "windsock.db", given.changes)
        size = (folder / "windsock.db").stat().st_size / 1e6
        print(f"{given.changes:,} changes, {size:.0f} MB, made in {time.perf_counter() - begun:.0f} s")
        with serving(folder, CLOUD) as server:
            print(*timelines(server, given.runs), sep="\n", flush=True)
            with sync_playwright() as playwright:
                browser = chromium(playwright)
                print(*bands(browser, server, given.windows), sep="\n", flush=True)
                browser.close()
            print(said("a PUT, nothing else", reports(server, 300)), flush=True)
        with serving(folder, f'[store]\nkeep = "1h"\n{CLOUD}') as server:
            print(said("a PUT, while history is being forgotten", reports(server, 300)))


if __name__ == "__main__":
    main()
