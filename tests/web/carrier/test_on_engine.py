"""An application that knows nothing of Windsock, on the real engine, with stock clients."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import socketio
import websocket

from tests.delivery.viewers import Raw, TidyClient, open_raw
from tests.waiting import WITHIN, eventually
from tests.web.carrier.club import Club, club

WAYS = ["websocket", "polling", "polling,websocket"]
SCRIPT = Path(__file__).with_name("stock_client.mjs")


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Club]:
    with club(tmp_path) as running:
        yield running


class Guest:
    """The stock Python client; ``got`` are its events in the order in which its threads noted them."""

    def __init__(self, url: str, way: str, namespaces: list[str], auth: Any) -> None:
        self.got: list[list[Any]] = []
        self.client = TidyClient(reconnection=False, handle_sigint=False)
        self.client.on("*", lambda event, *values: self.got.append([event, *values]))
        self.client.on("*", lambda event, *values: self.got.append([event, *values]), namespace="/desk")
        self.client.connect(url, transports=way.split(","), namespaces=namespaces, auth=auth, wait_timeout=WITHIN)

    def meets(self, *event: Any) -> None:
        eventually(lambda: list(event) in self.got)

    def ask(self, event: str, *values: Any, namespace: str = "/") -> Any:
        answer = self.client.call(event, values, namespace=namespace, timeout=WITHIN)
        return list(answer) if isinstance(answer, tuple) else answer


@contextmanager
def guest(
    opened: Club, way: str = "websocket", namespaces: tuple[str, ...] = ("/",), auth: Any = None
) -> Iterator[Guest]:
    made = Guest(opened.url, way, list(namespaces), auth)
    try:
        yield made
    finally:
        made.client.disconnect()


@pytest.mark.parametrize("way", WAYS)
def test_the_stock_javascript_client_finds_all_as_it_was(opened: Club, way: str) -> None:
    ran = subprocess.run(["node", SCRIPT, opened.url, way], capture_output=True, text=True, timeout=30, check=False)
    assert 0 == ran.returncode, ran.stderr
    met = json.loads(ran.stdout)
    assert {
        "hello": [["/", True, "hello", {"auth": {"name": "Ada"}, "in": 1}], ["/", True, "message", "welcome"]],
        "transport": way.rpartition(",")[2],
        "echo": 1,
        "joined": ["lobby", "quiet"],
        "said": ["psst"],
        "left": ["lobby"],
        "pictures": [[255, 2, 1], [255, 2, 1]],
        "bytes": [0, 128],
        "asked": ["really!", 42],
        "failed": "ZeroDivisionError",
        "inOrder": True,
        "welcome": ["right"],
        "desk": [7, "right"],
        "refused": ["wrong key", {"hint": "try right"}],
        "nowhere": "Invalid namespace",
        "quit": "io server disconnect",
    } == met
    eventually(lambda: opened.empty)
    assert {"server disconnect", "client disconnect"} == set(opened.left)


@pytest.mark.parametrize("way", WAYS)
def test_the_stock_python_client_finds_all_as_it_was(opened: Club, way: str) -> None:
    with guest(opened, way, ("/", "/desk"), {"key": "right"}) as first, guest(opened, way, auth={"b": 2}) as second:
        first.meets("hello", {"auth": {"key": "right"}, "in": 1})
        second.meets("hello", {"auth": {"b": 2}, "in": 2})
        first.meets("welcome", "right")
        assert [1, "ü"] == first.ask("echo", 1, "ü")
        assert [7, "right"] == first.ask("ask", 7, namespace="/desk")
        assert ["lobby", "quiet"] == first.ask("join", "quiet") == second.ask("join", "quiet")
        second.client.emit("say", ("quiet", "psst"))
        first.meets("said", "psst")
        first.client.emit("picture", {"is": b"abc"})
        for each in (first, second):
            each.meets("picture", {"is": b"cba"})
        first.client.on("question", lambda question: (f"{question}!", 42))
        assert ["really!", 42] == first.ask("ask me", "really")
        assert "ZeroDivisionError" == first.ask("fail")


def test_clients_of_both_transports_get_the_same_binary_broadcast(opened: Club) -> None:
    with guest(opened, "websocket") as first, guest(opened, "polling") as second, guest(opened, "polling") as third:
        for _ in range(5):
            for each in (first, second, third):
                each.got.clear()
            opened.socketio.emit("picture", [b"\x00\xff", {"more": b"\x1e"}])
            for each in (first, second, third):
                each.meets("picture", [b"\x00\xff", {"more": b"\x1e"}])


def test_pages_emit(opened: Club) -> None:
    with guest(opened) as first:
        assert "a page" == requests.get(f"{opened.url}/page", timeout=WITHIN).text
        first.meets("page", "looked at")


def test_the_server_may_ask_from_any_thread(opened: Club) -> None:
    with guest(opened) as first:
        first.client.on("question", lambda value: value + 1)
        sid = first.client.get_sid()
        assert 8 == opened.socketio.call("question", 7, to=sid, timeout=WITHIN)


@pytest.mark.parametrize("way", ["websocket", "polling"])
def test_what_a_connect_handler_sends_follows_connect_on_the_wire(opened: Club, way: str) -> None:
    session = open_raw(opened.host.port, way)
    session.send("40")
    got = [session.receive() for _ in range(3)]
    session.close()
    assert got[0].startswith('40{"sid":')
    assert ['42["hello",{"auth":null,"in":1}]', '42["message","welcome"]'] == got[1:]


@pytest.mark.parametrize("way", ["websocket", "polling"])
def test_emits_of_one_thread_arrive_in_their_order(opened: Club, way: str) -> None:
    session = open_raw(opened.host.port, way)
    session.send("40")
    for _ in range(3):
        session.receive()
    session.send('42["count",500]')
    got = [session.receive() for _ in range(500)]
    session.close()
    assert [f'42["number",{number}]' for number in range(500)] == got


def read_on(session: Raw) -> None:
    while True:
        session.receive()


@pytest.mark.parametrize("bad", ['42["echo",nul]', "48", '42{"a":1}', '451-["echo",{"_placeholder":true,"num":3}]'])
def test_a_packet_that_makes_no_sense_ends_its_session_and_no_other(opened: Club, bad: str) -> None:
    with guest(opened) as other:
        session = open_raw(opened.host.port)
        session.send("40")
        for _ in range(3):
            session.receive()
        session.send(bad)
        if bad.startswith("45"):
            session.send("bAAAA")
        with pytest.raises(websocket.WebSocketConnectionClosedException):
            read_on(session)
        session.close()
        assert 5 == other.ask("echo", 5)
        eventually(lambda: 1 == len(opened.socketio.server.eio.sockets))


def test_a_client_that_vanishes_is_disconnected(opened: Club) -> None:
    with guest(opened) as first:
        eventually(lambda: first.got)
        first.client.eio.ws.sock.shutdown(socket.SHUT_RDWR)
        eventually(lambda: ["transport close"] == opened.left)


def test_one_that_does_not_answer_pings_is_disconnected(tmp_path: Path) -> None:
    with club(tmp_path, ping_interval=0.2, ping_timeout=0.2) as opened:
        session = open_raw(opened.host.port)
        session.send("40")
        eventually(lambda: ["ping timeout"] == opened.left)
        session.close()


def test_stopping_tells_the_clients_and_runs_their_disconnect_handlers(tmp_path: Path) -> None:
    with club(tmp_path) as opened, guest(opened) as first:
        second = open_raw(opened.host.port, "polling")
        second.send("40")
        eventually(lambda: first.got and 2 == len(opened.socketio.server.manager.rooms["/"][None]))
        opened.host.stop()
        eventually(lambda: not first.client.connected)
        assert ["server disconnect"] * 2 == opened.left
        second._connection.close()  # type: ignore[attr-defined]


def test_many_come_and_go_at_once_and_nothing_of_them_remains(opened: Club) -> None:
    def come_and_go() -> None:
        for number in range(20):
            session = open_raw(opened.host.port)
            session.send("40")
            if number % 3:
                assert session.receive().startswith("40")
            session.send('42["join","room"]')
            if number % 2:
                session.send('42["quit"]')
            session.close()

    threads = [threading.Thread(target=come_and_go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WITHIN)
    eventually(lambda: opened.empty and not opened.host.engine.sessions)
    assert 160 == len(opened.left)


def test_a_call_to_one_that_is_gone_times_out(opened: Club) -> None:
    with pytest.raises(socketio.exceptions.TimeoutError):
        opened.socketio.call("question", to="nobody", timeout=0.05)
