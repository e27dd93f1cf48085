from __future__ import annotations

from pathlib import Path

import pytest

from tests.sources.waits import Waits
from windsock.errors import ConfigError
from windsock.sources import create_source


def test_the_inbox_sleeps_for_as_long_as_the_watcher_has_time() -> None:
    waits = Waits()

    assert [] == list(create_source("inbox:", Path()).receive(waits, 42.0))
    assert [42.0] == waits.asked


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("inbox:cloud", 'found "inbox:cloud", expected "inbox:" with nothing behind it'),
        ("inbox://", 'found "inbox://", expected "inbox:" with nothing behind it'),
        ("inbox:?", 'found "inbox:?", expected "inbox:" with nothing behind it'),
        ("inbox://cloud", 'expected "inbox:" with nothing behind it'),
        ("inbox:?every=1s", 'has the unknown option "every"; it has none'),
    ],
)
def test_the_inbox_has_neither_a_name_nor_options(url: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        create_source(url, Path())

    assert reason in str(caught.value)
