"""What the log is told of links that are not there."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.client.following import FORMS, Form, following, sees
from tests.servers import serving
from tests.waiting import eventually, free_port
from windsock.client import asynchronous, blocking
from windsock.client.losses import Losses
from windsock.client.options import Elsewhere

ATTEMPTS = 5


@pytest.fixture(params=[pytest.param(form, id=name) for name, form in FORMS.items()])
def form(request: pytest.FixtureRequest) -> Form:
    found: Form = request.param
    return found


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The attempts that failed; there is no pause between them."""
    found: list[int] = []

    def pause(attempt: int) -> float:
        found.append(attempt)
        return 0.01

    for module in (blocking, asynchronous):
        monkeypatch.setattr(module, "pause", pause)
    return found


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The warnings of the client."""
    return [
        record.getMessage()
        for record in caplog.records
        if (record.name, record.levelno) == ("windsock.client", logging.WARNING)
    ]


@pytest.mark.parametrize("things", [(), ("kiln",), ("kiln", "oven")], ids=" ".join)
def test_where_no_server_is_it_is_told_once(
    form: Form, caplog: pytest.LogCaptureFixture, attempts: list[int], things: tuple[str, ...]
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with following(form, url, *things):
        eventually(lambda: len(attempts) >= ATTEMPTS)
    [line] = told(caplog)
    assert line.startswith(f"no link to {url}: Connect")
    assert line.endswith("; trying again until there is one")


@pytest.mark.parametrize("things", [(), ("kiln",)], ids=["all", "one"])
def test_each_loss_is_told_once_and_that_it_is_over(
    form: Form, caplog: pytest.LogCaptureFixture, tmp_path: Path, attempts: list[int], things: tuple[str, ...]
) -> None:
    caplog.set_level(logging.INFO, "windsock.client")
    with serving(tmp_path) as server, following(form, server.url, *things) as program:
        sees(program, lambda state: state.liveness == "unknown")
        assert [] == told(caplog)
        for _ in range(2):
            caplog.clear()
            server.kill()
            attempts.clear()
            eventually(lambda: len(attempts) >= ATTEMPTS)
            server.start()
            eventually(lambda: f"linked to {server.url} again" in caplog.messages)
            assert 1 == len(told(caplog))


def test_an_end_is_no_loss(form: Form, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        with following(form, server.url) as program:
            sees(program, lambda state: state.liveness == "unknown")
        assert [] == told(caplog)


# ------------------------------------------------------------------------------------------------------ wrong paths


@contextmanager
def answering(status: int) -> Iterator[str]:
    """The address of a server that answers everything so."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(status)

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


NOTHING_BELOW = "Socket.IO is not below a Flask application's WINDSOCK_URL_PREFIX, but at its root: try {url}"
NOTHING_AT_ROOT = "If it is behind a proxy, is a path missing?"


@pytest.mark.parametrize(("path", "words"), [("", NOTHING_AT_ROOT), ("/windsock", NOTHING_BELOW)])
def test_a_wrong_path_is_told_with_what_to_do(
    form: Form, caplog: pytest.LogCaptureFixture, attempts: list[int], path: str, words: str
) -> None:
    with answering(404) as url:
        with following(form, f"{url}{path}", "kiln") as program:
            unlinked = sees(program, lambda state: state.liveness == "unlinked")
            eventually(lambda: len(attempts) >= ATTEMPTS)
        reason = f"the server answers 404 at {path}/socket.io. {words.format(url=url)}"
    assert reason == unlinked.reason
    assert [f"no link to {url}{path}: {reason}; trying again until there is one"] == told(caplog)


def test_another_refusal_of_the_server_is_named(
    form: Form, caplog: pytest.LogCaptureFixture, attempts: list[int]
) -> None:
    with answering(503) as url, following(form, url):
        eventually(lambda: len(attempts) >= ATTEMPTS)
    assert [f"no link to {url}: the server answers 503; trying again until there is one"] == told(caplog)


def test_a_wrong_path_is_told_of_a_server_that_was_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    losses = Losses("http://host")
    losses.lost("refused")
    losses.lost("404", Elsewhere)
    losses.lost("refused")
    losses.lost("404", Elsewhere)
    assert ["refused", "404"] == [line.removeprefix("no link to http://host: ").split(";")[0] for line in told(caplog)]
