from __future__ import annotations

import math
import threading

from windsock.tally import EVERY, LATELY, Histogram, Recent, Tally


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_duration_counts_in_its_class_and_in_all_above() -> None:
    histogram = Histogram((0.1, 1.0))
    for seconds in (0.05, 0.1, 0.5, 7.0):
        histogram.observe(seconds)
    assert [(0.1, 2), (1.0, 3), (math.inf, 4)] == histogram.classes()
    assert math.isclose(7.65, histogram.total)


def test_what_happened_lately_is_counted_in_spans_the_newest_last() -> None:
    recent = Recent()
    recent.add(2, 1000.0)
    recent.add(3, 1000.0 + EVERY)
    assert [2, 3, 0] == recent.counts(1000.0 + 2 * EVERY)[-3:]
    assert LATELY == len(recent.counts(1000.0))


def test_what_happened_long_ago_is_forgotten() -> None:
    recent = Recent()
    recent.add(2, 1000.0)
    assert 2 == sum(recent.counts(1000.0 + (LATELY - 1) * EVERY))
    assert 0 == sum(recent.counts(1000.0 + LATELY * EVERY))


def test_a_long_silence_leaves_nothing_behind() -> None:
    recent = Recent()
    recent.add(2, 1000.0)
    recent.add(1, 1000.0 + 1000 * LATELY * EVERY)
    assert [0, 1] == recent.counts(1000.0 + 1000 * LATELY * EVERY)[-2:]
    assert 1 == sum(recent.counts(1000.0 + 1000 * LATELY * EVERY))


def test_readings_are_counted_by_thing_and_result() -> None:
    tally = Tally(Clock())
    tally.read("cloud", ["changed", "same", "same"])
    tally.read("kiln", ["same"])
    assert (1, 0, 2) == tuple(tally.readings("cloud", result) for result in ("changed", "updated", "same"))
    assert 1 == tally.readings("kiln", "same")
    assert 4 == tally.lately()["readings"][-1]


def test_a_commit_is_counted_with_its_changes_and_what_it_set_aside() -> None:
    tally = Tally(Clock())
    tally.committed(0.003, [("cloud", "reported"), ("cloud", "rest")], ["inbox:"])
    assert (1, 1, 0) == tuple(tally.changes("cloud", cause) for cause in ("reported", "rest", "offline"))
    assert (1, 0) == (tally.rejected("inbox:"), tally.rejected("clock:"))
    assert (1, 0.003) == (tally.commits.classes()[-1][1], tally.commits.total)
    assert 2 == tally.lately()["changes"][-1]


def test_nothing_is_lost_that_many_threads_count_at_once() -> None:
    tally = Tally(Clock())

    def count() -> None:
        for _ in range(2000):
            tally.read("cloud", ["same"])
            tally.committed(0.001, [("cloud", "reported")], ())

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (8000, 8000) == (tally.readings("cloud", "same"), tally.changes("cloud", "reported"))
    assert 8000 == tally.commits.classes()[-1][1]
