from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Barrier, Event

import pytest

from tests.builders import TurnableClock, anything, arrival, at, by_name, cloud, rejected, resting, seconds, state
from windsock.detect import Arrival
from windsock.errors import StoreError, UnknownThing
from windsock.model import Position, State, ThingSpec
from windsock.recorder import Outcome, Recorder
from windsock.store import Batch, MemoryStore, SeenId, SqliteStore

THREADS = 8


class FallibleStore(MemoryStore):
    """Fails when told to; also keeps the batches."""

    def __init__(self) -> None:
        super().__init__()
        self.fails = False
        self.batches: list[Batch] = []

    def commit(self, batch: Batch) -> None:
        self.check()
        super().commit(batch)
        self.batches.append(batch)

    def seen(self, ids: Collection[SeenId]) -> set[SeenId]:
        self.check()
        return super().seen(ids)

    def check(self) -> None:
        if self.fails:
            raise StoreError("the disk is full")


class Bench:
    """A recorder with all that it needs, and what it published."""

    def __init__(self, *specs: ThingSpec, store: FallibleStore | None = None) -> None:
        self.clock = TurnableClock()
        self.store = store or FallibleStore()
        self.published: list[State] = []
        self.recorder = Recorder(self.store, by_name(*specs), self.published.append, self.clock)

    def record(self, *arrivals: Arrival) -> dict[str, Outcome]:
        return self.recorder.record(arrivals)

    def state(self, thing: str = "cloud") -> State:
        return self.recorder.state(thing)

    def versions(self, thing: str = "cloud") -> list[int]:
        return [change.version for change in self.store.history(thing, 0, 10_000)]

    def conclude(self, looked_at: datetime | None = None) -> None:
        self.recorder.conclude_silence("cloud", looked_at or self.clock())


@pytest.fixture
def bench() -> Bench:
    return Bench(cloud(backlog="every"), anything("door", backlog="every"))


@pytest.fixture
def quick_switches() -> Iterator[None]:
    """Threads take turns after every few instructions, so that a missing lock is noticed."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


# ------------------------------------------------------------------------------------------ one reading


def test_at_first_nothing_is_known_of_a_thing(bench: Bench) -> None:
    assert State("cloud", Position(bench.store.epoch, 0)) == bench.state()


def test_a_thing_that_is_not_there_is_unknown(bench: Bench) -> None:
    with pytest.raises(UnknownThing, match="there is no thing 'sun'"):
        bench.state("sun")


def test_a_reading_is_committed_then_published_and_then_current(bench: Bench) -> None:
    outcome = bench.record(arrival("HUGGING"))
    expected = replace(state("HUGGING"), position=Position(bench.store.epoch, 1))
    assert {"cloud": Outcome("changed", expected.position)} == outcome
    assert expected == bench.state() == bench.store.states()["cloud"]
    assert [expected] == bench.published


def test_what_is_published_is_durable_and_current_by_then() -> None:
    store = MemoryStore()
    found: list[tuple[State, State, State]] = []

    def look(new: State) -> None:
        found.append((new, store.states()["cloud"], recorder.state("cloud")))

    recorder = Recorder(store, by_name(cloud()), look, TurnableClock())
    recorder.record([arrival("HUGGING")])
    assert [(recorder.state("cloud"),) * 3] == found


def test_the_same_again_moves_heard_without_a_version(bench: Bench) -> None:
    bench.record(arrival("HUGGING", at(-5)))
    assert "same" == bench.record(arrival("HUGGING"))["cloud"].result
    assert ([1], at(0)) == (bench.versions(), bench.state().heard_at)
    assert [at(-5), at(0)] == [one.heard_at for one in bench.published]


def test_what_moves_nothing_is_neither_committed_nor_published(bench: Bench) -> None:
    bench.record(arrival("HUGGING"))
    assert {"cloud": Outcome("same", bench.state().position)} == bench.record(arrival("HUGGING"))
    assert (1, 1) == (len(bench.store.batches), len(bench.published))


def test_a_batch_of_nothing_does_nothing(bench: Bench) -> None:
    assert {} == bench.record()
    assert [] == bench.store.batches


# ------------------------------------------------------------------------------------ batches and backlog


def test_a_batch_is_one_commit_and_one_publication_of_each_thing(bench: Bench) -> None:
    outcome = bench.record(arrival("HUGGING"), arrival("OPEN", thing="door"), arrival("SHAKING"))
    epoch = bench.store.epoch
    assert {
        "cloud": Outcome("changed", Position(epoch, 2)),
        "door": Outcome("changed", Position(epoch, 1)),
    } == outcome
    assert 1 == len(bench.store.batches)
    assert [("cloud", 2), ("door", 1)] == sorted((one.thing, one.position.version) for one in bench.published)
    assert ([1, 2], [1]) == (bench.versions("cloud"), bench.versions("door"))


def test_each_thing_has_its_own_backlog() -> None:
    bench = Bench(cloud(), anything("door", backlog="every"))
    bench.record(*(arrival(name, thing=thing) for thing in ("cloud", "door") for name in ("HUGGING", "SHAKING")))
    assert ([1], [1, 2]) == (bench.versions("cloud"), bench.versions("door"))


def test_what_the_backlog_drops_is_known_and_does_not_come_back() -> None:
    bench = Bench(cloud())
    bench.record(arrival("NEUTRAL", at(-9), id="old"), arrival("HUGGING", id="new"))
    assert {("cloud", "old"), ("cloud", "new")} == bench.store.seen([("cloud", "old"), ("cloud", "new")])
    assert [1] == bench.versions()


# --------------------------------------------------------------------------------------- second deliveries


def test_a_second_delivery_changes_nothing(bench: Bench) -> None:
    bench.record(arrival("HUGGING", id="1"), arrival("SHAKING", id="2"))
    before = bench.state()
    bench.clock.turn(60)
    assert {"cloud": Outcome("same", before.position)} == bench.record(arrival("HUGGING", at(60), id="1"))
    assert (before, 1, 1) == (bench.state(), len(bench.store.batches), len(bench.published))


def test_a_second_delivery_in_the_same_batch_changes_nothing(bench: Bench) -> None:
    bench.record(arrival("HUGGING", id="1"), arrival("SHAKING", id="2"), arrival("HUGGING", id="1"))
    assert ("SHAKING", [1, 2]) == (bench.state().state, bench.versions())


def test_a_second_delivery_beside_a_new_message_leaves_the_new_one(bench: Bench) -> None:
    bench.record(arrival("HUGGING", id="1"))
    bench.record(arrival("HUGGING", id="1"), arrival("SHAKING", id="2"), arrival("HUGGING", id="3"))
    assert [1, 2, 3] == bench.versions()


def test_the_same_id_of_another_thing_is_another_message(bench: Bench) -> None:
    bench.record(arrival("HUGGING", id="1"), arrival("OPEN", thing="door", id="1"))
    assert ([1], [1]) == (bench.versions("cloud"), bench.versions("door"))


def test_readings_without_an_id_all_count(bench: Bench) -> None:
    bench.record(*(arrival(name) for name in ["HUGGING", "SHAKING", "HUGGING"]))
    assert [1, 2, 3] == bench.versions()


def test_a_second_delivery_after_a_restart_changes_nothing(bench: Bench) -> None:
    bench.record(arrival("HUGGING", id="1"), arrival("SHAKING", id="2"))
    again = Bench(cloud(backlog="every"), store=bench.store)
    again.record(arrival("HUGGING", id="1"))
    assert ("SHAKING", [1, 2], []) == (again.state().state, again.versions(), again.published)


# ------------------------------------------------------------------------------------ messages set aside


def test_messages_are_set_aside_in_the_same_commit(bench: Bench) -> None:
    bench.recorder.record([arrival("HUGGING")], [rejected(b"?")])
    assert (1, [b"?"]) == (len(bench.store.batches), [one.body for one in bench.store.rejected(9)])


def test_messages_may_be_set_aside_and_resolved_without_a_reading(bench: Bench) -> None:
    assert {} == bench.recorder.record([], [rejected(b"?")])
    assert [b"?"] == [one.body for one in bench.store.rejected(9)]
    assert {} == bench.recorder.record([], resolved=[1])
    assert ([], []) == (bench.store.rejected(9), bench.published)


def test_a_message_set_aside_may_be_resolved_by_its_reading(bench: Bench) -> None:
    bench.recorder.record([], [rejected(b"?")])
    bench.recorder.record([arrival("HUGGING")], resolved=[1])
    assert ("HUGGING", []) == (bench.state().state, bench.store.rejected(9))


# --------------------------------------------------------------------------- what became of each reading


def fates(bench: Bench) -> list[tuple[str, str]]:
    """What was read, the oldest first, and what became of it."""
    return [
        (entry.what.reading.state if isinstance(entry.what, Arrival) else entry.what.body.decode(), entry.fate)
        for entry in reversed(bench.recorder.logbook.last())
    ]


def test_what_became_of_each_reading_is_known_in_the_order_of_reading(bench: Bench) -> None:
    bench.record(
        arrival("HUGGING", id="1"),
        arrival("OPEN", thing="door"),
        arrival("HUGGING", id="2"),
        arrival("HUGGING", id="3", data={"force": 1}),
        arrival("SHAKING", id="1"),
    )
    assert [
        ("HUGGING", "changed"),
        ("OPEN", "changed"),
        ("HUGGING", "same"),
        ("HUGGING", "updated"),
        ("SHAKING", "known"),
    ] == fates(bench)


def test_what_is_passed_over_as_too_old_is_told_from_what_counts() -> None:
    bench = Bench(cloud())
    bench.record(arrival("NEUTRAL", at(-9)), arrival("HUGGING", at(-1)), arrival("SHAKING", at(-5)))
    assert [("NEUTRAL", "older"), ("HUGGING", "changed"), ("SHAKING", "older")] == fates(bench)


def test_what_was_set_aside_is_among_them_with_its_source_and_the_time_of_reading(bench: Bench) -> None:
    bench.clock.turn(5)
    bench.recorder.record([arrival("OPEN", thing="door")], [rejected(b"?")])
    assert [("OPEN", "changed"), ("?", "rejected")] == fates(bench)
    assert [(at(5), "azure-queue://mlqueue"), (at(5), "inbox:")] == [
        (entry.at, entry.source) for entry in bench.recorder.logbook.last()
    ]


def test_of_a_long_batch_the_last_are_told_with_what_became_of_them(bench: Bench) -> None:
    names = [f"S{number}" for number in range(100)]
    bench.recorder.record([arrival(name) for name in [*names, "S99"]], [rejected(b"%d" % number) for number in (0, 1)])
    assert [
        ("S98", "changed"),
        ("S99", "changed"),
        ("S99", "same"),
        ("0", "rejected"),
        ("1", "rejected"),
    ] == fates(bench)[-5:]


def test_of_many_messages_set_aside_the_last_are_told_and_what_could_be_read_too(bench: Bench) -> None:
    bench.recorder.record([arrival("HUGGING")], [rejected(b"%d" % number) for number in range(100)])
    assert [("HUGGING", "changed"), ("98", "rejected"), ("99", "rejected")] == [fates(bench)[0], *fates(bench)[-2:]]


def test_what_was_passed_over_is_counted_as_nothing_new() -> None:
    bench = Bench(cloud())
    bench.record(arrival("NEUTRAL", at(-9)), arrival("HUGGING", at(-1), id="1"), arrival("SHAKING", at(-1), id="1"))
    assert (1, 0, 2) == tuple(bench.recorder.tally.readings("cloud", name) for name in ("changed", "updated", "same"))


# ------------------------------------------------------------------------------------- a store that fails


def test_when_the_store_fails_nothing_changes_and_nothing_is_published(bench: Bench) -> None:
    bench.record(arrival("HUGGING"))
    before = bench.state()
    bench.store.fails = True
    with pytest.raises(StoreError, match="the disk is full"):
        bench.record(arrival("SHAKING"), arrival("OPEN", thing="door"))
    assert (before, 0) == (bench.state(), bench.state("door").position.version)
    assert [before] == bench.published


def test_when_the_store_works_again_versions_go_on_without_a_hole(bench: Bench) -> None:
    bench.record(arrival("HUGGING", id="1"))
    bench.store.fails = True
    with pytest.raises(StoreError):
        bench.record(arrival("SHAKING", id="2"))
    bench.store.fails = False
    bench.record(arrival("SHAKING", id="2"))
    assert ([1, 2], "SHAKING") == (bench.versions(), bench.state().state)


@pytest.mark.parametrize("message_id", [None, "1"])
def test_the_failure_is_known_until_a_commit_succeeds(bench: Bench, message_id: str | None) -> None:
    bench.store.fails = True
    with pytest.raises(StoreError):
        bench.record(arrival("HUGGING", id=message_id))
    assert "the disk is full" == str(bench.recorder.store_error)
    bench.store.fails = False
    bench.record(arrival("HUGGING", id=message_id))
    assert bench.recorder.store_error is None


def test_a_check_notices_that_the_store_works_again(bench: Bench) -> None:
    bench.store.fails = True
    with pytest.raises(StoreError):
        bench.record(arrival("HUGGING"))
    bench.recorder.check_store()
    assert bench.recorder.store_error
    bench.store.fails = False
    bench.recorder.check_store()
    assert bench.recorder.store_error is None


def test_a_store_that_did_not_fail_is_not_checked(bench: Bench) -> None:
    bench.store.fails = True
    bench.recorder.check_store()
    assert bench.recorder.store_error is None


# ------------------------------------------------------------------------------------------------ silence


@pytest.fixture
def silent() -> Bench:
    return Bench(resting())


def test_silence_leads_to_rest_and_then_to_offline(silent: Bench) -> None:
    silent.record(arrival("HUGGING"))
    for turn, expected in [(4, "HUGGING"), (1, "NEUTRAL"), (54, "NEUTRAL"), (1, "NOTCONNECTED"), (999, "NOTCONNECTED")]:
        silent.clock.turn(turn)
        silent.conclude()
        assert expected == silent.state().state
    assert ["reported", "rest", "offline"] == [one.cause for one in silent.store.history("cloud", 0, 9)]
    assert ([1, 2, 3], at(0)) == ([one.position.version for one in silent.published], silent.state().heard_at)


def test_a_look_that_began_before_the_time_concludes_nothing(silent: Bench) -> None:
    silent.record(arrival("HUGGING"))
    silent.clock.turn(60)
    silent.conclude(looked_at=at(4))
    assert "HUGGING" == silent.state().state


def test_a_thing_that_was_never_heard_goes_offline_counted_from_the_start(silent: Bench) -> None:
    silent.clock.turn(60)
    silent.conclude()
    assert ("NOTCONNECTED", None) == (silent.state().state, silent.state().heard_at)


def test_silence_that_cannot_be_committed_changes_nothing(silent: Bench) -> None:
    silent.record(arrival("HUGGING"))
    silent.clock.turn(5)
    silent.store.fails = True
    with pytest.raises(StoreError):
        silent.conclude()
    assert ("HUGGING", 1) == (silent.state().state, len(silent.published))


def test_the_next_due_is_the_earliest_of_all_things() -> None:
    door = anything("door", offline="OFF", offline_after=seconds(30))
    bench = Bench(resting(), door)
    assert at(30) == bench.recorder.next_due(["cloud", "door"])
    bench.record(arrival("HUGGING"))
    assert at(5) == bench.recorder.next_due(["cloud", "door"])
    assert at(30) == bench.recorder.next_due(["door"])


def test_where_silence_changes_nothing_nothing_is_due(bench: Bench) -> None:
    assert bench.recorder.next_due(["cloud", "door"]) is None


# ------------------------------------------------------------------------------------------------ restart


def test_after_a_restart_the_stored_state_is_current_and_versions_go_on(tmp_path: Path) -> None:
    for version in (1, 2):
        store = SqliteStore(tmp_path / "windsock.db")
        recorder = Recorder(store, by_name(cloud()), lambda _: None, TurnableClock())
        assert version - 1 == recorder.state("cloud").position.version
        recorder.record([arrival("HUGGING", data={"version": version})])
        assert Position(store.epoch, version) == recorder.state("cloud").position
        store.close()


def test_a_stored_thing_that_is_no_longer_watched_is_left_alone(bench: Bench) -> None:
    bench.record(arrival("OPEN", thing="door"))
    again = Bench(cloud(), store=bench.store)
    with pytest.raises(UnknownThing):
        again.state("door")
    assert "OPEN" == again.store.states()["door"].state


# ------------------------------------------------------------------------------------------- many threads


@pytest.mark.usefixtures("quick_switches")
def test_whatever_threads_do_states_are_published_in_order_of_version(bench: Bench) -> None:
    start = Barrier(THREADS)

    def hammer(worker: int) -> None:
        start.wait()
        for count in range(50):
            bench.record(arrival("HUGGING", data={"by": [worker, count]}), arrival("OPEN", thing="door"))
            bench.record(arrival("SHUT", thing="door", data={"by": [worker, count]}))

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(hammer, range(THREADS)))
    assert list(range(1, THREADS * 50 + 1)) == bench.versions("cloud")
    for thing in ("cloud", "door"):
        published = [one.position.version for one in bench.published if one.thing == thing]
        assert sorted(published) == published
        assert bench.versions(thing)[-1] == published[-1] == bench.state(thing).position.version


@pytest.mark.usefixtures("quick_switches")
def test_a_message_that_many_threads_deliver_at_once_counts_once(bench: Bench) -> None:
    start = Barrier(THREADS)

    def deliver(_: int) -> str:
        start.wait()
        return bench.record(arrival("HUGGING", id="1"))["cloud"].result

    with ThreadPoolExecutor(THREADS) as pool:
        results = sorted(pool.map(deliver, range(THREADS)))
    assert ["changed", *["same"] * (THREADS - 1)] == results
    assert [1] == bench.versions()


def test_what_was_heard_is_pulled_back_when_the_clock_is_set_back() -> None:
    bench = Bench(resting())
    bench.clock.time = at(3600)
    bench.record(arrival("HUGGING", at(3600)))
    bench.clock.time = at(10)

    assert (True, False) == (bench.recorder.follow_clock(), bench.recorder.follow_clock())
    assert (at(10), at(10)) == (bench.state().heard_at, bench.published[-1].heard_at)
    assert [1] == bench.versions()


def test_the_clock_is_followed_even_while_the_store_fails() -> None:
    bench = Bench(cloud(), anything("door"))
    bench.record(arrival("HUGGING", at(0)), arrival("OPEN", at(0), thing="door"))
    bench.clock.time = at(-3600)
    bench.store.fails = True
    assert (True, False) == (bench.recorder.follow_clock(), bench.recorder.follow_clock())
    assert {at(-3600)} == {bench.state(thing).heard_at for thing in ("cloud", "door")}
    assert ["cloud", "door"] == sorted(state.thing for state in bench.published[2:])


def test_that_the_clock_was_followed_is_durable_as_soon_as_the_store_works() -> None:
    bench = Bench(cloud())
    bench.record(arrival("HUGGING", at(0)))
    bench.clock.time = at(-3600)
    bench.recorder.follow_clock()
    bench.store.fails = True
    with pytest.raises(StoreError):
        bench.conclude()
    bench.store.fails = False
    for _ in range(2):
        bench.conclude()
    assert [at(0), at(-3600)] == [batch.states[0].heard_at for batch in bench.store.batches]


def test_the_clock_is_followed_while_a_commit_hangs() -> None:
    class HangingStore(FallibleStore):
        hung, go_on = Event(), Event()

        def commit(self, batch: Batch) -> None:
            self.hung.set()
            assert self.go_on.wait(10)
            super().commit(batch)

    store = HangingStore()
    store.go_on.set()
    bench = Bench(anything("door"), store=store)
    bench.record(arrival("OPEN", at(0), thing="door"))
    store.hung.clear()
    store.go_on.clear()
    with ThreadPoolExecutor(1) as pool:
        recorded = pool.submit(bench.record, arrival("CLOSED", at(0), thing="door"))
        assert store.hung.wait(10)
        bench.clock.time = at(-3600)
        try:
            assert bench.recorder.follow_clock()
            assert ("OPEN", at(-3600)) == (bench.state("door").state, bench.state("door").heard_at)
        finally:
            store.go_on.set()
        recorded.result()
    assert bench.recorder.follow_clock()
    assert [("OPEN", at(0)), ("OPEN", at(-3600)), ("CLOSED", at(0)), ("CLOSED", at(-3600))] == [
        (state.state, state.heard_at) for state in bench.published
    ]


def test_a_thing_rests_in_time_after_the_clock_was_set_back() -> None:
    bench = Bench(resting())
    bench.clock.time = at(3600)
    bench.record(arrival("HUGGING", at(3600)))
    bench.clock.time = at(0)
    bench.recorder.follow_clock()
    bench.clock.time = at(6)

    bench.recorder.conclude_silence("cloud", at(6))

    assert "NEUTRAL" == bench.state().state
