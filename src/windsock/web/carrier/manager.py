"""The manager of a carried application's clients and rooms, in the place of python-socketio's own.

That one joins a client to its rooms before its connect handler has accepted it, and is not made for threads. Here
whoever is connecting is in no room, and what it would get is held back until its CONNECT has been answered: nothing
is lost to it if it is accepted, and nothing reaches it if it is not.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from engineio.packet import MESSAGE
from engineio.packet import Packet as EioPacket
from socketio import Manager
from socketio.packet import EVENT

from windsock.web.carrier.books import Books, Client, Parts, Phase

log = logging.getLogger("windsock.carrier")

AFTER_CONNECT = 0.005
"""Seconds between a CONNECT and what its handler sent: bare clients, such as the protocol's own test suite, listen for
that only when they have read the CONNECT, and would miss it in the same segment."""


class EngineManager(Manager):  # type: ignore[misc]  # python-socketio has no annotations
    """Safe from any thread. Its lock is held while it looks into its books, never while it encodes, sends, or runs
    anything of the application's. Methods that are not described here do what those of the base do, errors included.
    """

    def __init__(self) -> None:
        # Not the base's: that would make books of its own.
        self.logger = None
        self.server: Any = None
        self._lock = threading.Lock()
        self._books = Books()
        self._parked: dict[str, Callable[[], None]] = {}
        # Of each thread: whose connect handler it runs, and which acknowledgements it waits for.
        self._here = threading.local()

    # ------------------------------------------------------------------------------- connecting and disconnecting

    def pre_connect(self, eio_sid: str, namespace: str) -> str | None:
        """Take in somebody whose connect handler is about to run in this thread; None if it is here already."""
        client = Client(self.server.eio.generate_id(), eio_sid, namespace)
        with self._lock:
            if not self._books.add(client):
                return None
        self._here.client = client
        return client.sid

    def connect(self, sid: str, namespace: str) -> str | None:
        """Somebody is accepted, and has been told: send what was held back, then let it into its rooms."""
        client = self._find(sid, namespace)
        if client is None:
            return None
        if client.held:
            time.sleep(AFTER_CONNECT)
        while held := self._take_held(client):
            self._send([client.eio_sid], [part for parts in held for part in parts])
        self._here.client = None
        return client.sid

    def pre_disconnect(self, sid: str, namespace: str) -> str | None:
        """Begin somebody's leaving; the session's id, or None if it is not in, or leaving already."""
        with self._lock:
            client = self._books.claim(sid, namespace)
        return None if client is None else client.eio_sid

    def disconnect(self, sid: str, namespace: str, **_options: Any) -> None:
        """Forget somebody: who was refused, or whose disconnect handler has run."""
        client = self._find(sid, namespace)
        if client is not None:
            self._forget(client)

    def is_pre_connected(self, sid: str, namespace: str) -> bool:
        client = self._find(sid, namespace)
        return client is not None and client.phase is Phase.CONNECTING

    def is_connected(self, sid: str | None, namespace: str) -> bool:
        client = self._find(sid, namespace)
        return client is not None and client.phase is Phase.CONNECTED

    can_disconnect = is_connected

    def forget_session(self, eio_sid: str) -> None:
        """Forget all clients of a session that are not leaving."""
        with self._lock:
            clients = self._books.all_of_session(eio_sid)
            self._parked.pop(eio_sid, None)
        for client in clients:
            self._forget(client)

    def park(self, eio_sid: str, resume: Callable[[], None]) -> bool:
        """Have ``resume`` called when the last disconnect handler of a session has run; False if none is running."""
        with self._lock:
            if self._books.is_left(eio_sid):
                return False
            self._parked[eio_sid] = resume
            return True

    # ------------------------------------------------------------------------------------------------------ questions

    @property
    def rooms(self) -> dict[str, dict[Any, dict[str, str]]]:
        """A copy of who is where, as python-socketio's own manager has it: by namespace, room and client."""
        with self._lock:
            return self._books.view(self._connecting_here)

    def get_namespaces(self) -> list[str]:
        with self._lock:
            return self._books.namespaces()

    def namespaces_of(self, eio_sid: str) -> list[str]:
        """The namespaces that a session is connected to."""
        with self._lock:
            return [client.namespace for client in self._books.all_of_session(eio_sid)]

    def get_participants(self, namespace: str, room: Any) -> Iterator[tuple[str, str]]:
        with self._lock:
            members = self._books.members(namespace, room, self._connecting_here).values()
            found = [(client.sid, client.eio_sid) for client in members]
        return iter(found)

    def get_rooms(self, sid: str, namespace: str) -> list[Any]:
        with self._lock:
            client = self._books.find(sid, namespace)
            return [] if client is None else [sid, *client.rooms]

    def sid_from_eio_sid(self, eio_sid: str, namespace: str) -> str | None:
        with self._lock:
            client = self._books.of_session(eio_sid, namespace)
        return None if client is None else client.sid

    def eio_sid_from_sid(self, sid: str, namespace: str) -> str | None:
        client = self._find(sid, namespace)
        return None if client is None else client.eio_sid

    def is_sid_room(self, namespace: str, room: Any) -> bool:
        with self._lock:
            return self._books.is_client(room, namespace)

    # ---------------------------------------------------------------------------------------------------------- rooms

    def enter_room(self, sid: str, namespace: str, room: Any, eio_sid: str | None = None) -> None:
        with self._lock:
            client = self._books.find(sid, namespace)
            if client is None and namespace not in self._books.namespaces():
                raise ValueError("sid is not connected to requested namespace")
            if sid != room and self._books.is_client(room, namespace):
                raise ValueError("cannot enter a sid room")
            if client is None:
                raise KeyError(sid)
            self._books.join(client, room)

    def leave_room(self, sid: str, namespace: str, room: Any) -> None:
        with self._lock:
            client = self._books.find(sid, namespace)
            if client is not None:
                self._books.leave(client, room)

    def close_room(self, room: Any, namespace: str) -> None:
        with self._lock:
            if self._books.is_client(room, namespace):
                raise ValueError("cannot close a sid room")
            self._books.close(room, namespace)

    basic_enter_room = enter_room  # the base's, for classes that come between
    basic_leave_room = leave_room
    basic_close_room = close_room
    basic_disconnect = disconnect

    # -------------------------------------------------------------------------------------------------------- packets

    def emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: Any = None,
        skip_sid: Any = None,
        callback: Callable[..., Any] | None = None,
        to: Any = None,
        **_options: Any,
    ) -> None:
        """Send an event to a client, a room, several rooms, or all of a namespace. It is encoded once.

        With a ``callback`` each recipient is asked to acknowledge it, and so gets a packet of its own.
        """
        room = to or room
        skipped = skip_sid if isinstance(skip_sid, list | tuple | set | frozenset) else [skip_sid]
        arguments = list(data) if isinstance(data, tuple) else [] if data is None else [data]
        if callback:
            self._ask([event, *arguments], namespace, room, skipped, callback)
        elif namespace in self.get_namespaces():
            self._tell(self._encode(namespace, [event, *arguments]), namespace, room, skipped)

    def trigger_callback(self, sid: str | None, id: int, data: Sequence[Any]) -> None:  # noqa: A002  # the base's name
        """Hand an acknowledgement to whoever waits for it."""
        with self._lock:
            client = None if sid is None else self._books.by_id(sid)
            callback = None if client is None else client.callbacks.pop(id, None)
        if callback is None:
            self._get_logger().warning("Unknown callback received, ignoring.")
            return
        try:
            callback(*data)
        except (Exception, SystemExit):  # the application's fault is no reason to end the session
            log.exception("a callback of the application failed")

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Within it, this thread asks for acknowledgements and waits: afterwards nobody waits for them any longer."""
        self._here.asked = asked = list[tuple[Client, int]]()
        try:
            yield
        finally:
            self._here.asked = None
            with self._lock:
                for client, id_ in asked:
                    client.callbacks.pop(id_, None)

    def _tell(self, parts: Parts, namespace: str, room: Any, skipped: Any) -> None:
        with self._lock:
            members = self._books.members(namespace, room).values()
            sids = [one.eio_sid for one in members if one.phase is Phase.CONNECTED and one.sid not in skipped]
            waiting = [one for one in self._books.waiting(namespace, room) if one.sid not in skipped]
            overfull = [one for one in waiting if not one.hold(parts)]
        self._send(sids, parts)
        self._put_out(overfull)

    def _ask(self, data: list[Any], namespace: str, room: Any, skipped: Any, callback: Callable[..., Any]) -> None:
        with self._lock:
            members = self._books.members(namespace, room).values()
            clients = [one for one in members if one.phase is Phase.CONNECTED] + self._books.waiting(namespace, room)
            asked = [(client, client.expect(callback)) for client in clients if client.sid not in skipped]
        if getattr(self._here, "asked", None) is not None:
            self._here.asked.extend(asked)
        for client, id_ in asked:
            self._deliver(client, self._encode(namespace, data, id_))

    def _deliver(self, client: Client, parts: Parts) -> None:
        with self._lock:
            connecting, connected = client.phase is Phase.CONNECTING, client.phase is Phase.CONNECTED
            overfull = [client] if connecting and not client.hold(parts) else []
        if connected:
            self._send([client.eio_sid], parts)
        self._put_out(overfull)

    def _encode(self, namespace: str, data: list[Any], id_: int | None = None) -> Parts:
        encoded = self.server.packet_class(EVENT, namespace=namespace, data=data, id=id_).encode()
        parts = encoded if isinstance(encoded, list) else [encoded]
        # A bytearray may be changed as soon as emit returns.
        return [part if isinstance(part, str) else bytes(part) for part in parts]

    def _send(self, eio_sids: Sequence[str], parts: Parts) -> None:
        # Flask-SocketIO's test client puts a function of its own into the server, and looks at what comes there.
        watching = vars(self.server).get("_send_eio_packet")
        if watching is None:
            self.server.eio.send_parts(eio_sids, parts)
            return
        for eio_sid in eio_sids:
            for part in parts:
                watching(eio_sid, EioPacket(MESSAGE, part))

    # ---------------------------------------------------------------------------------------------------------- books

    @property
    def _connecting_here(self) -> Client | None:
        return getattr(self._here, "client", None)

    def _find(self, sid: str | None, namespace: str) -> Client | None:
        with self._lock:
            return self._books.find(sid, namespace)

    def _take_held(self, client: Client) -> list[Parts]:
        """What has been held back since the last look; if that is nothing, the client is in from here on.

        So whatever is sent to it by others while this goes on still comes after it.
        """
        with self._lock:
            held, client.held = client.held, []
            known = self._books.find(client.sid, client.namespace) is client
            if not held and known and client.phase is Phase.CONNECTING:
                self._books.accept(client)
        return held

    def _forget(self, client: Client) -> None:
        with self._lock:
            self._books.remove(client)
            left = self._books.is_left(client.eio_sid)
            resume = self._parked.pop(client.eio_sid, None) if left else None
        if self._connecting_here is client:
            self._here.client = None
        if resume is not None:
            resume()

    def _put_out(self, clients: Sequence[Client]) -> None:
        for client in clients:
            log.warning("a session is ended: too much is sent to it while its connect handler still runs")
            self.server.eio.disconnect(client.eio_sid)
