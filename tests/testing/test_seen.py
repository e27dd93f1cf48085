from __future__ import annotations

from typing import Any

import pytest

from tests.builders import anything, at, state
from windsock import wire
from windsock.model import Position, State
from windsock.testing.seen import Gap, Seen, after_heard, gap_before, outdated, read_state


def message(version: int = 1, epoch: str = "e1", **options: Any) -> wire.Payload:
    """The event ``state`` as the server makes it."""
    current = state("HUGGING", version, position=Position(epoch, version), **options)
    return wire.state_message(anything("cloud"), current, None, at(1))


def seen(version: int = 1, epoch: str = "e1") -> Seen:
    return read_state(message(version, epoch))


def test_a_state_is_read_with_its_times() -> None:
    found = read_state(message(2, data={"force": 3}))

    assert ("cloud", "e1", 2, "HUGGING", {"force": 3}) == (
        found.thing,
        found.epoch,
        found.version,
        found.state,
        found.data,
    )
    assert (at(0), at(0), at(0), at(1)) == (found.changed_at, found.updated_at, found.heard_at, found.now)


def test_a_thing_of_which_nothing_is_known_is_read() -> None:
    nothing = State("cloud", Position("e1", 0), stale=True)
    found = read_state(wire.state_message(anything("cloud"), nothing, None, at(1)))

    assert (None, None, 0, False) == (found.state, found.heard_at, found.version, found.live)
    assert "version 0  nothing reported yet  {} stale" == str(found)


@pytest.mark.parametrize(("options", "live"), [({}, True), ({"stale": True}, False), ({"source": "failing"}, False)])
def test_what_is_silent_or_cannot_be_read_is_not_live(options: dict[str, Any], live: bool) -> None:
    assert live == read_state(message(**options)).live


def test_being_heard_moves_the_clocks_and_nothing_else() -> None:
    heard = wire.heard_message(state("HUGGING", time=at(7), stale=True, source="failing"), at(8))
    found = after_heard(seen(), heard)

    assert (at(7), at(8), True, "failing") == (found.heard_at, found.now, found.stale, found.source)
    assert (at(0), "HUGGING", 1) == (found.changed_at, found.state, found.version)


@pytest.mark.parametrize(
    ("shown", "version", "epoch", "is_outdated"),
    [
        (None, 1, "e1", False),
        (seen(2), 1, "e1", True),
        (seen(2), 2, "e1", False),
        (seen(2), 3, "e1", False),
        (seen(2), 1, "e2", False),
    ],
)
def test_only_a_lower_version_of_the_same_epoch_is_outdated(
    shown: Seen | None, version: int, epoch: str, is_outdated: bool
) -> None:
    assert is_outdated == outdated(shown, message(version, epoch))


@pytest.mark.parametrize(
    ("shown", "new", "gap"),
    [
        (None, seen(5), None),
        (seen(1), seen(1), None),
        (seen(1), seen(2), None),
        (seen(1), seen(3), Gap("cloud", 2, 2)),
        (seen(1), seen(5), Gap("cloud", 2, 4)),
        (seen(1), seen(5, "e2"), None),
        (seen(5), seen(1), None),
    ],
)
def test_a_jump_of_versions_within_an_epoch_is_a_gap(shown: Seen | None, new: Seen, gap: Gap | None) -> None:
    assert gap == gap_before(shown, new)
