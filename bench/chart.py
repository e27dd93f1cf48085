"""Draw the chart of the README from results: `python -m bench.chart [RESULTS.json] [CHART.svg]`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from bench.catalog import BY_NAME, USUAL
from bench.machine import BENCH
from bench.record import read
from bench.runs import Run
from bench.summary import Cell, Spread, numbers, sizes

WIDTH = 760
_LABELS, _BARS, _ROW, _BAR = 200, 340, 28, 16
_STYLE = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; font-size: 15px; }
  .note { font-size: 12px; fill: #59636e; }
  .own { font-weight: 600; }
  .bar { fill: #8c959f; }
  .bar.own { fill: #0969da; }
  .range { stroke: #1f2328; stroke-width: 1.5; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .note { fill: #9198a1; }
    .bar { fill: #6e7681; }
    .bar.own { fill: #4493f8; }
    .range { stroke: #f0f6fc; }
  }
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """A server's number, with a note on its conditions if they differ."""

    server: str
    found: Spread
    note: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """Bars of one number, the smallest first."""

    title: str
    unit: str
    digits: int
    bars: Sequence[Bar]

    @property
    def height(self) -> int:
        return 44 + _ROW * len(self.bars)


def panels(runs: Sequence[Run]) -> list[Panel]:
    """What a delivery costs, and what a viewer weighs, of every server that has a number."""
    least, most = _sizes(runs)
    cost = [_bar(runs, server, least, least, "cpu_us") for server in USUAL]
    # The bare loop keeps nothing of a viewer but a file descriptor.
    weight = [_bar(runs, server, most, least, "rss_kb") for server in USUAL if not BY_NAME[server].bare]
    return [
        Panel(f"CPU of the server per delivery, {least:,} viewers", "µs", 1, _sorted(cost)),
        Panel(f"Memory of the server per viewer, {most:,} viewers", "kB", 1, _sorted(weight)),
    ]


def svg(drawn: Sequence[Panel], notes: Sequence[str]) -> str:
    """The whole picture. It follows the reader's light or dark colours, and says in words what it shows."""
    parts, top = [], 8
    for panel in drawn:
        parts.append(_panel(panel, top))
        top += panel.height + 12
    said = ". ".join(f"{panel.title}: {'; '.join(map(_said, panel.bars))}" for panel in drawn)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + 18 * len(notes) + 8}" width="{WIDTH}" '
        f'role="img" aria-labelledby="t d">\n<title id="t">Windsock beside other servers</title>\n'
        f'<desc id="d">{escape(said)}.</desc>\n<style>{_STYLE}</style>\n'
        + "\n".join(parts)
        + "".join(f'\n<text class="note" x="8" y="{top + 12 + 18 * i}">{escape(s)}</text>' for i, s in enumerate(notes))
        + "\n</svg>\n"
    )


def _sizes(runs: Sequence[Run]) -> tuple[int, int]:
    """The least number of viewers, and that with which all that can were measured."""
    of = sizes(runs, "fan-out")
    compared = [size for size in of if numbers(runs, Cell("fan-out", "node", size), "rss_kb")]
    return of[0], (compared or of)[-1]


def _bar(runs: Sequence[Run], server: str, viewers: int, otherwise: int, name: str) -> Bar | None:
    found = numbers(runs, Cell("fan-out", server, viewers), name)
    if found:
        return Bar(server, found)
    found = numbers(runs, Cell("fan-out", server, otherwise), name)
    return Bar(server, found, f"at {otherwise:,} viewers") if found else None


def _sorted(bars: Sequence[Bar | None]) -> list[Bar]:
    return sorted((bar for bar in bars if bar), key=lambda bar: bar.found.middle)


def _panel(panel: Panel, top: int) -> str:
    scale = _BARS / max((bar.found.most for bar in panel.bars), default=1.0)
    rows = [_row(bar, panel, top + 32 + _ROW * i, scale) for i, bar in enumerate(panel.bars)]
    return "\n".join([f'<text class="title" x="8" y="{top + 16}">{escape(panel.title)}</text>', *rows])


def _row(bar: Bar, panel: Panel, y: int, scale: float) -> str:
    own = " own" if bar.server == "windsock" else ""
    found = bar.found
    middle, least, most = (max(value * scale, 1.0) for value in (found.middle, found.least, found.most))
    value = f"{found.middle:,.{panel.digits}f} {panel.unit}{f' ({bar.note})' if bar.note else ''}"
    line, base = y + _BAR / 2, y + _BAR - 3
    return (
        f'<text class="label{own}" x="{_LABELS}" y="{base}" text-anchor="end">{escape(_title(bar))}</text>\n'
        f'<rect class="bar{own}" x="{_LABELS + 8}" y="{y}" width="{middle:.1f}" height="{_BAR}" rx="2"/>\n'
        f'<path class="range" d="M{_LABELS + 8 + least:.1f} {line}H{_LABELS + 8 + most:.1f}"/>\n'
        f'<text class="value{own}" x="{_LABELS + 16 + most:.1f}" y="{base}">{escape(value)}</text>'
    )


def _title(bar: Bar) -> str:
    return BY_NAME[bar.server].title.replace("`", "")


def _said(bar: Bar) -> str:
    return f"{_title(bar)} {bar.found.middle:.1f}"


def draw(source: Path, target: Path) -> None:
    """Write the chart of a file of results."""
    conditions, runs = read(source)
    rounds = max(run.round for run in runs)
    used = conditions["machine"]
    notes = (
        f"Medians of {rounds} interleaved rounds; lines from minimum to maximum. One core for the server, one for the "
        "load.",
        f"{used.get('processor', '')}, Linux {used.get('kernel', '').split('-')[0]}, "
        f"Python {used.get('Python', '')}, Node {used.get('Node', '')}",
    )
    target.write_text(svg(panels(runs), notes), encoding="utf-8")


if __name__ == "__main__":
    given = [Path(argument) for argument in sys.argv[1:]]
    folder = BENCH / "results"
    draw(*(given + [folder / "results.json", folder / "chart.svg"][len(given) :]))
