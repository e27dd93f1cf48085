"""What python-socketio and Flask-SocketIO see in the place of python-engineio's server: the engine."""

from __future__ import annotations

import json
import logging
import queue
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from engineio import Server
from engineio.packet import CLOSE, MESSAGE
from engineio.packet import Packet as EioPacket

from windsock.web.carrier.environ import noted
from windsock.web.carrier.inbox import Inbox
from windsock.web.carrier.ports import Engine

log = logging.getLogger("windsock.carrier")

_COPIED = (
    "ping_interval",
    "ping_interval_grace_period",
    "ping_timeout",
    "max_http_buffer_size",
    "allow_upgrades",
    "http_compression",
    "compression_threshold",
    "cookie",
    "cors_allowed_origins",
    "cors_credentials",
    "transports",
    "logger",
)
_ELSEWHERE = "this application's Socket.IO is served by Windsock's engine, which this request did not come through"


class Socket:
    """A session as python-engineio shows it. Looked at, not kept."""

    __slots__ = ("_eio", "_inbox", "closed", "connected", "sid")

    def __init__(self, eio: EngineIO, inbox: Inbox) -> None:
        self._eio = eio
        self._inbox = inbox
        self.sid = inbox.session.sid
        self.closed = False
        self.connected = True

    @property
    def upgraded(self) -> bool:
        """Whether it is on WebSocket."""
        return self._inbox.session.transport == "websocket"

    @property
    def session(self) -> dict[str, Any]:
        """What the application keeps with it."""
        return self._eio.get_session(self.sid)

    def send(self, pkt: Any) -> None:
        """Send a packet of Engine.IO."""
        self._eio.send_packet(self.sid, pkt)

    def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """End it."""
        self._eio.disconnect(self.sid)


class EngineIO:
    """Everything that an application, python-socketio and Flask-SocketIO use of ``stock``, which it takes the place of.

    Safe from any thread. Sending never waits, never looks after pings, and runs nothing of the application's.
    """

    reason = Server.reason
    async_mode = "threading"
    start_service_task = False
    service_task_event = None

    def __init__(self, engine: Engine, stock: Any, inboxes: Mapping[str, Inbox]) -> None:
        self._engine = engine
        self._inboxes = inboxes
        for name in _COPIED:
            setattr(self, name, getattr(stock, name))
        # python-socketio's own three, with whatever was put around them.
        self.handlers: dict[str, Callable[..., Any]] = dict(stock.handlers)
        # Flask-SocketIO's test client sets it; python-socketio's is what counts.
        self.async_handlers = False

    # -------------------------------------------------------------------------------------------------------- sending

    def send(self, sid: str, data: Any) -> None:
        """Send one message to a session: text, bytes, or what becomes JSON."""
        if isinstance(data, bytes | bytearray | memoryview):
            data = bytes(data)
        elif not isinstance(data, str):
            data = EioPacket.json.dumps(data, separators=(",", ":"))
        self._engine.send(sid, [data])

    def send_packet(self, sid: str, pkt: Any) -> None:
        """Send a packet of Engine.IO; the engine itself sees to all but messages."""
        if pkt.packet_type == MESSAGE:
            self.send(sid, pkt.data)
        elif pkt.packet_type == CLOSE:
            self._engine.close(sid)

    def send_parts(self, sids: Sequence[str], parts: Sequence[str | bytes | bytearray]) -> None:
        """Send packets of Socket.IO, each with its attachments after it; nothing of others comes in between."""
        whole = [part if isinstance(part, str) else bytes(part) for part in parts]
        if len(sids) == 1:
            self._engine.send(sids[0], whole)
        elif sids:
            self._engine.broadcast(sids, whole)

    def disconnect(self, sid: str | None = None) -> None:
        """End a session, or all; the disconnect handlers run soon after, in another thread."""
        for one in list(self._inboxes) if sid is None else [sid]:
            self._engine.close(one)

    # ------------------------------------------------------------------------------------------------------- sessions

    @property
    def sockets(self) -> dict[str, Socket]:
        """The sessions that are connected to the application, as they are now."""
        return {sid: Socket(self, inbox) for sid, inbox in list(self._inboxes.items())}

    def get_session(self, sid: str) -> dict[str, Any]:
        """What the application keeps with a session. Raises KeyError if it is gone."""
        inbox = self._inbox(sid)
        if inbox.kept is None:
            inbox.kept = {}
        return inbox.kept

    def save_session(self, sid: str, session: dict[str, Any]) -> None:
        """Replace what is kept with a session. Raises KeyError if it is gone."""
        self._inbox(sid).kept = session

    @contextmanager
    def session(self, sid: str) -> Iterator[dict[str, Any]]:
        """What is kept with a session, saved afterwards. Raises KeyError if it is gone."""
        session = self.get_session(sid)
        try:
            yield session
        finally:
            self.save_session(sid, session)

    def transport(self, sid: str) -> str:
        """``polling`` or ``websocket``. Raises KeyError if the session is gone."""
        return self._inbox(sid).session.transport

    def _inbox(self, sid: str) -> Inbox:
        try:
            return self._inboxes[sid]
        except KeyError:
            raise KeyError("Session not found") from None

    # ------------------------------------------------------------------------------------------------------- handlers

    def on(self, event: str, handler: Callable[..., Any] | None = None) -> Any:
        """Set the handler of ``connect``, ``message`` or ``disconnect``; without one, a decorator for it."""
        if event not in Server.event_names:
            raise ValueError("Invalid event")

        def set_handler(handler: Callable[..., Any]) -> Callable[..., Any]:
            self.handlers[event] = handler
            return handler

        return set_handler if handler is None else set_handler(handler)

    def handle_request(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        """Where the application's middleware ends. A request that a person made is told where to go."""
        if noted(environ):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b""]
        start_response("400 BAD REQUEST", [("Content-Type", "application/json")])
        return [json.dumps({"code": 3, "message": f"Bad request: {_ELSEWHERE}"}).encode()]

    # -------------------------------------------------------------------------------------------------------- threads

    def start_background_task(self, target: Callable[..., Any], *args: Any, **kwargs: Any) -> threading.Thread:
        """Run a function in a thread of its own, which does not keep the process from ending."""
        thread = threading.Thread(target=target, args=args, kwargs=kwargs, daemon=True)
        thread.start()
        return thread

    def sleep(self, seconds: float = 0) -> None:
        """Sleep."""
        time.sleep(seconds)

    def create_queue(self, *args: Any, **kwargs: Any) -> queue.Queue[Any]:
        """A queue for threads."""
        return queue.Queue(*args, **kwargs)

    def get_queue_empty_exception(self) -> type[queue.Empty]:
        """What such a queue raises when it is empty."""
        return queue.Empty

    def create_event(self, *args: Any, **kwargs: Any) -> threading.Event:
        """An event for threads."""
        return threading.Event(*args, **kwargs)

    def generate_id(self) -> str:
        """An id that nobody can guess."""
        return secrets.token_urlsafe(15)

    def is_asyncio_based(self) -> bool:
        """No: the application's code runs in threads."""
        return False

    def async_modes(self) -> list[str]:
        """The only one there is here."""
        return [self.async_mode]

    def shutdown(self) -> None:
        """Nothing: the engine is stopped by whoever runs it."""
        log.debug("the application shut its Socket.IO server down; the engine goes on")
