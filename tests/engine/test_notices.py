from __future__ import annotations

import pytest

from windsock.engine.notices import MOST, Notices


def test_the_limit_that_cut_a_viewer_off_is_named_once(caplog: pytest.LogCaptureFixture) -> None:
    notices = Notices()
    for size in (10, 20):
        notices.limit(f"more than {size} bytes (the limit message_size)")
    notices.limit("it connected to no namespace in time (the limit connect_timeout)")
    notices.limit("the server is stopping")
    notices.limit("")
    assert [
        "viewers are cut off, for the limit message_size is reached",
        "viewers are cut off, for the limit connect_timeout is reached",
    ] == [record.message for record in caplog.records]


def test_what_strangers_can_make_it_say_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    notices = Notices()
    for number in range(2 * MOST):
        notices.limit(f"(the limit {number})")
    assert MOST == len(caplog.records)
