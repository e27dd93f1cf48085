"""What every source promises. A new one joins `BENCHES`."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.azurite import Azurite
from tests.leftovers import added, present
from tests.sources.waits import Waits
from tests.waiting import WITHIN, eventually
from windsock.model import Reading
from windsock.sources import FunctionSource, Message, Source
from windsock.sources.azure_queue import AzureQueueSource
from windsock.sources.clock import ClockSource
from windsock.sources.inbox import InboxSource
from windsock.testing import ScriptedSource


@dataclass(frozen=True)
class Bench:
    """A kind of source, and the other side of it, where the messages come from."""

    make: Callable[[], Source]
    supply: Callable[[str], object]
    left: Callable[[], int]


@contextmanager
def _inbox(_azurite: Azurite) -> Iterator[Bench]:
    yield Bench(InboxSource, lambda _state: None, lambda: 0)


@contextmanager
def _clock(_azurite: Azurite) -> Iterator[Bench]:
    yield Bench(lambda: ClockSource("clock:?every=1d", timedelta(days=1)), lambda _state: None, lambda: 0)


@contextmanager
def _function(_azurite: Azurite) -> Iterator[Bench]:
    states: list[str] = []

    def read() -> str | None:
        return states.pop(0) if states else None

    every = timedelta(milliseconds=10)
    yield Bench(lambda: FunctionSource("python:m:read", lambda: read, every), states.append, lambda: len(states))


@contextmanager
def _azure_queue(azurite: Azurite) -> Iterator[Bench]:
    with azurite.queue(f"q-{uuid.uuid4()}") as queue:
        yield Bench(
            lambda: AzureQueueSource(queue.queue_name, azurite.connection_string),
            queue.send_message,
            lambda: queue.get_queue_properties().approximate_message_count or 0,
        )


@contextmanager
def _scripted(_azurite: Azurite) -> Iterator[Bench]:
    script = ScriptedSource()
    yield Bench(lambda: script, script.deliver, lambda: len(script.waiting))


BENCHES: dict[str, Callable[[Azurite], AbstractContextManager[Bench]]] = {
    "inbox": _inbox,
    "clock": _clock,
    "function": _function,
    "azure-queue": _azure_queue,
    "scripted": _scripted,
}
SUPPLIED = ["function", "azure-queue", "scripted"]


@pytest.fixture(params=BENCHES)
def bench(request: pytest.FixtureRequest, azurite: Azurite) -> Iterator[Bench]:
    with BENCHES[request.param](azurite) as made:
        yield made


supplied = pytest.mark.parametrize("bench", SUPPLIED, indirect=True)


@pytest.fixture
def source(bench: Bench) -> Iterator[Source]:
    source = bench.make()
    source.open()
    yield source
    source.close()


def _receive(source: Source, timeout: float = 0.2) -> Sequence[Message]:
    return source.receive(Waits(sleeps=True), timeout)


def _emptied(source: Source) -> Source:
    """The source, when it has nothing: a clock tells the time once at its start."""
    eventually(lambda: not _receive(source))
    return source


def _state(message: Message) -> object:
    return message.body.state if isinstance(message.body, Reading) else message.body


def test_a_source_that_has_nothing_says_so_within_the_timeout(source: Source) -> None:
    waits = Waits(sleeps=True)
    _emptied(source)
    began = time.monotonic()

    assert [] == list(source.receive(waits, 0.05))
    assert sum(waits.asked) <= 0.05
    assert time.monotonic() - began < WITHIN


def test_a_source_that_has_nothing_sleeps_rather_than_turns(source: Source) -> None:
    waits = Waits(sleeps=True)
    _emptied(source)
    _receive(source)  # a queue that was just emptied is looked at again at once

    # A function whose turn has come in the meantime is called without a pause.
    eventually(lambda: [] == list(source.receive(waits, 0.05)) and waits.asked)


def test_a_source_that_has_nothing_sleeps_through_wait_alone(source: Source) -> None:
    _emptied(source)
    began = time.monotonic()

    assert [] == list(source.receive(Waits(), 60))
    assert time.monotonic() - began < WITHIN


def test_a_source_stops_at_once_when_wait_says_so(source: Source) -> None:
    waits = Waits(stopping=True)
    _emptied(source)
    began = time.monotonic()

    eventually(lambda: [] == list(source.receive(waits, 60)) and waits.asked)

    assert time.monotonic() - began < WITHIN


@supplied
def test_messages_come_in_order_of_arrival(bench: Bench, source: Source) -> None:
    for state in "ABCDE":
        bench.supply(state)

    received = [*_receive(source), *_receive(source), *_receive(source), *_receive(source), *_receive(source)]

    assert list("ABCDE") == [_state(message) for message in received]


@supplied
def test_a_message_that_was_deleted_is_gone(bench: Bench, source: Source) -> None:
    bench.supply("A")

    source.delete(eventually(lambda: _receive(source)))

    assert 0 == bench.left()


def test_deleting_twice_is_fine(bench: Bench, source: Source) -> None:
    bench.supply("A")
    messages = _receive(source)

    source.delete(messages)
    source.delete(messages)

    assert 0 == bench.left()


def test_deleting_nothing_is_fine(source: Source) -> None:
    source.delete([])


def test_a_check_finds_a_source_that_works_in_order_and_takes_nothing(bench: Bench) -> None:
    bench.supply("A")
    before = bench.left()
    source = bench.make()

    source.check()
    source.close()

    assert before == bench.left()


def test_closing_twice_is_fine(source: Source) -> None:
    _receive(source)

    source.close()
    source.close()


def test_closing_what_was_never_opened_is_fine(bench: Bench) -> None:
    bench.make().close()


def test_a_source_that_was_closed_can_be_opened_again(bench: Bench, source: Source) -> None:
    _emptied(source)
    source.close()
    source.open()
    bench.supply("A")

    messages = _receive(source)

    assert bench.left() == len([message for message in messages if message.handle])
    source.delete(messages)
    assert 0 == bench.left()


def test_making_a_source_opens_nothing(bench: Bench) -> None:
    before = present()

    source = bench.make()

    assert [] == added(before)
    source.close()


def test_a_source_that_was_closed_holds_nothing(bench: Bench) -> None:
    before = present()
    source = bench.make()
    source.open()
    _receive(source)

    source.close()

    assert [] == added(before)


def test_inserted_times_are_aware_of_their_zone(bench: Bench, source: Source) -> None:
    bench.supply("A")

    assert all(message.inserted_at is None or message.inserted_at.tzinfo for message in _receive(source))
