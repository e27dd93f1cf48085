from __future__ import annotations

import pytest

from tests.engine.fakes import HandClock, Link, Owner, make_session, said
from windsock.engine.frames import message
from windsock.engine.outgoing import BATCH, Outgoing
from windsock.engine.session import SERVER_DISCONNECT, Session

MANY = 3 * BATCH


class Post:
    """Sessions ``0``, ``1``, … and what is sent to them."""

    def __init__(self, sessions: int = 3) -> None:
        self.owner = Owner()
        self.links = [Link() for _ in range(sessions)]
        self.sessions: dict[str, Session] = {
            f"{number}": make_session(link, self.owner) for number, link in enumerate(self.links)
        }
        self.outgoing = Outgoing(self.sessions)
        self.clock = HandClock(1e-6)

    def order(self, sids: str, *texts: str) -> None:
        self.outgoing.add(list(sids), [message(text) for text in texts])

    def work(self, looks: float = float("inf")) -> bool:
        """Send until the clock was looked at so often; whether there is more to do."""
        return self.outgoing.work(self.clock, self.clock.time + (looks + 0.5) * self.clock.step)

    def new(self) -> list[list[str]]:
        return [said(link.new()) for link in self.links]


@pytest.fixture
def post() -> Post:
    return Post()


def test_what_is_sent_to_one_and_to_many_arrives_in_its_order(post: Post) -> None:
    post.order("1", "a")
    post.order("012", "b")
    post.order("12", "c", "d")
    post.order("012", "e")
    assert not post.work()
    assert [["b", "e"], ["a", "b", "c", "d", "e"], ["b", "c", "d", "e"]] == post.new()


def test_who_is_gone_is_left_out(post: Post) -> None:
    del post.sessions["1"]
    post.order("012", "a")
    post.work()
    assert [["a"], [], ["a"]] == post.new()


def test_a_session_ends_after_all_that_it_was_sent(post: Post) -> None:
    post.order("01", "a")
    post.outgoing.add_end("1")
    post.order("01", "b")
    post.work()
    assert [["a", "b"], ["a"], []] == post.new()
    assert (1000, "the application ended it") == post.links[1].closed
    assert [SERVER_DISCONNECT] == post.owner.forgotten


def test_a_session_that_does_not_read_and_is_ended_does_not_stop_the_others(post: Post) -> None:
    post.sessions["1"].full()
    post.links[1].room = 0
    for _ in range(3):
        post.order("012", "x" * 500)
    post.work()
    assert [3, 0, 3] == [len(got) for got in post.new()]
    assert (1008, "it does not read what it is sent (the limit waiting_size)") == post.links[1].closed


def test_a_broadcast_to_many_is_done_in_turns_and_what_follows_waits_for_it() -> None:
    post = Post(MANY)
    sids = [f"{number}" for number in range(MANY)]
    post.outgoing.add(sids, [message("a")])
    post.outgoing.add(["0"], [message("b")])
    assert post.work(looks=1)
    assert [["a"]] * BATCH + [[]] * (MANY - BATCH) == post.new()
    assert post.work(looks=2)
    assert [[]] * BATCH + [["a"]] * (MANY - BATCH) == post.new()
    assert not post.work()
    assert ["b"] == post.new()[0]


def test_work_that_comes_in_while_others_is_done_comes_after_it() -> None:
    post = Post(MANY)
    post.outgoing.add([f"{number}" for number in range(MANY)], [message("a")])
    post.work(looks=1)
    post.outgoing.add([f"{MANY - 1}"], [message("b")])
    post.work()
    assert ["a", "b"] == post.new()[-1]


def test_nothing_is_no_work(post: Post) -> None:
    assert not post.work()
    post.order("", "a")
    assert not post.work()


def test_binary_data_go_after_the_packet_that_they_belong_to(post: Post) -> None:
    post.outgoing.add(["0"], [message('51-["x",{"_placeholder":true,"num":0}]'), message(b"\x01\x02")])
    post.work()
    text, data = post.links[0].new()
    assert (b"\x81", b"\x82\x02\x01\x02") == (text[:1], data)
