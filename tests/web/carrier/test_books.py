from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from windsock.web.carrier import books
from windsock.web.carrier.books import Books, Client, Phase

NAMESPACES = st.sampled_from(["/", "/a"])
SESSIONS = st.sampled_from(["e1", "e2", "e3"])
ROOMS = st.sampled_from(["x", "y", 7])


class BooksAgree(RuleBasedStateMachine):
    """Whatever happens to clients, each book says the same of them, and of those who are gone nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.books = Books()
        self.clients: dict[str, Client] = {}
        self.count = 0

    def pick(self, number: int) -> Client | None:
        return list(self.clients.values())[number % len(self.clients)] if self.clients else None

    @rule(session=SESSIONS, namespace=NAMESPACES)
    def add(self, session: str, namespace: str) -> None:
        self.count += 1
        client = Client(f"c{self.count}", session, namespace)
        here = [
            one
            for one in self.clients.values()
            if (one.eio_sid, one.namespace) == (session, namespace) and one.phase is not Phase.LEAVING
        ]
        assert self.books.add(client) == (not here)
        if not here:
            self.clients[client.sid] = client

    @rule(number=st.integers(0, 99))
    def accept(self, number: int) -> None:
        client = self.pick(number)
        if client and client.phase is Phase.CONNECTING:
            self.books.accept(client)

    @rule(number=st.integers(0, 99))
    def claim(self, number: int) -> None:
        client = self.pick(number)
        if client:
            connected = client.phase is Phase.CONNECTED
            assert self.books.claim(client.sid, client.namespace) is (client if connected else None)

    @rule(number=st.integers(0, 99))
    def remove(self, number: int) -> None:
        client = self.pick(number)
        if client:
            self.books.remove(client)
            self.books.remove(client)
            del self.clients[client.sid]

    @rule(number=st.integers(0, 99), room=ROOMS)
    def join(self, number: int, room: Any) -> None:
        client = self.pick(number)
        if client:
            self.books.join(client, room)

    @rule(number=st.integers(0, 99), room=ROOMS)
    def leave(self, number: int, room: Any) -> None:
        client = self.pick(number)
        if client:
            self.books.leave(client, room)

    @rule(namespace=NAMESPACES, room=ROOMS)
    def close(self, namespace: str, room: Any) -> None:
        self.books.close(room, namespace)
        assert not self.books.members(namespace, room)

    @invariant()
    def rooms_hold_exactly_those_who_are_in(self) -> None:
        expected: dict[str, dict[Any, dict[str, str]]] = {}
        for client in self.clients.values():
            if client.phase is not Phase.CONNECTING:
                rooms = expected.setdefault(client.namespace, {})
                for room in (None, client.sid, *client.rooms):
                    rooms.setdefault(room, {})[client.sid] = client.eio_sid
        assert expected == self.books.view()
        for namespace, rooms in expected.items():
            for room, members in rooms.items():
                assert members.keys() == self.books.members(namespace, room).keys()

    @invariant()
    def sessions_hold_exactly_those_who_are_not_leaving(self) -> None:
        for session in ("e1", "e2", "e3"):
            own = {one.sid for one in self.clients.values() if one.eio_sid == session}
            here = {sid for sid in own if self.clients[sid].phase is not Phase.LEAVING}
            assert here == {client.sid for client in self.books.all_of_session(session)}
            assert (own == here) == self.books.is_left(session)

    @invariant()
    def of_nobody_nothing_remains(self) -> None:
        if not self.clients:
            assert not any([self.books._spaces, self.books._sessions, self.books._leaving])


BooksAgree.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestBooksAgree = BooksAgree.TestCase


@pytest.fixture
def made() -> tuple[Books, Client]:
    found, client = Books(), Client("c1", "e1", "/")
    found.add(client)
    return found, client


def test_who_connects_is_seen_only_by_its_own_handler(made: tuple[Books, Client]) -> None:
    found, client = made
    found.join(client, "x")
    assert {} == found.view()
    assert {} == found.members("/", None) == found.members("/", ["x", "c1"])
    assert {"/": {None: {"c1": "e1"}, "x": {"c1": "e1"}, "c1": {"c1": "e1"}}} == found.view(client)
    for room in (None, "x", "c1", ["y", "x"]):
        assert {"c1": client} == found.members("/", room, client)
        assert [client] == found.waiting("/", room)
    assert {} == found.members("/", "y", client)
    assert [] == found.waiting("/", "y") == found.waiting("/other", None)


def test_what_is_held_back_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "MOST_HELD", 10)
    client = Client("c1", "e1", "/")
    assert [True, True, False, True, True] == [client.hold(["234", b"6"]) for _ in range(5)]
    assert [] == client.held


def test_a_client_s_own_room_is_neither_joined_nor_left(made: tuple[Books, Client]) -> None:
    found, client = made
    found.accept(client)
    for room in ("c1", None):
        found.join(client, room)
        found.leave(client, room)
    assert {None, "c1"} == found.view()["/"].keys()


def test_acknowledgements_are_numbered_for_each_client() -> None:
    client = Client("c1", "e1", "/")
    assert [1, 2] == [client.expect(print), client.expect(print)]
