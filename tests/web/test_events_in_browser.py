"""A page that reads events with nothing but the browser's own ``EventSource``."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from tests.servers import serving

READ = """() => {
  window.seen = [];
  window.source = new EventSource("/api/v1/things/kiln/events");
  window.source.addEventListener("state", (event) => {
    window.seen.push([JSON.parse(event.data).state, event.lastEventId]);
  });
}"""
NEWEST = "(state) => window.seen.length && window.seen.at(-1)[0] === state"


def test_an_event_source_follows_and_comes_back_after_a_restart(tmp_path: Path, browser: Browser) -> None:
    # A window without an eye on its console: what it says there of a server that is away depends on the moment.
    with serving(tmp_path) as server, browser.new_page() as page:
        server.put_state("kiln", "COLD")
        page.goto(f"{server.url}/healthz")
        page.evaluate(READ)
        page.wait_for_function(NEWEST, arg="COLD")
        server.put_state("kiln", "HOT")
        page.wait_for_function(NEWEST, arg="HOT")
        server.stop()
        server.start()
        server.put_state("kiln", "WARM")
        page.wait_for_function(NEWEST, arg="WARM")
        epoch = server.get("/api/v1/things/kiln").json["epoch"]
        assert [f"{epoch}:1", f"{epoch}:2"] == [position for _, position in page.evaluate("window.seen")][:2]
        assert [f"{epoch}:3"] == [position for _, position in page.evaluate("window.seen")][-1:]
