from __future__ import annotations

import pytest

from tests.engine.fakes import Versions
from windsock.engine.backlog import Backlog
from windsock.engine.frames import Frame, message
from windsock.engine.topics import Topic

CONNECT, ACK = message('0/windsock,{"sid":"a"}'), message('3/windsock,7[{"ok":true}]')


def newest(topic: Topic) -> Frame:
    return message(f"newest of {topic.thing}")


def drained(backlog: Backlog) -> list[str | bytes]:
    return [frame.packet for frame in backlog.drain(newest)]


@pytest.fixture
def backlog() -> Backlog:
    return Backlog()


@pytest.fixture
def cloud() -> Topic:
    return Topic("cloud", Versions())


@pytest.fixture
def kiln() -> Topic:
    return Topic("kiln", Versions())


def test_frames_come_in_their_order(backlog: Backlog) -> None:
    for number in range(100):
        backlog.append(message(f"{number}"))
    assert [f"4{number}" for number in range(100)] == drained(backlog)


def test_a_state_comes_between_the_connect_and_the_acknowledgement(backlog: Backlog, cloud: Topic) -> None:
    backlog.append(CONNECT)
    backlog.pend(cloud)
    backlog.append(ACK)
    assert [CONNECT.packet, "4newest of cloud", ACK.packet] == drained(backlog)


def test_a_topic_is_owed_once_where_it_was_first_owed(backlog: Backlog, cloud: Topic, kiln: Topic) -> None:
    for topic in (cloud, kiln, cloud, kiln, cloud):
        backlog.pend(topic)
        backlog.append(ACK)
    assert 7 == len(backlog)
    assert ["4newest of cloud", ACK.packet, "4newest of kiln", *[ACK.packet] * 4] == drained(backlog)


def test_a_note_is_replaced_by_a_later_one_about_the_same(backlog: Backlog, cloud: Topic, kiln: Topic) -> None:
    for count in range(3):
        backlog.note(cloud, message(f"cloud {count}"))
        backlog.note(kiln, message(f"kiln {count}"))
    assert ["4cloud 2", "4kiln 2"] == drained(backlog)


def test_a_topic_and_the_note_about_it_are_owed_both(backlog: Backlog, cloud: Topic) -> None:
    backlog.pend(cloud)
    backlog.note(cloud, message("2 watch"))
    assert ["4newest of cloud", "42 watch"] == drained(backlog)


def test_who_watches_no_more_is_owed_nothing_of_it(backlog: Backlog, cloud: Topic, kiln: Topic) -> None:
    for topic in (cloud, kiln):
        backlog.pend(topic)
        backlog.note(topic, message(f"count of {topic.thing}"))
    backlog.append(ACK)
    backlog.forgive(cloud)
    backlog.forgive(cloud)
    assert ["4newest of kiln", "4count of kiln", ACK.packet] == drained(backlog)


def test_what_was_forgiven_can_be_owed_again(backlog: Backlog, cloud: Topic) -> None:
    backlog.pend(cloud)
    backlog.forgive(cloud)
    backlog.append(ACK)
    backlog.pend(cloud)
    assert [ACK.packet, "4newest of cloud"] == drained(backlog)


def test_only_what_cannot_be_replaced_counts(backlog: Backlog, cloud: Topic) -> None:
    backlog.pend(cloud)
    backlog.note(cloud, message("x" * 1000))
    assert 0 == backlog.size
    backlog.append(ACK)
    backlog.append(CONNECT)
    assert len(ACK.wire) + len(CONNECT.wire) == backlog.size


def test_what_is_taken_is_owed_no_more_and_the_rest_still_is(backlog: Backlog, cloud: Topic) -> None:
    backlog.append(CONNECT)
    backlog.note(cloud, message("2 watch"))
    backlog.pend(cloud)
    backlog.append(ACK)
    assert CONNECT is next(backlog.drain(newest))
    assert (3, len(ACK.wire)) == (len(backlog), backlog.size)
    assert ["42 watch", "4newest of cloud", ACK.packet] == drained(backlog)
    assert (0, 0) == (len(backlog), backlog.size)


def test_the_newest_is_what_it_is_when_it_is_taken(backlog: Backlog) -> None:
    versions = Versions()
    topic = Topic("cloud", versions)
    backlog.pend(topic)
    versions.version = 7
    assert ["4state 7"] == [frame.packet for frame in backlog.drain(lambda topic: topic.newest(0.0))]
