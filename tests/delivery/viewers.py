"""Viewers: the stock Socket.IO client, and raw ones that show every packet in the order of its arrival."""

from __future__ import annotations

import copy
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import engineio
import socketio
import websocket

from tests.waiting import WITHIN, eventually

NAMESPACE = "/windsock"
TRANSPORTS = ("websocket", "polling")
Payload = dict[str, Any]


# The library for WebSocket writes these two itself.
_BY_OPTION = {"Host": "host", "Origin": "origin"}


def _options(headers: Mapping[str, str]) -> dict[str, Any]:
    options = {option: headers[name] for name, option in _BY_OPTION.items() if name in headers}
    return {"suppress_origin": "Origin" not in headers} | options


def _without(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in _BY_OPTION}


class Refused(Exception):
    """The server refused the connection; its arguments are what the client was told."""


class _Tidy(engineio.Client):  # type: ignore[misc]  # python-engineio has no annotations
    """The stock client, but closing its socket when the server says goodbye."""

    def _reset(self) -> None:
        if self.ws:
            self.ws.shutdown()
        super()._reset()


class TidyClient(socketio.Client):  # type: ignore[misc]  # python-socketio has no annotations
    """The stock client, leaving no socket behind."""

    def _engineio_client_class(self) -> type[_Tidy]:
        return _Tidy


class _Orderly(_Tidy):
    """The same, but handling one message after the other: the stock one starts a thread for each, so they overtake."""

    def _trigger_event(self, event: str, *args: Any, **kwargs: Any) -> Any:
        return super()._trigger_event(event, *args, **kwargs | {"run_async": False})


class OrderlyClient(socketio.Client):  # type: ignore[misc]  # python-socketio has no annotations
    """The stock client, leaving no socket behind, and calling for one message after the other."""

    def _engineio_client_class(self) -> type[_Orderly]:
        return _Orderly


class _Calm(_Orderly):
    """The same, but going without its long goodbye: it may wait for a ping when it ends."""

    def disconnect(self, abort: bool = False, reason: str | None = None) -> None:
        session, link, reader = self.http, self.ws, self.read_loop_task
        if abort or self.state != "connected":
            pass  # the server has said goodbye
        elif self.current_transport == "websocket":
            link.sock.shutdown(socket.SHUT_RDWR)
        else:
            session.post(self.base_url, "1")
        if reader and reader is not threading.current_thread():
            reader.join()
        super().disconnect(abort=True)
        if link:
            link.shutdown()
        if session:
            session.close()


class _Client(socketio.Client):  # type: ignore[misc]  # python-socketio has no annotations
    def _engineio_client_class(self) -> type[_Calm]:
        return _Calm


class Viewer:
    """The stock client in Windsock's namespace. ``got`` are the events, in order."""

    def __init__(self, port: int, transport: str, auth: Any, headers: Mapping[str, str]) -> None:
        self.got: list[tuple[str, Payload]] = []
        self._refused: list[Any] = []
        self._client = _Client(reconnection=False, handle_sigint=False, websocket_extra_options=_options(headers))
        self._client.on("*", lambda event, payload: self.got.append((event, payload)), namespace=NAMESPACE)
        self._client.on("connect_error", self._refused.append, namespace=NAMESPACE)
        try:
            self._client.connect(
                f"http://127.0.0.1:{port}",
                transports=[transport],
                auth=auth,
                namespaces=[NAMESPACE],
                headers=dict(headers) if transport == "polling" else _without(headers),
                wait_timeout=WITHIN,
            )
        except socketio.exceptions.ConnectionError as error:
            self._client.disconnect()
            raise Refused(*self._refused, str(error)) from None

    def ask(self, request: str, value: Any = None) -> Payload:
        """The acknowledgement of a request."""
        answer: Payload = self._client.call(request, value, namespace=NAMESPACE, timeout=WITHIN)
        return answer

    def events(self, event: str, thing: str | None = None) -> list[Payload]:
        """The payloads of an event, in order; those of one thing if it is named."""
        return [payload for name, payload in list(self.got) if name == event and thing in (None, payload["thing"])]

    def states(self, thing: str) -> list[Payload]:
        return self.events("state", thing)

    def newest(self, thing: str) -> Payload | None:
        """The last state of a thing; None: it had none yet."""
        return next(reversed(self.states(thing)), None)

    def sees(self, thing: str, state: str) -> Payload:
        """The message with which a thing shows a state, as soon as it has come."""
        return eventually(lambda: next((p for p in self.states(thing) if p["state"] == state), None)) or {}

    def has(self, event: str, wanted: Callable[[Payload], bool]) -> Payload:
        """The first payload of an event that is wanted, as soon as it has come."""
        return eventually(lambda: next((p for p in self.events(event) if wanted(p)), None)) or {}

    def close(self) -> None:
        self._client.disconnect()


@contextmanager
def viewing(
    port: int, transport: str = "websocket", auth: Any = None, headers: Mapping[str, str] | None = None
) -> Iterator[Viewer]:
    """A connected viewer. Raises Refused."""
    viewer = Viewer(port, transport, auth, headers or {})
    try:
        yield viewer
    finally:
        viewer.close()


class Raw(Protocol):
    """An Engine.IO session whose every packet can be looked at."""

    def send(self, packet: str) -> None:
        """Send one packet."""

    def receive(self) -> str:
        """The next packet; pings are answered, and not shown."""

    def close(self) -> None:
        """End the session."""


class RawWebSocket:
    """A session over WebSocket; ``buffer`` is the size of the kernel's receive buffer, in bytes."""

    def __init__(self, port: int, headers: Mapping[str, str] | None = None, buffer: int | None = None) -> None:
        options = [] if buffer is None else [(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)]
        self._socket = websocket.create_connection(
            f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket",
            header=_without(headers or {}),
            sockopt=options,
            timeout=WITHIN,
            **_options(headers or {}),
        )
        assert self.receive().startswith("0{")

    def send(self, packet: str) -> None:
        self._socket.send(packet)

    def receive(self) -> str:
        while (packet := str(self._socket.recv())) == "2":
            self.send("3")
        return packet

    def close(self) -> None:
        self._socket.shutdown()  # type: ignore[no-untyped-call]


class RawPolling:
    """A session over HTTP long-polling."""

    def __init__(self, port: int, headers: Mapping[str, str] | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN)
        self._headers = dict(headers or {})
        self._path = "/socket.io/?EIO=4&transport=polling"
        self._packets: list[str] = []
        self._path += "&sid=" + json.loads(self.receive()[1:])["sid"]

    def twin(self) -> RawPolling:
        """The same session over another connection: two requests of it may then be under way at once."""
        twin = copy.copy(self)
        twin._connection = http.client.HTTPConnection("127.0.0.1", self._connection.port, timeout=WITHIN)
        return twin

    def send(self, packet: str) -> None:
        assert "ok" == self._request("POST", packet).lower()

    def receive(self) -> str:
        while not self._packets:
            for packet in self._request("GET").split("\x1e"):
                self.send("3") if packet == "2" else self._packets.append(packet)
        return self._packets.pop(0)

    def close(self) -> None:
        self._request("POST", "1")
        self._connection.close()

    def _request(self, method: str, body: str | None = None) -> str:
        self._connection.request(method, self._path, body, self._headers)
        return self._connection.getresponse().read().decode()


def open_raw(port: int, transport: str = "websocket", headers: Mapping[str, str] | None = None) -> Raw:
    return RawWebSocket(port, headers) if transport == "websocket" else RawPolling(port, headers)


@contextmanager
def raw(
    port: int, transport: str = "websocket", auth: Any = None, headers: Mapping[str, str] | None = None
) -> Iterator[Raw]:
    """A session that has sent its CONNECT, and has not looked at any answer."""
    session = open_raw(port, transport, headers)
    try:
        session.send(f"40{NAMESPACE}," + ("" if auth is None else json.dumps(auth)))
        yield session
    finally:
        session.close()


def request(session: Raw, *request: Any) -> list[tuple[str, Payload]]:
    """Send a request; what came before its acknowledgement, and that, as the event ``ack``."""
    session.send(f"42{NAMESPACE},7{json.dumps(request)}")
    got = [event(session.receive())]
    while got[-1][0] != "ack":
        got.append(event(session.receive()))
    return got


def event(packet: str) -> tuple[str, Payload]:
    """What a packet says: an event and its payload, or ``connect``, ``ack`` or ``refused`` with theirs."""
    kind, _, text = packet.partition(f"{NAMESPACE},")
    value = json.loads(text[text.index("[") :] if kind == "43" else text)
    if kind == "42":
        return value[0], value[1]
    return {"40": "connect", "43": "ack", "44": "refused"}[kind], value[0] if kind == "43" else value
