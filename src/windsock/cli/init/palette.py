"""A colour and a drawing for each state, by what its name says."""

from __future__ import annotations

import re
from collections.abc import Sequence

GREEN, SLATE, RED, AMBER = "#0b8f68", "#5a7199", "#cf3f35", "#b56a00"
# White drawings can be seen on all colours here, and all colours on light and on dark ground.
_SHADES = {
    GREEN: (GREEN, "#4b7d1f", "#0d8390"),
    SLATE: (SLATE, "#6f6584", "#4f6b74"),
    RED: (RED, "#b83a5a", "#b04f16"),
    AMBER: (AMBER, "#8a6d1f", "#c4530f"),
}
_OTHERS = ("#2f74c0", "#d6456f", "#7c4ddb", "#0d8390", "#c4530f", "#8a6d1f", "#a83f9e", "#4b7d1f")
_WORDS = {
    "open": (GREEN, "open"),
    "shut closed locked": (SLATE, "shut"),
    "on lit": (AMBER, "lit"),
    "off unlit": (SLATE, "unlit"),
    "ok okay ready done passed success green up free available online connected healthy": (GREEN, "check"),
    "error failed failing failure broken down alarm critical red": (RED, "cross"),
    "idle asleep sleeping resting offline notconnected disconnected away": (SLATE, "moon"),
    "busy running building working waiting pending heating loading starting": (AMBER, "dots"),
}
_KNOWN = {word: look for words, look in _WORDS.items() for word in words.split()}


def looks(states: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The colour and the drawing of each state; no drawing (``""``) for a name that says nothing known.

    No colour comes twice as long as there is another one.
    """
    known = {state: _KNOWN.get(re.sub(r"[\W_]+", "", state.lower())) for state in states}
    taken: list[str] = []
    found: dict[str, tuple[str, str]] = {}
    # Those first whose names say what colour they should have.
    for state in sorted(states, key=lambda state: known[state] is None):
        family, drawing = known[state] or ("", "")
        color = _free(_SHADES.get(family, _OTHERS), taken)
        taken.append(color)
        found[state] = (color, drawing)
    return {state: found[state] for state in states}


def _free(colors: Sequence[str], taken: Sequence[str]) -> str:
    """The first that is not taken; when all are, they come again one after the other."""
    free = [color for color in colors if color not in taken]
    return free[0] if free else colors[len(taken) % len(colors)]


def mixed(color: str, other: str, share: float) -> str:
    """``color`` with a share of another one in it."""
    pairs = zip(_parts(color), _parts(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def _parts(color: str) -> bytes:
    return bytes.fromhex(color.removeprefix("#"))
