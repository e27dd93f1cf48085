"""Windsock as its users run it: a process of its own, with a folder of its own.

with serving(tmp_path, KILN) as server:
    server.put_state("kiln", "HOT")
    assert "HOT" == server.get("/api/v1/things/kiln").json["state"]
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.waiting import eventually, free_port

KILN = """
[things.kiln]
"""

_LIVE = re.compile(r"^Windsock is live at (http://\S+)/ ", re.MULTILINE)
_START_WITHIN = _STOP_WITHIN = 60.0
# What a person's shell could hold that would make the tests' servers differ.
_FOREIGN = ("WINDSOCK_", "AZURE_", "FLASK_", "PYTHON")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered to a request; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Server:
    """``windsock serve`` or ``windsock demo``, on the same free port at every `start`."""

    def __init__(self, folder: Path, env: Mapping[str, str], verb: str, *arguments: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = (verb, "--port", str(self.port), *arguments)
        self._env = env
        self._process: subprocess.Popen[bytes] | None = None
        self._log = folder / f"windsock-{self.port}.log"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "started before it is used"
        return self._process

    @property
    def output(self) -> str:
        """All that it printed since its last start."""
        return self._log.read_text(encoding="utf-8")

    def start(self) -> None:
        """Start it, and wait until it says that it is live."""
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command(*self._command), cwd=self.folder, env=environment(self._env), stdout=log, stderr=log
            )
        deadline = time.monotonic() + _START_WITHIN
        while not (live := _LIVE.search(self.output)):
            assert self._process.poll() is None, f"it ended with {self._process.returncode}:\n{self.output}"
            assert time.monotonic() < deadline, f"not live within {_START_WITHIN} s:\n{self.output}"
            time.sleep(0.005)
        assert self.url == live[1]

    def signal(self, number: int) -> None:
        """Signal it. Of SIGSTOP it returns when it stands still: a busy machine delivers that late."""
        self.process.send_signal(number)
        if number == signal.SIGSTOP:
            process = psutil.Process(self.process.pid)
            eventually(lambda: process.status() == psutil.STATUS_STOPPED)

    def wait(self, within: float = _STOP_WITHIN) -> int:
        """Wait for it to end; its exit code."""
        return self.process.wait(within)

    def stop(self) -> int:
        """Ask it to end, as a service manager does; its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """End it as a crash would, at once; no error if it has ended."""
        self.process.kill()
        self.process.wait()

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Its answer, whatever the status; a redirect is not followed."""
        return request(method, self.url + path, body, headers)

    def get(self, path: str) -> Answer:
        return self.request("GET", path)

    def put_state(
        self, thing: str, state: str, data: Mapping[str, Any] | None = None, key: str | None = None
    ) -> Answer:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        body = json.dumps({"state": state, "data": data or {}}).encode()
        return self.request("PUT", f"/api/v1/things/{thing}/state", body, headers)


@contextmanager
def serving(
    folder: Path,
    toml: str | None = KILN,
    env: Mapping[str, str] | None = None,
    verb: str = "serve",
    arguments: Sequence[str] = (),
) -> Iterator[Server]:
    """A running server of the configuration ``toml``; without one, of the `windsock.toml` that lies in ``folder``.

    What it printed is shown if the test fails. At the end it is killed, if it still runs.
    """
    if toml is not None and verb == "serve":
        (folder / "windsock.toml").write_text(toml, encoding="utf-8")
    server = Server(folder, env or {}, verb, *arguments)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        print(f"--- windsock {verb} printed:\n{server.output}")


def command(*arguments: str) -> list[str]:
    """How to run ``windsock`` with arguments."""
    return [sys.executable, "-m", "windsock", *arguments]


def windsock(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """What became of ``windsock`` with arguments, once it has ended."""
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(env or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_STOP_WITHIN,
        check=False,
    )


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without what would change how Windsock behaves, and with ``env``."""
    usual = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return usual | dict(env)


def request(method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """The answer to one HTTP request, whatever its status; a redirect is not followed, a proxy not asked."""
    # Tests ask their own servers, and those speak HTTP.
    wanted = urllib.request.Request(url, body, dict(headers or {}), method=method)  # noqa: S310
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    try:
        with opener.open(wanted, timeout=30) as answer:
            return Answer(answer.status, _lower(answer.headers.items()), answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, _lower(error.headers.items()), error.read().decode())


def _lower(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: object) -> None:
        return None
