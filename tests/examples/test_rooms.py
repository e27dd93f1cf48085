"""The rooms, as their files stand, in real browsers: on the engine, and on Flask-SocketIO's own server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import OpenPage
from tests.clients.guests import PYTHON, Wanted, knocking, meets, visiting
from tests.examples.serving import answers, copied, running
from tests.servers import serving
from tests.waiting import eventually, free_port

KEY = "a-key"
Serve = Callable[[Path], AbstractContextManager[str]]


@contextmanager
def on_the_engine(folder: Path) -> Iterator[str]:
    with serving(folder, None, {"DESK_KEY": KEY}, "run", ("app:app",)) as server:
        yield f"{server.url}/"


@contextmanager
def by_itself(folder: Path) -> Iterator[str]:
    port = free_port()
    source = (folder / "app.py").read_text().replace("socketio.run(app,", f"socketio.run(app, port={port},")
    (folder / "app.py").write_text(source.replace('os.environ.get("DESK_KEY")', f'"{KEY}"'))
    with running(folder, "app.py"):
        eventually(lambda: answers(f"http://127.0.0.1:{port}/"))
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with on_the_engine(copied("rooms", tmp_path)) as found:
        yield found


def enter(open_page: OpenPage, url: str, name: str) -> Page:
    """A window of somebody who has taken a name, and is in the kitchen."""
    page = open_page(url)
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Take it").click()
    expect(notes(page)).to_contain_text([f"You are {name}, in kitchen"])
    return page


def say(page: Page, text: str) -> None:
    page.get_by_label("Say").fill(text)
    page.get_by_role("button", name="Say it").click()


def notes(page: Page) -> Locator:
    return page.locator("#notes li")


def noted(page: Page, text: str) -> Locator:
    """Notes with this text; others may come after them."""
    return notes(page).filter(has_text=text)


@pytest.mark.parametrize("serve", [on_the_engine, by_itself])
def test_people_meet_in_rooms_and_talk(tmp_path: Path, open_page: OpenPage, serve: Serve) -> None:
    with serve(copied("rooms", tmp_path)) as url:
        ada, bob = enter(open_page, url, "Ada"), enter(open_page, url, "Bob")
        expect(noted(ada, "Bob came to kitchen")).to_have_count(1)
        bob.get_by_role("button", name="Ring in 1 s").click()
        for text in ("Is there tea?", "<b>tea</b> & 茶"):
            say(bob, text)
            for page in (ada, bob):
                expect(noted(page, f"Bob: {text}")).to_have_count(1)
        bob.get_by_label("Room").select_option("garden")
        expect(noted(ada, "Bob left kitchen")).to_have_count(1)
        say(ada, "Still there?")
        expect(noted(ada, "Ada: Still there?")).to_have_count(1)
        expect(noted(bob, "You are Bob, in garden")).to_have_count(1)
        expect(noted(ada, "The bell rings in kitchen")).to_have_count(1)


def test_what_is_drawn_is_seen_by_all_and_by_whoever_comes_later(url: str, open_page: OpenPage) -> None:
    ada, bob = enter(open_page, url, "Ada"), enter(open_page, url, "Bob")
    box = ada.locator("canvas").bounding_box()
    assert box
    ada.mouse.move(box["x"] + 20, box["y"] + 20)
    ada.mouse.down()
    ada.mouse.move(box["x"] + 120, box["y"] + 90, steps=5)
    ada.mouse.up()
    for page in (ada, bob, enter(open_page, url, "Eve")):
        expect(page.locator("#sketch")).to_have_attribute("alt", "Drawn by Ada")
        eventually(lambda page=page: 240 == page.evaluate("document.getElementById('sketch').naturalWidth"))  # type: ignore[misc]


def test_the_desk_speaks_to_all_rooms(url: str, open_page: OpenPage) -> None:
    page = enter(open_page, url, "Ada")
    with knocking(PYTHON, Wanted(url, namespaces=("/desk",), auth={"key": "wrong"})) as stranger:
        assert ["The desk needs its key", None] == meets(stranger, "connect_error", "/desk").values
    with visiting(PYTHON, Wanted(url, namespaces=("/desk",), auth={"key": KEY})) as desk:
        for count, text in enumerate(("Dinner is ready", "It gets cold"), start=1):
            assert [count] == desk.ask("announce", text, namespace="/desk")
            expect(notes(page).first).to_have_text(f"To all rooms: {text}")
