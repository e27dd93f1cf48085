from __future__ import annotations

import pytest

from tests.web.carrier.carrying import Carrier, make_app
from windsock.web.carrier import inbox
from windsock.web.carrier.inbox import End, Inbox, size


@pytest.fixture
def box() -> Inbox:
    return Inbox(Carrier(make_app()[0]).viewer())


def test_only_one_thread_at_a_time_can_claim_it(box: Inbox) -> None:
    assert box.claim()
    assert not box.claim()
    box.release()
    assert box.claim()


def test_it_is_busy_while_there_is_something_in_it_or_somebody_at_it(box: Inbox) -> None:
    assert not box.busy
    box.put("x")
    assert box.busy
    assert box.claim()
    box.messages.popleft()
    assert box.busy
    box.release()
    assert not box.busy


def test_there_is_room_for_as_much_as_was_taken_out(box: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "MOST_WAITING", 3 * size("x"))
    assert [True, True, True, False] == [box.put("x") for _ in range(4)]
    for _ in range(3):
        box.settle("x", more=True)
    assert not box.put("x")
    box.settle("x", more=False)
    assert [True, True, False] == [box.put("x") for _ in range(3)]


def test_very_many_short_messages_count_too() -> None:
    assert size("") == size(b"") == size(End("")) > 0
    assert 5 == size("12345") - size("")
