from __future__ import annotations

import ipaddress
import logging
import resource
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_socketio import SocketIO
from socketio import PubSubManager

from tests.engine.hosted import config, hosted
from tests.engine.raw import ENDPOINT, Wire, viewer
from windsock import Windsock
from windsock.config.model import LimitsTable, ServerTable
from windsock.engine import Limits
from windsock.errors import ConfigError
from windsock.web.engine_delivery import EngineDelivery
from windsock.web.hosting import RESERVED_FILES, Host, files_for_viewers, make_limits, make_options
from windsock.web.serving import listen

MANY = 1_000_000


class Files:
    """The limits of open files of a process."""

    def __init__(self, soft: int, hard: int) -> None:
        self.limits = (soft, hard)

    def get(self, which: int) -> tuple[int, int]:
        assert resource.RLIMIT_NOFILE == which
        return self.limits

    def set(self, which: int, limits: tuple[int, int]) -> None:
        assert resource.RLIMIT_NOFILE == which
        self.limits = limits


def files(monkeypatch: pytest.MonkeyPatch, soft: int, hard: int) -> Files:
    made = Files(soft, hard)
    monkeypatch.setattr(resource, "getrlimit", made.get)
    monkeypatch.setattr(resource, "setrlimit", made.set)
    return made


def host(app: Flask, limits: Mapping[str, Any] | None = None, **server: Any) -> Host:
    """One that is not started, and whose port is free again."""
    with listen("127.0.0.1", 0) as listener:
        return Host(app, config(limits or {}, server), listener)


# -------------------------------------------------------------------------------------------- configuration


def test_the_engine_speaks_as_it_is_configured() -> None:
    table = ServerTable(ping_interval=timedelta(seconds=3), ping_timeout=timedelta(seconds=4))
    options = make_options(table, Limits(message_size=5))
    assert ("/socket.io/", 3.0, 4.0, 5, None) == (
        options.path,
        options.ping_interval,
        options.ping_timeout,
        options.max_payload,
        options.origins,
    )


@pytest.mark.parametrize(
    ("allowed", "origins"),
    [
        ([], None),
        (["https://a.example"], ("https://a.example",)),
        (["https://a.example", "*"], "*"),
    ],
)
def test_allowed_origins_are_those_that_are_named(allowed: list[str], origins: object) -> None:
    assert origins == make_options(ServerTable(allowed_origins=allowed), Limits()).origins


def test_limits_that_are_not_configured_are_the_engines_own() -> None:
    assert Limits() == make_limits(LimitsTable())
    changed = make_limits(LimitsTable(connections=7, connect_timeout=timedelta(milliseconds=1500), waiting_size=9))
    assert Limits(connections=7, connect_timeout=1.5, waiting_size=9) == changed


def test_every_limit_can_be_configured() -> None:
    assert set(LimitsTable.model_fields) == set(Limits.__dataclass_fields__)


def test_an_application_with_a_socketio_says_how_the_engine_speaks() -> None:
    app = Flask("app")
    SocketIO(app, async_mode="threading", ping_interval=7, ping_timeout=8, path="/live", max_http_buffer_size=99)
    options = host(app, ping_interval=1.0).engine.options
    assert ("/live/", 7, 8, 99) == (options.path, options.ping_interval, options.ping_timeout, options.max_payload)


def test_proxies_and_the_scheme_are_known_to_the_engine(tmp_path: Path) -> None:
    found = host(Flask("app"), trusted_proxies=["10.0.0.0/8", "::1"]).engine
    assert [ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1/128")] == list(found.proxies)
    assert "http" == found.scheme


# ------------------------------------------------------------------------------------------------ open files


def test_the_limit_of_open_files_is_raised_as_far_as_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = files(monkeypatch, 1024, 20_000)
    assert 20_000 - RESERVED_FILES == files_for_viewers()
    assert (20_000, 20_000) == limits.limits


@pytest.mark.parametrize(("soft", "hard"), [(20_000, 20_000), (100, 100)])
def test_a_limit_that_is_raised_already_is_left_alone(monkeypatch: pytest.MonkeyPatch, soft: int, hard: int) -> None:
    limits = files(monkeypatch, soft, hard)
    assert max(hard - RESERVED_FILES, 1) == files_for_viewers()
    assert (soft, hard) == limits.limits


def test_without_any_limit_there_is_one_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    files(monkeypatch, 1024, resource.RLIM_INFINITY)
    assert MANY - RESERVED_FILES == files_for_viewers()


def test_the_limit_is_raised_for_as_many_viewers_as_are_configured_too(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = files(monkeypatch, 1024, 20_000)
    assert 5000 == host(Flask("app"), {"connections": 5000}).engine.most_sessions
    assert 5000 < limits.limits[0]


def test_no_more_viewers_are_let_in_than_there_are_files_for(monkeypatch: pytest.MonkeyPatch) -> None:
    files(monkeypatch, 1024, 1024)
    assert 1024 - RESERVED_FILES == host(Flask("app"), {"connections": 5000}).engine.most_sessions


# ------------------------------------------------------------------------------------------------- serving


def test_pages_and_viewers_are_served_on_one_port(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with (
        hosted(limits={"connections": 1234}) as running,
        Wire(running.port) as wire,
        viewer(running.port) as found,
    ):
        assert 200 == wire.request("GET", "/windsock/").status
        found.connect("cloud")
    assert "there is room for 1,234 viewers" in caplog.text


def test_an_application_without_windsock_is_served_too() -> None:
    app = Flask("plain")
    app.add_url_rule("/", "page", lambda: "a page")
    with listen("127.0.0.1", 0) as listener:
        running = Host(app, config({}, {}), listener)
        running.start()
        with Wire(running.port) as wire:
            assert b"a page" == wire.request("GET", "/").body
        with viewer(running.port) as found:
            found.say("40/windsock,")
            assert '44/windsock,{"message":"Invalid namespace"}' == found.hear()
        running.stop()


def test_handlers_and_states_are_carried_on_one_connection() -> None:
    app = Flask("both")
    socketio = SocketIO(app, async_mode="threading")
    socketio.on_event("ask", lambda value: f"answer to {value}")
    with hosted(app) as running, viewer(running.port) as found:
        found.connect("cloud")
        found.say("40")
        assert found.hear().startswith("40{")
        found.say('421["ask","me"]')
        assert '431["answer to me"]' == found.hear()
        assert running.change("cloud") == found.state()["version"]


def test_windsock_is_delivered_by_the_engine_from_then_on() -> None:
    app = Flask("app")
    app.config["WINDSOCK_STORE_URL"] = "memory:"
    windsock = Windsock(app)
    made = host(app)
    delivery = windsock.site(app).delivery
    assert isinstance(delivery, EngineDelivery)
    assert made.engine is delivery._engine


def test_what_the_engine_cannot_carry_is_refused_before_it_serves() -> None:
    app = Flask("app")
    SocketIO(app, async_mode="threading", client_manager=PubSubManager())
    with pytest.raises(ConfigError, match="client_manager"):
        host(app)


def test_the_first_viewer_starts_windsock() -> None:
    with hosted(start=False) as running, viewer(running.port) as found:
        found.connect("cloud")
        assert running.change("cloud") == found.state()["version"]
        with Wire(running.port) as wire:
            assert 400 == wire.request("GET", ENDPOINT).status
