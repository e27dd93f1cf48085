"""A server that says what a test has it say, right or wrong: the other end of a viewer's link."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, NoReturn

import simple_websocket

from windsock.testing.threaded import ThreadedServer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

OPEN = '0{"sid":"s","upgrades":[],"pingInterval":10000,"pingTimeout":10000}'
CONNECTED = '40/windsock,{"sid":"t"}'


class Strange:
    """Greets every viewer in the same words; then says whatever is put into ``says``, and notes what it ``hears``."""

    def __init__(self, greeting: Sequence[str]) -> None:
        self.says: SimpleQueue[str | None] = SimpleQueue()
        self.hears: list[str] = []
        self._greeting = greeting

    def __call__(self, environ: WSGIEnvironment, _start_response: StartResponse) -> NoReturn:
        socket: Any = simple_websocket.Server.accept(environ)
        try:
            socket.send(self._greeting[0])
            self.hears.append(socket.receive())
            for packet in self._greeting[1:]:
                socket.send(packet)
            while (said := self._next(socket)) is not None:
                socket.send(said)
                if said == "1":  # a goodbye: what comes next is for another connection
                    break
            socket.close()
        except simple_websocket.ConnectionClosed:
            pass
        raise ConnectionError  # tells Werkzeug that nothing is left to be answered

    def _next(self, socket: Any) -> str | None:
        """What to say next; what is heard meanwhile is noted, and ``watch`` is answered."""
        while self.says.empty():
            heard = socket.receive(timeout=0.01)
            if heard is not None:
                self.hears.append(heard)
                if heard.startswith("42/windsock,"):
                    number = heard[len("42/windsock,") : heard.index("[")]
                    return f'43/windsock,{number}[{{"ok":true}}]'
        return self.says.get()


@contextmanager
def strange(*greeting: str) -> Iterator[tuple[Strange, str]]:
    """The server and its address; at its usual it lets every viewer in."""
    server = Strange(greeting or (OPEN, CONNECTED))
    with ThreadedServer(server) as listening:
        try:
            yield server, f"ws://127.0.0.1:{listening.port}/socket.io/"
        finally:
            server.says.put(None)


def event(name: str, payload: Any) -> str:
    """An event of the namespace."""
    return f"42/windsock,{json.dumps([name, payload])}"
