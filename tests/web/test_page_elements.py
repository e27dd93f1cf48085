from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import OpenPage
from tests.servers import Server, serving
from tests.waiting import eventually
from tests.web.own_page import CLIENT, SCRIPTS, own_page

BOARD = """
[things.door]
[things.door.states]
OPEN = { label = "Come in", color = "seagreen", image = "open.svg" }
CLOSED = { color = "#010203" }
[things.kiln]
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>'


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "open.svg").write_text(SVG)
    with serving(tmp_path, BOARD) as server:
        yield server


def test_each_attribute_binds_what_it_names(board: Server, open_page: OpenPage) -> None:
    board.put_state("door", "OPEN", {"by": {"name": "Ada"}, "level": "a b"})
    page = own_page(
        open_page,
        board,
        """<b id="text" data-windsock="door"></b>
        <b id="field" data-windsock="door" data-windsock-show="data.by.name"></b>
        <b id="changed" data-windsock="door" data-windsock-show="changed"></b>
        <b id="updated" data-windsock="door" data-windsock-show="updated"></b>
        <b id="connection" data-windsock="door" data-windsock-show="connection"></b>
        <p id="state" class="own" data-windsock="door" data-windsock-class="state" data-windsock-color="border-color">
          <i>kept</i></p>
        <p id="level" data-windsock="door" data-windsock-class="data.level" data-windsock-title="label"></p>
        <img id="picture" data-windsock="door" alt="">""",
    )
    expect(page.locator("#text")).to_have_text("Come in")
    expect(page.locator("#field")).to_have_text("Ada")
    for name in ("changed", "updated"):
        expect(page.locator(f"#{name}")).to_have_text(re.compile(r"^\d+ s ago$"))
    expect(page.locator("#connection")).to_contain_text("Connected, last word")
    expect(page.locator("#state")).to_have_class("own state-OPEN")
    expect(page.locator("#state i")).to_have_text("kept")
    expect(page.locator("#state")).to_have_css("border-color", "rgb(46, 139, 87)")
    expect(page.locator("#level")).to_have_class("level-a-b")
    expect(page.locator("#level")).to_have_attribute("title", "Come in")
    expect(page.locator("#picture")).to_have_attribute("alt", "Come in")
    assert "/images/OPEN?" in str(page.locator("#picture").get_attribute("src"))
    board.put_state("door", "CLOSED", {})
    expect(page.locator("#text")).to_have_text("CLOSED")
    expect(page.locator("#field")).to_have_text("")
    expect(page.locator("#state")).to_have_class("own state-CLOSED")
    expect(page.locator("#state")).to_have_css("border-color", "rgb(1, 2, 3)")
    expect(page.locator("#level")).to_have_class("")
    assert page.locator("#picture").get_attribute("src") is None


def test_an_element_s_own_title_stays_and_the_reason_is_added_while_it_is_not_live(
    board: Server, open_page: OpenPage
) -> None:
    board.put_state("door", "OPEN")
    page = own_page(open_page, board, '<b id="a" title="The door" data-windsock="door"></b>')
    element = page.locator("#a")
    expect(element).to_have_attribute("data-windsock-liveness", "live")
    expect(element).to_have_attribute("title", "The door")
    board.kill()
    expect(element).to_have_attribute("title", "The door – Connection lost – trying again")
    expect(element).to_have_css("opacity", "0.5")


@pytest.mark.parametrize(
    ("attribute", "said"),
    [
        ('data-windsock-show="lable"', "expected label, state, changed"),
        ('data-windsock-colour=""', "there is no data-windsock-colour"),
        ('data-windsock-color="ground"', "expected a property of CSS"),
    ],
)
def test_an_attribute_that_cannot_be_meant_is_told_on_the_console_and_the_others_go_on(
    board: Server, browser: Browser, attribute: str, said: str
) -> None:
    board.put_state("door", "OPEN")
    with closing(browser.new_page()) as page:
        told: list[str] = []
        page.on("pageerror", lambda error: told.append(str(error)))
        body = f'<b data-windsock="door" {attribute}>as it was</b><i data-windsock="door"></i>'
        own_page(lambda url: goto(page, url), board, body)
        expect(page.locator("i")).to_have_text("Come in")
        expect(page.locator("b")).to_have_text("as it was")
        eventually(lambda: page.evaluate("1") and told)  # Playwright hears of it only while it is asked something
        assert said in told[0]


def test_elements_added_later_are_bound_and_let_go_of_on_demand(board: Server, open_page: OpenPage) -> None:
    board.put_state("door", "OPEN")
    page = own_page(open_page, board, '<div id="place"></div>')
    page.evaluate(
        """() => {
          place.innerHTML = '<b id="late" data-windsock="door"></b>';
          windsock.bind(place);
          windsock.bind(late);
          const copy = late.cloneNode();
          copy.id = "copy";
          place.append(copy);
          windsock.bind();
        }"""
    )
    expect(page.locator("#late")).to_have_text("Come in")
    expect(page.locator("#copy")).to_have_text("Come in")
    assert ["", ""] == page.evaluate("[late.title, copy.title]")
    page.evaluate("windsock.unbind(late)")
    board.put_state("door", "CLOSED")
    expect(page.locator("#copy")).to_have_text("CLOSED")
    expect(page.locator("#late")).to_have_text("Come in")
    assert page.locator("#late").get_attribute("data-windsock-liveness") is None


def test_elements_that_leave_the_page_are_let_go_of_and_their_thing_is_watched_no_more(
    board: Server, open_page: OpenPage
) -> None:
    board.put_state("door", "OPEN")
    sent: list[str | bytes] = []

    def listen(page: Page) -> None:
        page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))

    page = own_page(open_page, board, '<div id="place"></div>', prepare=listen)
    page.evaluate(
        """() => {
          window.gone = [];
          for (let i = 0; i < 100; i += 1) {
            place.innerHTML = '<b data-windsock="door"></b>';
            windsock.bind(place);
            window.gone.push(new WeakRef(place.firstChild));
          }
          $("<i>").appendTo(place).windsock("door", function (state) { $(this).text(state.label); });
        }"""
    )
    for name in ("b", "i"):
        expect(page.locator(f"#place {name}")).to_have_text("Come in")
    assert not [frame for frame in sent if "unwatch" in str(frame)]
    page.evaluate("place.replaceChildren()")
    # Whatever is asked of the page, Playwright tells of its frames meanwhile.
    eventually(lambda: page.evaluate("true") and [frame for frame in sent if "unwatch" in str(frame)])
    page.context.new_cdp_session(page).send("HeapProfiler.collectGarbage")
    eventually(lambda: not page.evaluate("window.gone.filter((element) => element.deref()).length"))


def test_an_element_that_moves_within_the_page_goes_on(board: Server, open_page: OpenPage) -> None:
    board.put_state("door", "OPEN")
    body = '<b id="a" data-windsock="door" data-windsock-show="changed"></b><div id="place"></div>'
    page = own_page(open_page, board, body)
    expect(page.locator("#a")).to_contain_text("ago")
    page.evaluate("() => { const moved = a; moved.remove(); setTimeout(() => place.append(moved), 900); }")

    def age() -> int:
        found = re.search(r"(\d+) s ago", page.locator("#place #a").text_content() or "")
        return int(found[1]) if found else 0

    before = age()
    eventually(lambda: age() >= before + 4)  # an element that is gone goes on for three seconds


def test_jquery_elements_show_things_and_call_functions(board: Server, open_page: OpenPage) -> None:
    board.put_state("door", "OPEN", {"by": "Ada"})
    page = own_page(open_page, board, '<b id="a"></b><b id="b" data-windsock-show="data.by"></b><b id="c"></b>')
    page.evaluate(
        """() => {
          $("#a, #b").windsock("door");
          $("#c").windsock("door", function (state) { $(this).text(state.data.by + " " + this.id); });
        }"""
    )
    for name, text in (("a", "Come in"), ("b", "Ada"), ("c", "Ada c")):
        expect(page.locator(f"#{name}")).to_have_text(text)


def test_what_a_function_writes_is_marked_when_it_is_not_live(board: Server, open_page: OpenPage) -> None:
    board.put_state("door", "OPEN")
    body = '<b id="a"></b><img id="b" src="data:,"><i id="c" data-windsock="door" data-windsock-class="state"></i>'
    page = own_page(open_page, board, body)
    page.evaluate("() => $('#a, #b, #c').windsock('door', function (state) { $(this).text(state.label); })")
    for name in ("a", "b", "c"):
        expect(page.locator(f"#{name}")).to_have_attribute("data-windsock-liveness", "live")
    expect(page.locator("#b")).to_have_attribute("src", "data:,")
    expect(page.locator("#c")).to_have_class("state-OPEN")
    board.kill()
    for name in ("a", "b", "c"):
        expect(page.locator(f"#{name}")).to_have_attribute("data-windsock-liveness", "unlinked")
    expect(page.locator("#a")).to_have_css("opacity", "0.5")


def test_a_function_is_called_as_well_when_its_state_is_no_longer_live_and_when_it_is_again(
    board: Server, open_page: OpenPage
) -> None:
    board.put_state("door", "OPEN")
    page = own_page(open_page, board, '<b id="a"></b>')
    page.evaluate(
        """() => $('#a').windsock('door', function (state) {
          $(this).text(state.liveness === 'live' ? state.label : `${state.label}?`);
        })"""
    )
    expect(page.locator("#a")).to_have_text("Come in")
    board.kill()
    expect(page.locator("#a")).to_have_text("Come in?")
    board.start()
    expect(page.locator("#a")).to_have_text("Come in")


def test_how_many_are_watching_is_shown_to_who_wants_to_know(board: Server, open_page: OpenPage) -> None:
    page = own_page(open_page, board, '<b id="a" data-windsock="kiln" data-windsock-show="viewers"></b>')
    board.put_state("kiln", "HOT")
    expect(page.locator("#a")).to_have_text("1")
    other = open_page(f"{board.url}/things/kiln")
    expect(page.locator("#a")).to_have_text("2")
    other.close()
    expect(page.locator("#a")).to_have_text("1")


def test_the_api_tells_states_gaps_and_history_and_reports(board: Server, open_page: OpenPage) -> None:
    page = own_page(open_page, board, "")
    said: Any = page.evaluate(
        """async () => {
          const kiln = windsock("kiln");
          const report = await windsock.report("kiln", "HOT", { force: 3 });
          const states = [];
          await new Promise((resolve) => kiln.on("state", (state) => (states.push(state.state), resolve())));
          const history = await kiln.history({ since: report.version - 1, limit: 5 });
          const refused = await windsock.report("fog", "HOT");
          return { report, states, history, refused, liveness: kiln.liveness, name: kiln.name };
        }"""
    )
    assert (True, "changed", 1) == tuple(said["report"][key] for key in ("ok", "result", "version"))
    assert (["HOT"], "live", "kiln") == (said["states"], said["liveness"], said["name"])
    assert [(1, "HOT", {"force": 3})] == [
        (change["version"], change["state"], change["data"]) for change in said["history"]["changes"]
    ]
    assert (True, False) == (said["history"]["complete"], said["refused"]["ok"])
    assert "unknown_thing" == said["refused"]["code"]


def test_as_a_module_it_does_the_same_and_takes_the_client_as_an_option(board: Server, open_page: OpenPage) -> None:
    board.put_state("door", "OPEN")
    module = """<script type="module">
      import windsock, { ago, merge } from "/static/windsock.mjs";
      const client = globalThis.io;
      delete globalThis.io;
      windsock.setup({ io: client });
      windsock("door").on("state", (state) => (document.getElementById("b").textContent = state.state + ago(0)));
      document.body.dataset.merges = typeof merge;
    </script>"""
    page = own_page(open_page, board, '<b id="a" data-windsock="door"></b><b id="b"></b>', CLIENT + module)
    expect(page.locator("#a")).to_have_text("Come in")
    expect(page.locator("#b")).to_have_text("OPENjust now")
    assert [False, "function"] == page.evaluate("['windsock' in globalThis, document.body.dataset.merges]")


def test_a_page_of_another_site_shows_things_once_it_says_where_they_are(
    board: Server, browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "shown").mkdir()
    (tmp_path / "shown" / "open.svg").write_text(SVG)
    board.put_state("door", "CLOSED")
    toml = f'[server]\nallowed_origins = ["{board.url}"]\n{BOARD}'
    with serving(tmp_path / "shown", toml) as shown, closing(browser.new_page()) as page:
        shown.put_state("door", "OPEN")
        scripts = f"{SCRIPTS}<script>windsock.setup({{ url: '{shown.url}' }})</script>"
        body = '<b data-windsock="door"></b><img data-windsock="door" alt="">'
        own_page(lambda url: goto(page, url), board, body, scripts)
        expect(page.locator("b")).to_have_text("Come in")
        eventually(lambda: page.evaluate("document.images[0].naturalWidth"))
        assert str(page.locator("img").get_attribute("src")).startswith(shown.url)


def test_without_the_client_library_the_page_says_that_a_script_is_missing(board: Server, open_page: OpenPage) -> None:
    alone = SCRIPTS.replace(CLIENT, "")
    page = own_page(open_page, board, '<b id="a" data-windsock="door" data-windsock-show="link"></b>', alone)
    expect(page.locator("#a")).to_have_text("Connection lost – trying again")


def test_a_hundred_elements_share_one_connection(board: Server, open_page: OpenPage) -> None:
    board.put_state("door", "OPEN")
    sockets: list[Any] = []

    def listen(page: Page) -> None:
        page.on("websocket", lambda socket: sockets.append(socket))

    page = own_page(open_page, board, '<b data-windsock="door"></b><i data-windsock="kiln"></i>' * 50, prepare=listen)
    expect(page.locator("b").last).to_have_text("Come in")
    assert 1 == len(sockets)


def goto(page: Page, url: str) -> Page:
    page.goto(url)
    return page
