from __future__ import annotations

import pytest

from tests.engine.fakes import Link, Owner, Polls, Versions, make_session, said
from windsock.engine.frames import message
from windsock.engine.protocol.errors import ProtocolError
from windsock.engine.topics import Topic

A, B, C = message("a"), message("b"), message("c")


@pytest.fixture
def owner() -> Owner:
    return Owner()


class Upgrade:
    """A session on polling, and the WebSocket that is to take over."""

    def __init__(self, owner: Owner) -> None:
        self.polls = Polls()
        self.session = make_session(self.polls, owner)
        self.link = Link()

    def probe(self, encoded: str | bytes, link: Link | None = None) -> bool:
        link = link or self.link
        link.session = self.session
        took_over = self.session.probe(link, encoded)
        if took_over:
            self.session.flush()
        return took_over


@pytest.fixture
def upgrade(owner: Owner) -> Upgrade:
    return Upgrade(owner)


def test_a_probe_is_answered_and_releases_the_poll_and_an_upgrade_takes_over(upgrade: Upgrade) -> None:
    assert not upgrade.probe("2probe")
    assert (["3probe"], 1, "polling") == (said(upgrade.link.new()), upgrade.polls.wakes, upgrade.session.transport)
    assert upgrade.probe("5")
    assert ("websocket", (1000, "")) == (upgrade.session.transport, upgrade.polls.closed)
    upgrade.session.send(A)
    assert ["a"] == said(upgrade.link.new())


def test_what_is_sent_while_it_is_upgraded_is_held_back_and_comes_after(upgrade: Upgrade) -> None:
    cloud = Topic("cloud", Versions())
    upgrade.session.send(A)
    upgrade.probe("2probe")
    upgrade.session.send(B)
    upgrade.session.pend(cloud)
    upgrade.session.flush()
    assert ["3probe"] == said(upgrade.link.new())
    upgrade.probe("5")
    upgrade.session.send(C)
    assert ["a", "b", "state 0", "c"] == said(upgrade.link.new())


def test_a_probe_that_is_given_up_leaves_everything_to_the_polls(upgrade: Upgrade) -> None:
    upgrade.probe("2probe")
    upgrade.session.send(A)
    wakes = upgrade.polls.wakes
    upgrade.session.give_up_probe(upgrade.link)
    assert ("polling", wakes + 1) == (upgrade.session.transport, upgrade.polls.wakes)
    assert ["4a"] == upgrade.session.drain()
    assert not upgrade.probe("2probe", Link())


def test_a_websocket_that_goes_does_not_spoil_the_probe_of_another(upgrade: Upgrade) -> None:
    upgrade.probe("2probe")
    upgrade.session.give_up_probe(Link())
    assert upgrade.probe("5")


@pytest.mark.parametrize("encoded", ["5", "2", "3probe", "4hello", "2probe2", b"2probe", "", "9"])
def test_anything_but_a_probe_is_refused_first(upgrade: Upgrade, encoded: str | bytes) -> None:
    with pytest.raises(ProtocolError):
        upgrade.probe(encoded)
    assert ("polling", False) == (upgrade.session.transport, upgrade.session.closed)


@pytest.mark.parametrize("encoded", ["2probe", "4hello", "3", "1"])
def test_after_a_probe_nothing_but_an_upgrade_is_taken(upgrade: Upgrade, encoded: str) -> None:
    upgrade.probe("2probe")
    with pytest.raises(ProtocolError):
        upgrade.probe(encoded)
    assert "polling" == upgrade.session.transport


def test_an_upgrade_onto_a_link_that_gets_full_loses_nothing(upgrade: Upgrade) -> None:
    for frame in (A, B, C):
        upgrade.session.send(frame)
    upgrade.probe("2probe")
    upgrade.link.room = 1
    upgrade.probe("5")
    assert ["3probe", "a"] == said(upgrade.link.new())
    upgrade.link.drain()
    assert ["b", "c"] == said(upgrade.link.new())


def test_a_second_websocket_cannot_take_over_from_the_first(upgrade: Upgrade) -> None:
    upgrade.probe("2probe")
    upgrade.probe("5")
    late = Link()
    with pytest.raises(ProtocolError):
        upgrade.probe("2probe", late)
    upgrade.session.full()
    upgrade.session.send(A)
    upgrade.link.drain()
    assert ["3probe", "a"] == said(upgrade.link.new())


def test_pings_and_pongs_cross_the_upgrade(upgrade: Upgrade, owner: Owner) -> None:
    upgrade.session.due()
    upgrade.probe("2probe")
    upgrade.probe("5")
    assert ["3probe", "2"] == said(upgrade.link.new())
    upgrade.session.receive("3")
    assert [True, False] == owner.beats
