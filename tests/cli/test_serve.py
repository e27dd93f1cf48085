from __future__ import annotations

import re
import signal
import time
from pathlib import Path

import pytest

from tests import builders
from tests.azurite import connection_string
from tests.delivery.viewers import viewing
from tests.servers import KILN, Server, request, serving, windsock
from tests.sources.answering import answering
from tests.waiting import eventually, free_port
from windsock.sources.azure_queue import CONNECTION_STRING

SERVE_ANYWHERE = """
import sys
from windsock.cli import main

main(["serve", "--config", f"{sys.argv[1]}/windsock.toml", "--port", "0"])
"""
SIGNALS = [signal.SIGINT, signal.SIGTERM]


def stopped(server: Server, number: int) -> None:
    """Send a signal, and see that it ends in time, quietly and well."""
    began = time.monotonic()
    server.signal(number)
    code = server.wait()

    # A second, and what a busy machine takes besides; what would hold it up takes five or more.
    assert time.monotonic() - began < 3
    assert 0 == code
    assert "Stopped." == server.output.splitlines()[-1]
    assert "Traceback" not in server.output


def test_it_says_where_it_is_and_answers_there(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        assert f"Windsock is live at {server.url}/ (Ctrl-C stops it)" in server.output
        assert [200, 200, 200] == [server.get(path).status for path in ("/", "/things/kiln", "/healthz")]


def test_port_0_is_any_free_port(tmp_path: Path) -> None:
    (tmp_path / "windsock.toml").write_text(KILN)

    with builders.process(SERVE_ANYWHERE, tmp_path) as started:
        live = re.fullmatch(r"Windsock is live at (http://127\.0\.0\.1:(\d+))/ .*", builders.next_line(started))
        assert live
        assert 200 == request("GET", f"{live[1]}/healthz").status
        started.terminate()
        assert 0 == started.wait(10)

    assert int(live[2]) > 0


@pytest.mark.parametrize("number", SIGNALS)
def test_it_stops_within_a_second_when_it_is_asked_to(tmp_path: Path, number: int) -> None:
    with serving(tmp_path) as server:
        stopped(server, number)


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_it_stops_within_a_second_while_pages_are_open(tmp_path: Path, transport: str) -> None:
    with serving(tmp_path) as server, viewing(server.port, transport):
        stopped(server, signal.SIGTERM)


def test_it_stops_within_a_second_while_its_source_hangs(tmp_path: Path) -> None:
    (tmp_path / "reader.py").write_text("import time\n\n\ndef read():\n    print('reading')\n    time.sleep(60)\n")
    with serving(tmp_path, '[things.kiln]\nsource = "python:reader:read"\n', {"PYTHONUNBUFFERED": "1"}) as server:
        eventually(lambda: "reading" in server.output)
        stopped(server, signal.SIGTERM)


def test_it_stops_within_a_second_while_its_source_waits_to_be_tried_again(tmp_path: Path) -> None:
    with serving(tmp_path, '[things.kiln]\nsource = "python:no_such_module:read"\n') as server:
        eventually(lambda: "fails and is tried again" in server.output)
        stopped(server, signal.SIGTERM)


@pytest.mark.parametrize("number", [*SIGNALS, signal.SIGKILL])
def test_a_state_that_was_sent_just_before_the_end_is_there_after_a_restart(tmp_path: Path, number: int) -> None:
    with serving(tmp_path) as server:
        sent = server.put_state("kiln", "HOT", {"degrees": 1200}).json
        server.signal(number)
        server.wait()
        server.start()
        kiln = server.get("/api/v1/things/kiln").json

    assert ("HOT", {"degrees": 1200}, sent["epoch"], 1) == (
        kiln["state"],
        kiln["data"],
        kiln["epoch"],
        kiln["version"],
    )


def test_a_server_that_was_stopped_leaves_its_store_in_one_file(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        server.put_state("kiln", "HOT")
        server.stop()

    assert {"windsock.db", "windsock.db.lock"} == {path.name for path in tmp_path.glob("windsock.db*")}


def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "windsock.toml").write_text(KILN)
    with serving(tmp_path) as server:
        second = windsock(tmp_path / "other", "serve", "--port", str(server.port))

    assert (1, "") == (second.returncode, second.stdout)
    assert (
        f"windsock: port {server.port} of 127.0.0.1 is taken by another program; choose another one with "
        f"--port {server.port + 1}, or --port 0 for any free one\n"
    ) == second.stderr
    assert ["windsock.toml"] == [path.name for path in (tmp_path / "other").iterdir()]


def test_a_port_is_free_again_at_once(tmp_path: Path) -> None:
    with serving(tmp_path) as server, viewing(server.port):
        server.stop()
        server.start()
        assert 200 == server.get("/healthz").status


def test_a_second_server_on_the_same_store_is_told_who_holds_it(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        second = windsock(tmp_path, "serve", "--port", str(free_port()))
        assert 200 == server.get("/readyz").status

    [line] = second.stderr.splitlines()
    assert (1, "") == (second.returncode, second.stdout)
    assert line.startswith(f"windsock: {tmp_path / 'windsock.db.lock'}: held by process {server.process.pid} (")


@pytest.mark.parametrize(
    ("toml", "lines"),
    [
        (
            '[server]\nprt = 1\n[things.kiln]\nrest_after = "soon"\n',
            [
                "windsock: windsock.toml: server.prt: unknown key; did you mean 'port'?",
                'windsock: windsock.toml: things.kiln.rest_after: found "soon", expected a duration such as',
            ],
        ),
        (
            '[server]\npublisher_key = "${NOT_SET}"\n',
            ["windsock: windsock.toml: server.publisher_key: found ${NOT_SET}"],
        ),
        ("[things\n", ["windsock: windsock.toml: not TOML: "]),
        (
            '[things.kiln]\nsource = "mqtt://broker"\n',
            ['windsock: windsock.toml: things.kiln.source: found "mqtt://broker", expected'],
        ),
        (
            '[store]\nurl = "redis://u:secret@h"\n',
            ['windsock: windsock.toml: store.url: found "redis:…", expected "memory:" or "sqlite:///'],
        ),
    ],
)
def test_a_wrong_configuration_is_refused_with_the_key_of_every_mistake(
    tmp_path: Path, toml: str, lines: list[str]
) -> None:
    (tmp_path / "windsock.toml").write_text(toml)

    ended = windsock(tmp_path, "serve", "--port", "0")

    assert (2, "") == (ended.returncode, ended.stdout)
    found = ended.stderr.splitlines()
    assert len(lines) == len(found)
    assert all(line.startswith(start) for line, start in zip(found, lines, strict=True))
    assert ["windsock.toml"] == [path.name for path in tmp_path.iterdir()]


def test_a_configuration_that_is_not_there_is_named(tmp_path: Path) -> None:
    ended = windsock(tmp_path, "serve", "--config", "cloud.toml")

    assert (2, "windsock: cloud.toml: no such file; --config names another\n") == (ended.returncode, ended.stderr)


def test_the_store_lies_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "cloud.toml").write_text(KILN)

    with serving(tmp_path, None, arguments=("--config", "elsewhere/cloud.toml")):
        assert (tmp_path / "elsewhere" / "windsock.db").exists()
        assert not (tmp_path / "windsock.db").exists()


def test_a_source_that_keeps_failing_is_logged_in_one_line(tmp_path: Path) -> None:
    toml = '[things.cloud]\nsource = "azure-queue://mlqueue"\n'
    with (
        answering(503) as (port, requests),
        serving(tmp_path, toml, {CONNECTION_STRING: connection_string(port)}) as server,
    ):
        eventually(lambda: len(requests) >= 2)
        server.stop()

    [failure] = [line for line in server.output.splitlines() if "answered" in line]
    assert failure.endswith("the service answered 503 (Service Unavailable)")


def test_an_address_that_is_none_is_no_news_for_the_log(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        assert 404 == request("GET", f"{server.url}/nowhere").status
        assert "Traceback" not in server.output


def test_a_template_with_which_no_page_can_be_made_is_logged_and_the_other_pages_are_served(tmp_path: Path) -> None:
    template = tmp_path / "templates" / "windsock" / "thing.html"
    template.parent.mkdir(parents=True)
    template.write_text("{{ 1 / 0 }}")
    with serving(tmp_path) as server:
        pages = [server.request("GET", path).status for path in ("/", "/things/kiln")]
    assert [200, 500] == pages
    assert 1 == server.output.count(f"{template}, line 1: ZeroDivisionError: division by zero\n")


def test_files_of_ones_own_are_served_for_the_templates_that_name_them(tmp_path: Path) -> None:
    for path, text in {
        "static/page.css": "p { color: red }",
        "templates/windsock/missing.html": "{{ url_for('static', filename='page.css') }}",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text)
    with serving(tmp_path) as server:
        address = server.request("GET", "/things/fog").text
        assert "/own/page.css" == address
        assert "p { color: red }" == server.request("GET", address).text
        (tmp_path / "static" / ".env").write_text("KEY=secret")
        for hidden in ("/own/../windsock.toml", "/own/%2e%2e/windsock.toml", "/own/.env", "/own/./.env"):
            assert 404 == server.request("GET", hidden).status
        assert "nosniff" == server.request("GET", address).headers["x-content-type-options"]
