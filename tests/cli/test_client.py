"""The verbs that talk to a running server: send, history, rejected."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from azure.storage.queue import QueueClient

from tests.azurite import Azurite
from tests.cli.typed import failed, succeeded, typed
from tests.servers import KILN, Server, serving
from tests.waiting import eventually, free_port

TOML = """
[store]
url = "memory:"
[things.kiln]
[things.oven]
[things.cloud]
source = "azure-queue://{queue}"
[things.cloud.states]
NEUTRAL = {{}}
HUGGING = {{}}
"""


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `windsock.toml` and no key of the person who runs the tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WINDSOCK_KEY", raising=False)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server without a key, for the tests that need nothing else."""
    with serving(
        tmp_path_factory.mktemp("server"), KILN + "[things.oven]\n[things.clock]\nsource = 'clock:'\n"
    ) as running:
        yield running


# ----------------------------------------------------------------------------------------------------- send


def test_a_state_is_sent(server: Server) -> None:
    succeeded("send", "kiln", "COLD", "--url", server.url)

    said = succeeded("send", "kiln", "HOT", "--url", server.url)

    kiln = server.get("/api/v1/things/kiln").json
    assert f"changed: kiln is HOT (version {kiln['version']})\n" == said
    assert ("HOT", {}) == (kiln["state"], kiln["data"])


def test_sending_says_what_became_of_it(server: Server) -> None:
    succeeded("send", "kiln", "COLD", "--url", server.url)

    sent = [
        succeeded("send", "kiln", *arguments, "--url", server.url).partition(":")[0]
        for arguments in (["WARM"], ["WARM"], ["WARM", "--data", "a=1"], ["COLD"])
    ]

    assert ["changed", "same", "updated", "changed"] == sent


def test_data_are_json_where_they_can_be_and_text_where_not(server: Server) -> None:
    pairs = ["force=3", "hot=true", "list=[1, 2]", "name=Ada Lovelace", "sum=1+1=2", "empty=", "zip=01234"]
    options = [text for pair in pairs for text in ("--data", pair)]

    succeeded("send", "kiln", "HOT", *options, "--url", server.url)

    assert {
        "force": 3,
        "hot": True,
        "list": [1, 2],
        "name": "Ada Lovelace",
        "sum": "1+1=2",
        "empty": "",
        "zip": "01234",
    } == server.get("/api/v1/things/kiln").json["data"]


@pytest.mark.parametrize("pair", ["force", "=3", ""])
def test_data_that_are_no_pair_are_refused(server: Server, pair: str) -> None:
    said = failed("send", "kiln", "HOT", "--data", pair, "--url", server.url, code=2)

    assert f"found {pair!r}, expected KEY=VALUE such as force=3" in said


@pytest.mark.parametrize(
    ("thing", "state", "reason"),
    [
        ("house", "HOT", "there is no thing 'house'"),
        ("ki/ln", "HOT", ""),
        ("../..", "HOT", ""),
        ("clock", "HOT", "clock takes no reports: its readings come from clock:"),
        ("kiln", "x" * 65, "a state name has at most 64 characters; this one has 65"),
        ("kiln", " ", "the state name is empty"),
    ],
)
def test_what_the_server_refuses_is_said_in_one_line(server: Server, thing: str, state: str, reason: str) -> None:
    [line] = failed("send", thing, state, "--url", server.url).splitlines()

    assert line.startswith("windsock: ")
    assert reason in line


# -------------------------------------------------------------------------------------------------- history


def test_history_lists_the_changes_in_order(server: Server) -> None:
    for arguments in (["HOT"], ["HOT", "--data", "degrees=1200"], ["COLD"]):
        succeeded("send", "oven", *arguments, "--url", server.url)

    head, *rows = succeeded("history", "oven", "--url", server.url).splitlines()

    assert ["version", "at", "state", "cause", "data"] == head.split()
    time = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    patterns = [rf"1 +{time}  HOT", rf'2 +{time}  HOT +\{{"degrees": 1200\}}', rf"3 +{time}  COLD"]
    assert all(re.fullmatch(pattern, row) for pattern, row in zip(patterns, rows, strict=True))

    _, last = succeeded("history", "oven", "--limit", "1", "--url", server.url).splitlines()
    assert rows[-1].split() == last.split()


def test_of_a_thing_that_never_reported_there_is_no_history(tmp_path: Path) -> None:
    with serving(tmp_path) as own:
        assert "Nothing is known of kiln yet.\n" == succeeded("history", "kiln", "--url", own.url)


def test_history_of_no_thing_is_refused(server: Server) -> None:
    assert "windsock: there is no thing 'house'\n" == failed("history", "house", "--url", server.url)


def test_nothing_that_was_sent_is_obeyed_by_the_terminal(server: Server) -> None:
    succeeded("send", "kiln", "\u202etoh", "--data", "a=\x1b[31mred", "--url", server.url)

    said = succeeded("history", "kiln", "--limit", "1", "--url", server.url)

    assert not {"\x1b", "\u202e"} & set(said)
    assert "\\u202etoh" in said


# ------------------------------------------------------------------------------------------------- rejected


@pytest.fixture
def watching(tmp_path: Path, azurite: Azurite, queue: QueueClient) -> Iterator[Server]:
    """A server that watches ``queue``."""
    env = {"AZURE_STORAGE_CONNECTION_STRING": azurite.connection_string}
    (tmp_path / "server").mkdir()
    with serving(tmp_path / "server", TOML.format(queue=queue.queue_name), env) as running:
        yield running


def test_where_nothing_was_set_aside_it_says_so(server: Server) -> None:
    assert "No message was set aside.\n" == succeeded("rejected", "--url", server.url)


def test_messages_set_aside_are_listed_shown_retried_and_dropped(watching: Server, queue: QueueClient) -> None:
    queue.send_message("<script>alert(1)</script>")
    queue.send_message('{"state": "HUGGING", ')
    queue.send_message("\n".join(["x" * 100] * 2))
    queue.send_message("HUGGING")
    eventually(lambda: 4 == len(succeeded("rejected", "--url", watching.url).splitlines()))
    url = ("--url", watching.url)

    head, *rows = succeeded("rejected", *url).splitlines()
    assert ["number", "at", "source", "body", "reason"] == head.split()
    assert ["3", "2", "1"] == [row.split()[0] for row in rows]
    assert all(f"azure-queue://{queue.queue_name}" in row for row in rows)
    assert "<script>alert(1)</script>" in rows[2]
    assert "cloud has no state '<script>alert(1)</script>'; it has NEUTRAL, HUGGING" in rows[2]
    assert "broken JSON" in rows[1]
    assert "x" * 41 not in rows[0].partition("a state name")[0]

    shown = succeeded("rejected", *url, "show", "3").splitlines()
    assert ["number:  3", "size:    201"] == [line for line in shown if line.startswith(("number:", "size:"))]
    assert ["", "x" * 100, "x" * 100] == shown[-3:]

    assert "cloud has no state" in failed("rejected", *url, "retry", "1")
    assert "Message 1 is forgotten.\n" == succeeded("rejected", *url, "drop", "1")
    assert "windsock: there is no message 1 set aside\n" == failed("rejected", *url, "show", "1")
    assert "windsock: there is no message 1 set aside\n" == failed("rejected", *url, "retry", "1")
    assert "windsock: there is no message 1 set aside\n" == failed("rejected", *url, "drop", "1")
    assert 3 == len(succeeded("rejected", *url).splitlines())
    eventually(lambda: "HUGGING" == watching.get("/api/v1/things/cloud").json["state"])
    eventually(lambda: 0 == queue.get_queue_properties().approximate_message_count)


def test_a_message_is_retried_once_the_configuration_has_its_state(
    watching: Server, queue: QueueClient, tmp_path: Path
) -> None:
    toml = tmp_path / "server" / "windsock.toml"
    toml.write_text(toml.read_text().replace("memory:", "sqlite:///windsock.db"))
    watching.stop()
    watching.start()
    queue.send_message("SLEEPING")
    eventually(lambda: "SLEEPING" in succeeded("rejected", "--url", watching.url))

    watching.stop()
    toml.write_text(toml.read_text() + "SLEEPING = {}\n")
    watching.start()

    assert "changed: version 1\n" == succeeded("rejected", "--url", watching.url, "retry", "1")
    assert "SLEEPING" == watching.get("/api/v1/things/cloud").json["state"]
    assert "No message was set aside.\n" == succeeded("rejected", "--url", watching.url)


@pytest.mark.parametrize("verb", ["show", "retry", "drop"])
def test_the_server_may_be_named_behind_the_verb_too(server: Server, verb: str) -> None:
    no_message = "windsock: there is no message 7 set aside\n"
    assert no_message == failed("rejected", verb, "7", "--url", server.url)
    assert no_message == failed("rejected", verb, "--url", server.url, "7")
    assert no_message == failed("rejected", "--url", f"http://127.0.0.1:{free_port()}", verb, "7", "--url", server.url)


@pytest.mark.parametrize("verb", ["show", "retry", "drop"])
def test_a_number_that_is_none_is_refused(server: Server, verb: str) -> None:
    assert "'one' is not a valid integer" in failed("rejected", "--url", server.url, verb, "one", code=2)


# ------------------------------------------------------------------------------------------------------ key


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a publisher key."""
    with serving(tmp_path_factory.mktemp("locked"), '[server]\npublisher_key = "open sesame"\n' + KILN) as running:
        yield running


@pytest.mark.parametrize("command", [["send", "kiln", "HOT"], ["rejected"], ["rejected", "drop", "1"]])
def test_without_the_key_it_is_said_how_to_give_it(locked: Server, command: list[str]) -> None:
    verb, *rest = command

    said = failed(verb, "--url", locked.url, *rest)

    assert (
        "windsock: this needs Authorization: Bearer <publisher key>; give it with --key, or in WINDSOCK_KEY\n" == said
    )


def test_another_key_is_refused(locked: Server) -> None:
    assert "windsock: this is not the publisher key\n" == failed(
        "send", "kiln", "HOT", "--url", locked.url, "--key", "open barley"
    )


def test_the_key_is_given_as_an_option(locked: Server) -> None:
    assert "kiln is HOT" in succeeded("send", "kiln", "HOT", "--url", locked.url, "--key", "open sesame")


def test_the_key_is_given_in_the_environment(locked: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDSOCK_KEY", "open sesame")

    assert "kiln is WARM" in succeeded("send", "kiln", "WARM", "--url", locked.url)


def test_the_address_and_the_key_are_taken_from_the_configuration(locked: Server, tmp_path: Path) -> None:
    (tmp_path / "windsock.toml").write_text(
        f'[server]\nhost = "0.0.0.0"\nport = {locked.port}\npublisher_key = "open sesame"\n'
    )

    assert "kiln is COLD" in succeeded("send", "kiln", "COLD")


def test_history_needs_no_key(locked: Server) -> None:
    succeeded("history", "kiln", "--url", locked.url)


@pytest.mark.parametrize("other", ["open barley", None])
def test_the_key_may_be_given_behind_the_verb_too(
    locked: Server, monkeypatch: pytest.MonkeyPatch, other: str | None
) -> None:
    no_message = "windsock: there is no message 1 set aside\n"
    if other:
        monkeypatch.setenv("WINDSOCK_KEY", other)
    assert no_message == failed("rejected", "drop", "1", "--url", locked.url, "--key", "open sesame")
    assert no_message == failed("rejected", "--key", "open sesame", "drop", "1", "--url", locked.url)


def test_behind_the_verb_the_key_of_the_environment_holds(locked: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDSOCK_KEY", "open sesame")
    assert "no message 1" in failed("rejected", "show", "1", "--url", locked.url)


def test_where_the_server_is_named_behind_the_verb_no_configuration_is_needed(server: Server, tmp_path: Path) -> None:
    (tmp_path / "windsock.toml").write_text("[server]\nport = 'x'\n")
    assert "no message 7" in failed("rejected", "show", "7", "--url", server.url)


# -------------------------------------------------------------------------------------------------- trouble


@pytest.mark.parametrize("command", [["send", "kiln", "HOT"], ["history", "kiln"], ["rejected"]])
def test_a_server_that_does_not_run_is_said_in_one_line(command: list[str]) -> None:
    url = f"http://127.0.0.1:{free_port()}"

    said = failed(*command, "--url", url)

    assert (
        f"windsock: no server at {url}: Connection refused. Start one with `windsock serve`, or name it with --url\n"
    ) == said


def test_without_an_address_the_usual_one_is_asked() -> None:
    result = typed("history", "no-such-thing")

    assert 1 == result.exit_code
    assert "no server at http://127.0.0.1:5000" in result.stderr or "there is no thing" in result.stderr


@pytest.mark.parametrize(
    "url",
    [
        "kiln",
        "ftp://127.0.0.1",
        "http://",
        "127.0.0.1:5000",
        "file:///etc/passwd",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:0",
        "http://127.0.0.1:port",
        "http://[::1",
        "http://a b/",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    said = failed("history", "kiln", "--url", url)

    assert f"windsock: --url: found {url!r}, expected an address such as http://127.0.0.1:5000\n" == said


def test_a_server_that_does_not_speak_http_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_greet, args=(listener,))
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        said = failed("history", "kiln", "--url", url)
        thread.join()

    assert f"windsock: {url} answers, but it is not a Windsock server\n" == said


def _greet(listener: socket.socket) -> None:
    connection, _address = listener.accept()
    with connection:
        connection.recv(10_000)
        connection.sendall(b"220 mail ready\r\n")


@pytest.mark.parametrize(
    ("status", "reason"), [(200, "it is not a Windsock server"), (503, "is it a Windsock server?")]
)
def test_another_server_is_called_so(status: int, reason: str) -> None:
    with _another_server(status) as url:
        assert reason in failed("history", "kiln", "--url", url)


def test_a_stranger_that_says_in_json_that_there_is_nothing_is_no_windsock() -> None:
    with _another_server(404, b'{"detail": "Not Found"}') as url:
        assert f"there is no Windsock at {url} (404). " in failed("history", "kiln", "--url", url)


@contextmanager
def _another_server(status: int, body: bytes = b"<h1>Welcome</h1>") -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        thread.join()


def test_a_wrong_configuration_is_said(tmp_path: Path) -> None:
    (tmp_path / "windsock.toml").write_text("[server]\nport = 'x'\n")

    said = failed("history", "kiln", code=2)

    assert said.startswith('windsock: windsock.toml: server.port: found "x", expected a whole number\n')


def test_a_variable_that_is_not_set_here_is_said_with_the_way_around_it(server: Server, tmp_path: Path) -> None:
    (tmp_path / "windsock.toml").write_text('[server]\npublisher_key = "${NOT_SET}"\n')

    said = failed("send", "kiln", "HOT", code=2).splitlines()

    assert "windsock: windsock.toml: server.publisher_key: found ${NOT_SET}, but the environment variable" in said[0]
    assert "windsock: windsock.toml is not needed where --url names the server, and --key its publisher key" == said[1]
    succeeded("send", "kiln", "HOT", "--url", server.url)
