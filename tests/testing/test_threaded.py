from __future__ import annotations

import http.client
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from tests.leftovers import added, present
from tests.servers import request
from tests.waiting import eventually
from windsock.testing import threaded
from windsock.testing.threaded import ThreadedServer


def test_it_serves_until_it_is_stopped() -> None:
    app = Flask("small")
    app.add_url_rule("/", view_func=lambda: "here")
    before = present()

    with ThreadedServer(app) as server:
        url = f"http://127.0.0.1:{server.port}/"
        assert "here" == request("GET", url).text
    server.stop()

    eventually(lambda: [] == added(before), within=2)  # a request's thread ends a moment after its answer
    with pytest.raises(OSError, match="refused"):
        request("GET", url)


def test_one_that_was_never_started_can_be_stopped() -> None:
    before = present()

    ThreadedServer(Flask("small")).stop()

    assert [] == added(before)


def test_a_connection_that_is_kept_open_does_not_hold_up_the_end(caplog: pytest.LogCaptureFixture) -> None:
    app = Flask("small")
    app.add_url_rule("/", view_func=lambda: "here")
    with ThreadedServer(app) as server:
        kept = http.client.HTTPConnection("127.0.0.1", server.port)
        kept.request("GET", "/")
        assert b"here" == kept.getresponse().read()
        began = time.monotonic()
    assert time.monotonic() - began < 4  # what would hold it up takes five seconds
    kept.close()

    assert "" == caplog.text


def test_a_request_that_hangs_in_the_application_is_left_behind_and_named(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(threaded, "END_WITHIN", 0.05)
    asked, answer = threading.Event(), threading.Event()

    def hang() -> str:
        asked.set()
        answer.wait(30)
        return "late"

    app = Flask("hanging")
    app.add_url_rule("/", view_func=hang)
    with ThreadPoolExecutor(1) as pool, ThreadedServer(app) as server:
        asking = pool.submit(request, "GET", f"http://127.0.0.1:{server.port}/")
        eventually(asked.is_set)
        began = time.monotonic()
        server.stop()
        took = time.monotonic() - began
        answer.set()
        assert took < 10
        assert isinstance(asking.exception(), OSError)

    assert "a request still runs after 0.05 s, in the application" in caplog.text
