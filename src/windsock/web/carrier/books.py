"""Who is connected to which namespace, and in which rooms. It decides; it locks nothing and sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

MOST_HELD = 4_000_000
"""Bytes that are held back for a client whose connect handler still runs."""

Parts = Sequence[str | bytes]
"""One Socket.IO packet, encoded: its text, and its attachments."""


class Phase(Enum):
    """Where a client stands."""

    CONNECTING = "its connect handler runs"
    CONNECTED = "it is in"
    LEAVING = "its disconnect handler runs"


class Client:
    """One session's connection to one namespace."""

    __slots__ = ("_held_size", "_last_id", "callbacks", "eio_sid", "held", "namespace", "phase", "rooms", "sid")

    def __init__(self, sid: str, eio_sid: str, namespace: str) -> None:
        self.sid = sid
        self.eio_sid = eio_sid
        self.namespace = namespace
        self.phase = Phase.CONNECTING
        self.rooms: set[Any] = set()
        self.callbacks: dict[int, Callable[..., Any]] = {}
        # While it is connecting: what it is to get after its CONNECT.
        self.held: list[Parts] = []
        self._held_size = 0
        self._last_id = 0

    def hold(self, parts: Parts) -> bool:
        """Hold a packet back for later. False, once, if that is too much: then all is dropped, and the rest too."""
        if self._held_size > MOST_HELD:
            return True
        self.held.append(parts)
        self._held_size += sum(map(len, parts))
        if self._held_size <= MOST_HELD:
            return True
        self.held = []
        return False

    def expect(self, callback: Callable[..., Any]) -> int:
        """The id under which the client is to acknowledge a packet."""
        self._last_id += 1
        self.callbacks[self._last_id] = callback
        return self._last_id


@dataclass(slots=True)
class _Space:
    """One namespace. ``rooms`` has those who are in or leaving; its room None has them all."""

    clients: dict[str, Client] = field(default_factory=dict)
    connecting: dict[str, Client] = field(default_factory=dict)
    rooms: dict[Any, dict[str, Client]] = field(default_factory=dict)


class Books:
    """All clients, by namespace and by session. Its owner sees to it that one thread at a time is here."""

    def __init__(self) -> None:
        self._spaces: dict[str, _Space] = {}
        # By session and namespace; those who are leaving are not here, so their session may connect anew.
        self._sessions: dict[str, dict[str, Client]] = {}
        self._leaving: dict[str, int] = {}

    # ----------------------------------------------------------------------------------------------- coming and going

    def add(self, client: Client) -> bool:
        """Take in somebody who is connecting; False if the session is connected, or connecting, already."""
        if client.namespace in self._sessions.get(client.eio_sid, ()):
            return False
        space = self._spaces.setdefault(client.namespace, _Space())
        space.clients[client.sid] = space.connecting[client.sid] = client
        self._sessions.setdefault(client.eio_sid, {})[client.namespace] = client
        return True

    def accept(self, client: Client) -> None:
        """Somebody who was connecting is in, with the rooms joined so far."""
        space = self._spaces[client.namespace]
        del space.connecting[client.sid]
        client.phase = Phase.CONNECTED
        for room in (None, *client.rooms):
            space.rooms.setdefault(room, {})[client.sid] = client

    def claim(self, sid: str, namespace: str) -> Client | None:
        """Begin the leaving of somebody who is in; None for everybody else, so it begins once."""
        client = self.find(sid, namespace)
        if client is None or client.phase is not Phase.CONNECTED:
            return None
        client.phase = Phase.LEAVING
        self._leaving[client.eio_sid] = self._leaving.get(client.eio_sid, 0) + 1
        self._unlink(client)
        return client

    def remove(self, client: Client) -> None:
        """Forget a client, wherever it stands."""
        space = self._spaces.get(client.namespace)
        if space is None or space.clients.pop(client.sid, None) is None:
            return
        space.connecting.pop(client.sid, None)
        for room in (None, *client.rooms):
            self._take_out(space, room, client)
        if not space.clients:
            del self._spaces[client.namespace]
        if client.phase is Phase.LEAVING:
            self._left(client.eio_sid)
        else:
            self._unlink(client)
        client.callbacks.clear()

    def is_left(self, eio_sid: str) -> bool:
        """Whether no disconnect handler of the session is running."""
        return eio_sid not in self._leaving

    # ------------------------------------------------------------------------------------------------------ questions

    def find(self, sid: str | None, namespace: str) -> Client | None:
        """A client by its id."""
        space = self._spaces.get(namespace)
        return None if space is None or sid is None else space.clients.get(sid)

    def of_session(self, eio_sid: str, namespace: str) -> Client | None:
        """A session's client that is in, or connecting."""
        return self._sessions.get(eio_sid, {}).get(namespace)

    def all_of_session(self, eio_sid: str) -> list[Client]:
        """All of a session's clients that are in, or connecting."""
        return list(self._sessions.get(eio_sid, {}).values())

    def by_id(self, sid: str) -> Client | None:
        """A client by its id alone, which no two namespaces share."""
        found = (space.clients.get(sid) for space in self._spaces.values())
        return next((client for client in found if client is not None), None)

    def namespaces(self) -> list[str]:
        """The namespaces that have clients."""
        return list(self._spaces)

    def is_client(self, room: Any, namespace: str) -> bool:
        """Whether a room's name is a client's id: then it is that client's own room."""
        space = self._spaces.get(namespace)
        return isinstance(room, str) and space is not None and room in space.clients

    def members(self, namespace: str, room: Any, seen: Client | None = None) -> dict[str, Client]:
        """Who is in a room, or in any of a list of rooms; None is the room of all. To be looked at, not changed.

        Who is connecting is in no room yet, except in the eyes of its own connect handler: ``seen``.
        """
        space = self._spaces.get(namespace)
        if space is None:
            return {}
        if room is None and seen is None:  # the usual case, and the largest: no copy
            return space.rooms.get(None, {})
        found: dict[str, Client] = {}
        for name in _names(room):
            found.update(space.rooms.get(name, ()))
            own = space.clients.get(name) if isinstance(name, str) else None
            if own is not None and own.phase is not Phase.CONNECTING:
                found[name] = own
        if seen is not None and seen.sid in space.connecting and _concerns(room, seen):
            found[seen.sid] = seen
        return found

    def waiting(self, namespace: str, room: Any) -> list[Client]:
        """Who is connecting and would be in a room."""
        space = self._spaces.get(namespace)
        if space is None or not space.connecting:
            return []
        return [client for client in space.connecting.values() if _concerns(room, client)]

    def view(self, seen: Client | None = None) -> dict[str, dict[Any, dict[str, str]]]:
        """A copy as python-socketio has it: for each namespace and room the clients' ids with their sessions'."""
        spaces = {name: self._view_space(space, seen) for name, space in self._spaces.items()}
        return {name: rooms for name, rooms in spaces.items() if rooms}

    # ---------------------------------------------------------------------------------------------------------- rooms

    def join(self, client: Client, room: Any) -> None:
        """Put a client into a room; one that is connecting is in it when it is accepted."""
        if room is None or room == client.sid:
            return
        client.rooms.add(room)
        if client.phase is not Phase.CONNECTING:
            self._spaces[client.namespace].rooms.setdefault(room, {})[client.sid] = client

    def leave(self, client: Client, room: Any) -> None:
        """Take a client out of a room."""
        if room in client.rooms:
            client.rooms.discard(room)
            self._take_out(self._spaces[client.namespace], room, client)

    def close(self, room: Any, namespace: str) -> None:
        """Take everybody out of a room."""
        for client in [*self.members(namespace, room).values(), *self.waiting(namespace, room)]:
            self.leave(client, room)

    @staticmethod
    def _take_out(space: _Space, room: Any, client: Client) -> None:
        members = space.rooms.get(room)
        if members is not None and members.pop(client.sid, None) is not None and not members:
            del space.rooms[room]

    def _unlink(self, client: Client) -> None:
        own = self._sessions.get(client.eio_sid, {})
        if own.get(client.namespace) is client:
            del own[client.namespace]
            if not own:
                del self._sessions[client.eio_sid]

    def _left(self, eio_sid: str) -> None:
        self._leaving[eio_sid] -= 1
        if not self._leaving[eio_sid]:
            del self._leaving[eio_sid]

    @staticmethod
    def _view_space(space: _Space, seen: Client | None) -> dict[Any, dict[str, str]]:
        rooms = {name: {sid: one.eio_sid for sid, one in room.items()} for name, room in space.rooms.items()}
        everybody = list(space.rooms.get(None, {}).values())
        if seen is not None and seen.sid in space.connecting:
            everybody.append(seen)
            for room in (None, *seen.rooms):
                rooms.setdefault(room, {})[seen.sid] = seen.eio_sid
        rooms.update({client.sid: {client.sid: client.eio_sid} for client in everybody})
        return rooms


def _names(room: Any) -> Iterator[Any]:
    """A room, or each of several."""
    if isinstance(room, Collection) and not isinstance(room, str | bytes):
        yield from room
    else:
        yield room


def _concerns(room: Any, client: Client) -> bool:
    return any(name is None or name == client.sid or name in client.rooms for name in _names(room))
