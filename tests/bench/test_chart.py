from __future__ import annotations

from xml.etree import ElementTree as ET

from bench.chart import panels, svg
from bench.runs import Run

RUNS = [
    Run("fan-out", "bare", 1000, 1, {"cpu_us": 4.5, "rss_kb": 0.1}),
    Run("fan-out", "windsock", 1000, 1, {"cpu_us": 6.5, "rss_kb": 2.5}),
    Run("fan-out", "gevent", 1000, 1, {"cpu_us": 20.0, "rss_kb": 56.0}),
    Run("fan-out", "node", 1000, 1, {"cpu_us": 10.0, "rss_kb": 27.0}),
    Run("fan-out", "windsock", 10_000, 1, {"cpu_us": 6.6, "rss_kb": 2.4}),
    Run("fan-out", "node", 10_000, 1, {"cpu_us": 13.0, "rss_kb": 15.0}),
]


def test_the_chart_is_well_formed_and_says_in_words_what_it_shows() -> None:
    root = ET.fromstring(svg(panels(RUNS), ["a < b"]))  # noqa: S314  # made above
    said = root.findtext("{*}desc") or ""
    assert "Windsock 6.5" in said
    assert "Flask-SocketIO, gevent 56.0" in said


def test_the_best_stands_first() -> None:
    cost, weight = panels(RUNS)
    assert ["bare", "windsock", "node", "gevent"] == [bar.server for bar in cost.bars]
    assert ["windsock", "node", "gevent"] == [bar.server for bar in weight.bars]


def test_memory_is_shown_at_the_size_that_most_can_do_and_others_say_theirs() -> None:
    weight = panels(RUNS)[1]
    assert ["", "", "at 1,000 viewers"] == [bar.note for bar in weight.bars]


def test_the_chart_has_colours_for_dark_pages() -> None:
    assert "prefers-color-scheme: dark" in svg(panels(RUNS), [])
