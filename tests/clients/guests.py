"""Stock clients, all moved in the same way: the JavaScript ones in Node, python-socketio's in this process."""

from __future__ import annotations

import base64
import json
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from tests.builders import ROOT
from tests.delivery.viewers import TidyClient
from tests.servers import environment
from tests.waiting import WITHIN, eventually

PUPPET = Path(__file__).with_name("puppet.js")
NEWEST, OLDEST, OUTDATED, PYTHON = "socket.io-client", "socket.io-client-4.0", "socket.io-client-2", "python-socketio"
WAYS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": ["polling", "websocket"]}


class Met(NamedTuple):
    """What a client met: ``event`` with its name and values, ``connect``, ``disconnect``, ``connect_error``."""

    what: str
    namespace: str
    values: list[Any]


class Wanted(NamedTuple):
    """How a client connects. ``way`` is one of `WAYS`."""

    url: str
    way: str = "websocket"
    namespaces: Sequence[str] = ("/",)
    auth: Any = None
    headers: Mapping[str, str] = {}
    reconnects: bool = False
    path: str = "/socket.io/"


class Guest(Protocol):
    """A client. It answers whatever it is asked with what it was asked."""

    met: list[Met]

    def emit(self, event: str, *values: Any, namespace: str = "/") -> None:
        """Send an event."""

    def ask(self, event: str, *values: Any, namespace: str = "/") -> list[Any]:
        """Send an event; what it is acknowledged with."""

    def transport(self) -> str:
        """``polling`` or ``websocket``."""

    def close(self) -> None:
        """Disconnect, and leave nothing behind."""


class JavaScriptGuest:
    """Runs in Node; ``package`` is what the client is installed as."""

    def __init__(self, package: str, wanted: Wanted) -> None:
        self.met: list[Met] = []
        self._told: list[tuple[str, list[Any]]] = []
        options = {
            "path": wanted.path,
            "transports": WAYS[wanted.way],
            "namespaces": wanted.namespaces,
            "auth": wanted.auth,
            "extraHeaders": wanted.headers,
            "reconnection": wanted.reconnects,
            "reconnectionDelay": 50,
            "reconnectionDelayMax": 200,
        }
        self._process = subprocess.Popen(
            ["node", str(PUPPET), package, wanted.url, json.dumps(options)],
            cwd=ROOT,
            env=environment({}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def emit(self, event: str, *values: Any, namespace: str = "/") -> None:
        self._do("emit", namespace, event, *values)

    def ask(self, event: str, *values: Any, namespace: str = "/") -> list[Any]:
        self._do("ask", namespace, event, *values)
        return self._wait_for("answer")

    def transport(self) -> str:
        self._do("transport")
        return str(self._wait_for("transport")[0])

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(WITHIN)
        finally:
            self._process.kill()
            self._reader.join(WITHIN)
            self._process.stdout.close()
            self._process.wait()

    def _do(self, *action: Any) -> None:
        assert self._process.stdin
        print(json.dumps(_outward(action)), file=self._process.stdin, flush=True)

    def _wait_for(self, what: str) -> list[Any]:
        """What was told and not yet taken."""
        told = eventually(lambda: next((one for one in self._told if one[0] == what), None))
        assert told
        self._told.remove(told)
        return told[1]

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            what, *values = _inward(json.loads(line))
            if what in ("answer", "transport"):
                self._told.append((what, values))
            else:
                self.met.append(Met(what, values[0], values[1:]))


class PythonGuest:
    """The stock Python client."""

    def __init__(self, wanted: Wanted) -> None:
        self.met: list[Met] = []
        self._client = TidyClient(
            reconnection=wanted.reconnects,
            reconnection_delay=0.05,
            reconnection_delay_max=0.2,
            randomization_factor=0,
            handle_sigint=False,
        )
        for namespace in wanted.namespaces:
            self._listen(namespace)
        self._client.connect(
            wanted.url,
            transports=WAYS[wanted.way],
            namespaces=list(wanted.namespaces),
            auth=wanted.auth,
            headers=dict(wanted.headers),
            socketio_path=wanted.path,
            wait=False,
        )

    def emit(self, event: str, *values: Any, namespace: str = "/") -> None:
        self._client.emit(event, values, namespace=namespace)

    def ask(self, event: str, *values: Any, namespace: str = "/") -> list[Any]:
        answers: list[list[Any]] = []
        self._client.emit(event, values, namespace=namespace, callback=lambda *answer: answers.append(list(answer)))
        return eventually(lambda: answers)[0]

    def transport(self) -> str:
        return str(self._client.transport())

    def close(self) -> None:
        self._client.disconnect()

    def _listen(self, namespace: str) -> None:
        def note(what: str, *values: Any) -> None:
            self.met.append(Met(what, namespace, list(values)))

        def on_event(event: str, *values: Any) -> tuple[Any, ...]:
            note("event", event, *values)
            return values

        on = self._client.on
        on("*", on_event, namespace=namespace)
        on("connect", lambda: note("connect"), namespace=namespace)
        on("disconnect", lambda reason: note("disconnect", reason), namespace=namespace)
        on("connect_error", lambda error: note("connect_error", *_words(error)), namespace=namespace)


def _words(error: Any) -> list[Any]:
    return [error["message"], error.get("data")] if isinstance(error, dict) else [error, None]


@contextmanager
def knocking(package: str, wanted: Wanted) -> Iterator[Guest]:
    """A client of a kind, which tries to connect."""
    guest: Guest = PythonGuest(wanted) if package == PYTHON else JavaScriptGuest(package, wanted)
    try:
        yield guest
    finally:
        guest.close()


@contextmanager
def visiting(package: str, wanted: Wanted) -> Iterator[Guest]:
    """A client of a kind, which has connected to all namespaces, and was upgraded if it can be."""
    with knocking(package, wanted) as guest:
        for namespace in wanted.namespaces:
            meets(guest, "connect", namespace)
        if wanted.way == "upgrade":
            eventually(lambda: guest.transport() == "websocket")
        yield guest


def meets(guest: Guest, what: str, namespace: str, *values: Any, after: int = 0) -> Met:
    """What a client met, as soon as it has: with these first values, and beyond the first ``after`` things."""
    wanted = list(values)

    def look() -> Met | None:
        for met in guest.met[after:]:
            if (met.what, met.namespace, met.values[: len(wanted)]) == (what, namespace, wanted):
                return met
        return None

    found = eventually(look)
    assert found
    return found


def _outward(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {name: _outward(one) for name, one in value.items()}
    return [_outward(one) for one in value] if isinstance(value, list | tuple) else value


def _inward(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"bytes"}:
            return base64.b64decode(value["bytes"])
        return {name: _inward(one) for name, one in value.items()}
    return [_inward(one) for one in value] if isinstance(value, list) else value
