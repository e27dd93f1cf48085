"""What the output cannot encode ends no command: it is written in another way."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.servers import Server, command, environment, serving

ENCODINGS = ("latin-1", "ascii")
TOML = '[store]\nurl = "memory:"\n[things.kiln.states]\n"Glühend \u2600" = { label = "Es glüht \u2600" }\n'
SET_ASIDE = {"number": 1, "at": "-", "source": "s", "id": None, "reason": "\u2600", "size": 3, "body": "\u2600"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server"), TOML) as running:
        running.put_state("kiln", "Glühend \u2600", {"ort": "Küche \u2600"})
        yield running


def said(encoding: str, *arguments: str) -> bytes:
    """What a command printed that went well."""
    env = environment({"PYTHONIOENCODING": encoding})
    done = subprocess.run(command(*arguments), env=env, capture_output=True, timeout=30, check=False)
    assert (0, b"") == (done.returncode, done.stderr)
    return done.stdout


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "arguments",
    [
        ("history", "kiln"),
        ("history", "kiln", "--csv"),
        ("history", "kiln", "--json"),
        ("send", "kiln", "Glühend \u2600", "--data", "ort=\u2600"),
    ],
    ids=" ".join,
)
def test_what_there_is_to_say_is_said(server: Server, encoding: str, arguments: tuple[str, ...]) -> None:
    found = said(encoding, *arguments, "--url", server.url)
    assert any(sun in found for sun in (b"\\u2600", "\u2600".encode()))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_watched_state_is_said(server: Server, encoding: str) -> None:
    with subprocess.Popen(
        command("watch", "kiln", "--url", server.url),
        env=environment({"PYTHONIOENCODING": encoding}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as watching:
        assert watching.stdout is not None
        line = watching.stdout.readline()
        watching.terminate()
    assert b"kiln: Es gl" in line


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_is_tried_is_said(tmp_path: Path, encoding: str) -> None:
    config = tmp_path / "glühend\u2600.toml"
    config.write_text('[store]\nurl = "memory:"\n')
    assert said(encoding, "check", "--config", str(config)).startswith(b"ok")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("below", [(), ("show", "1")], ids=["list", "show"])
def test_messages_that_were_set_aside_are_said(encoding: str, below: tuple[str, ...]) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(SET_ASIDE if below else {"rejected": [SET_ASIDE]}).encode())

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as other:
        thread = threading.Thread(target=other.handle_request)
        thread.start()
        found = said(encoding, "rejected", "--url", f"http://127.0.0.1:{other.server_port}", *below)
        thread.join()
    assert found
