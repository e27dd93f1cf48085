from __future__ import annotations

import pytest

from tests.builders import NOW
from windsock.detect import Arrival
from windsock.logbook import LAST, Entry, Fate, Logbook
from windsock.model import Reading, Rejected


def entry(state: str, fate: Fate = "changed", thing: str = "cloud") -> Entry:
    return Entry(NOW, "inbox:", Arrival(Reading(state, thing=thing), NOW, NOW), fate)


def states(logbook: Logbook) -> list[str]:
    return [read.what.reading.state for read in logbook.last() if isinstance(read.what, Arrival)]


def test_what_was_read_is_told_the_newest_first() -> None:
    logbook = Logbook()
    logbook.note([entry("A"), entry("B")])
    logbook.note([entry("C")])
    assert ["C", "B", "A"] == states(logbook)


def test_the_last_are_remembered_and_no_more() -> None:
    logbook = Logbook()
    logbook.note(entry(str(number)) for number in range(LAST + 3))
    assert [str(number) for number in range(LAST + 2, 2, -1)] == states(logbook)


def test_what_a_rare_thing_said_last_is_told_however_often_another_one_speaks() -> None:
    logbook = Logbook()
    message = Rejected("clock:", b"?", "no", NOW)
    logbook.note([entry("RARE", thing="door"), Entry(NOW, "clock:", message, "rejected")])
    logbook.note(entry(str(number)) for number in range(1000))
    assert LAST == len(logbook.last())
    assert [str(number) for number in range(999, 999 - LAST + 2, -1)] + ["RARE"] == states(logbook)
    assert message == logbook.last()[-2].what


def test_of_many_things_the_newest_are_told() -> None:
    logbook = Logbook()
    logbook.note(entry(str(number), thing=f"thing-{number}") for number in range(100))
    assert [str(number) for number in range(99, 99 - LAST, -1)] == states(logbook)


@pytest.mark.parametrize(
    ("fate", "words"),
    [
        ("changed", "changed"),
        ("updated", "its data changed"),
        ("same", "nothing changed"),
        ("older", "passed over as too old"),
        ("known", "passed over, for its id is known"),
    ],
)
def test_each_fate_has_its_words(fate: Fate, words: str) -> None:
    assert words == entry("A", fate).words


def test_why_a_message_was_set_aside_is_told() -> None:
    message = Rejected("inbox:", b"?", "it names no state", NOW)
    assert "set aside: it names no state" == Entry(NOW, "inbox:", message, "rejected").words
