from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.builders import anything, at, by_name, cloud, next_line, process, resting, seconds
from tests.leftovers import added, present
from tests.pile import Pile, failing
from tests.waiting import eventually
from windsock import runtime as runtime_module
from windsock import supervisor
from windsock.errors import (
    BadReading,
    ConfigError,
    NotReportable,
    NotStarted,
    StoreError,
    StoreInUse,
    UnknownState,
    UnknownThing,
    WindsockError,
)
from windsock.model import Reading, ThingSpec
from windsock.runtime import Runtime
from windsock.sources import Source
from windsock.store import MemoryStore
from windsock.testing import ScriptedSource

SQLITE = "sqlite:///windsock.db"
PILED = cloud(source="pile:")


def made(
    *specs: ThingSpec, store: str = "memory:", base: Path = Path(), sources: Mapping[str, Source] | None = None
) -> Runtime:
    return Runtime(by_name(*(specs or (cloud(),))), store, base, sources)


@contextmanager
def running(
    *specs: ThingSpec, store: str = "memory:", base: Path = Path(), sources: Mapping[str, Source] | None = None
) -> Iterator[Runtime]:
    runtime = made(*specs, store=store, base=base, sources=sources)
    with stopped_at_the_end(runtime):
        runtime.start()
        yield runtime


@contextmanager
def stopped_at_the_end(runtime: Runtime) -> Iterator[None]:
    try:
        yield
    finally:
        runtime.stop()


@pytest.fixture
def pile() -> Pile:
    return Pile()


def watchers() -> list[str]:
    return sorted(thread.name for thread in threading.enumerate() if thread.name.startswith("windsock-watcher"))


def names(runtime: Runtime, thing: str = "cloud") -> list[str]:
    return [change.state for change in runtime.history(thing, None, None, 100).changes]


def reports(runtime: Runtime, *states: str) -> None:
    for state in states:
        runtime.report("cloud", Reading(state))


# ------------------------------------------------------------------------------------------------- starting


def test_making_it_opens_and_starts_nothing(tmp_path: Path) -> None:
    before = present()

    made(cloud(source="clock:"), store=SQLITE, base=tmp_path)

    assert ([], []) == (added(before), list(tmp_path.iterdir()))


@pytest.mark.parametrize(
    "use",
    [
        lambda runtime: runtime.state("cloud"),
        lambda runtime: runtime.report("cloud", Reading("HUGGING")),
        lambda runtime: runtime.history("cloud", None, None, 10),
        lambda runtime: runtime.rejected(),
        lambda runtime: runtime.retry(1),
        lambda runtime: runtime.drop(1),
        lambda runtime: runtime.problems(),
    ],
    ids=["state", "report", "history", "rejected", "retry", "drop", "problems"],
)
def test_before_the_start_and_after_the_stop_nothing_can_be_asked(use: Callable[[Runtime], object]) -> None:
    runtime = made()
    with pytest.raises(NotStarted):
        use(runtime)
    runtime.start()
    runtime.stop()

    with pytest.raises(NotStarted):
        use(runtime)


def test_one_source_named_in_two_ways_is_refused_for_it_would_be_read_twice() -> None:
    runtime = made(anything("kiln", source="python:kilns:read"), anything("oven", source="python:kilns:read?every=2s"))

    with pytest.raises(ConfigError, match=r"named as python:kilns:read and as .*every=2s; name it alike"):
        runtime.start()
    assert not runtime.started


def test_it_starts_one_watcher_for_each_source(pile: Pile) -> None:
    kiln, oven = anything("kiln", source="pile:"), anything("oven", source="pile:")

    with running(cloud(), kiln, oven, sources={"pile:": pile}):
        assert ["windsock-watcher inbox:", "windsock-watcher pile:"] == watchers()


def test_starting_twice_starts_once(pile: Pile) -> None:
    with running(PILED, sources={"pile:": pile}) as runtime:
        runtime.start()
        assert ["windsock-watcher pile:"] == watchers()


def test_starting_from_many_threads_at_the_same_instant_starts_once(tmp_path: Path, pile: Pile) -> None:
    runtime = made(PILED, store=SQLITE, base=tmp_path, sources={"pile:": pile})
    barrier = threading.Barrier(20)
    errors: list[WindsockError] = []

    def start() -> None:
        barrier.wait()
        try:
            runtime.start()
        except WindsockError as error:
            errors.append(error)

    with stopped_at_the_end(runtime):
        threads = [threading.Thread(target=start) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        eventually(lambda: pile.open_count)
        assert ([], ["windsock-watcher pile:"], 1) == (errors, watchers(), pile.open_count)


def test_it_can_be_started_again_after_a_stop(tmp_path: Path) -> None:
    runtime = made(store=SQLITE, base=tmp_path)
    runtime.start()
    reports(runtime, "HUGGING")
    runtime.stop()

    runtime.start()
    reports(runtime, "SHAKING")

    assert ["HUGGING", "SHAKING"] == names(runtime)
    runtime.stop()


def test_stopping_twice_or_before_the_start_does_nothing() -> None:
    runtime = made()
    runtime.stop()
    runtime.start()
    runtime.stop()
    runtime.stop()


def test_sources_that_cannot_be_are_all_named_and_nothing_is_left(tmp_path: Path) -> None:
    runtime = made(cloud(source="clock:?evry=1s"), anything("kiln", source="ftp:"), store=SQLITE, base=tmp_path)
    before = present()

    with pytest.raises(ConfigError) as caught:
        runtime.start()

    first, second = caught.value.problems
    assert first.startswith('things.cloud.source: found "clock:?evry=1s", which has the unknown option "evry"')
    assert second.startswith('things.kiln.source: found "ftp:", expected a source such as inbox:')
    assert ([], [], False) == (added(before), list(tmp_path.iterdir()), runtime.started)


def test_a_store_that_cannot_be_opened_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "windsock.db").write_text("something else " * 100)
    runtime = made(cloud(source="clock:"), store=SQLITE, base=tmp_path)
    before = present()

    with pytest.raises(StoreError, match="not a database"):
        runtime.start()

    assert ([], False) == (added(before), runtime.started)


def test_a_store_that_cannot_be_read_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def recorder(*_arguments: object) -> object:
        raise StoreError("cannot be read")

    monkeypatch.setattr(runtime_module, "Recorder", recorder)
    runtime = made(store=SQLITE, base=tmp_path)
    before = present()

    with pytest.raises(StoreError, match="cannot be read"):
        runtime.start()

    assert ([], False) == (added(before), runtime.started)


def test_the_state_and_its_clocks_survive_a_restart(tmp_path: Path) -> None:
    with running(store=SQLITE, base=tmp_path) as runtime:
        reports(runtime, "HUGGING")
        before = runtime.state("cloud")

    with running(store=SQLITE, base=tmp_path) as runtime:
        assert before == runtime.state("cloud")


# ---------------------------------------------------------------------------------------- several processes

SECOND = """
import sys
from pathlib import Path
from tests.builders import by_name, cloud
from windsock.errors import StoreInUse
from windsock.runtime import Runtime

runtime = Runtime(by_name(cloud()), "sqlite:///windsock.db", Path(sys.argv[1]))
try:
    runtime.start()
except StoreInUse as error:
    print(error, flush=True)
else:
    print("started", flush=True)
    sys.stdin.read()
    runtime.stop()
"""


def test_a_second_process_on_the_same_store_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    with process(SECOND, tmp_path) as first:
        assert "started" == next_line(first)

        with pytest.raises(StoreInUse) as caught:
            made(store=SQLITE, base=tmp_path).start()

    assert f"held by process {first.pid} (-c)" in str(caught.value)


def test_a_second_process_may_watch_once_the_first_has_ended(tmp_path: Path) -> None:
    with running(store=SQLITE, base=tmp_path), process(SECOND, tmp_path) as second:
        assert "held by process" in next_line(second)

    with process(SECOND, tmp_path) as third:
        assert "started" == next_line(third)


def test_a_second_process_may_watch_once_the_first_was_killed(tmp_path: Path) -> None:
    with process(SECOND, tmp_path) as first:
        assert "started" == next_line(first)
        first.kill()
        first.wait()

        with running(store=SQLITE, base=tmp_path) as runtime:
            assert runtime.started


FORKED = """
import os, sys
from pathlib import Path
from tests.builders import by_name, cloud
from windsock.errors import NotStarted, StoreInUse
from windsock.model import Reading
from windsock.runtime import Runtime

runtime = Runtime(by_name(cloud()), sys.argv[2], Path(sys.argv[1]))
runtime.start()
runtime.report("cloud", Reading("HUGGING"))


def say(text):
    print(text, flush=True)


def attempt(what):
    try:
        what()
        return "fine"
    except (NotStarted, StoreInUse) as error:
        return type(error).__name__


def in_child(what):
    child = os.fork()
    if child == 0:
        try:
            what()
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def beside_its_parent():
    say(f"started: {runtime.started}")
    say(f"report: {attempt(lambda: runtime.report('cloud', Reading('SHAKING')))}")
    say(f"rejected: {attempt(runtime.rejected)}")
    say(f"start: {attempt(runtime.start)}")


def after_its_parent():
    say(f"start: {attempt(runtime.start)}")
    say(f"report: {attempt(lambda: runtime.report('cloud', Reading('SHAKING')))}")
    runtime.stop()


in_child(beside_its_parent)
runtime.report("cloud", Reading("NEUTRAL"))
say(" ".join(c.state for c in runtime.history("cloud", None, None, 10).changes))
runtime.stop()
in_child(after_its_parent)
say("end")
"""


def test_a_forked_child_is_refused_beside_its_parent_and_starts_anew_after_it(tmp_path: Path) -> None:
    with process(FORKED, tmp_path, SQLITE) as parent:
        said = [next_line(parent) for _ in range(8)]

    assert [
        "started: False",
        "report: NotStarted",
        "rejected: NotStarted",
        "start: StoreInUse",
        "HUGGING NEUTRAL",
        "start: fine",
        "report: fine",
        "end",
    ] == said
    with running(store=SQLITE, base=tmp_path) as runtime:
        assert ["HUGGING", "NEUTRAL", "SHAKING"] == names(runtime)


def test_a_forked_child_has_a_memory_of_its_own(tmp_path: Path) -> None:
    with process(FORKED, tmp_path, "memory:") as parent:
        said = [next_line(parent) for _ in range(8)]

    assert ["started: False", "report: NotStarted", "rejected: NotStarted", "start: fine", "HUGGING NEUTRAL"] == said[
        :5
    ]


# ------------------------------------------------------------------------------------------------- stopping


def test_a_stop_takes_less_than_a_second_however_many_sources_hang() -> None:
    answer = threading.Event()
    piles = {f"pile:{number}": Pile(f"pile:{number}") for number in range(20)}
    for pile in piles.values():
        pile.on_look = lambda: answer.wait(30)
    things = [anything(f"kiln{number}", source=url) for number, url in enumerate(piles)]
    runtime = made(*things, sources=piles)
    runtime.start()
    eventually(lambda: all(pile.patience for pile in piles.values()))
    began = time.monotonic()

    runtime.stop()

    took = time.monotonic() - began
    answer.set()
    assert took < 5  # one after the other they would take ten


def test_a_stop_does_not_wait_for_sleeping_sources(pile: Pile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime_module, "STOP_WITHIN", 30.0)  # what a sleeper that is not woken would take
    with running(
        resting(), anything("kiln", source="clock:?every=1d"), cloud(name="a", source="pile:"), sources={"pile:": pile}
    ):
        eventually(lambda: pile.patience)
        began = time.monotonic()

    assert time.monotonic() - began < 10


def test_what_a_source_answers_after_the_stop_is_neither_recorded_nor_deleted(
    tmp_path: Path, pile: Pile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime_module, "STOP_WITHIN", 0.01)
    answer = threading.Event()
    pile.put("HUGGING")
    pile.on_look = lambda: answer.wait(30)

    with running(PILED, store=SQLITE, base=tmp_path, sources={"pile:": pile}):
        eventually(lambda: pile.patience)
    answer.set()
    eventually(lambda: not watchers())

    assert 1 == len(pile.messages)
    with running(PILED, store=SQLITE, base=tmp_path, sources={"pile:": Pile()}) as runtime:
        assert [] == names(runtime)


# ------------------------------------------------------------------------------------------------ reporting


def test_a_report_is_durable_and_seen_when_it_returns(tmp_path: Path) -> None:
    with running(store=SQLITE, base=tmp_path) as runtime:
        outcome = runtime.report("cloud", Reading("HUGGING", {"force": 3}))

        assert ("changed", 1) == (outcome.result, outcome.position.version)
        assert ("HUGGING", {"force": 3}) == (runtime.state("cloud").state, runtime.state("cloud").data)
        assert ["HUGGING"] == names(runtime)


def test_reports_from_many_threads_are_all_recorded_with_consecutive_versions(tmp_path: Path) -> None:
    kiln = anything(backlog="every")
    with running(kiln, store=SQLITE, base=tmp_path) as runtime:

        def report(number: int) -> None:
            for step in range(5):
                runtime.report("kiln", Reading(f"{number}.{step}"))

        threads = [threading.Thread(target=report, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        changes = runtime.history("kiln", None, 0, 100).changes
    assert list(range(1, 41)) == [change.version for change in changes]
    assert {f"{number}.{step}" for number in range(8) for step in range(5)} == {change.state for change in changes}


@pytest.mark.parametrize(
    ("thing", "state", "error"),
    [("kiln", "HUGGING", UnknownThing), ("cloud", "HUGING", UnknownState)],
)
def test_a_report_that_cannot_be_is_refused(thing: str, state: str, error: type[Exception]) -> None:
    with running() as runtime, pytest.raises(error):
        runtime.report(thing, Reading(state))


def test_several_readings_are_recorded_all_or_none() -> None:
    with running(cloud(backlog="every")) as runtime:
        with pytest.raises(UnknownState):
            runtime.report_all("cloud", [Reading("HUGGING"), Reading("HUGING")])
        assert [] == names(runtime)

        runtime.report_all("cloud", [Reading("HUGGING"), Reading("SHAKING")])
        assert ["HUGGING", "SHAKING"] == names(runtime)


def test_only_a_thing_of_the_inbox_takes_reports(pile: Pile) -> None:
    with running(PILED, anything(), sources={"pile:": pile}) as runtime:
        runtime.require_inbox("kiln")
        with pytest.raises(NotReportable, match="its readings come from pile:"):
            runtime.require_inbox("cloud")
        with pytest.raises(UnknownThing):
            runtime.require_inbox("oven")


def test_a_report_is_published() -> None:
    class Note:
        def __init__(self) -> None:
            self.things: list[str] = []

        def changed(self, thing: str) -> None:
            self.things.append(thing)

        def heard(self, thing: str) -> None:
            pass

    note = Note()
    with running() as runtime:
        runtime.hub.subscribe(note)
        reports(runtime, "HUGGING")

    assert ["cloud"] == note.things


def test_silence_is_counted_from_a_report() -> None:
    spec = resting(rest_after=seconds(0.05), offline=None, offline_after=None)
    with running(spec) as runtime:
        reports(runtime, "HUGGING")
        eventually(lambda: runtime.state("cloud").state == "NEUTRAL")
        reports(runtime, "SHAKING")
        eventually(lambda: runtime.state("cloud").state == "NEUTRAL")

        changes = runtime.history("cloud", None, None, 10).changes
    assert ["HUGGING", "NEUTRAL", "SHAKING", "NEUTRAL"] == [change.state for change in changes]
    assert ["reported", "rest", "reported", "rest"] == [change.cause for change in changes]


# -------------------------------------------------------------------------------------------------- history


def test_history_gives_what_came_after_a_version() -> None:
    with running() as runtime:
        reports(runtime, "HUGGING", "SHAKING", "NEUTRAL")
        epoch = runtime.state("cloud").position.epoch
        found = runtime.history("cloud", epoch, 1, 100)

    assert ([2, 3], True, epoch) == ([c.version for c in found.changes], found.complete, found.epoch)


def test_history_says_when_something_is_missing() -> None:
    with running() as runtime:
        reports(runtime, "HUGGING", "SHAKING", "NEUTRAL")
        found = runtime.history("cloud", None, 1, 1)

    assert ([2], False) == ([c.version for c in found.changes], found.complete)


def test_history_without_a_version_gives_the_newest() -> None:
    with running() as runtime:
        reports(runtime, "HUGGING", "SHAKING", "NEUTRAL")
        found = runtime.history("cloud", None, None, 2)
        whole = runtime.history("cloud", None, None, 3)

    assert ([2, 3], False) == ([c.version for c in found.changes], found.complete)
    assert whole.complete


def test_history_of_another_epoch_gives_the_newest_and_says_that_it_is_incomplete() -> None:
    with running() as runtime:
        reports(runtime, "HUGGING", "SHAKING")
        found = runtime.history("cloud", "another", 1, 100)

    assert ([1, 2], False) == ([c.version for c in found.changes], found.complete)


def test_history_of_who_knows_all_is_empty_and_complete() -> None:
    with running() as runtime:
        reports(runtime, "HUGGING")
        found = runtime.history("cloud", None, 1, 100)

    assert ([], True) == (list(found.changes), found.complete)


def test_there_is_no_history_of_an_unknown_thing() -> None:
    with running() as runtime, pytest.raises(UnknownThing):
        runtime.history("kiln", None, None, 10)


# ------------------------------------------------------------------------------------------------- rejected


@contextmanager
def with_rejected(pile: Pile, base: Path, *bodies: str) -> Iterator[Runtime]:
    """A runtime that has set messages aside, numbered from 1 on."""
    pile.put(*bodies, inserted_at=at(-60))
    with running(PILED, store=SQLITE, base=base, sources={"pile:": pile}) as runtime:
        eventually(lambda: len(runtime.rejected()) == len(bodies) and not pile.messages)
        yield runtime


def test_messages_set_aside_are_listed_newest_first(tmp_path: Path, pile: Pile) -> None:
    with with_rejected(pile, tmp_path, "HUGING", "SHAKNG", "NUTRAL") as runtime:
        assert [3, 2, 1] == [message.number for message in runtime.rejected()]
        assert [3, 2] == [message.number for message in runtime.rejected(2)]
        assert [1] == [message.number for message in runtime.rejected(2, before=2)]


def test_one_message_set_aside_is_shown(tmp_path: Path, pile: Pile) -> None:
    with with_rejected(pile, tmp_path, "HUGING") as runtime:
        message = runtime.rejected_message(1)
        assert message is not None
        assert (b"HUGING", "pile:") == (message.body, message.source)
        assert runtime.rejected_message(2) is None


def test_a_message_is_forgotten(tmp_path: Path, pile: Pile) -> None:
    with with_rejected(pile, tmp_path, "HUGING", "SHAKNG") as runtime:
        assert (True, False) == (runtime.drop(1), runtime.drop(1))
        assert [2] == [message.number for message in runtime.rejected()]


def test_a_message_that_still_cannot_be_read_stays(tmp_path: Path, pile: Pile) -> None:
    with with_rejected(pile, tmp_path, "HUGING") as runtime:
        with pytest.raises(UnknownState):
            runtime.retry(1)
        assert 1 == len(runtime.rejected())


def test_there_is_no_retry_of_what_is_not_there() -> None:
    with running() as runtime:
        assert runtime.retry(1) is None


def test_a_message_is_retried_by_the_configuration_of_today(tmp_path: Path, pile: Pile) -> None:
    with with_rejected(pile, tmp_path, "HUGING"):
        pass

    mended = anything("cloud", source="pile:")
    with running(mended, store=SQLITE, base=tmp_path, sources={"pile:": pile}) as runtime:
        outcome = runtime.retry(1)

        assert outcome is not None
        assert ("changed", ["HUGING"], []) == (outcome.result, names(runtime), runtime.rejected())


def test_a_message_that_is_retried_does_not_overrun_what_was_heard_since(tmp_path: Path, pile: Pile) -> None:
    with with_rejected(pile, tmp_path, "HUGING"):
        pass

    mended = anything("cloud", source="pile:")
    with running(mended, store=SQLITE, base=tmp_path, sources={"pile:": pile}) as runtime:
        reports(runtime, "SHAKING")
        outcome = runtime.retry(1)

        assert outcome is not None
        assert ("same", ["SHAKING"], []) == (outcome.result, names(runtime), runtime.rejected())


def test_a_message_is_retried_in_the_encoding_of_its_source(tmp_path: Path, pile: Pile) -> None:
    with with_rejected(pile, tmp_path, "HUGING"):
        pass

    pile.encoding = "base64"
    mended = anything("cloud", source="pile:")
    with (
        running(mended, store=SQLITE, base=tmp_path, sources={"pile:": pile}) as runtime,
        pytest.raises(BadReading, match="base64"),
    ):
        runtime.retry(1)


def test_a_message_whose_source_is_gone_cannot_be_retried(tmp_path: Path, pile: Pile) -> None:
    with with_rejected(pile, tmp_path, "HUGING"):
        pass

    with running(anything("cloud"), store=SQLITE, base=tmp_path) as runtime:
        with pytest.raises(BadReading, match="nothing reads pile: any more"):
            runtime.retry(1)
        assert 1 == len(runtime.rejected())


# --------------------------------------------------------------------------------------------------- health


def test_it_is_ready_when_all_can_be_read(pile: Pile) -> None:
    pile.put("HUGGING")
    with running(PILED, anything(), sources={"pile:": pile}) as runtime:
        eventually(lambda: "ok" in [health.status for health in runtime.health()])

        assert [] == runtime.problems()


def test_a_source_that_fails_is_a_problem_until_it_recovers() -> None:
    script = ScriptedSource()
    with running(cloud(source="scripted:"), anything(), sources={"scripted:": script}) as runtime:
        with script.failing("no answer"):
            eventually(lambda: runtime.problems() == ["scripted:: no answer"])
            eventually(lambda: runtime.state("cloud").source == "failing")
            assert "ok" == runtime.state("kiln").source
        eventually(lambda: runtime.problems() == [])
        eventually(lambda: runtime.state("cloud").source == "ok")


def test_a_source_that_hangs_is_a_problem(monkeypatch: pytest.MonkeyPatch, pile: Pile) -> None:
    monkeypatch.setattr(supervisor, "FIRST_ANSWER_WITHIN", 0.05)
    monkeypatch.setattr(runtime_module, "TICK", 0.01)
    answer = threading.Event()
    pile.on_look = lambda: answer.wait(30)

    with running(PILED, sources={"pile:": pile}) as runtime:
        eventually(lambda: "no answer for" in "".join(runtime.problems()))
        answer.set()


def test_a_store_that_fails_is_a_problem_until_it_recovers(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise StoreError("the disk is full")

    with running() as runtime:
        with monkeypatch.context() as broken:
            broken.setattr(MemoryStore, "commit", fail)
            broken.setattr(MemoryStore, "check", fail)
            with pytest.raises(StoreError):
                reports(runtime, "HUGGING")
            assert ["the disk is full"] == runtime.problems()

        assert [] == runtime.problems()
        reports(runtime, "HUGGING")
        assert ["HUGGING"] == names(runtime)


def test_the_clocks_go_on_after_one_tick_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime_module, "TICK", 0.001)
    ticks: list[int] = []

    def tick() -> None:
        ticks.append(1)
        raise ValueError("a mistake in a tick")

    runtime = made()
    monkeypatch.setattr(runtime.hub, "tick", tick)
    with stopped_at_the_end(runtime):
        runtime.start()
        eventually(lambda: len(ticks) > 2)


def test_a_version_that_was_not_given_out_yet_is_of_another_history(tmp_path: Path) -> None:
    with running() as runtime:
        reports(runtime, "HUGGING")

        assert (True, False) == (
            runtime.history("cloud", None, 1, 10).complete,
            runtime.history("cloud", None, 9, 10).complete,
        )


def test_a_start_that_fails_half_way_leaves_nothing_running(monkeypatch: pytest.MonkeyPatch, pile: Pile) -> None:
    before = present()
    runtime = made(PILED, sources={"pile:": pile})
    monkeypatch.setattr(runtime, "_start_ticking", failing("no more threads"))

    with pytest.raises(WindsockError):
        runtime.start()

    eventually(lambda: not added(before))
    assert not runtime.started
