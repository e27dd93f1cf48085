from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.builders import anything, at, by_name
from tests.sources.waits import Waits
from tests.waiting import eventually
from windsock import Reading
from windsock.errors import SourceError
from windsock.runtime import Runtime
from windsock.testing import ScriptedSource


@pytest.fixture
def source() -> ScriptedSource:
    return ScriptedSource()


@pytest.fixture
def runtime(source: ScriptedSource) -> Iterator[Runtime]:
    with watching(source) as running:
        yield running


@contextmanager
def watching(source: ScriptedSource) -> Iterator[Runtime]:
    """What watches a kiln through the source."""
    specs = by_name(anything("kiln", source=source.name, backlog="every"))
    runtime = Runtime(specs, "memory:", Path(), {source.name: source})
    runtime.start()
    try:
        yield runtime
    finally:
        runtime.stop()


def states(runtime: Runtime) -> list[str]:
    return [change.state for change in runtime.history("kiln", None, None, 100).changes]


def test_what_it_says_is_recorded_in_order_and_then_deleted(source: ScriptedSource, runtime: Runtime) -> None:
    for state in ("COLD", "WARM", "HOT"):
        source.say(state, by="Ada")
    source.wait_until_read()

    assert (["COLD", "WARM", "HOT"], {"by": "Ada"}) == (states(runtime), runtime.state("kiln").data)
    assert (["COLD", "WARM", "HOT"], []) == ([json.loads(body)["state"] for body in source.deleted], source.waiting)


def test_data_may_have_any_names(source: ScriptedSource, runtime: Runtime) -> None:
    source.say("HOT", state="SOLID", self=1, data={"a": 1}, thing="oven")
    source.wait_until_read()

    assert {"state": "SOLID", "self": 1, "data": {"a": 1}, "thing": "oven"} == runtime.state("kiln").data


def test_a_whole_reading_has_its_data_already(source: ScriptedSource) -> None:
    with pytest.raises(TypeError, match="the data of a Reading belong into it: by"):
        source.say(Reading("HOT"), by="Ada")
    assert [] == source.waiting


def test_a_whole_reading_keeps_its_time_its_id_and_its_thing(source: ScriptedSource, runtime: Runtime) -> None:
    source.say(Reading("HOT", {"by": "Ada"}, at(-60), "message-7", "kiln"))
    source.say(Reading("COLD", id="message-7"))
    source.wait_until_read()

    assert (["HOT"], at(-60)) == (states(runtime), runtime.state("kiln").heard_at)


def test_a_message_that_cannot_be_understood_is_set_aside_and_deleted(source: ScriptedSource, runtime: Runtime) -> None:
    source.deliver(b"\xff{")
    source.deliver('["HOT", 0.93]')
    source.wait_until_read()

    assert [b"\xff{"] == [message.body for message in runtime.rejected()]
    assert (["HOT"], 2) == (states(runtime), len(source.deleted))


def test_a_message_that_is_delivered_again_changes_nothing_twice(source: ScriptedSource, runtime: Runtime) -> None:
    source.say("HOT")
    source.wait_until_read()
    source.say("COLD")
    source.say_again()
    source.wait_until_read()

    assert (["HOT", "COLD"], 3) == (states(runtime), len(source.deleted))


def test_two_sources_on_one_store_say_different_messages() -> None:
    first, second = ScriptedSource(), ScriptedSource()
    first.say("HOT")
    second.say("HOT")

    assert 2 == len({message.id for one in (first, second) for message in one.receive(Waits(), 0)})


def test_there_is_nothing_to_say_again_before_something_was_said(source: ScriptedSource) -> None:
    with pytest.raises(ValueError, match="nothing was said yet"):
        source.say_again()


def test_a_source_that_fails_says_why_and_reads_on_at_once_when_it_recovers(
    source: ScriptedSource, runtime: Runtime
) -> None:
    with source.failing("the queue is down"):
        source.say("HOT")
        eventually(lambda: ["scripted:: the queue is down"] == runtime.problems())
        assert (1, []) == (len(source.waiting), states(runtime))
    source.wait_until_read()

    assert ["HOT"] == states(runtime)
    eventually(lambda: [] == runtime.problems())


def test_while_a_source_fails_nothing_is_deleted_or_checked(source: ScriptedSource) -> None:
    source.say("HOT")
    messages = source.receive(Waits(), 1)

    with source.failing("no disk"):
        with pytest.raises(SourceError, match="scripted:: no disk"):
            source.delete(messages)
        with pytest.raises(SourceError, match="scripted:: no disk"):
            source.check()

    assert 1 == len(source.waiting)
    source.check()


def test_what_was_given_out_is_given_again_once_it_was_opened_anew(source: ScriptedSource) -> None:
    source.say("HOT")

    assert [1, 0] == [len(source.receive(Waits(), 1)) for _ in range(2)]
    source.say("COLD")
    source.open()
    assert [2, 0] == [len(source.receive(Waits(), 1)) for _ in range(2)]
    assert 2 == len(source.waiting)


def test_a_stop_ends_the_wait_for_a_recovery_as_a_failure(source: ScriptedSource) -> None:
    with source.failing():
        with pytest.raises(SourceError):
            source.receive(Waits(), 60)
        with pytest.raises(SourceError):
            source.receive(Waits(stopping=True), 60)


def test_a_source_that_is_held_gives_everything_at_once_afterwards(source: ScriptedSource) -> None:
    with source.held():
        source.say("COLD")
        source.say("HOT")
        assert [] == list(source.receive(Waits(), 1))

    assert 2 == len(source.receive(Waits(), 1))


def test_what_nobody_reads_is_named(source: ScriptedSource) -> None:
    source.deliver("HOT")
    source.deliver(b"\xff")

    with pytest.raises(AssertionError) as failure:
        source.wait_until_read(within=0.01)
    assert "scripted:: not read and deleted within 0.01 s: HOT, \ufffd" == str(failure.value)
