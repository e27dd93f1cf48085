"""Sessions on HTTP long-polling, request by request: nothing is sent or answered that the test does not say."""

from __future__ import annotations

import base64
import http.client
import json
import socket
from types import TracebackType
from typing import Any, NamedTuple, Self

from tests.waiting import WITHIN

SEPARATOR = "\x1e"


class Answer(NamedTuple):
    """An HTTP response."""

    status: int
    text: str
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def packets(self) -> list[str]:
        """Those of a poll."""
        assert 200 == self.status, self
        return self.text.split(SEPARATOR)


class Place(NamedTuple):
    """An Engine.IO endpoint on 127.0.0.1."""

    port: int
    path: str

    def target(self, transport: str | None = None, sid: str | None = None, version: str | None = "4") -> str:
        """The address of a request; what is None is left out."""
        query = {"EIO": version, "transport": transport, "sid": sid}
        return f"{self.path}?" + "&".join(f"{name}={value}" for name, value in query.items() if value is not None)

    def request(
        self, method: str, target: str, body: str | bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """The answer to one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WITHIN)
        try:
            connection.request(method, target, body.encode() if isinstance(body, str) else body, headers or {})
            return read_answer(connection)
        finally:
            connection.close()


def read_answer(connection: http.client.HTTPConnection) -> Answer:
    response = connection.getresponse()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, response.read().decode(), headers)


class Poller:
    """A session on HTTP long-polling."""

    def __init__(self, place: Place) -> None:
        self.place = place
        opened = place.request("GET", place.target("polling"))
        assert opened.text.startswith("0"), opened
        self.handshake = json.loads(opened.text[1:])
        self.sid: str = self.handshake["sid"]
        self._target = place.target("polling", self.sid)
        self._waiting: list[str] = []

    def get(self) -> Answer:
        return self.place.request("GET", self._target)

    def post(self, *packets: str) -> Answer:
        return self.place.request("POST", self._target, SEPARATOR.join(packets))

    def put(self, *packets: str) -> None:
        """Send packets, whatever comes of it."""
        self.post(*packets)

    def begin_get(self) -> Pending:
        """A poll that is under way."""
        return Pending(self.place.port, f"GET {self._target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")

    def begin_post(self, size: int) -> Pending:
        """A POST whose body of ``size`` bytes is not sent yet."""
        head = f"POST {self._target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {size}\r\n\r\n"
        return Pending(self.place.port, head)

    def send(self, *messages: str | bytes) -> None:
        """Send messages."""
        encoded = [f"4{one}" if isinstance(one, str) else "b" + base64.b64encode(one).decode() for one in messages]
        assert (200, "ok") == self.post(*encoded)[:2]

    def receive(self) -> str | bytes:
        """The next message."""
        while not self._waiting:
            self._waiting = self.get().packets
        packet = self._waiting.pop(0)
        if packet == "2":
            assert 200 == self.post("3").status
            return self.receive()
        return base64.b64decode(packet[1:]) if packet[0] == "b" else packet.removeprefix("4")

    @property
    def is_closed(self) -> bool:
        return 400 == self.get().status

    def close(self) -> None:
        self.post("1")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Pending:
    """A request that has been sent, and whose answer is yet to be read."""

    def __init__(self, port: int, head: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN)
        self._connection.connect()
        self._socket = self._connection.sock
        self._socket.sendall(head.encode())

    def send(self, body: bytes) -> None:
        """Go on with the body."""
        self._socket.sendall(body)

    def answer(self) -> Answer:
        """The answer, once it has come."""
        # As http.client does it, but for a request that it did not write.
        response = http.client.HTTPResponse(self._socket)
        try:
            response.begin()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, response.read().decode(), headers)
        finally:
            response.close()
            self.give_up()

    @property
    def is_answered(self) -> bool:
        """Whether anything has come."""
        self._socket.settimeout(0.02)
        try:
            return bool(self._socket.recv(1, socket.MSG_PEEK))
        except TimeoutError:
            return False
        finally:
            self._socket.settimeout(WITHIN)

    def give_up(self) -> None:
        """Go, without waiting for the answer."""
        self._connection.close()
