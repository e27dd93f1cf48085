"""The live view: states as lines of a terminal, in colour. Pure."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from windsock.cli.colors import red_green_blue
from windsock.cli.following import Shown
from windsock.cli.table import plain
from windsock.cli.words import ago, not_live
from windsock.client.state import State

_BOLD, _DIM, _END = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_LEVELS = (0, 95, 135, 175, 215, 255)  # of each colour of the 6 × 6 × 6 that terminals with 256 colours have


@dataclass(frozen=True, slots=True)
class Ink:
    """How a terminal is told of colours: not at all, as one of 256, or exactly."""

    colors: bool = True
    exact: bool = True

    @classmethod
    def of_terminal(cls, environ: Mapping[str, str]) -> Ink:
        """What the environment says of the terminal (``NO_COLOR``: see https://no-color.org)."""
        plain_one = bool(environ.get("NO_COLOR")) or environ.get("TERM", "dumb") == "dumb"
        return cls(not plain_one, environ.get("COLORTERM") in ("truecolor", "24bit"))

    def paint(self, text: str, color: str | None) -> str:
        """``text``, which is harmless, in a CSS colour."""
        found = red_green_blue(color) if color else None
        if not self.colors or found is None:
            return text
        if self.exact:
            return f"\x1b[38;2;{found[0]};{found[1]};{found[2]}m{text}{_END}"
        return f"\x1b[38;5;{16 + 36 * _level(found[0]) + 6 * _level(found[1]) + _level(found[2])}m{text}{_END}"

    def style(self, text: str, style: str) -> str:
        """``text`` bold or dim."""
        return f"{style}{text}{_END}" if self.colors else text


def frame(shown: Shown, width: int, height: int, ink: Ink) -> list[str]:
    """The lines of the view, none longer than ``width`` columns and not more than ``height``; the link comes last."""
    blocks = [_block(state, shown.now, width, ink) for state in shown.states]
    room, lines = max(height - 1, 0), list[str]()
    for number, block in enumerate(blocks):
        if len(lines) + len(block) > room - (number < len(blocks) - 1):
            lines.append(cut(f"… and {len(blocks) - number} more", width))
            break
        lines += block
    return [*lines[:room], _link(shown, width, ink)][: max(height, 1)]


def draw(lines: Sequence[str], before: int) -> str:
    """What shows ``lines`` in the place of so many lines that were drawn before."""
    up = f"\x1b[{before}F" if before else "\r"
    return f"{up}\x1b[J" + "".join(f"{line}\n" for line in lines)


def cut(text: str, width: int) -> str:
    """``text`` in at most so many columns, with nothing in it that a terminal would obey."""
    text = plain(text)
    if sum(map(_columns, text)) <= width:
        return text
    found, used = "", 1
    for char in text:
        used += _columns(char)
        if used > width:
            break
        found += char
    return f"{found}…"[:width]


def _block(state: State, now: datetime | None, width: int, ink: Ink) -> list[str]:
    label = state.label or state.state or "nothing is known yet"
    name = f"({state.state})" if state.label and state.label != state.state else ""
    title = cut(f"{state.thing}  {'●' if state.live else '○'} {label} {name}".rstrip(), width)
    clocks = f"  changed {_since(state.changed_at, now)} · heard {_since(state.heard_at, now)} · "
    clocks = cut(clocks + ("live" if state.live else f"NOT LIVE: {not_live(state)}"), width)
    data = [cut(f"  {_data(state.data)}", width)] if state.data else []
    if not state.live:
        return [ink.style(line, _DIM) for line in [title, *data, clocks]]
    return [ink.style(ink.paint(title, state.color), _BOLD), *data, clocks]


def _link(shown: Shown, width: int, ink: Ink) -> str:
    if shown.lost is None:
        return ink.style(cut(f"connected, last word {ago(shown.word)} (Ctrl-C ends)", width), _DIM)
    words = f"CONNECTION LOST {ago(shown.lost)}, trying again: {shown.reason}"
    return ink.style(ink.paint(cut(words, width), "red"), _BOLD)


def _data(data: Mapping[str, object]) -> str:
    return "  ".join(f"{name}={_value(value)}" for name, value in data.items())


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _since(time: datetime | None, now: datetime | None) -> str:
    return ago(None if time is None or now is None else max(now - time, timedelta()))


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _level(value: int) -> int:
    return min(range(len(_LEVELS)), key=lambda number: abs(_LEVELS[number] - value))
