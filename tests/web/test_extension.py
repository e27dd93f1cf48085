from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Any

import engineio
import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from flask_socketio import SocketIO, join_room
from playwright.sync_api import expect
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from tests.browser import OpenPage
from tests.delivery.flask_socketio import carry
from tests.delivery.viewers import Refused, open_raw, viewing
from tests.servers import environment, request
from tests.waiting import eventually, free_port
from tests.web.apps import API, KEY, clouds, make_app, problem, put, running
from windsock import Windsock
from windsock.config import Config, default_config
from windsock.errors import ConfigError, NotStarted, StoreInUse
from windsock.runtime import Runtime
from windsock.store import SqliteStore
from windsock.testing import LiveServer, Serve
from windsock.testing.carriers import CARRIERS, ServerName
from windsock.web.news import News
from windsock.web.site import site_of
from windsock.web.socket_server import own_origins

TOML = """
[server]
publisher_key = "of-the-file"
[store]
url = "memory:"
[things.cloud]
title = "The Huggable Cloud"
"""


def threads() -> list[str]:
    """What runs of Windsock's."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("windsock-")]


def state_of(client: FlaskClient) -> str | None:
    """The cloud's state."""
    name: str | None = (client.get(f"{API}/things/cloud").json or {})["state"]
    return name


def write(folder: Path, toml: str = TOML) -> Path:
    path = folder / "windsock.toml"
    path.write_text(toml)
    return path


# ------------------------------------------------------------------------------------ how it is attached


def test_an_application_gets_windsock_when_it_is_made() -> None:
    app, windsock = make_app()
    assert windsock is app.extensions["windsock"].windsock


def test_an_application_gets_windsock_later() -> None:
    windsock = Windsock()
    app = Flask("later")
    app.config["WINDSOCK_STORE_URL"] = "memory:"
    windsock.init_app(app)
    with running(app, windsock) as client:
        assert {"things": []} == client.get(f"{API}/things").json


def test_an_application_has_one_windsock() -> None:
    app, windsock = make_app("twice")
    with pytest.raises(ConfigError, match="'twice' has a Windsock already"):
        windsock.init_app(app)


def test_an_application_without_windsock_is_told_so() -> None:
    with pytest.raises(ConfigError, match="'bare' has no Windsock: call"):
        Windsock().start(Flask("bare"))


def test_a_windsock_without_an_application_is_told_so() -> None:
    with pytest.raises(NotStarted, match="serves no applications"):
        Windsock().start()


def test_two_applications_of_one_process_have_states_of_their_own() -> None:
    windsock = Windsock()
    cloud = windsock.thing("cloud")
    first, second = Flask("first"), Flask("second")
    for app in (first, second):
        app.config["WINDSOCK_STORE_URL"] = "memory:"
        windsock.init_app(app)
    with running(first, windsock) as one, running(second, windsock) as other:
        put(one, body="HUGGING")
        put(other, body="SHAKING")
        with first.app_context():
            assert "HUGGING" == cloud.state.state
        with second.app_context():
            cloud.report("NEUTRAL")
        assert ["HUGGING", "NEUTRAL"] == [state_of(client) for client in (one, other)]


def test_the_data_of_a_state_are_the_callers_own() -> None:
    app = Flask("one")
    app.config["WINDSOCK_STORE_URL"] = "memory:"
    windsock = Windsock(app)
    cloud = windsock.thing("cloud")
    with running(app, windsock):
        cloud.report("HUGGING", {"by": ["Ada"]})
        cloud.state.data["by"].append("Bob")
        assert {"by": ["Ada"]} == cloud.state.data


def test_with_two_applications_one_has_to_say_which() -> None:
    windsock = Windsock(Flask("first"))
    windsock.init_app(Flask("second"))
    with pytest.raises(NotStarted, match="serves 2 applications: say which one, within its app_context"):
        windsock.start()


def test_two_windsocks_of_one_process_are_apart() -> None:
    with clouds() as one, clouds() as other:
        put(one, body="HUGGING")
        assert state_of(other) is None


# ---------------------------------------------------------------------------------------- configuration


def test_the_file_beside_the_application_counts(tmp_path: Path) -> None:
    write(tmp_path)
    app = Flask("filed", root_path=str(tmp_path))
    with running(app, Windsock(app)) as client:
        assert "The Huggable Cloud" == (client.get(f"{API}/things/cloud").json or {})["title"]
        assert 401 == put(client).status_code


def test_another_file_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path)
    app = Flask("filed")
    app.config["WINDSOCK_CONFIG"] = str(path)
    with running(app, Windsock(app)) as client:
        assert ["cloud"] == [thing["thing"] for thing in (client.get(f"{API}/things").json or {})["things"]]


def test_keys_of_the_application_win_over_the_file(tmp_path: Path) -> None:
    write(tmp_path)
    app = Flask("filed", root_path=str(tmp_path))
    app.config["WINDSOCK_PUBLISHER_KEY"] = KEY
    with running(app, Windsock(app)) as client:
        assert 403 == put(client, headers={"Authorization": "Bearer of-the-file"}).status_code
        assert 200 == put(client, headers={"Authorization": f"Bearer {KEY}"}).status_code


def test_without_a_file_the_store_lies_in_the_instance_folder(tmp_path: Path) -> None:
    app = Flask("bare", instance_path=str(tmp_path / "instance"))
    with running(app, Windsock(app)):
        assert (tmp_path / "instance" / "windsock.db").is_file()


@pytest.mark.parametrize("elsewhere", ["memory:", "sqlite:///{}/windsock.db"])
def test_a_store_that_lies_elsewhere_needs_no_instance_folder(elsewhere: str, tmp_path: Path) -> None:
    app = Flask("bare", instance_path=str(tmp_path / "instance"))
    app.config["WINDSOCK_STORE_URL"] = elsewhere.format(tmp_path)
    with running(app, Windsock(app)):
        assert not (tmp_path / "instance").exists()


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        (
            "WINDSOCK_STORE_URI",
            "memory:",
            "app.config: WINDSOCK_STORE_URI: unknown key; did you mean 'WINDSOCK_STORE_URL'?",
        ),
        ("WINDSOCK_COLOR", "red", "app.config: WINDSOCK_COLOR: unknown key"),
        ("WINDSOCK_STORE_URL", 5, "app.config: WINDSOCK_STORE_URL: found 5, expected a text"),
        ("WINDSOCK_PUBLISHER_KEY", "", "app.config: WINDSOCK_PUBLISHER_KEY: found a text, expected some text"),
        ("WINDSOCK_ALLOWED_ORIGINS", "*", 'app.config: WINDSOCK_ALLOWED_ORIGINS: found "*", expected a list'),
        ("WINDSOCK_URL_PREFIX", "live", 'WINDSOCK_URL_PREFIX: found "live", expected a path such as "/windsock"'),
        ("WINDSOCK_CONFIG", "nowhere.toml", "nowhere.toml: no such file"),
    ],
)
def test_a_wrong_key_is_refused_when_windsock_is_attached(key: str, value: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        make_app(**{key: value})


def test_a_wrong_store_is_refused_at_the_start() -> None:
    app, windsock = make_app(WINDSOCK_STORE_URL="postgres://db")
    with pytest.raises(ConfigError, match=r'store.url: found "postgres://db", expected "memory:" or'):
        windsock.start(app)
    assert [] == threads()


def test_a_thing_of_the_file_is_watched_by_code(tmp_path: Path) -> None:
    write(tmp_path)
    app = Flask("filed", root_path=str(tmp_path))
    windsock = Windsock(app)
    windsock.thing("cloud").watch(every="10ms")(lambda: "HUGGING")
    with running(app, windsock) as client:
        eventually(lambda: state_of(client) == "HUGGING")


def test_a_thing_is_described_in_one_place(tmp_path: Path) -> None:
    write(tmp_path)
    app = Flask("filed", root_path=str(tmp_path))
    windsock = Windsock(app)
    windsock.thing("cloud", title="Another")
    with pytest.raises(ConfigError, match="described in code and in the file; keep one of them"):
        windsock.start()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"colour": "red"}, "thing('cloud'): colour: unknown key"),
        ({"rest_after": "5"}, "thing('cloud'): rest_after: found \"5\", expected a duration"),
        ({"states": "NEUTRAL"}, "thing('cloud'): states: found"),
    ],
)
def test_a_thing_that_is_described_wrongly_is_refused_at_once(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        make_app()[1].thing("cloud", **options)


def test_a_thing_is_described_and_watched_once() -> None:
    windsock = make_app()[1]
    cloud = windsock.thing("cloud")
    with pytest.raises(ConfigError, match="described twice"):
        windsock.thing("cloud")
    cloud.watch()(lambda: None)
    with pytest.raises(ConfigError, match="it has a source already"):
        cloud.watch()
    with pytest.raises(ConfigError, match="watch: every: "):
        windsock.thing("kiln").watch(every="often")


@pytest.mark.parametrize("every", ["0s", "9ms", timedelta(0), timedelta(seconds=-1), 5, None])
def test_a_function_is_asked_no_more_often_than_every_10_ms(every: Any) -> None:
    with pytest.raises(ConfigError, match=r"thing\('cloud'\).watch: every: found .*, expected a duration of 10ms"):
        make_app()[1].thing("cloud").watch(every=every)


def test_watch_without_parentheses_is_refused_with_what_to_write() -> None:
    with pytest.raises(ConfigError, match=re.escape('write @thing.watch(every="1s")')):
        make_app()[1].thing("cloud").watch(lambda: None)  # type: ignore[arg-type]


def test_a_picture_that_is_missing_is_refused_at_the_start(tmp_path: Path) -> None:
    app, windsock = make_app()
    windsock.thing("cloud", states={"NEUTRAL": {"image": str(tmp_path / "none.svg")}})
    with pytest.raises(ConfigError, match=r"things.cloud.states.NEUTRAL.image: no such file"):
        windsock.start(app)


# -------------------------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(("prefix", "root"), [("/live", "/live"), ("/live/", "/live"), ("", ""), ("/", "")])
def test_everything_lies_under_the_prefix(prefix: str, root: str) -> None:
    app = Flask("prefixed", static_folder=None)
    app.config.update(WINDSOCK_STORE_URL="memory:", WINDSOCK_URL_PREFIX=prefix)
    windsock = Windsock(app)
    windsock.thing("cloud")
    with running(app, windsock) as client:
        page = client.get(f"{root}/things/cloud")
        assert 200 == page.status_code
        assert f'src="{root}/static/windsock.js?v=' in page.text
        assert 'data-socket-path="/socket.io"' in page.text
        assert 200 == client.get(f"{root}/readyz").status_code
        assert 200 == status_of(client, f"{root}/static/windsock.js")


@pytest.mark.parametrize("prefix", ["", "/"])
def test_windsock_does_not_lie_where_the_application_has_its_static_files(prefix: str) -> None:
    with pytest.raises(ConfigError) as refused:
        make_app(WINDSOCK_URL_PREFIX=prefix)
    assert 'WINDSOCK_URL_PREFIX: found "/", but /static is where the application' in str(refused.value)
    assert "static_folder=None" in str(refused.value)


def test_every_address_lies_under_the_script_root(tmp_path: Path) -> None:
    picture = tmp_path / "up.svg"
    picture.write_text("<svg/>")
    app, windsock = make_app()
    windsock.thing("flag", states={"UP": {"image": str(picture)}})
    with running(app, windsock) as client:
        put(client, "flag", "UP")
        mounted = Client(DispatcherMiddleware(Flask("outer"), {"/mounted": app}))
        for path in ("/", "/things/flag", "/api/v1/things", "/api/v1/things/flag"):
            answer = mounted.get(f"/mounted/windsock{path}")
            assert 200 == answer.status_code
            addresses = re.findall(r'(?:src|href|image|data-socket-path)[=":\s]+"?(/[^"]*)', answer.text)
            assert addresses
            assert [] == [address for address in addresses if not address.startswith("/mounted/")]
            for address in addresses:
                if "?v=" in address:
                    assert 200 == status_of(mounted, address)


def status_of(client: Client, address: str) -> int:
    with client.get(address) as answer:
        return answer.status_code


def scripts(app: Flask, template: str = "{{ windsock.scripts() }}") -> str:
    with app.test_request_context("/"):
        return render_template_string(template)


def sources(html: str) -> list[str]:
    return re.findall(r'src="/windsock/static/(.*?)\?v=[0-9a-f]{12}"', html)


def test_a_template_gets_the_scripts_it_needs() -> None:
    app, _ = make_app()
    assert ["vendor/jquery.min.js", "vendor/socket.io.min.js", "windsock.js"] == sources(scripts(app))
    assert 'data-socket-path="/socket.io"' in scripts(app)


def test_a_template_that_has_jquery_leaves_it_out() -> None:
    app, _ = make_app()
    html = scripts(app, "{{ windsock.scripts(jquery=False) }}")
    assert ["vendor/socket.io.min.js", "windsock.js"] == sources(html)


def test_scripts_know_where_the_application_s_own_endpoint_lies() -> None:
    app, _ = make_app()
    SocketIO(app, async_mode="threading", path="/deep/live")
    site_of(app).delivery.find_server(app, [])
    assert 'data-socket-path="/deep/live"' in scripts(app)


def test_scripts_are_served() -> None:
    with clouds() as client:
        for address in re.findall(r'src="(.*?)"', scripts(client.application)):
            answer = client.get(address)
            assert (200, "text/javascript") == (answer.status_code, answer.mimetype)
            answer.close()


# --------------------------------------------------------------------------------------------- starting


def test_nothing_starts_before_the_first_request() -> None:
    app, windsock = make_app()
    cloud = windsock.thing("cloud")
    cloud.watch(every="10ms")(lambda: "HUGGING")
    with pytest.raises(NotStarted, match="has not been started in this process"):
        cloud.report("NEUTRAL")
    assert [] == threads()
    app.test_client().get("/")
    try:
        assert 1 == len([name for name in threads() if name.startswith("windsock-watcher watch:cloud")])
        eventually(lambda: cloud.state.state == "HUGGING")
    finally:
        windsock.stop()
    assert [] == threads()


def test_nothing_starts_under_testing_unless_asked() -> None:
    app, windsock = make_app(TESTING=True)
    windsock.thing("cloud")
    status, code, detail = problem(app.test_client().get(f"{API}/things"))
    assert (503, "unavailable") == (status, code)
    assert "call windsock.start()" in detail
    assert [] == threads()
    with running(app, windsock) as client:
        assert 200 == client.get(f"{API}/things").status_code


def test_thirty_simultaneous_first_requests_start_once() -> None:
    app, windsock = make_app()
    calls: list[int] = []
    windsock.thing("cloud").watch(every="1h")(lambda: calls.append(threading.get_ident()))
    barrier = threading.Barrier(30)

    def ask(_: int) -> int:
        barrier.wait()
        return app.test_client().get(f"{API}/things").status_code

    try:
        with ThreadPoolExecutor(30) as pool:
            assert {200} == set(pool.map(ask, range(30)))
        eventually(lambda: calls)
        assert 1 == len(calls)
        assert len(set(threads())) == len(threads())
    finally:
        windsock.stop()


def test_a_second_start_and_a_second_stop_do_nothing() -> None:
    app, windsock = make_app()
    windsock.start(app)
    before = threads()
    windsock.start(app)
    assert before == threads()
    windsock.stop(app)
    windsock.stop(app)
    assert [] == threads()


def test_what_was_stopped_can_be_started_again() -> None:
    app, windsock = make_app()
    cloud = windsock.thing("cloud")
    for _ in range(2):
        with running(app, windsock) as client:
            put(client)
            assert 1 == cloud.state.position.version


@pytest.mark.parametrize("server", CARRIERS)
def test_an_open_page_says_that_windsock_was_stopped_and_comes_back_after_the_next_start(
    open_page: OpenPage, windsock_server: Serve, server: ServerName
) -> None:
    app, windsock = make_app()
    cloud = windsock.thing("cloud")
    live = windsock_server(app, server)
    page = open_page(f"{live.url}/windsock/things/cloud")
    cloud.report("HUGGING")
    expect(page.locator("#link")).to_have_text("Live")
    with live.down():
        expect(page.locator("#link")).to_have_text("Connection lost – trying again")
    cloud.report("NEUTRAL")
    expect(page.locator("#link")).to_have_text("Live", timeout=10_000)
    expect(page.locator("#label")).to_have_text("NEUTRAL")


PROGRAM = """
import os, threading
from flask import Flask
from windsock import Windsock

app = Flask(__name__)
app.config["WINDSOCK_STORE_URL"] = "memory:"
windsock = Windsock(app)
tick = windsock.thing("tick")
seen = threading.local()

@tick.watch(every="20ms")
def read_tick():
    if not hasattr(seen, "watcher"):
        seen.watcher = True
        with open("watchers", "a") as file:
            file.write(f"{os.getpid()}\\n")
    return "UP"

@app.get("/")
def index():
    return f"{os.getpid()} {tick.state.state}"
"""


def watchers(folder: Path) -> list[int]:
    """The processes in which a watcher started, once for each start."""
    path = folder / "watchers"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def test_neither_an_import_nor_the_shell_starts_anything(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(PROGRAM)
    code = "import app, threading; print([thread.name for thread in threading.enumerate()])"
    said = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "shell"],
        input=code, cwd=tmp_path, env=environment({}), capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    assert "['MainThread']" in said.stdout
    assert [] == watchers(tmp_path)


@contextmanager
def flask_run(folder: Path, *options: str) -> Iterator[Callable[[], str]]:
    """A program under ``flask run``; gives what its index page says."""
    port = free_port()
    command = [sys.executable, "-m", "flask", "--app", "app", "run", "--port", str(port), *options]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment({}), stdout=log, stderr=log, start_new_session=True
        )
    try:

        def page() -> str:
            try:
                return request("GET", f"http://127.0.0.1:{port}/").text
            except (OSError, HTTPException):  # there is none yet, or it ended in the middle of its answer
                return ""

        yield page
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        print((folder / "log").read_text())


def test_under_the_reloader_one_process_watches_and_another_after_a_change(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(PROGRAM)
    with flask_run(tmp_path, "--debug") as page:
        pid = int(eventually(page, within=30).split()[0])
        eventually(lambda: page().endswith(" UP"), within=30)
        assert [pid] == watchers(tmp_path)
        (tmp_path / "new.py").write_text(PROGRAM.replace('return "UP"', 'return "DOWN"'))
        (tmp_path / "new.py").replace(tmp_path / "app.py")  # in one step: the reloader must not see half of it
        eventually(lambda: page().endswith(" DOWN"), within=30)
        assert [pid, int(page().split()[0])] == watchers(tmp_path)
        assert pid != watchers(tmp_path)[1]


# ------------------------------------------------------------------------------------- a start that fails


def test_an_application_goes_on_when_windsock_cannot_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    app, windsock = make_app(WINDSOCK_STORE_URL=f"sqlite:///{tmp_path}/windsock.db")
    app.add_url_rule("/own", view_func=lambda: "the application's own page")
    holder = SqliteStore(tmp_path / "windsock.db")
    client = app.test_client()
    try:
        for _ in range(2):
            assert "the application's own page" == client.get("/own").text
            status, code, detail = problem(client.get(f"{API}/things"))
            assert (503, "unavailable") == (status, code)
            assert f"held by process {os.getpid()}" in detail
        with pytest.raises(StoreInUse):
            windsock.start()
        assert 200 == client.get("/windsock/healthz").status_code
        assert 1 == caplog.text.count("Windsock did not start")
        assert [] == threads()
    finally:
        holder.close()
    try:
        assert 200 == client.get(f"{API}/things").status_code
    finally:
        windsock.stop()


def test_an_error_that_nobody_foresaw_does_not_break_the_application(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app, windsock = make_app()
    app.add_url_rule("/own", view_func=lambda: "the application's own page")
    monkeypatch.setattr(Runtime, "start", lambda _: {"known": 1}["nobody knows"])
    client = app.test_client()
    for _ in range(2):
        assert "the application's own page" == client.get("/own").text
        assert (503, "unavailable") == problem(client.get(f"{API}/things"))[:2]
    assert 1 == caplog.text.count("Traceback")
    with pytest.raises(KeyError, match="nobody knows"):
        windsock.start()


def test_a_start_that_fails_half_way_leaves_nothing_running_or_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, windsock = make_app(WINDSOCK_STORE_URL=f"sqlite:///{tmp_path}/windsock.db")
    windsock.thing("cloud").watch(every="10ms")(lambda: "HUGGING")
    with monkeypatch.context() as failing:
        failing.setattr(News, "start", lambda *_: {"thread": 1}["no more threads"])
        with pytest.raises(KeyError, match="no more threads"):
            windsock.start()
    assert [] == threads()
    SqliteStore(tmp_path / "windsock.db").close()
    with running(app, windsock) as client:
        assert 200 == client.get(f"{API}/things").status_code


def test_a_request_that_waited_for_a_stop_does_not_start_again(monkeypatch: pytest.MonkeyPatch) -> None:
    app, windsock = make_app()
    site = site_of(app)

    class StoppedMeanwhile:
        def __enter__(self) -> None:
            site._stopped = True

        def __exit__(self, *_: object) -> None:
            """Nothing to let go of."""

    monkeypatch.setattr(site, "_lock", StoppedMeanwhile())
    site.start_with_request()
    assert not site.started
    windsock.stop()


def test_who_starts_in_the_module_under_the_reloader_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, windsock = make_app(WINDSOCK_STORE_URL=f"sqlite:///{tmp_path}/windsock.db")
    monkeypatch.setenv("WERKZEUG_RUN_MAIN", "true")
    monkeypatch.setattr(os, "getppid", os.getpid)
    holder = SqliteStore(tmp_path / "windsock.db")
    try:
        with pytest.raises(StoreInUse, match=r"leave windsock.start\(\) to the first request"):
            windsock.start()
    finally:
        holder.close()


@pytest.mark.parametrize("path", ["/", "/things/cloud"])
def test_a_page_of_a_windsock_that_could_not_start_is_one_for_people(path: str) -> None:
    app, _ = make_app(WINDSOCK_STORE_URL="postgres://<b>db")
    answer = app.test_client().get(f"/windsock{path}")
    assert (503, "text/html; charset=utf-8") == (answer.status_code, answer.content_type)
    assert "postgres://&lt;b&gt;db" in answer.text
    told = app.test_client().get(f"/windsock{path}", headers={"X-Forwarded-For": "203.0.113.5"})
    assert (503, False) == (told.status_code, "postgres" in told.text)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nope", 404, "not_found"),
        ("POST", "/things", 405, "method_not_allowed"),
        ("GET", "/", 404, "not_found"),
    ],
)
def test_an_address_that_the_api_does_not_have_is_a_problem_for_programs_too(
    method: str, path: str, status: int, code: str
) -> None:
    with clouds() as client:
        assert (status, code) == problem(client.open(f"{API}{path}", method=method))[:2]
        assert "text/html; charset=utf-8" == client.get("/nope").content_type


def test_a_page_of_a_windsock_that_could_not_start_says_why(tmp_path: Path) -> None:
    app, _ = make_app(WINDSOCK_STORE_URL="postgres://db")
    answer = app.test_client().get("/windsock/things/cloud")
    assert 503 == answer.status_code
    assert "postgres://db" in answer.text


def test_a_viewer_of_a_windsock_that_could_not_start_is_told_why() -> None:
    app = Flask("failing")
    app.config["WINDSOCK_STORE_URL"] = "postgres://db"
    socketio = SocketIO(app, async_mode="threading")
    with (
        carry(app, Windsock(app), socketio) as carried,
        pytest.raises(Refused, match="postgres://db"),
        viewing(carried.port),
    ):
        pass


def test_a_stranger_is_not_told_what_is_wrong_within() -> None:
    app = Flask("failing")
    app.config["WINDSOCK_STORE_URL"] = "postgres://db"
    socketio = SocketIO(app, async_mode="threading")
    with carry(app, Windsock(app), socketio) as carried:
        with pytest.raises(Refused) as refused, viewing(carried.port, headers={"X-Forwarded-For": "203.0.113.5"}):
            pass
        assert "postgres" not in str(refused.value)


# --------------------------------------------------------------------------- the application's Socket.IO


@pytest.mark.parametrize("order", ["before", "after", "explicit", "explicit, later", "in init_app", "none"])
def test_windsock_is_carried_by_the_application_s_socketio(order: str) -> None:
    app = Flask("carried")
    app.config["WINDSOCK_STORE_URL"] = "memory:"
    socketio = SocketIO(app, async_mode="threading") if order == "before" else SocketIO()
    if order == "in init_app":
        (windsock := Windsock()).init_app(app, socketio=socketio)
    else:
        windsock = Windsock(app, socketio=socketio if "explicit" in order else None)
    if order not in ("before", "none"):
        socketio.init_app(app, async_mode="threading")
    windsock.thing("cloud")
    with LiveServer(app, "flask-socketio") as live, live.viewer("cloud"):
        assert (app.extensions["socketio"] is socketio) == (order != "none")


@pytest.mark.parametrize(
    ("configured", "origin", "allowed"),
    [
        ([], "http://127.0.0.1:{port}", True),
        ([], "https://blog.example", False),
        (["https://blog.example"], "https://blog.example", True),
        (["https://blog.example"], "https://evil.example", False),
        (["https://blog.example"], "http://127.0.0.1:{port}", True),
        (["https://blog.example"], "null", False),
        (["*"], "https://evil.example", True),
    ],
)
def test_pages_of_another_site_may_watch_only_if_configured(configured: list[str], origin: str, allowed: bool) -> None:
    app, _ = make_app(WINDSOCK_ALLOWED_ORIGINS=configured)
    with LiveServer(app, "flask-socketio") as live:
        url = f"{live.url}/socket.io/?EIO=4&transport=polling"
        answer = request("GET", url, headers={"Origin": origin.format(port=live.port)})
        assert (200 if allowed else 400) == answer.status


@pytest.mark.parametrize(
    "forwarded",
    [
        {},
        {"HTTP_X_FORWARDED_PROTO": "https"},
        {"HTTP_X_FORWARDED_HOST": "windsock.example, inner"},
        {"HTTP_X_FORWARDED_HOST": "windsock.example", "HTTP_X_FORWARDED_PROTO": "https,http"},
    ],
)
def test_a_page_s_own_origin_is_what_the_engine_takes_for_it(forwarded: dict[str, str]) -> None:
    environ = {"wsgi.url_scheme": "http", "HTTP_HOST": "localhost:5000"} | forwarded
    assert set(engineio.Server()._cors_allowed_origins(environ)) == set(own_origins(environ))
    assert [] == own_origins({})


def test_a_socketio_that_comes_too_late_for_open_pages_is_named(caplog: pytest.LogCaptureFixture) -> None:
    app, windsock = make_app()
    SocketIO(app, async_mode="threading")
    with running(app, windsock):
        assert "make it before Windsock(app), or pass socketio=" in caplog.text


@pytest.mark.parametrize("own", [True, False])
def test_a_socketio_that_comes_in_time_is_no_matter(own: bool, caplog: pytest.LogCaptureFixture) -> None:
    app = Flask("in_time")
    app.config["WINDSOCK_STORE_URL"] = "memory:"
    if own:
        SocketIO(app, async_mode="threading")
    with running(app, Windsock(app)):
        assert "Windsock(app)" not in caplog.text


def test_a_page_of_another_site_that_may_watch_may_not_report() -> None:
    app, windsock = make_app(WINDSOCK_ALLOWED_ORIGINS=["*"])
    windsock.thing("cloud")
    windsock.start()
    with (
        carry(app, windsock, app.extensions["socketio"]) as carried,
        viewing(carried.port, headers={"Origin": "https://evil.example"}) as viewer,
    ):
        assert "forbidden" == viewer.ask("report", {"thing": "cloud", "state": "HUGGING"})["code"]


def test_another_async_mode_is_refused_with_what_to_do() -> None:
    app = Flask("gevented")
    app.config["WINDSOCK_STORE_URL"] = "memory:"
    socketio = SocketIO(app, async_mode="threading")
    socketio.async_mode = "gevent"
    with pytest.raises(ConfigError) as refused:
        Windsock(app).start()
    assert 'is in the mode "gevent"' in str(refused.value)
    assert 'SocketIO(app, async_mode="threading")' in str(refused.value)
    assert "windsock run" in str(refused.value)
    assert [] == threads()


def test_a_socketio_without_an_application_is_refused_with_what_to_do() -> None:
    app = Flask("bare")
    app.config["WINDSOCK_STORE_URL"] = "memory:"
    with pytest.raises(ConfigError, match=r"call socketio.init_app\(app\)"):
        Windsock(app, socketio=SocketIO()).start()


@pytest.mark.parametrize("server", CARRIERS)
def test_handlers_and_rooms_of_the_application_go_on_beside_windsock(server: ServerName) -> None:
    app, windsock = make_app()
    socketio = SocketIO(app, async_mode="threading")
    windsock.thing("cloud")
    socketio.on("enter")(lambda room: join_room(room))
    socketio.on("say")(lambda room, text: socketio.emit("said", text, to=room))
    with LiveServer(app, server) as live:
        inside, outside = open_raw(live.port), open_raw(live.port)
        for session in (inside, outside):
            session.send("40")
            assert session.receive().startswith("40{")
        inside.send('420["enter","attic"]')
        assert "430[]" == inside.receive()
        with live.viewer() as viewer:
            live.report("cloud", "HUGGING")
            viewer.sees("HUGGING")
            inside.send('42["say","attic","hello"]')
            assert '42["said","hello"]' == inside.receive()
        outside.send('420["say","nowhere","hello"]')
        assert "430[]" == outside.receive()
        inside.close()
        outside.close()


def test_what_the_application_configured_is_a_config(tmp_path: Path) -> None:
    config: Config = default_config(tmp_path)
    app, _ = make_app(WINDSOCK_CONFIG=config)
    assert tmp_path == site_of(app).config.base
