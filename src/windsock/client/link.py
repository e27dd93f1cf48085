"""One connection on the stock client, in threads: messages in order, and nothing left behind at its end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

import engineio
import socketio

from windsock import wire
from windsock.client.options import CONNECT_WITHIN, NotInstalled, Options, failure
from windsock.client.patience import PingTimeout

_END_WITHIN = 10.0


class Listener(Protocol):
    """Whom a link tells; called in a thread of the link's."""

    def linked(self) -> None:
        """It is made; what comes from now on belongs to it."""

    def state(self, message: Any) -> None:
        """The event ``state``."""

    def heard(self, message: Any) -> None:
        """The event ``heard``."""

    def lost(self, reason: str) -> None:
        """It is lost, for whatever reason."""


class Link:
    """Made once; `connect` is called once."""

    def __init__(self, listener: Listener) -> None:
        self._refused: list[Any] = []
        self._client = _Client(reconnection=False, handle_sigint=False, request_timeout=CONNECT_WITHIN)
        self._client.when_lost = listener.lost
        handlers: dict[str, Callable[..., None]] = {
            "connect": listener.linked,
            "state": listener.state,
            "heard": listener.heard,
            "connect_error": self._refused.append,
        }
        for event, handler in handlers.items():
            self._client.on(event, handler, namespace=wire.NAMESPACE)

    def connect(self, wanted: Options, auth: dict[str, Any], transports: list[str]) -> None:
        """Raises NoLink, or UnknownThing or Refused if it would be of no use to try again."""
        try:
            self._client.connect(
                wanted.origin,
                auth=auth,
                transports=transports,
                namespaces=[wire.NAMESPACE],
                socketio_path=wanted.path,
                wait_timeout=CONNECT_WITHIN,
            )
        except Exception as error:  # noqa: BLE001  # a connection that breaks shows in the stock client in many ways
            self.close()
            raise failure(error, self._refused, wanted) from None

    def emit(self, event: str, value: object, answered: Callable[[Any], None] | None = None) -> None:
        """Ask for something; ``answered`` is called with the acknowledgement. Nothing happens if the link is lost."""
        with suppress(socketio.exceptions.BadNamespaceError):
            self._client.emit(event, value, wire.NAMESPACE, answered)

    def close(self) -> None:
        """End it, and wait until nothing of it is left."""
        self._client.eio.disconnect()


class _Engine(engineio.Client):  # type: ignore[misc]  # python-engineio has no annotations
    """Handles one message after the other, and goes without the stock one's long goodbye.

    The stock one starts a thread for each message, so that they overtake each other; at its end it leaves a socket
    open, or waits for seconds.
    """

    ping_timeout = PingTimeout()

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._ending = threading.Lock()

    def _trigger_event(self, event: str, *arguments: Any, **named: Any) -> Any:
        return super()._trigger_event(event, *arguments, **named | {"run_async": False})

    def disconnect(self, abort: bool = False, reason: str | None = None) -> None:
        # Its reading thread finds the connection closed, and tidies up.
        if self._ending.acquire(blocking=False):
            self._hang_up()
        reader = self.read_loop_task
        if reader is None:
            self._reset()
        elif reader is not threading.current_thread():
            reader.join(_END_WITHIN)

    def _hang_up(self) -> None:
        self.queue.put(None)
        if self.ws is not None:
            kept = self.ws.sock
            if kept is not None:
                with suppress(OSError):
                    kept.shutdown(socket.SHUT_RDWR)
        elif self.state == "connected" and self.http is not None:
            with suppress(Exception):
                self.http.post(self.base_url, "1", timeout=_END_WITHIN)

    def _reset(self) -> None:
        if self.ws is not None:
            self.ws.shutdown()
        if self.http is not None:
            self.http.close()
        super()._reset()
        self.queue.put(None)  # for the writing thread, if it still waits


class _Client(socketio.Client):  # type: ignore[misc]  # python-socketio has no annotations
    """Tells of the loss of every connection, also of one that is lost while it is made."""

    when_lost: Callable[[str], None]

    def _engineio_client_class(self) -> type[_Engine]:
        return _Engine

    def _handle_disconnect(self, namespace: str) -> None:
        self.eio.disconnect()  # the only namespace: there is nothing to stay for

    def _handle_eio_disconnect(self, reason: str) -> None:
        super()._handle_eio_disconnect(reason)
        self.when_lost(reason)


def require_packages() -> None:
    """Raises NotInstalled."""
    try:
        import requests  # noqa: F401
        import websocket  # noqa: F401
    except ImportError as error:
        raise NotInstalled(f"{error.name} is not installed: pip install 'windsock[client]'") from None
