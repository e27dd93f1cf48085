from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import OpenPage
from tests.delivery import engine
from tests.delivery.harness import KEY, Carry, Site, build, served
from tests.waiting import eventually
from windsock.model import Rejected, State
from windsock.times import utc_now

HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>'
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def site() -> Iterator[Site]:
    with served(engine.carry, build()) as started:
        yield started


@pytest.fixture
def locked() -> Iterator[Site]:
    with served(engine.carry, build(WINDSOCK_PUBLISHER_KEY=KEY)) as started:
        yield started


def operator(open_page: OpenPage, site: Site, **options: object) -> Page:
    return open_page(f"http://127.0.0.1:{site.port}/windsock/operator", **options)


def set_aside(site: Site, *bodies: bytes, source: str = "inbox:") -> None:
    """Set messages aside, as a watcher does."""
    messages = [Rejected(source, body, "it names no state", utc_now(), f"m{n}") for n, body in enumerate(bodies)]
    site.windsock.site(site.app).runtime._running_recorder().record([], messages)


def state(site: Site, thing: str) -> State:
    return site.windsock.site(site.app).runtime.state(thing)


# --------------------------------------------------------------------------------------- what it shows


def test_it_shows_on_each_delivery_how_sources_store_and_things_are(carry: Carry, open_page: OpenPage) -> None:
    with served(carry, build()) as site:
        site.report("cloud", "HUGGING")
        page = operator(open_page, site)
        expect(page.locator("#link")).to_have_text("Live")
        expect(page.locator("#sources")).to_contain_text("can be read")
        expect(page.locator("#glance")).to_contain_text("can be written")
        cloud = page.locator('#things [data-row="cloud"]')
        expect(cloud).to_contain_text("HUGGING")
        expect(cloud.locator('[data-part="version"]')).to_have_text("1")
        site.report("cloud", "PUNCHING")
        expect(cloud).to_contain_text("PUNCHING")
        expect(cloud.locator('[data-part="counts"]')).to_have_text("2 / 2")
        page.close()


def test_a_source_that_fails_is_said_with_its_reason_and_announced(site: Site, open_page: OpenPage) -> None:
    page = operator(open_page, site)
    oven = page.locator("#sources [data-status]", has_text="watch:oven")
    expect(oven).to_have_attribute("data-status", "ok")
    site.oven.fails = RuntimeError("no heat")
    expect(oven).to_contain_text("RuntimeError: no heat")
    expect(oven.locator('[data-part="status"]')).to_have_text("fails")
    expect(page.locator("#announcer")).to_contain_text("RuntimeError: no heat")
    expect(page.locator('#things [data-row="oven"]')).to_contain_text("source fails")
    site.oven.fails = None
    # It is asked again after pauses that have grown to eight seconds.
    expect(page.locator("#announcer")).to_contain_text("can be read", timeout=20_000)


def test_nothing_that_was_reported_runs_as_script(site: Site, open_page: OpenPage) -> None:
    site.report("kiln", HOSTILE)
    set_aside(site, HOSTILE.encode(), source=HOSTILE)
    site.oven.fails = RuntimeError(HOSTILE)
    page = operator(open_page, site)
    expect(page.locator("#rejected")).to_contain_text(HOSTILE)
    page.get_by_role("button", name="Look").click()
    expect(page.locator("pre.body")).to_have_text(HOSTILE)
    expect(page.locator("#things")).to_contain_text(HOSTILE)
    expect(page.locator("#sources")).to_contain_text(HOSTILE)
    assert 0 == page.locator("main img, main script").count()


def test_the_last_readings_are_shown_with_what_became_of_them(site: Site, open_page: OpenPage) -> None:
    page = operator(open_page, site)
    expect(page.locator("#readings-empty")).to_have_text("None since the start.")
    site.report("cloud", "HUGGING")
    hug = page.locator("#readings li", has_text="HUGGING")
    expect(hug).to_contain_text("changed")
    expect(hug).to_have_attribute("data-fate", "changed")
    set_aside(site, "\u202ehidden".encode())
    aside = page.locator('#readings [data-fate="rejected"]')
    expect(aside).to_contain_text("set aside: it names no state")
    expect(aside).to_contain_text("inbox:")
    expect(aside.locator("code")).to_have_text("\\u202ehidden")
    expect(page.locator("#rejected .body").first).to_have_text("\\u202ehidden")
    expect(page.locator("#readings-empty")).to_be_hidden()


# --------------------------------------------------------------------------------------------- honesty


def test_a_page_that_gets_no_answer_says_as_of_when_it_is(site: Site, open_page: OpenPage) -> None:
    page = operator(open_page, site)
    expect(page.locator("#link")).to_have_text("Live")
    page.route("**/overview", lambda route: route.abort("connectionrefused"))
    expect(page.locator("#link")).to_contain_text("As of ")
    expect(page.locator("#link")).to_have_attribute("data-liveness", "unlinked")
    expect(page.locator("#banner")).to_contain_text("The server does not answer. What is shown is as of ")
    expect(page.locator("body")).to_have_attribute("data-live", "false")
    page.unroute("**/overview")
    expect(page.locator("#link")).to_have_text("Live")
    expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator("body")).to_have_attribute("data-live", "true")


def test_a_server_that_hangs_is_not_shown_as_live(site: Site, open_page: OpenPage) -> None:
    page = operator(open_page, site)
    expect(page.locator("#link")).to_have_text("Live")
    page.route("**/overview", lambda route: None)
    expect(page.locator("body")).to_have_attribute("data-live", "false", timeout=30_000)
    expect(page.locator("#link")).to_contain_text("As of ")
    page.unroute_all(behavior="ignoreErrors")


@pytest.mark.parametrize("status", [200, 502])
def test_what_is_no_answer_of_windsock_is_not_taken_for_one(site: Site, open_page: OpenPage, status: int) -> None:
    page = operator(open_page, site)
    expect(page.locator("#link")).to_have_text("Live")
    page.evaluate("(status) => { window.fetch = async () => new Response('<h1>Welcome</h1>', { status }); }", status)
    said = "Something else answers" if status == 200 else "The server answered with 502."
    expect(page.locator("#banner")).to_contain_text(said)
    expect(page.locator("#link")).to_contain_text("As of ")


# ------------------------------------------------------------------------------------------------ keys


def test_the_page_itself_holds_nothing_that_only_an_operator_may_know(locked: Site) -> None:
    set_aside(locked, b"secret body")
    shell = locked.app.test_client().get("/windsock/operator", environ_base={"REMOTE_ADDR": "203.0.113.5"})
    assert 200 == shell.status_code
    assert not [word for word in ("secret body", "watch:oven", "cloud", KEY) if word in shell.text]
    policy = shell.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-" in policy
    assert "frame-ancestors 'none'" in policy
    assert "Set-Cookie" not in shell.headers


def test_where_there_is_a_key_the_page_asks_for_it_and_keeps_it_in_its_tab(locked: Site, open_page: OpenPage) -> None:
    page = operator(open_page, locked)
    field = page.get_by_label("Publisher key")
    expect(field).to_be_focused()
    assert "password" == field.get_attribute("type")
    field.fill("not the key")
    page.keyboard.press("Enter")
    expect(page.locator("#key-problem")).to_have_text("That is not the publisher key.")
    expect(field).to_be_focused()
    field.fill(KEY)
    page.keyboard.press("Enter")
    expect(page.locator("#things")).to_contain_text("Cloud")
    expect(page.locator("#entry")).to_be_hidden()
    expect(page.locator("#heading")).to_be_focused()
    kept = "[...Object.values(sessionStorage), 'not:' + [...Object.values(localStorage), document.cookie].join('')]"
    assert [KEY, "not:"] == page.evaluate(kept)
    assert KEY not in page.url
    page.reload()
    expect(page.locator("#things")).to_contain_text("Cloud")


def test_a_key_is_forgotten_with_all_that_it_showed(locked: Site, open_page: OpenPage) -> None:
    page = operator(open_page, locked)
    page.get_by_label("Publisher key").fill(KEY)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Forget key").click()
    expect(page.get_by_label("Publisher key")).to_be_focused()
    expect(page.locator("#overview")).to_be_hidden()
    assert [] == page.evaluate("Object.values(sessionStorage)")


def test_a_key_with_letters_of_any_kind_opens_the_page(open_page: OpenPage) -> None:
    with served(engine.carry, build(WINDSOCK_PUBLISHER_KEY="schlüssel-鍵")) as site:
        page = operator(open_page, site)
        page.get_by_label("Publisher key").fill("schlüssel-鍵")
        page.keyboard.press("Enter")
        expect(page.locator("#things")).to_contain_text("Cloud")
        page.close()


def test_without_a_key_a_visitor_from_elsewhere_is_told_why_nothing_is_shown(site: Site, open_page: OpenPage) -> None:
    page = operator(open_page, site, extra_http_headers={"X-Forwarded-For": "203.0.113.5"})
    expect(page.locator("#key-problem")).to_contain_text("No publisher key is configured")
    expect(page.locator("#key-form")).to_be_hidden()
    expect(page.locator("#overview")).to_be_hidden()


# ---------------------------------------------------------------------------------- messages set aside


def test_a_message_set_aside_can_be_looked_at_whole(site: Site, open_page: OpenPage) -> None:
    set_aside(site, b"x" * 1000 + b" the end")
    page = operator(open_page, site)
    expect(page.locator("#rejected")).to_contain_text("it names no state")
    expect(page.locator("#rejected")).not_to_contain_text("the end")
    look = page.get_by_role("button", name="Look")
    look.press("Enter")
    close = page.get_by_role("button", name="Close")
    expect(close).to_have_attribute("aria-expanded", "true")
    expect(page.locator("pre.body")).to_contain_text("the end")
    expect(page.locator("#rejected")).to_contain_text("id m0")
    page.wait_for_timeout(2500)  # over a refresh
    expect(page.locator("pre.body")).to_contain_text("the end")
    expect(close).to_be_focused()
    close.press("Enter")
    expect(page.locator("pre.body")).to_be_hidden()


def test_a_message_that_can_be_read_now_is_tried_again(site: Site, open_page: OpenPage) -> None:
    set_aside(site, b'{"thing": "cloud", "state": "HUGGING"}')
    page = operator(open_page, site)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#rejected-status")).to_have_text("Message 1 was read again: changed, version 1.")
    expect(page.locator("#rejected-empty")).to_be_visible()
    assert "HUGGING" == state(site, "cloud").state


def test_a_message_that_still_cannot_be_read_stays_and_the_page_says_why(site: Site, open_page: OpenPage) -> None:
    set_aside(site, b'{"thing": "cloud", "state": "HUGING"}')
    page = operator(open_page, site)
    page.get_by_role("button", name="Try again").click()
    outcome = page.locator('#rejected [data-row="1"] [data-part="outcome"]')
    expect(outcome).to_contain_text("HUGING")
    expect(outcome).to_have_attribute("role", "status")
    page.wait_for_timeout(2500)  # over a refresh
    expect(outcome).to_contain_text("HUGING")


def test_a_message_is_dropped_only_at_the_second_press_and_the_focus_goes_on(site: Site, open_page: OpenPage) -> None:
    set_aside(site, b"one", b"two")
    page = operator(open_page, site)
    drop = page.locator('#rejected [data-row="2"] [data-act="drop"]')
    drop.press("Enter")
    expect(drop).to_have_text("Really drop it?")
    assert 2 == len(site.windsock.site(site.app).runtime.rejected())
    drop.press("Enter")
    expect(page.locator("#rejected-status")).to_have_text("Message 2 was dropped.")
    expect(page.locator('#rejected [data-row="2"]')).to_have_count(0)
    expect(page.locator('#rejected [data-row="1"] [data-act="look"]')).to_be_focused()
    assert [1] == [message.number for message in site.windsock.site(site.app).runtime.rejected()]


# ------------------------------------------------------------------------------------------- reporting


def test_a_state_is_reported_by_hand_with_data(site: Site, open_page: OpenPage) -> None:
    page = operator(open_page, site)
    page.get_by_label("Thing", exact=True).select_option("cloud")
    page.get_by_role("combobox", name="State", exact=True).select_option("HUGGING")
    page.get_by_label("Data (optional, a JSON object)").fill('{"by": "Ada"}')
    page.get_by_role("button", name="Report").click()
    expect(page.locator("#report-status")).to_have_text("cloud is HUGGING: changed, version 1.")
    assert ("HUGGING", {"by": "Ada"}) == (state(site, "cloud").state, state(site, "cloud").data)


def test_a_thing_that_takes_any_state_is_reported_by_name(site: Site, open_page: OpenPage) -> None:
    page = operator(open_page, site)
    page.get_by_label("Thing", exact=True).select_option("kiln")
    page.get_by_role("textbox", name="State", exact=True).fill("WHITE HOT")
    page.keyboard.press("Enter")
    expect(page.locator("#report-status")).to_contain_text("kiln is WHITE HOT")
    assert "WHITE HOT" == state(site, "kiln").state


def test_only_things_without_a_source_of_their_own_can_be_reported(site: Site, open_page: OpenPage) -> None:
    page = operator(open_page, site)
    expect(page.get_by_label("Thing", exact=True).locator("option")).to_have_text(["Cloud", "Kiln", "Door"])


@pytest.mark.parametrize(("data", "words"), [("{", "This is no JSON"), ("[1]", "Data are a JSON object")])
def test_data_that_are_no_object_are_refused_before_they_are_sent(
    site: Site, open_page: OpenPage, data: str, words: str
) -> None:
    page = operator(open_page, site)
    field = page.get_by_label("Data (optional, a JSON object)")
    field.fill(data)
    page.get_by_role("button", name="Report").click()
    expect(page.locator("#report-data-problem")).to_contain_text(words)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    assert None is state(site, "cloud").state


def test_what_is_being_written_is_left_alone_by_the_refresh(site: Site, open_page: OpenPage) -> None:
    page = operator(open_page, site)
    page.get_by_label("Thing", exact=True).select_option("kiln")
    field = page.get_by_role("textbox", name="State", exact=True)
    field.fill("HALF A WO")
    site.report("cloud", "HUGGING")
    expect(page.locator('#things [data-row="cloud"]')).to_contain_text("HUGGING")
    expect(field).to_be_focused()
    expect(field).to_have_value("HALF A WO")
    expect(page.get_by_label("Thing", exact=True)).to_have_value("kiln")


# --------------------------------------------------------------------------------------- for everybody


def test_every_control_has_a_name_and_the_headings_are_in_order(site: Site, open_page: OpenPage) -> None:
    set_aside(site, b"one")
    page = operator(open_page, site)
    expect(page.locator("#rejected button")).to_have_count(3)
    unnamed = """[...document.querySelectorAll("main :is(button, input, select, textarea)")].filter((control) =>
      !(control.textContent.trim() && control.localName === "button") && !control.labels?.length).length"""
    assert 0 == page.evaluate(unnamed)
    levels = "[...document.querySelectorAll('main :is(h1, h2, h3)')].map((heading) => heading.localName)"
    assert ["h1", *["h2"] * 11] == page.evaluate(levels)
    assert "status" == page.locator("#announcer").get_attribute("role")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_cut_off(site: Site, open_page: OpenPage, scheme: str) -> None:
    site.report("kiln", "A" * 64)
    set_aside(site, b"y" * 5000)
    site.oven.fails = RuntimeError("z" * 300)
    page = operator(open_page, site, viewport=PHONE, color_scheme=scheme)
    page.get_by_role("button", name="Look").click()
    expect(page.locator("pre.body")).to_be_visible()
    eventually(lambda: "zzz" in page.locator("#sources").inner_text())
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
