"""The tutorial, as a test: both forms of the live clock, as their files stand, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import OpenPage
from tests.builders import ROOT
from tests.examples.serving import answers, copied, running
from tests.servers import serving
from tests.waiting import eventually, free_port

EXAMPLE = ROOT / "examples" / "background_clock"
TIME = re.compile(r"The clock ticks: \d\d:\d\d:\d\d")
Serve = Callable[[Path], AbstractContextManager[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copied("background_clock", tmp_path)


@contextmanager
def plain(folder: Path) -> Iterator[str]:
    port = free_port()
    source = (folder / "plain.py").read_text().replace("socketio.run(app,", f"socketio.run(app, port={port},")
    (folder / "plain.py").write_text(source)
    with running(folder, "plain.py"):
        eventually(lambda: answers(f"http://127.0.0.1:{port}/"))
        yield f"http://127.0.0.1:{port}/"


@contextmanager
def with_windsock(folder: Path) -> Iterator[str]:
    port = free_port()
    with running(folder, "-m", "flask", "run", "--port", str(port)):
        # Any address that is not the page: the page itself is what starts the thread.
        eventually(lambda: answers(f"http://127.0.0.1:{port}/windsock/static/windsock.js"))
        yield f"http://127.0.0.1:{port}/"


@contextmanager
def plain_on_the_engine(folder: Path) -> Iterator[str]:
    with serving(folder, None, verb="run", arguments=("plain:app",)) as server:
        yield f"{server.url}/"


@contextmanager
def on_the_engine(folder: Path) -> Iterator[str]:
    with serving(folder, None, verb="run", arguments=("app:app",)) as server:
        yield f"{server.url}/"


every_server = pytest.mark.parametrize("serve", [with_windsock, on_the_engine])


def ticks(page: Page) -> None:
    expect(page.locator("#test")).to_have_text(TIME)
    shown = page.locator("#test").inner_text()
    expect(page.locator("#test")).not_to_have_text(shown)


@pytest.mark.parametrize("serve", [plain, plain_on_the_engine])
def test_the_five_steps_make_a_page_that_ticks(folder: Path, open_page: OpenPage, serve: Serve) -> None:
    with serve(folder) as url:
        ticks(open_page(url))


@every_server
def test_the_same_page_with_windsock_ticks(folder: Path, open_page: OpenPage, serve: Serve) -> None:
    with serve(folder) as url:
        ticks(open_page(url))


@every_server
def test_a_second_visitor_sees_the_value_at_once(folder: Path, open_page: OpenPage, serve: Serve) -> None:
    source = (folder / "app.py").read_text()
    (folder / "app.py").write_text(source.replace('every="1s"', 'every="1h"'))
    with serve(folder) as url:
        expect(open_page(url).locator("#test")).to_have_text(TIME)
        # The next reading is an hour away.
        expect(open_page(url).locator("#test")).to_have_text(TIME)


@every_server
def test_a_thread_that_fails_is_seen_and_starts_again(folder: Path, open_page: OpenPage, serve: Serve) -> None:
    source = (folder / "app.py").read_text()
    broken = (
        '    if (__import__("pathlib").Path("broken")).exists():\n        raise RuntimeError("no clock")\n    return'
    )
    (folder / "app.py").write_text(source.replace("    return", broken, 1))
    with serve(folder) as url:
        page = open_page(f"{url}windsock/things/clock")
        small = open_page(url).locator("#test")
        expect(page.locator("#link")).to_have_text("Live")
        expect(small).to_have_css("opacity", "1")
        (folder / "broken").touch()
        expect(page.locator("#link")).to_have_text("Not live – source fails")
        expect(page.locator("#banner")).to_contain_text("The source cannot be read")
        expect(small).to_have_css("opacity", "0.5")
        expect(small).to_have_attribute("title", "Not live – source fails")
        [log] = folder.glob("*.log")
        eventually(lambda: "RuntimeError: no clock" in log.read_text())
        (folder / "broken").unlink()
        # It is tried again after pauses that have grown to eight seconds.
        expect(page.locator("#link")).to_have_text("Live", timeout=20_000)


def lines(*names: str) -> int:
    """Lines that say something: no blank ones, comments or docstrings, nor the frame that every page has."""
    texts = ((EXAMPLE / name).read_text() for name in names)
    frame = re.compile(r'\s*(</?(html|head|body|!doctype|meta|title)\b.*|#.*|""".*""")?$')
    return sum(not frame.match(line) for text in texts for line in text.splitlines())


def test_windsock_takes_half_the_lines() -> None:
    assert lines("app.py", "templates/index.html") <= lines("plain.py", "templates/plain.html") / 2
