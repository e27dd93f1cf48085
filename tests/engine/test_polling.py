from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.engine.conftest import Certificate
from tests.engine.hosted import Hosted, hosted
from tests.engine.raw import ENDPOINT, Poller, Response, Wire, head, poller, viewer
from tests.waiting import eventually
from windsock.engine.polling import PollingLink

CONNECT = '40/windsock,{"things":["cloud"]}'
ACK = '43/windsock,7[{"ok":true}]'
OPEN = f"{ENDPOINT}&transport=polling"


@contextmanager
def joined(server: Hosted) -> Iterator[Poller]:
    """A session that watches the cloud, and has seen all that there is to see."""
    with poller(server.port) as polls:
        assert b"ok" == polls.post(CONNECT).body
        assert ["40", "42"] == [packet[:2] for packet in polls.packets()]
        try:
            yield polls
        finally:
            server.engine.close(polls.sid)
    eventually(lambda: not server.engine.alive(polls.sid))


@contextmanager
def waiting(server: Hosted, polls: Poller) -> Iterator[Wire]:
    """A poll of this session that waits at the server, on a connection of its own."""
    link = server.engine.sessions[polls.sid].link
    assert isinstance(link, PollingLink)
    with Wire(server.port) as wire:
        wire.send(head("GET", polls.target))
        eventually(lambda: link._waiter is not None)
        yield wire


def refusal(answer: Response) -> tuple[int, int]:
    """Status and code of a request that was refused."""
    assert "application/json" == answer.headers["content-type"]
    assert {"code", "message"} == set(answer.json)
    return answer.status, answer.json["code"]


def test_a_poll_has_no_more_packets_than_the_stock_python_client_takes(idle: Hosted) -> None:
    with joined(idle) as polls:
        idle.engine.send(polls.sid, [f'2["number",{number}]' for number in range(40)])
        eventually(lambda: idle.engine.sessions[polls.sid].backlog)
        found = [polls.packets() for _ in range(3)]
        assert [16, 16, 8] == [len(packets) for packets in found]
        assert [f'42["number",{number}]' for number in range(40)] == [packet for packets in found for packet in packets]


# ------------------------------------------------------------------------------------------------- opening


def test_a_session_is_opened_with_all_that_a_client_has_to_know(idle: Hosted) -> None:
    with poller(idle.port) as polls:
        assert "text/plain; charset=UTF-8" == polls.opened.headers["content-type"]
        assert {
            "sid": polls.sid,
            "upgrades": ["websocket"],
            "pingInterval": 10_000,
            "pingTimeout": 10_000,
            "maxPayload": 1_000_000,
        } == json.loads(polls.opened.body[1:])
        assert {"sessions": 1, "polling": 1, "addresses": 1, "beats": 1, "greetings": 1} == idle.books
        polls.post("1")
    eventually(lambda: not idle.books)


def test_it_works_with_tls(certificate: Certificate) -> None:
    trusted: ssl.SSLContext = certificate.trusted()
    with (
        hosted(**certificate.server) as running,
        poller(running.port, {"Origin": "https://localhost"}, trusted) as polls,
    ):
        polls.post(CONNECT)
        assert ["40", "42"] == [packet[:2] for packet in polls.packets()]


# ------------------------------------------------------------------------------------------------- polling


def test_what_waits_comes_in_one_response(idle: Hosted) -> None:
    with joined(idle) as polls:
        version = idle.change("cloud")
        eventually(lambda: idle.engine.sessions[polls.sid].backlog)
        polls.post('42/windsock,7["unwatch",{"things":[]}]')
        state, ack = polls.packets()
        assert (f'"version":{version},' in state, ack) == (True, ACK)


def test_a_poll_waits_until_there_is_something(idle: Hosted) -> None:
    with joined(idle) as polls, waiting(idle, polls) as poll:
        version = idle.change("cloud")
        answer = poll.response()
        assert (200, "no-store") == (answer.status, answer.headers["cache-control"])
        assert f'"version":{version},'.encode() in answer.body


def test_between_two_polls_only_the_newest_of_a_thing_waits(idle: Hosted) -> None:
    with joined(idle) as polls:
        versions = [idle.change("cloud") for _ in range(50)]
        eventually(lambda: idle.engine.sessions[polls.sid].backlog)
        (packet,) = polls.packets()
        assert f'"version":{versions[-1]},' in packet


def test_binary_data_come_in_base64(idle: Hosted) -> None:
    with joined(idle) as polls:
        idle.engine.send(polls.sid, ['51-["x",{"_placeholder":true,"num":0}]', b"\x01\x02\x03\xff"])
        eventually(lambda: idle.engine.sessions[polls.sid].backlog)
        assert ['451-["x",{"_placeholder":true,"num":0}]', "bAQID/w=="] == polls.packets()


def test_a_viewer_that_answers_pings_stays_and_one_that_does_not_is_ended() -> None:
    with hosted(ping_interval=0.1, ping_timeout=2.0) as running, poller(running.port) as polls:

        def pinged() -> None:
            while "2" not in polls.packets():  # it may come with what else there is
                pass

        polls.post('40/windsock,{"things":[]}')
        for _ in range(3):
            pinged()
            assert b"ok" == polls.post("3").body
        pinged()
        eventually(lambda: not running.books)
        assert (400, 1) == refusal(polls.get())


def test_a_poll_that_waits_when_no_pong_comes_is_closed() -> None:
    with hosted(ping_interval=0.1, ping_timeout=2.0) as running, poller(running.port) as polls:
        assert ["2"] == polls.packets()
        assert ["1"] == polls.packets()


# ------------------------------------------------------------------------------------------------- sending


def test_a_post_may_hold_several_packets(idle: Hosted) -> None:
    with joined(idle) as polls:
        asked = '42/windsock,7["unwatch",{"things":[]}]'
        answer = polls.post("\x1e".join([asked] * 3))
        assert (200, b"ok", "text/html") == (answer.status, answer.body, answer.headers["content-type"])
        assert [ACK] * 3 == polls.packets()


def test_a_post_in_pieces_is_put_together(idle: Hosted) -> None:
    with joined(idle) as polls, Wire(idle.port) as wire:
        asked = '42/windsock,7["unwatch",{"things":[]}]'
        wire.send(head("POST", polls.target, {"Transfer-Encoding": "chunked"}))
        for part in (asked[:10], asked[10:]):
            wire.send(f"{len(part):x}\r\n{part}\r\n".encode())
        wire.send(b"0\r\n\r\n")
        assert b"ok" == wire.response().body
        assert [ACK] == polls.packets()


@pytest.mark.parametrize(
    "body",
    [b"", b"x", b"4a\x1e", b"4\xff", b"bA", b"2", b"5", b"0{}", b"4nonsense", b"3\x1e9", b"\x1e".join([b"3"] * 999)],
)
def test_a_bad_post_ends_the_session(idle: Hosted, body: bytes) -> None:
    with joined(idle) as polls:
        assert (400, 3) == refusal(polls.post(body))
        assert (400, 1) == refusal(polls.get())


def test_a_bad_packet_ends_the_session_for_the_poll_too(idle: Hosted) -> None:
    with joined(idle) as polls, waiting(idle, polls) as poll:
        assert 400 == polls.post("9").status
        assert b"1" == poll.response().body


def test_what_came_before_a_bad_packet_still_counts_and_nothing_after_it(idle: Hosted) -> None:
    with joined(idle) as polls, waiting(idle, polls) as poll:
        asked = '42/windsock,7["unwatch",{"things":[]}]'
        assert (400, 3) == refusal(polls.post("\x1e".join([asked, "4nonsense", asked])))
        assert [ACK, "1"] == poll.response().body.decode().split("\x1e")


@pytest.mark.parametrize("chunked", [True, False])
def test_a_post_that_is_too_large_is_refused_and_the_session_goes_on(chunked: bool) -> None:
    with hosted(limits={"message_size": 1000}) as running, poller(running.port) as polls, Wire(running.port) as wire:
        if chunked:
            wire.send(head("POST", polls.target, {"Transfer-Encoding": "chunked"}) + b"3e9\r\n" + b"4" * 1001 + b"\r\n")
        else:
            wire.send(head("POST", polls.target, length=10**9))
        assert (413, 3) == refusal(wire.response())
        polls.post(CONNECT)
        assert "40" == polls.packets()[0][:2]


def test_a_post_that_breaks_off_is_no_packet(idle: Hosted) -> None:
    with joined(idle) as polls:
        link: Any = idle.engine.sessions[polls.sid].link
        with Wire(idle.port) as wire:
            wire.send(head("POST", polls.target, length=100) + b'42/windsock,7["unwatch",{"things":[]}]')
            eventually(lambda: link.posting)
        eventually(lambda: not link.posting)  # while one is on its way, a second one would end the session
        polls.post('42/windsock,8["unwatch",{"things":[]}]')
        assert ['43/windsock,8[{"ok":true}]'] == polls.packets()


def test_what_comes_too_late_for_a_session_is_not_taken_any_more() -> None:
    with hosted() as running, poller(running.port) as polls, Wire(running.port) as late, Wire(running.port) as other:
        late.send(head("POST", polls.target, length=len(CONNECT)) + CONNECT[:5].encode())
        other.request("GET", ENDPOINT)
        polls.post("1")
        late.send(CONNECT[5:].encode())
        assert 400 == late.response().status
        assert not running.books


# --------------------------------------------------------------------------------------------------- ending


def test_a_post_of_a_close_releases_the_poll_and_ends_the_session(idle: Hosted) -> None:
    with joined(idle) as polls, waiting(idle, polls) as poll:
        assert b"ok" == polls.post("1").body
        assert b"6" == poll.response().body
        assert (400, 1) == refusal(polls.get())


def test_two_polls_at_once_end_the_session(idle: Hosted) -> None:
    with joined(idle) as polls, waiting(idle, polls) as poll:
        assert (400, 3) == refusal(polls.get())
        assert b"1" == poll.response().body
        assert not idle.engine.sessions


def test_two_posts_at_once_end_the_session(idle: Hosted) -> None:
    with joined(idle) as polls, Wire(idle.port) as other:
        other.send(head("POST", polls.target, length=100) + b"4")
        link = idle.engine.sessions[polls.sid].link
        assert isinstance(link, PollingLink)
        eventually(lambda: link.posting)
        assert (400, 3) == refusal(polls.post("3"))
        other.send(b"x" * 99)
        assert (400, 1) == refusal(other.response())


def test_a_poll_of_a_session_that_is_dead_already_comes_too_late(idle: Hosted) -> None:
    with joined(idle) as polls:
        link = idle.engine.sessions[polls.sid].link
        assert isinstance(link, PollingLink)
        link.heard_at -= idle.engine.options.patience
        assert (400, 1) == refusal(polls.get())
        assert not idle.engine.alive(polls.sid)


def test_a_poll_that_is_given_up_ends_the_session(idle: Hosted) -> None:
    with joined(idle) as polls:
        with waiting(idle, polls):
            pass
        eventually(lambda: not idle.engine.sessions)


def test_a_session_that_is_ended_by_the_server_gets_all_that_it_was_sent(idle: Hosted) -> None:
    with joined(idle) as polls, waiting(idle, polls) as poll:
        idle.engine.send(polls.sid, ["41"])
        idle.engine.close(polls.sid)
        assert ["441", "1"] == poll.response().body.decode().split("\x1e")


def test_events_that_wait_are_bounded_and_who_does_not_poll_is_put_out() -> None:
    with hosted(limits={"waiting_size": 10_000}) as running, poller(running.port) as polls:
        running.engine.send(polls.sid, ["2" + "x" * 1000] * 11)
        eventually(lambda: not running.books)
        assert (400, 1) == refusal(polls.get())


# ------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("method", "query", "answer"),
    [
        ("GET", "EIO=4&transport=polling&sid=no-such-sid", (400, 1)),
        ("POST", "EIO=4&transport=polling&sid=no-such-sid", (400, 1)),
        ("GET", "EIO=4&transport=polling&sid=%F0%9F%98%80", (400, 1)),
        ("GET", "EIO=4", (400, 0)),
        ("GET", "EIO=4&transport=", (400, 0)),
        ("GET", "EIO=4&transport=smoke", (400, 0)),
        ("GET", "EIO=4&transport=websocket", (400, 3)),
        ("POST", "EIO=4&transport=polling", (400, 2)),
        ("PUT", "EIO=4&transport=polling", (400, 2)),
        ("DELETE", "EIO=4&transport=polling&sid=x", (400, 2)),
    ],
)
def test_a_request_that_asks_wrongly_is_refused(idle: Hosted, method: str, query: str, answer: tuple[int, int]) -> None:
    with Wire(idle.port) as wire:
        assert answer == refusal(wire.request(method, f"/socket.io/?{query}"))


def test_a_session_on_websocket_cannot_be_polled(idle: Hosted) -> None:
    with viewer(idle.port) as found, Wire(idle.port) as wire:
        (sid,) = idle.engine.sessions
        assert [(400, 3)] * 2 == [refusal(wire.request(method, f"{OPEN}&sid={sid}")) for method in ("GET", "POST")]
        found.connect("cloud")
    eventually(lambda: not idle.books)
