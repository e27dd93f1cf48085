from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import by_name, cloud, unhurried
from tests.pile import Pile, failing
from tests.waiting import eventually
from windsock import supervisor
from windsock.errors import SourceError
from windsock.recorder import Recorder
from windsock.store import MemoryStore
from windsock.supervisor import FIRST_DELAY, LONGEST_DELAY, Health, Supervisor, backoff
from windsock.times import utc_now
from windsock.watcher import Watcher

chances = st.floats(0, 1)


# --------------------------------------------------------------------------------------------------- backoff


def test_backoff_doubles_up_to_a_limit() -> None:
    assert [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0] == [backoff(failures, 1.0) for failures in range(1, 8)]


@unhurried
@given(st.integers(1, 10_000), chances)
def test_backoff_is_never_longer_than_the_limit_nor_shorter_than_half_the_first(failures: int, chance: float) -> None:
    assert FIRST_DELAY / 2 <= backoff(failures, chance) <= LONGEST_DELAY


@unhurried
@given(st.integers(1, 10_000))
def test_chance_takes_up_to_half_of_it(failures: int) -> None:
    assert backoff(failures, 1.0) / 2 == backoff(failures, 0.0)


@unhurried
@given(st.integers(1, 10_000), chances)
def test_backoff_does_not_shrink_as_failures_go_on(failures: int, chance: float) -> None:
    assert backoff(failures, chance) <= backoff(failures + 1, chance)


# ---------------------------------------------------------------------------------------------------- health


class Bench:
    """A supervisor with its source, and the health that it told of."""

    def __init__(self, pile: Pile, chance: Callable[[], float]) -> None:
        self.pile = pile
        specs = by_name(cloud())
        self.store = MemoryStore()
        recorder = Recorder(self.store, specs, lambda _state: None, utc_now)
        self.told: list[Health] = []
        watcher = Watcher(pile, specs, recorder, utc_now)
        self.supervisor = Supervisor(watcher, utc_now, self.told.append, chance)

    @property
    def health(self) -> Health:
        return self.supervisor.health

    def wait_for(self, status: str) -> Health:
        eventually(lambda: self.health.status == status)
        return self.health

    def statuses(self) -> list[str]:
        return [health.status for health in self.told]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A restart is not waited for."""
    monkeypatch.setattr(supervisor, "FIRST_DELAY", 0.001)
    monkeypatch.setattr(supervisor, "LONGEST_DELAY", 0.001)


@contextmanager
def running(pile: Pile, chance: Callable[[], float] = lambda: 1.0) -> Iterator[Bench]:
    bench = Bench(pile, chance)
    bench.supervisor.start()
    try:
        yield bench
    finally:
        bench.supervisor.stop()
        assert bench.supervisor.join(10)


def test_a_source_is_starting_until_it_was_looked_at() -> None:
    bench = Bench(Pile(), lambda: 1.0)

    assert ("pile:", ("cloud",), "starting", None) == (
        bench.health.source,
        bench.health.things,
        bench.health.status,
        bench.health.reason,
    )


def test_a_source_that_gives_messages_is_ok() -> None:
    pile = Pile()
    pile.put("HUGGING")

    with running(pile) as bench:
        bench.wait_for("ok")
        assert "HUGGING" == bench.store.states()["cloud"].state


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SourceError("no answer"), "no answer"),
        (SourceError("pile:: no answer"), "no answer"),  # its name is told anyway
        (ValueError("no number"), "ValueError: no number"),
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt: "),
        (GeneratorExit(), "GeneratorExit: "),
        (MemoryError(), "MemoryError: "),
    ],
)
def test_whatever_a_source_raises_it_is_tried_again(quick: None, error: BaseException, reason: str) -> None:
    pile = Pile()
    failures = [error, error]

    def look() -> None:
        if failures:
            raise failures.pop()
        pile.put("HUGGING")
        pile.on_look = lambda: None

    pile.on_look = look

    with running(pile) as bench:
        bench.wait_for("ok")

    assert ["failing", "ok", "stopped"] == bench.statuses()
    assert reason == bench.told[0].reason


def test_a_source_that_cannot_be_opened_is_tried_again(quick: None) -> None:
    pile = Pile()
    pile.open = failing("not found")  # type: ignore[method-assign,assignment]

    with running(pile) as bench:
        assert "not found" == bench.wait_for("failing").reason
        eventually(lambda: bench.health.failures >= 3)
        # While it fails nobody looks at its messages; mended first, it might be looked at for nothing, and rest.
        pile.put("HUGGING")
        del pile.open
        bench.wait_for("ok")


def test_failures_are_counted_while_they_last(quick: None) -> None:
    pile = Pile()
    pile.on_look = failing()

    with running(pile) as bench:
        eventually(lambda: bench.health.failures >= 3)
        since = bench.told[0].since
        assert since == bench.health.since
        pile.put("HUGGING")
        pile.on_look = lambda: None
        assert (0, None) == (bench.wait_for("ok").failures, bench.health.reason)

    assert ["failing", "ok", "stopped"] == bench.statuses()


def test_another_reason_is_news(quick: None) -> None:
    pile = Pile()
    pile.on_look = failing("no answer")

    with running(pile) as bench:
        bench.wait_for("failing")
        pile.on_look = failing("wrong key")
        eventually(lambda: bench.health.reason == "wrong key")

    assert ["no answer", "wrong key", None] == [health.reason for health in bench.told]


def _noting(counts: list[int]) -> Callable[[int, float], float]:
    """Stands in for `backoff`, and notes after how many failures it was asked."""

    def noted(failures: int, chance: float) -> float:
        counts.append(failures)
        return 0.001 * chance

    return noted


def test_the_wait_before_a_restart_grows_with_the_failures_in_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    monkeypatch.setattr(supervisor, "backoff", _noting(counts))
    pile = Pile()
    pile.on_look = failing()

    with running(pile):
        eventually(lambda: len(counts) >= 3)

    assert [1, 2, 3] == counts[:3]


def test_a_success_ends_the_row_of_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    monkeypatch.setattr(supervisor, "backoff", _noting(counts))
    pile = Pile()
    looks = iter(range(1_000_000))

    def look() -> None:
        if next(looks) % 2 == 0:
            raise SourceError("no answer")
        pile.put("HUGGING")

    pile.on_look = look

    with running(pile):
        eventually(lambda: len(counts) >= 3)

    assert {1} == set(counts)


def test_a_source_is_closed_after_every_failure_and_at_the_end(quick: None) -> None:
    pile = Pile()
    pile.on_look = failing()

    with running(pile):
        eventually(lambda: pile.open_count >= 3)

    assert pile.open_count == pile.close_count


def test_a_source_that_cannot_be_closed_is_tried_again_too(quick: None) -> None:
    pile = Pile()
    pile.on_look = failing()
    pile.close = failing()  # type: ignore[method-assign,assignment]

    with running(pile):
        eventually(lambda: pile.open_count >= 3)


# ------------------------------------------------------------------------------------------------------- log


def test_a_failure_that_windsock_understands_is_logged_once_and_without_a_traceback(
    quick: None, caplog: pytest.LogCaptureFixture
) -> None:
    pile = Pile()
    pile.on_look = failing()

    with running(pile) as bench:
        eventually(lambda: bench.health.failures >= 3)

    [record] = caplog.get_records("call")
    assert ("pile: fails and is tried again: no answer", logging.ERROR) == (record.getMessage(), record.levelno)
    assert not record.exc_info


def test_a_failure_of_other_code_is_logged_with_its_traceback(quick: None, caplog: pytest.LogCaptureFixture) -> None:
    pile = Pile()

    def look() -> None:
        raise ValueError("no number")

    pile.on_look = look

    with running(pile) as bench:
        eventually(lambda: bench.health.failures >= 3)

    assert 1 == caplog.text.count("Traceback")
    assert 'raise ValueError("no number")' in caplog.text


def test_a_recovery_is_logged(quick: None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    pile = Pile()
    pile.on_look = failing()

    with running(pile) as bench:
        bench.wait_for("failing")
        pile.put("HUGGING")
        pile.on_look = lambda: None
        bench.wait_for("ok")

    assert "pile: can be read again" == caplog.messages[-1]


# ------------------------------------------------------------------------------------------- hanging, stopping


@pytest.mark.parametrize("answered", [0, 1], ids=["before the first answer", "later"])
def test_a_source_that_hangs_is_called_failing_until_it_answers(monkeypatch: pytest.MonkeyPatch, answered: int) -> None:
    monkeypatch.setattr(supervisor, "HANGING_AFTER" if answered else "FIRST_ANSWER_WITHIN", 0.02)
    pile = Pile()
    looking, answer = threading.Event(), threading.Event()

    def look() -> None:
        if len(pile.patience) > answered:
            looking.set()
            answer.wait(30)

    pile.on_look = look
    pile.put("HUGGING")

    with running(pile) as bench:
        if answered:
            bench.wait_for("ok")
            bench.supervisor.wake()
        assert looking.wait(10)
        eventually(lambda: time.monotonic() - (bench.supervisor._busy_since or time.monotonic()) > 0.02)
        bench.supervisor.check()
        assert "failing" == bench.health.status
        assert bench.health.reason is not None
        assert "no answer for" in bench.health.reason
        answer.set()
        bench.wait_for("ok")


def test_a_source_that_sleeps_is_not_called_hanging(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "HANGING_AFTER", 0.0)
    pile = Pile()
    pile.put("HUGGING")

    with running(pile) as bench:
        bench.wait_for("ok")
        eventually(lambda: bench.supervisor._busy_since is None)  # asleep until its next look
        bench.supervisor.check()
        assert "ok" == bench.health.status


def test_a_source_that_waits_to_be_restarted_keeps_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "HANGING_AFTER", 0.0)
    monkeypatch.setattr(supervisor, "FIRST_DELAY", 60.0)
    monkeypatch.setattr(supervisor, "LONGEST_DELAY", 60.0)
    pile = Pile()
    pile.on_look = failing()

    with running(pile) as bench:
        bench.wait_for("failing")
        eventually(lambda: bench.supervisor._busy_since is None)
        bench.supervisor.check()
        assert "no answer" == bench.health.reason


def test_a_wake_does_not_end_the_pause_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_DELAY", 60.0)
    monkeypatch.setattr(supervisor, "LONGEST_DELAY", 60.0)
    pile = Pile()
    pile.on_look = failing()

    with running(pile) as bench:
        bench.wait_for("failing")
        for _ in range(50):
            bench.supervisor.wake()
            time.sleep(0.002)
        assert 1 == pile.open_count


def test_a_wake_ends_a_sleep() -> None:
    pile = Pile()

    with running(pile) as bench:
        eventually(lambda: len(pile.patience) == 1)
        bench.supervisor.wake()
        eventually(lambda: len(pile.patience) == 2)


def test_a_stop_ends_a_sleep() -> None:
    with running(Pile()) as bench:
        eventually(lambda: bench.pile.patience)
        bench.supervisor.stop()
        assert bench.supervisor.join(10)

    assert "stopped" == bench.health.status


def test_a_stop_ends_the_wait_for_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_DELAY", 60.0)
    monkeypatch.setattr(supervisor, "LONGEST_DELAY", 60.0)
    pile = Pile()
    pile.on_look = failing()

    with running(pile) as bench:
        bench.wait_for("failing")
        bench.supervisor.stop()
        assert bench.supervisor.join(10)


def test_a_stop_does_not_wait_for_a_source_that_hangs() -> None:
    pile = Pile()
    looking, answer = threading.Event(), threading.Event()

    def look() -> None:
        looking.set()
        answer.wait(30)

    pile.on_look = look

    with running(pile) as bench:
        assert looking.wait(10)
        bench.supervisor.stop()
        assert not bench.supervisor.join(0.01)
        answer.set()


def test_what_a_look_found_while_it_was_stopped_is_recorded() -> None:
    pile = Pile()
    pile.put("HUGGING")

    with running(pile) as bench:
        pile.on_look = bench.supervisor.stop
        bench.supervisor.wake()
        assert bench.supervisor.join(10)

    assert "HUGGING" == bench.store.states()["cloud"].state


def test_what_was_never_started_can_be_stopped() -> None:
    bench = Bench(Pile(), lambda: 1.0)

    bench.supervisor.stop()

    assert bench.supervisor.join(10)
