"""Draws the README's picture anew: the page of the huggable cloud, with its past, on a desktop and on a phone.

.venv/bin/python -m tools.picture
"""

from __future__ import annotations

import base64
import json
import random
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.browser import chromium
from tests.servers import Server, serving
from windsock.times import format_time, utc_now

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "images" / "cloud.png"
CHANGED = (("azure-queue://mlqueue", "inbox:"), ('"latest"', '"every"'), ('"5s"', '"5m"'), ('"60s"', '"60m"'))
"""The example's queue is not there, its past is wanted, and nothing is to pass while the picture is taken."""
PLAY = ("HUGGING", "HUGGING", "PUNCHING", "SHAKING", "SPINNING", "THROWING")
FRAME = """<body style="margin:0;padding:28px;display:inline-flex;gap:28px;align-items:end;background:#dfe5ee">
<img style="width:800px;border-radius:14px;box-shadow:0 8px 30px #0003" src="data:image/png;base64,{}">
<img style="width:240px;border-radius:22px;box-shadow:0 8px 30px #0005" src="data:image/png;base64,{}"></body>"""


def play(server: Server, until: datetime) -> None:
    """Let the cloud have had a calm hour."""
    chance = random.Random(7)
    readings = []
    at = until - timedelta(hours=1)
    while at < until - timedelta(minutes=1):
        played = chance.choice(PLAY)
        readings.append({"state": played, "data": {"force": round(chance.uniform(1, 10), 1)}, "at": format_time(at)})
        at += timedelta(minutes=chance.uniform(0.5, 2))
        readings.append({"state": "NEUTRAL", "at": format_time(at)})
        at += timedelta(minutes=chance.uniform(1, 6))
    body = json.dumps({"readings": readings}).encode()
    answer = server.request("POST", "/api/v1/things/cloud/readings", body, {"Content-Type": "application/json"})
    assert answer.status == 200, answer


def shot(browser: Any, url: str, width: int, height: int, colors: str) -> str:
    """One window's picture, in base64."""
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=colors, device_scale_factor=2)
    page.goto(url)
    page.locator("#link", has_text="Live").wait_for()
    page.locator("#timeline[data-known]").wait_for()
    page.wait_for_timeout(1500)  # for the fade, and for hearts to rise
    return base64.b64encode(page.screenshot()).decode()


def main() -> None:
    """Start the example's page, take its picture twice, put both side by side."""
    example = ROOT / "examples" / "huggable_cloud"
    toml = (example / "windsock.toml").read_text()
    for before, after in CHANGED:
        toml = toml.replace(before, after)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        (Path(folder) / "images").symlink_to(example / "images")
        browser = chromium(playwright)
        with serving(Path(folder), toml) as server:
            play(server, utc_now())
            server.put_state("cloud", "HUGGING", {"force": 3.2})
            url = f"{server.url}/things/cloud"
            pictures = shot(browser, url, 1200, 1060, "light"), shot(browser, url, 390, 1160, "dark")
        page = browser.new_page(viewport={"width": 1180, "height": 700})
        page.set_content(FRAME.format(*pictures))
        TARGET.parent.mkdir(parents=True, exist_ok=True)
        page.locator("body").screenshot(path=TARGET)
        browser.close()


if __name__ == "__main__":
    main()
