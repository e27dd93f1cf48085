from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask_socketio import SocketIO
from werkzeug.middleware.proxy_fix import ProxyFix

from tests.engine.fakes import Link, make_session, said
from tests.web.apps import KEY, make_app
from windsock import Windsock, wire
from windsock.engine import Engine, Limits, Options, Refused, Session
from windsock.engine.protocol.request import parse_head
from windsock.engine.protocol.socketio import read_header
from windsock.errors import Denied, NotStarted, UnknownThing
from windsock.web.engine_delivery import EngineDelivery
from windsock.web.problems import UNAVAILABLE
from windsock.web.proxies import TrustedProxies

HEAD = b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:5000\r\n"
PREFIXED = HEAD + b"X-Forwarded-For: 203.0.113.5\r\nX-Forwarded-Prefix: /mounted\r\n"
CONNECT = read_header('0/windsock,{"things":["cloud"]}')
Wrap = Callable[[Any], Any]


class Served:
    """An application whose Windsock the engine delivers, without a loop: a test has it call what waits to be called."""

    def __init__(self, app: Flask, windsock: Windsock) -> None:
        self.app = app
        self.windsock = windsock
        self.cloud = windsock.thing("cloud")
        self.kiln = windsock.thing("kiln")
        self.engine = Engine(Options(), Limits(), 10)
        self.site = windsock.site(app)
        self.site.deliver_by(self.engine)
        assert isinstance(self.site.delivery, EngineDelivery)
        self.delivery = self.site.delivery
        self.states = self.delivery._states
        self.told: list[str] = []

    def note(self) -> None:
        """Write down what the loop is told of."""
        for name in ("changed", "heard"):
            setattr(self.states, name, lambda thing, *_, name=name: self.told.append(f"{name} {thing}"))

    def go_on(self) -> list[str]:
        self.engine._call_all()
        told, self.told = self.told, []
        return sorted(told)


def served(wrap: Wrap | None = None, **config: Any) -> Served:
    app, windsock = make_app(**config)
    if wrap is not None:
        app.wsgi_app = wrap(app.wsgi_app)  # type: ignore[method-assign]
    return Served(app, windsock)


@pytest.fixture
def running() -> Iterator[Served]:
    made = served()
    made.windsock.start(made.app)
    made.go_on()
    yield made
    made.windsock.stop(made.app)


def session(head: bytes = HEAD, peer: str = "127.0.0.1") -> Session:
    found = make_session()
    found.head = head + b"\r\n"
    found.peer = peer
    return found


def mounted(inner: Any) -> Any:
    """Middleware that nobody knows."""
    return lambda environ, start: inner({**environ, "SCRIPT_NAME": "/mounted/"}, start)


def refusing(inner: Any) -> Any:
    def answer(environ: Any, start: Any) -> list[bytes]:
        start("403 FORBIDDEN", [])
        return [b"no"]

    return answer


# ------------------------------------------------------------------------------------------------ coming in


@pytest.mark.parametrize(
    ("wrap", "inline", "base"),
    [
        (None, True, "/windsock"),
        (mounted, False, "/mounted/windsock"),
        (lambda inner: ProxyFix(inner, x_prefix=1), True, "/mounted/windsock"),
        (lambda inner: TrustedProxies(inner, ["127.0.0.1"]), True, "/mounted/windsock"),
        (lambda inner: TrustedProxies(inner, ["10.0.0.0/8"]), True, "/windsock"),
        (lambda inner: ProxyFix(mounted(inner)), False, "/mounted/windsock"),
    ],
)
def test_addresses_begin_with_what_the_middleware_makes_of_them(wrap: Wrap | None, inline: bool, base: str) -> None:
    made = served(wrap)
    made.delivery.find_server(made.app, [])
    assert (inline, base) == (made.delivery.inline, made.delivery.enter(session(PREFIXED)))


@pytest.mark.parametrize("socketio_first", [True, False])
def test_an_application_with_a_socketio_of_its_own_is_entered_inline_too(socketio_first: bool) -> None:
    app = Flask("both")
    app.config["WINDSOCK_STORE_URL"] = "memory:"
    if socketio_first:
        SocketIO(app, async_mode="threading")
    windsock = Windsock(app)
    if not socketio_first:
        SocketIO(app, async_mode="threading")
    made = Served(app, windsock)
    made.delivery.find_server(app, [])
    assert (True, "/windsock") == (made.delivery.inline, made.delivery.enter(session()))


def test_whom_the_application_does_not_let_in_is_refused() -> None:
    made = served(refusing)
    made.delivery.find_server(made.app, [])
    with pytest.raises(Refused, match="the application refused the request: 403 FORBIDDEN"):
        made.delivery.enter(session())
    with pytest.raises(Refused):
        made.delivery.may_publish(session(), KEY)
    assert "403" in made.delivery.words(Refused("the application refused the request: 403 FORBIDDEN"), publisher=False)


@pytest.mark.parametrize(
    ("key", "peer", "head", "token", "allowed"),
    [
        (KEY, "192.0.2.7", HEAD, KEY, True),
        (KEY, "127.0.0.1", HEAD, None, False),
        (KEY, "127.0.0.1", HEAD, "wrong", False),
        (KEY, "192.0.2.7", HEAD + b"Authorization: Bearer a-publisher-key\r\n", None, True),
        (None, "127.0.0.1", HEAD, None, True),
        (None, "192.0.2.7", HEAD, None, False),
        (None, "127.0.0.1", PREFIXED, None, False),
        (None, "127.0.0.1", HEAD + b"Origin: https://elsewhere.example\r\n", None, False),
        (None, "127.0.0.1", HEAD + b"Origin: http://127.0.0.1:5000\r\n", None, True),
        (None, "127.0.0.1", HEAD.replace(b"127.0.0.1:5000", b"live.example"), None, False),
    ],
)
def test_who_may_publish_is_decided_as_for_any_request(
    key: str | None, peer: str, head: bytes, token: str | None, allowed: bool
) -> None:
    made = served(WINDSOCK_PUBLISHER_KEY=key) if key else served()
    assert allowed == made.delivery.may_publish(session(head, peer), token)


def test_a_trusted_proxy_does_not_make_a_publisher_of_its_viewers() -> None:
    made = served(lambda inner: TrustedProxies(inner, ["127.0.0.1"]))
    local = PREFIXED.replace(b"203.0.113.5", b"127.0.0.1")
    assert not made.delivery.may_publish(session(local), None)


# ------------------------------------------------------------------------------------------- start and stop


def test_before_the_start_there_are_no_states() -> None:
    made = served()
    assert not made.delivery.started
    with pytest.raises(NotStarted):
        made.delivery.things()


def test_the_first_viewer_starts_it() -> None:
    made = served()
    made.delivery.start_for_viewer()
    assert (True, {"cloud", "kiln"}) == (made.delivery.started, set(made.delivery.things()))
    made.windsock.stop(made.app)
    assert not made.delivery.started


def test_a_stop_puts_viewers_out_and_a_start_sends_them_everything(running: Served) -> None:
    link = Link()
    viewer = make_session(link, running.engine)  # type: ignore[arg-type]
    viewer.head, viewer.peer = HEAD + b"\r\n", "127.0.0.1"
    running.states.receive(viewer, CONNECT)
    assert ["0/windsock,", "2/windsock,"] == [text[:11] for text in said(link.new())]
    running.windsock.stop(running.app)
    running.windsock.stop(running.app)
    running.go_on()
    assert ["1/windsock,"] == said(link.new())
    running.windsock.start(running.app)
    running.go_on()
    running.states.receive(viewer, CONNECT)
    assert 2 == len(said(link.new()))


# -------------------------------------------------------------------------------------------------- news


def test_the_loop_is_told_of_news_once_however_much_there_is(running: Served) -> None:
    running.note()
    for _ in range(3):
        running.delivery.changed("cloud")
        running.delivery.heard("cloud")
        running.delivery.heard("kiln")
    assert 1 == len(running.engine._called)
    assert ["changed cloud", "heard kiln"] == running.go_on()
    assert [] == running.go_on()


def test_the_loop_is_told_since_when_there_is_a_change_and_how_many_it_stands_for(
    running: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[float, int]] = []
    monkeypatch.setattr(running.states, "changed", lambda _thing, at, times: told.append((at, times)))
    before = time.monotonic()
    running.delivery.changed("cloud")
    after = time.monotonic()
    running.delivery.changed("cloud")
    running.go_on()
    [(at, times)] = told
    assert (True, 2) == (before <= at <= after, times)


def test_news_that_comes_while_it_is_told_is_told_next(running: Served) -> None:
    running.note()
    running.delivery.changed("cloud")
    assert ["changed cloud"] == running.go_on()
    running.delivery.changed("cloud")
    assert ["changed cloud"] == running.go_on()


def test_what_is_reported_is_told(running: Served) -> None:
    running.note()
    running.cloud.report("UP")
    running.kiln.report("HOT")
    assert ["changed cloud", "changed kiln"] == running.go_on()


def test_news_make_frames_old_before_the_loop_is_told(running: Served) -> None:
    encoder = running.delivery.encoder("cloud", "")
    before = encoder.mark()
    running.kiln.report("HOT")
    assert before == encoder.mark()
    running.cloud.report("UP")
    assert before != encoder.mark()


def test_frames_hold_what_the_wire_says(running: Served) -> None:
    running.cloud.report("UP", {"height": 3})
    encoder = running.delivery.encoder("cloud", "/mounted")
    for name, frame in (("state", encoder.state()), ("heard", encoder.heard())):
        packet = str(frame.packet)
        assert packet.startswith(f'42{wire.NAMESPACE},["{name}",')
        payload = json.loads(packet.removeprefix(f"42{wire.NAMESPACE},"))[1]
        assert ("cloud", 1) == (payload["thing"], payload["version"])


# ------------------------------------------------------------------------------------------------ requests


def test_history_and_reports_are_carried_out(running: Served) -> None:
    answer = running.delivery.report({"thing": "kiln", "state": "HOT"}, allowed=True)
    assert ("changed", 1) == (answer["result"], answer["version"])
    assert [1] == [change["version"] for change in running.delivery.history({"thing": "kiln"})["changes"]]
    with pytest.raises(Denied):
        running.delivery.report({"thing": "kiln", "state": "HOT"}, allowed=False)


@pytest.mark.parametrize(
    ("error", "publisher", "words"),
    [
        (UnknownThing("there is no thing 'fog'"), False, "there is no thing 'fog'"),
        (NotStarted("the disk is full"), True, "the disk is full"),
        (NotStarted("the disk is full"), False, UNAVAILABLE),
    ],
)
def test_what_is_wrong_within_is_told_to_publishers_only(error: Any, publisher: bool, words: str) -> None:
    assert words in served().delivery.words(error, publisher)


def test_the_head_of_a_test_is_one_that_the_engine_would_keep() -> None:
    assert parse_head(HEAD + b"\r\n")
