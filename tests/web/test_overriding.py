"""Templates of an application, or of the folder that is served, in the place of Windsock's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask, render_template_string
from playwright.sync_api import expect

from tests.browser import OpenPage
from tests.servers import KILN, serving
from tests.web.apps import put, running
from tests.web.test_pages import PAGE_POLICY
from windsock import Windsock
from windsock.cli.init.files import PAGE, planned
from windsock.web import standalone

BUILT_IN = Path(standalone.__file__).parent / "templates"
NAMES = sorted(path.relative_to(BUILT_IN).as_posix() for path in BUILT_IN.rglob("*.html"))
MINE = """{% extends "windsock/built-in/thing.html" %}
{% block main %}{{ super() }}<p id="mine">Mine: {{ thing.title }}, {{ parts.label(thing) }}</p>{% endblock %}"""


def written(folder: Path, name: str, text: str) -> None:
    path = folder / "templates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def application(folder: Path) -> tuple[Flask, Windsock]:
    """An application with its templates in ``folder``."""
    app = Flask("app", root_path=str(folder))
    app.config["WINDSOCK_STORE_URL"] = "memory:"
    windsock = Windsock(app)
    windsock.thing("cloud", title="The Huggable Cloud")
    return app, windsock


@pytest.mark.parametrize("name", NAMES)
def test_every_template_gives_way_to_the_application_s(tmp_path: Path, name: str) -> None:
    written(tmp_path, name, "mine")
    app, _ = application(tmp_path)
    assert str(tmp_path / "templates" / name) == app.jinja_env.get_template(name).filename


@pytest.mark.parametrize("name", NAMES)
def test_every_template_can_be_built_upon(tmp_path: Path, name: str) -> None:
    built_in = name.replace("windsock/", "windsock/built-in/", 1)
    written(tmp_path, name, f'{{% extends "{built_in}" %}}')
    app, _ = application(tmp_path)
    assert str(BUILT_IN / name) == app.jinja_env.get_template(built_in).filename


def test_a_page_that_builds_on_windsock_s_has_all_of_it_and_its_own(tmp_path: Path) -> None:
    written(tmp_path, "windsock/thing.html", MINE)
    with running(*application(tmp_path)) as client:
        put(client)
        answer = client.get("/windsock/things/cloud")
    assert '<p id="mine">Mine: The Huggable Cloud, HUGGING</p>' in answer.text
    assert 'data-part="picture"' in answer.text
    assert PAGE_POLICY.fullmatch(answer.headers["Content-Security-Policy"])


def test_windsock_s_pages_stand_in_the_application_s_frame(tmp_path: Path) -> None:
    written(tmp_path, "windsock/base.html", "<body>Frame{% block main %}{% endblock %}</body>")
    with running(*application(tmp_path)) as client:
        for path in ("/", "/things/cloud", "/things/none"):
            assert client.get(f"/windsock{path}").text.startswith("<body>Frame")


def test_the_live_element_can_be_the_application_s(tmp_path: Path) -> None:
    written(
        tmp_path,
        "windsock/live.html",
        '{% extends "windsock/built-in/live.html" %}{% block label %}<b>{{ thing.title }} {{ mine }}</b>{% endblock %}',
    )
    app, windsock = application(tmp_path)
    app.context_processor(lambda: {"mine": "<mine>"})
    with running(app, windsock), app.test_request_context():
        shown = render_template_string('{{ windsock.live("cloud") }}')
    assert "<b>The Huggable Cloud &lt;mine&gt;</b>" in shown
    assert "windsock-word" in shown


def test_what_is_served_takes_templates_beside_its_configuration(tmp_path: Path) -> None:
    folder = tmp_path / "kiln"
    written(folder, "windsock/thing.html", MINE)
    (folder / "windsock.toml").write_text(KILN)
    with serving(tmp_path, None, arguments=("--config", "kiln/windsock.toml")) as server:
        assert "Mine: Kiln" in server.get("/things/kiln").text
        # Whoever changes a page sees it at the next look.
        written(folder, "windsock/thing.html", MINE.replace("Mine", "Changed"))
        assert "Changed: Kiln" in server.get("/things/kiln").text


def test_the_page_that_init_writes_works_with_all_that_it_offers(tmp_path: Path, open_page: OpenPage) -> None:
    from tests.cli.init.test_configuration import answers

    text = planned(answers(), "windsock.toml")[PAGE]
    offer = text.index("  {#\n")
    # What it offers is taken.
    written(tmp_path, "windsock/thing.html", text[:offer] + text[offer:].replace("{#\n", "").replace("  #}\n", ""))
    with serving(tmp_path) as server:
        server.put_state("kiln", "COLD")
        page = open_page(f"{server.url}/things/kiln")
        expect(page.locator("#link")).to_have_text("Live")
        about = page.locator("section.about")
        expect(about).to_contain_text("What Kiln is")
        expect(about).to_have_css("text-align", "center")
        expect(about.locator("b")).to_have_text("COLD")
        server.put_state("kiln", "HOT")
        expect(about.locator("b")).to_have_text("HOT")


def test_a_template_that_fails_is_answered_with_a_page_to_people(tmp_path: Path) -> None:
    written(tmp_path, "windsock/thing.html", "{{ thing.titel.foo }}")
    with serving(tmp_path) as server:
        answer = server.get("/things/kiln")
    assert (500, "text/html; charset=utf-8") == (answer.status, answer.headers["content-type"])
