from __future__ import annotations

from tests.builders import NOW, rejected
from windsock.store import Batch, MemoryStore


class CountingId(str):
    """A message id that counts how often it is compared with another one."""

    __slots__ = ()
    comparisons = 0

    def __eq__(self, other: object) -> bool:
        CountingId.comparisons += 1
        return super().__eq__(other)

    __hash__ = str.__hash__


def test_a_message_set_aside_is_not_compared_with_all_earlier_ones() -> None:
    store = MemoryStore()
    before = CountingId.comparisons
    store.commit(Batch(NOW, rejected=tuple(rejected(b"x", CountingId(number)) for number in range(500))))
    assert CountingId.comparisons - before < 500
